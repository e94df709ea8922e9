import type { ClientSecret, Config, ProviderConfig } from '../config/config.ts';
import { throughInternalUrl } from '../oidc/internal-url.ts';
import { fetchFor } from '../oidc/provider.ts';
import type { MetadataTerms } from '../oidc/provider-metadata.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { createBoundedFetch, type Fetch } from '../token/bounded-fetch.ts';
import { providerOfApp } from '../trust.ts';
import { abilityNotes } from './abilities.ts';
import { type Asked, askedOf, grantsOf } from './asked.ts';
import { callbackNotes } from './callback.ts';
import { clockNotes } from './clock.ts';
import { type Document, type Fetched, fetchJson } from './document.ts';
import {
  discoveryUrl,
  documentFault,
  endpointNotes,
  goodEndpoint,
  issuerNotes,
  metadataTerms,
} from './endpoints.ts';
import { type Note, type Notes, notesAbout } from './finding.ts';
import type { Place } from './hosts.ts';
import { introspectionNotes } from './introspection.ts';
import { type Look, PATIENCE } from './look.ts';
import { offerNotes } from './offers.ts';
import { type Probed, probeTokens } from './probe.ts';
import { keyNotes } from './signing-keys.ts';

export interface ProviderTerms {
  readonly config: Config;
  readonly ruleSet: RuleSet;
  readonly provider: ProviderConfig;
  readonly secrets: readonly ClientSecret[];
  readonly places: readonly Place[];
  readonly probe: boolean;
  readonly look: Look;
  /** For our own calls. */
  readonly fetch: Fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const MAX_BYTES = 1_048_576;

const bounded = (fetch: Fetch): Fetch =>
  createBoundedFetch({ fetch, timeout: PATIENCE, maxBytes: MAX_BYTES });

/** Asks a provider what it is, and holds that against configuration and rules. */
export async function providerNotes(terms: ProviderTerms): Promise<readonly Note[]> {
  const { provider, config, ruleSet, now } = terms;
  const notes = notesAbout('provider', provider.name);
  const asked = askedOf(config, ruleSet, provider);
  const fetch = bounded(
    throughInternalUrl(fetchFor(provider, terms.fetch), provider.issuer, provider.internalUrl),
  );
  const disabled = provider.enabled
    ? []
    : [
        notes.warning(
          'signing in is switched off: enabled is false',
          'Nobody can sign in; sessions and bearer tokens stay good.',
          'write provider.enabled: true once people may sign in again',
        ),
      ];
  const found = await fetchJson(fetch, discoveryUrl(provider.issuer), now);
  if ('failure' in found) return [...disabled, unreached(provider, found.failure, notes)];
  const { document } = found;
  const expected = metadataTerms(provider);
  const said = [
    ...issuerNotes(document, provider.issuer, notes),
    ...endpointNotes(document, expected, notes),
    ...abilityNotes(
      document,
      {
        provider,
        session: config.session,
        several: config.providers.size > 1,
        basePath: config.basePath,
        grants: grantsOf(config, ruleSet, provider),
      },
      notes,
    ),
    ...clockNotes(clockOf(found), config.clockTolerance, notes),
  ];
  const [keys, callbacks, probed, introspection] = await Promise.all([
    keysAt(document, expected, provider, fetch, now, notes),
    callbacksAt(document, expected, terms, asked),
    probesAt(document, expected, terms, asked, fetch, notes),
    introspectionNotes(
      {
        ...{ provider, secrets: terms.secrets, now },
        ...{ clockTolerance: config.clockTolerance, fetch: fetchFor(provider, terms.fetch) },
      },
      notes,
    ),
  ]);
  const all = [
    ...disabled,
    ...said,
    ...offerNotes(document, asked, probed.granted, notes),
    ...keys,
    ...introspection,
    ...callbacks,
    ...probed.notes,
  ];
  const fault = documentFault(document, expected);
  // What the gateway refuses must never pass here, whatever the checks above have seen.
  return fault === undefined || all.some(({ level }) => level === 'problem')
    ? all
    : [
        ...all,
        notes.problem(
          `the gateway refuses the discovery document: ${fault}`,
          'Nobody can sign in.',
          'correct it at the provider',
        ),
      ];
}

/** Asks a further issuer, whose bearer tokens apps accept, for its keys. */
export async function furtherIssuerNotes(
  issuer: string,
  terms: Pick<ProviderTerms, 'provider' | 'fetch' | 'now'>,
): Promise<readonly Note[]> {
  const notes = notesAbout('provider', issuer);
  const fetch = bounded(terms.fetch);
  const found = await fetchJson(fetch, discoveryUrl(issuer), terms.now);
  if ('failure' in found) return [unreached({ issuer, kind: 'generic' }, found.failure, notes)];
  const expected: MetadataTerms = { issuer, internalUrl: undefined, purpose: 'keys' };
  return [
    ...issuerNotes(found.document, issuer, notes),
    ...endpointNotes(found.document, expected, notes),
    ...(await keysAt(found.document, expected, terms.provider, fetch, terms.now, notes)),
  ];
}

/** @returns every further issuer of an app, with the provider on whose terms its tokens are read */
export const furtherIssuers = (config: Config, { apps }: RuleSet): ReadonlyMap<string, ProviderConfig> =>
  new Map(
    apps.flatMap((app) => {
      const provider = providerOfApp(config, app);
      return app.issuers
        .filter((issuer) => issuer !== provider.issuer)
        .map((issuer) => [issuer, provider] as const);
    }),
  );

function unreached(
  { issuer, kind }: Pick<ProviderConfig, 'issuer' | 'kind'>,
  failure: string,
  notes: Notes,
): Note {
  return notes.problem(
    `${discoveryUrl(issuer)} gives ${failure}`,
    'Without the discovery document nobody can sign in, and no new key is known.',
    /^status|redirect|no JSON/.test(failure)
      ? `compare the issuer with what stands in tokens as iss${SPELLINGS[kind] ?? ''}`
      : 'check that the provider runs, and that this machine may connect to it; provider.internalUrl names another address',
  );
}

/** How issuers of products look. */
const SPELLINGS: Readonly<Record<string, string>> = {
  auth0: ': https://TENANT.eu.auth0.com/, with the final slash',
  keycloak: ': https://HOST/realms/REALM, without a final slash',
  entra: ': https://login.microsoftonline.com/TENANT-ID/v2.0',
};

const clockOf = ({ headers, between }: Fetched) => ({
  date: headers.get('date'),
  age: headers.get('age'),
  between,
});

async function keysAt(
  document: Document,
  expected: MetadataTerms,
  provider: ProviderConfig,
  fetch: Fetch,
  now: () => number,
  notes: Notes,
): Promise<readonly Note[]> {
  const uri = goodEndpoint(document, 'jwks_uri', expected);
  if (uri === undefined) return []; // the endpoints' own finding says so
  const found = await fetchJson(fetch, uri, now);
  return 'failure' in found
    ? [
        notes.problem(
          `the key set at ${uri} gives ${found.failure}`,
          'Without keys no token can be verified: nobody can sign in, and nobody passes after 24 hours.',
          'check that this machine may connect to it; provider.internalUrl names another address',
        ),
      ]
    : keyNotes(found.document['keys'], provider, expected.purpose, notes);
}

async function callbacksAt(
  document: Document,
  expected: MetadataTerms,
  { provider, config, places, look }: ProviderTerms,
  asked: Asked,
): Promise<readonly Note[]> {
  const at = goodEndpoint(document, 'authorization_endpoint', expected);
  if (at === undefined) return [];
  const own = places.filter(({ app }) => app === undefined || asked.apps.includes(app));
  const promisesIssuer = document['authorization_response_iss_parameter_supported'] === true;
  return callbackNotes({ provider, config, asked, places: own, endpoint: at, promisesIssuer, look });
}

async function probesAt(
  document: Document,
  expected: MetadataTerms,
  { provider, config, secrets, probe, now }: ProviderTerms,
  asked: Asked,
  fetch: Fetch,
  notes: Notes,
): Promise<Probed> {
  const none = { notes: [], granted: new Set<string>() };
  if (asked.audiences.size === 0) return none;
  if (!probe) {
    const what = 'what access tokens look like, and for which audience they are';
    return { ...none, notes: [notes.open(what, '--probe asks for one of each')] };
  }
  const tokenEndpoint = goodEndpoint(document, 'token_endpoint', expected);
  const jwksUri = goodEndpoint(document, 'jwks_uri', expected);
  if (tokenEndpoint === undefined || jwksUri === undefined) return none;
  return probeTokens({
    provider,
    secrets,
    asked,
    ownClientIds: new Set([...config.providers.values()].map(({ clientId }) => clientId)),
    clockTolerance: config.clockTolerance,
    tokenEndpoint,
    jwksUri,
    fetch,
    now: () => Math.floor(now() / 1000),
  });
}
