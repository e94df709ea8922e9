import { nearestWord } from '../document/nearest-word.ts';
import type { Asked } from './asked.ts';
import { type Document, texts } from './document.ts';
import { listed, type Note, type Notes } from './finding.ts';

/** OpenID Connect Core sections 5.4 and 11: what every list of a provider's scopes has, if it has it at all. */
const IDENTITY_SCOPES: ReadonlySet<string> = new Set(
  'openid profile email phone address offline_access'.split(' '),
);

/**
 * Compares scopes, audiences and classes that rules name with those that the provider says it has.
 * @param granted scopes that it gave before, listed or not
 */
export const offerNotes = (
  document: Document,
  asked: Asked,
  granted: ReadonlySet<string>,
  notes: Notes,
): readonly Note[] =>
  [
    scopeNotes(document, asked, granted, notes),
    audienceNotes(document, asked, notes),
    acrNotes(document, asked, notes),
  ].flat();

function scopeNotes(
  document: Document,
  { scopes }: Asked,
  granted: ReadonlySet<string>,
  notes: Notes,
): readonly Note[] {
  const offered = texts(document, 'scopes_supported');
  if (scopes.size === 0) return [];
  if (offered === undefined)
    return [
      notes.open('which scopes the provider has: scopes_supported is absent', '--probe asks for a token'),
    ];
  const missing = [...scopes].filter(([scope]) => !offered.includes(scope) && !granted.has(scope));
  if (missing.length === 0)
    return [notes.ok(`every scope is offered or was granted: ${listed([...scopes.keys()])}`)];
  const identity = missing.filter(([scope]) => IDENTITY_SCOPES.has(scope));
  const rest = missing.filter(([scope]) => !IDENTITY_SCOPES.has(scope));
  const slips = rest.flatMap(([scope, place]) => {
    const near = nearestWord(
      scope,
      offered.filter((one) => !scopes.has(one)),
    );
    return near === undefined || scope.length < 5 ? [] : [{ scope, place, near }];
  });
  const others = rest.filter(([scope]) => !slips.some((slip) => slip.scope === scope));
  const hasApiScopes = [...scopes.keys()].some(
    (scope) => !IDENTITY_SCOPES.has(scope) && offered.includes(scope),
  );
  return [
    ...slips.map(({ scope, place, near }) =>
      notes.warning(
        `scopes_supported has no ${scope} (${place}), but ${near}`,
        'Nobody is granted a scope that the provider does not know, so that rule denies everybody.',
        `if ${near} was meant, write it in the rule`,
      ),
    ),
    ...warningFor(
      identity,
      'Sign-ins ask for it; a provider that does not know it ignores it, or refuses the sign-in.',
      'remove it from login.scopes of the app (offline_access: session.refresh), or permit it at the provider',
      notes,
    ),
    ...warningFor(
      others,
      hasApiScopes
        ? 'Nobody is granted a scope that the provider does not know, so that rule denies everybody.'
        : 'The list may hold no scopes of APIs at all, as with many providers: then it says nothing about these.',
      'compare them with the scopes of the API at the provider; --probe asks for a token',
      notes,
    ),
  ];
}

const warningFor = (
  missing: readonly (readonly [string, string])[],
  why: string,
  change: string,
  notes: Notes,
): readonly Note[] =>
  missing.length === 0
    ? []
    : [
        notes.warning(
          `scopes_supported lacks ${listed(missing.map(([scope, place]) => `${scope} (${place})`))}`,
          why,
          change,
        ),
      ];

/** RFC 9728 section 4: the provider may list the resources that it issues tokens for. */
function audienceNotes(document: Document, { audiences }: Asked, notes: Notes): readonly Note[] {
  const offered = texts(document, 'protected_resources');
  if (offered === undefined) return [];
  const missing = [...audiences.keys()].filter((audience) => !offered.includes(audience));
  return missing.length === 0
    ? [notes.ok(`every audience is among protected_resources: ${listed([...audiences.keys()])}`)]
    : [
        notes.warning(
          `protected_resources lacks ${listed(missing)}`,
          'The provider may issue no token for an audience that it does not know.',
          'compare audience in the rules with the API at the provider, to the last character',
        ),
      ];
}

function acrNotes(document: Document, { acr }: Asked, notes: Notes): readonly Note[] {
  const offered = texts(document, 'acr_values_supported');
  if (offered === undefined) return [];
  const missing = [...acr].filter(([value]) => !offered.includes(value));
  return missing.length === 0
    ? []
    : [
        notes.warning(
          `acr_values_supported lacks ${listed(missing.map(([value, place]) => `${value} (${place})`))}`,
          'No sign-in can be of a class that the provider does not know, so that rule denies everybody.',
          'write the class as the provider spells it',
        ),
      ];
}
