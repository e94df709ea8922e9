import { randomBytes } from 'node:crypto';
import { createExchangeEntries } from '../broker/exchange-entries.ts';
import type { Config, ProviderConfig } from '../config/config.ts';
import { createAuthorizationUrl } from '../oidc/authorization-url.ts';
import type { App } from '../rules/rule-set.ts';
import { type Asked, scopesFor } from './asked.ts';
import { type AuthorizationSeen, readAuthorizationAnswer } from './authorization-seen.ts';
import { listed, type Note, notesAbout, shown } from './finding.ts';
import { type Place, redirectUriOf } from './hosts.ts';
import { isSilence, type Look, likelyCause } from './look.ts';

export interface CallbackTerms {
  readonly provider: ProviderConfig;
  readonly config: Pick<Config, 'loginUrl' | 'basePath' | 'exchanges' | 'providers' | 'federation'>;
  readonly asked: Asked;
  /** Those whose apps have this provider. */
  readonly places: readonly Place[];
  /** Of the discovery document; the gateway would take it. */
  readonly endpoint: string;
  /** Whether the discovery document promises `iss` in answers (RFC 9207). */
  readonly promisesIssuer: boolean;
  readonly look: Look;
}

/** One question: may this client ask for this, and be answered here? */
interface Question {
  readonly redirectUri: string;
  readonly audience: string;
  readonly scopes: readonly string[];
}

/** Providers may count questions: there are never more. */
const MOST_QUESTIONS = 24;

/**
 * Asks the authorization endpoint as a browser would, with `prompt=none` (OpenID Connect Core section 3.1.2.1): a provider
 * sends nobody, and no error, back to a redirect URI that is not registered, so an answer there is proof of it. Nobody is
 * signed in, and no redirect is followed.
 */
export async function callbackNotes(terms: CallbackTerms): Promise<readonly Note[]> {
  const { places } = terms;
  const unsure = places.filter(({ guessed }) => guessed && terms.config.loginUrl === undefined);
  const open = unsure.map(({ host }) =>
    notesAbout('callback', host).open(
      'whether its callback is registered: nothing says at which port people reach it',
      'say where the proxy is: --proxy http://127.0.0.1:8080',
    ),
  );
  const questions = questionsOf(
    terms,
    places.filter((place) => !unsure.includes(place)),
  );
  const answers = await Promise.all(questions.map((question) => ask(question, terms)));
  return [...open, ...answers.flat()];
}

/** Every redirect URI once, and every audience once. */
function questionsOf(
  { asked, config, provider }: CallbackTerms,
  places: readonly Place[],
): readonly Question[] {
  const questions: Question[] = [];
  const entries = createExchangeEntries(config);
  const firstUri = new Map<App, string>();
  for (const place of places) {
    const app = place.app ?? asked.apps[0];
    if (app === undefined || !app.credentials.includes('session')) continue;
    const redirectUri = redirectUriOf(config, place, provider.redirectUri);
    if (!firstUri.has(app)) firstUri.set(app, redirectUri);
    if (questions.some((one) => one.redirectUri === redirectUri)) continue;
    questions.push(questionFor(app, entries.loginAudience(app, app.audiences[0] ?? ''), redirectUri));
  }
  for (const [app, redirectUri] of firstUri)
    for (const audience of [...app.scopesByAudience.keys()].map((one) => entries.loginAudience(app, one)))
      if (!questions.some((one) => one.audience === audience))
        questions.push(questionFor(app, audience, redirectUri));
  return questions.slice(0, MOST_QUESTIONS);
}

const questionFor = (app: App, audience: string, redirectUri: string): Question => ({
  redirectUri,
  audience,
  scopes: scopesFor(app, audience),
});

async function ask(question: Question, terms: CallbackTerms): Promise<readonly Note[]> {
  const { provider, look } = terms;
  const callback = notesAbout('callback', question.redirectUri);
  const answer = await look(authorizationUrl(question, terms), {
    headers: { accept: 'text/html', 'user-agent': 'postern-doctor' },
  });
  if (isSilence(answer)) {
    return [
      notesAbout('callback', provider.name).warning(
        `the authorization endpoint is not reached from here: ${answer.failure}`,
        `People's browsers go there to sign in; perhaps they reach it where this machine does not.${because(answer.failure)}`,
        'open it in a browser; run the doctor where browsers are',
      ),
    ];
  }
  const seen = readAuthorizationAnswer(answer, question.redirectUri, terms.endpoint);
  return seen.kind === 'returned'
    ? [callback.ok('registered: the provider answers there'), ...returned(seen, question, terms)]
    : elsewhere(seen, question, terms);
}

const because = (failure: string): string => {
  const cause = likelyCause(failure);
  return cause === undefined ? '' : ` Likely ${cause}.`;
};

function authorizationUrl({ redirectUri, audience, scopes }: Question, terms: CallbackTerms): string {
  const { provider, endpoint } = terms;
  const build = (parameters: URLSearchParams): URL => {
    const url = new URL(endpoint);
    const all = [['client_id', provider.clientId], ['response_type', 'code'], ...parameters] as const;
    for (const [name, value] of all) url.searchParams.append(name ?? '', value ?? '');
    return url;
  };
  const random = (): string => randomBytes(32).toString('base64url');
  return createAuthorizationUrl(
    { ...provider, refresh: false },
    build,
  )({
    redirectUri,
    scopes,
    audiences: audience === '' ? [] : [audience],
    prompt: 'none',
    state: random(),
    nonce: random(),
    codeVerifier: random(),
  });
}

type Returned = Extract<AuthorizationSeen, { kind: 'returned' }>;
type Elsewhere = Exclude<AuthorizationSeen, Returned>;

/** Answers that mean nothing but that nobody is signed in. */
const NOBODY_HERE: readonly unknown[] = [
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
];

function returned(seen: Returned, question: Question, terms: CallbackTerms): readonly Note[] {
  const { provider } = terms;
  const client = notesAbout('provider', provider.name);
  const { audience, scopes } = question;
  const wanted = `${audience === '' ? 'no audience' : `audience ${audience}`} with scopes ${listed(scopes)}`;
  const said = seen.description === '' ? '' : ` ("${seen.description}")`;
  const notes: Note[] = [];
  if ((seen.iss !== undefined || terms.promisesIssuer) && seen.iss !== provider.issuer)
    notes.push(
      client.problem(
        `an answer ${seen.iss === undefined ? 'names no issuer, though the discovery document promises it' : `names the issuer ${shown(seen.iss)}`}`,
        'The gateway refuses such an answer as one of another provider (RFC 9207): no sign-in completes.',
        'correct it at the provider, or look for something between that changes answers',
      ),
    );
  if (seen.error === undefined || NOBODY_HERE.includes(seen.error)) {
    notes.push(client.ok(`it takes a sign-in for ${wanted}, as far as can be seen before anybody signs in`));
    return notes;
  }
  const row = REFUSALS[seen.error];
  notes.push(
    row === undefined
      ? client.warning(
          `a sign-in for ${wanted} is answered with ${shown(seen.error)}${said}`,
          'Whoever signs in may meet the same.',
          'look into the log of the provider',
        )
      : client.problem(`a sign-in for ${wanted} is refused: ${seen.error}${said}`, row.why, row.change),
  );
  return notes;
}

const REFUSALS: Readonly<Record<string, { readonly why: string; readonly change: string }>> = {
  invalid_target: {
    why: 'The provider knows no such API, or does not let this client ask for it (RFC 8707).',
    change: 'compare audience in the rules with the API at the provider, and let the client use it',
  },
  invalid_scope: {
    why: 'The provider does not let this client ask for one of these scopes.',
    change: 'compare them with the scopes of the API at the provider, and let the client use them',
  },
  unauthorized_client: {
    why: 'This client may not sign people in: it is disabled, or not set to the authorization code flow.',
    change: 'enable the client and the authorization code flow at the provider',
  },
  unsupported_response_type: {
    why: 'The authorization code flow is the one way to sign in here.',
    change: 'permit the code flow for this client at the provider',
  },
  invalid_request: {
    why: 'The provider does not take the request that every sign-in begins with.',
    change: 'look into the log of the provider; provider.audienceParameter names the parameter for audiences',
  },
  access_denied: {
    why: 'Nobody was asked, so it is the client or the audience that is refused.',
    change: 'compare audience in the rules with the API at the provider, and let the client use it',
  },
};

function elsewhere(seen: Elsewhere, { redirectUri }: Question, terms: CallbackTerms): readonly Note[] {
  const callback = notesAbout('callback', redirectUri);
  const said = seen.description === '' ? '' : ` ("${seen.description}")`;
  switch (seen.kind) {
    case 'went-on':
      return [callback.ok(`registered, as far as can be seen: the provider goes on to ${seen.where}`)];
    case 'unregistered':
      return [
        callback.problem(
          `the provider refuses it with status ${seen.status}${said}`,
          'Everybody who signs in on that host ends at an error page of the provider.',
          'register it as a redirect URI of the client, to the last character',
        ),
      ];
    case 'unknown-client':
      return [
        notesAbout('provider', terms.provider.name).problem(
          `the provider does not know the client ${terms.provider.clientId}, or it is disabled (status ${seen.status})${said}`,
          'Nobody can sign in.',
          'compare provider.clientId with the client at the provider',
        ),
      ];
    case 'refused':
      return [
        callback.problem(
          `the authorization request is refused with status ${seen.status}${said}, and not answered there`,
          'Everybody who signs in on that host would meet the same; most often the redirect URI is not registered.',
          'register it as a redirect URI of the client, to the last character; then look into the log of the provider',
        ),
      ];
    case 'broken':
      return [
        callback.warning(
          `the authorization endpoint answers with status ${seen.status}`,
          'Nobody can sign in while that lasts.',
          'look into the log of the provider, and run the doctor again',
        ),
      ];
  }
}
