import type { ClientSecret, ProviderConfig } from '../config/config.ts';
import { knownErrorCode } from '../oidc/provider-error.ts';
import { describeFailure } from '../oidc/token-call.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import { createKeySet, type KeySet } from '../token/key-set.ts';
import { SCOPE_CLAIMS } from '../token/token-profile.ts';
import { looksLikeJwt, readToken } from '../token/token-spelling.ts';
import { isRefusal, validateAccessToken } from '../token/validate-access-token.ts';
import type { Asked } from './asked.ts';
import { listed, type Note, type Notes, notesAbout, shown } from './finding.ts';

export interface ProbeTerms {
  readonly provider: ProviderConfig;
  readonly secrets: readonly ClientSecret[];
  readonly asked: Asked;
  readonly ownClientIds: ReadonlySet<string>;
  /** Seconds. */
  readonly clockTolerance: number;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  readonly fetch: Fetch;
  /** Unix seconds. */
  readonly now: () => number;
}

/**
 * Asks for a token for each audience with the client's own credentials (RFC 6749 section 4.4), and judges it as the gateway
 * would. No token is printed or kept. A token of a person can still differ.
 */
export async function probeTokens(terms: ProbeTerms): Promise<Probed> {
  const { provider, asked } = terms;
  const notes = notesAbout('provider', provider.name);
  const credentials = credentialsOf(terms);
  if (credentials === undefined)
    return only(
      notes.open(
        `tokens of each audience: a client with clientAuth ${provider.clientAuth} cannot be probed`,
        'sign in and open the account page',
      ),
    );
  const keys = createKeySet({
    jwksUri: async () => new URL(terms.jwksUri),
    fetch: terms.fetch,
    now: terms.now,
  });
  await keys.warm();
  const audiences = [...asked.audiences].slice(0, MOST_AUDIENCES);
  const found = await Promise.all(
    audiences.map(([audience, scopes]) => probe(audience, scopes, credentials, keys, terms)),
  );
  return {
    notes: found.flatMap((one) => one.notes),
    granted: new Set(found.flatMap((one) => [...one.granted])),
  };
}

/** What came of it, and the scopes that the client got by itself: the provider knows those. */
export interface Probed {
  readonly notes: readonly Note[];
  readonly granted: ReadonlySet<string>;
}

const only = (...notes: readonly Note[]): Probed => ({ notes, granted: new Set() });

const MOST_AUDIENCES = 20;

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly form: Readonly<Record<string, string>>;
}

/** RFC 6749 section 2.3.1, with the secret that is in force. @returns undefined for a client that has none */
function credentialsOf({ provider, secrets, now }: ProbeTerms): Credentials | undefined {
  const { clientId, clientAuth } = provider;
  const secret = secrets.find(({ expiresAt }) => expiresAt === undefined || expiresAt > now())?.value;
  if (secret === undefined) return undefined;
  if (clientAuth === 'client_secret_post')
    return { headers: {}, form: { client_id: clientId, client_secret: secret } };
  if (clientAuth !== 'client_secret_basic') return undefined;
  const pair = [clientId, secret].map((text) => new URLSearchParams({ t: text }).toString().slice(2));
  return { headers: { authorization: `Basic ${btoa(pair.join(':'))}` }, form: {} };
}

async function probe(
  audience: string,
  scopes: readonly string[],
  { headers, form }: Credentials,
  keys: KeySet,
  terms: ProbeTerms,
): Promise<Probed> {
  const { provider, tokenEndpoint, fetch } = terms;
  const notes = notesAbout('provider', provider.name);
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
  if (scopes.length > 0) body.set('scope', scopes.join(' '));
  if (provider.audienceParameter !== 'none') body.set(provider.audienceParameter, audience);
  const asked = { method: 'POST', headers: { ...headers, accept: 'application/json' }, body };
  try {
    const response = await fetch(tokenEndpoint, asked);
    const answer: unknown = await response.json().catch(() => undefined);
    const said = Object(answer) as Readonly<Record<string, unknown>>;
    const raw = said['access_token'];
    if (response.status === 200 && typeof raw === 'string')
      return await judge(raw, audience, scopes, keys, terms, notes);
    return only(refusal(response.status, said, audience, scopes, notes));
  } catch (error) {
    return only(
      notes.problem(
        `the token endpoint is not reached: ${describeFailure(error)}`,
        'The code of every sign-in is redeemed there.',
        'check that this machine may connect to it; provider.internalUrl names another address',
      ),
    );
  }
}

function refusal(
  status: number,
  { error, error_description: description }: Readonly<Record<string, unknown>>,
  audience: string,
  scopes: readonly string[],
  notes: Notes,
): Note {
  const code = knownErrorCode(error);
  const seen = `a token for ${audience} is refused: ${code ?? `status ${status}`}`;
  // Some call it an invalid request, and say in words alone that it is the grant.
  const isGrant = code === 'invalid_request' && /\bgrant/i.test(String(description));
  if (isGrant || code === 'unauthorized_client' || code === 'unsupported_grant_type')
    return notes.open(
      `tokens for ${audience}: the client may not ask for one of its own (${code})`,
      'sign in and open the account page; or permit client credentials for the client while you look',
    );
  if (code === 'invalid_client' || (code === undefined && status === 401))
    return notes.problem(
      seen,
      'The provider does not accept the secret of the client: no sign-in completes.',
      'compare provider.clientId, clientSecret and clientAuth with the client at the provider',
    );
  if (code === 'invalid_target')
    return notes.problem(
      seen,
      'The provider knows no such API, or does not let this client ask for it (RFC 8707).',
      'compare audience in the rules with the API at the provider, and let the client use it',
    );
  return notes.warning(
    `${seen}, asked for ${listed(scopes)}`,
    'A client may hold fewer scopes by itself than people do through it; then this means nothing.',
    'compare audience and scopes in the rules with the API at the provider',
  );
}

async function judge(
  raw: string,
  audience: string,
  wanted: readonly string[],
  keys: KeySet,
  terms: ProbeTerms,
  notes: Notes,
): Promise<Probed> {
  const { provider, ownClientIds, clockTolerance } = terms;
  if (!looksLikeJwt(raw))
    return only(
      notes.problem(
        `the access token for ${audience} is opaque, no JWT`,
        'Only a JWT says by itself what it is good for: everybody would end at a page that says so.',
        `give the app an audience that the provider knows as an API; provider.audienceParameter is ${provider.audienceParameter}, check that it names the parameter this provider reads`,
      ),
    );
  const trust = { ...provider.tokens, issuer: provider.issuer, keys, ownClientIds, clockTolerance };
  const token = await validateAccessToken(raw, new Map([[provider.issuer, trust]]), terms.now(), {
    fresh: true,
  });
  const about = described(raw);
  if (isRefusal(token))
    return only(
      notes.problem(
        `the access token for ${audience} (${about}) is refused: ${token.detail}`,
        'The gateway takes no such token, from people neither.',
        CHANGES[token.reason] ?? 'see provider.tokens in the configuration',
      ),
    );
  const found: Note[] = [];
  if (!token.audiences.includes(audience))
    found.push(
      notes.problem(
        `the access token that was asked for as ${audience} is for ${listed(token.audiences)}`,
        'No rule of that audience lets it pass: the comparison is exact.',
        `write the audience as the provider does, or check provider.audienceParameter (${provider.audienceParameter})`,
      ),
    );
  const other = SCOPE_CLAIMS.find(
    (claim) => claim !== provider.tokens.scopeClaim && readToken(raw)?.claims[claim] !== undefined,
  );
  if (token.scopes.size === 0 && wanted.length > 0 && other !== undefined)
    found.push(
      notes.problem(
        `the access token for ${audience} has no scopes in ${provider.tokens.scopeClaim}, but a claim ${other}`,
        'Rules are decided by the scopes of the configured claim alone.',
        `if its scopes are there, write provider.tokens.scopeClaim: ${other}`,
      ),
    );
  if (found.length > 0) return only(...found);
  const scopes = [...token.scopes];
  return {
    notes: [
      notes.ok(`a token for ${audience} is good (${about}); the client's own scopes are ${listed(scopes)}`),
    ],
    granted: token.scopes,
  };
}

/** What a token says of its kind, without what tells whose it is. */
function described(raw: string): string {
  const token = readToken(raw);
  const claims = token?.claims ?? {};
  const audiences = [claims['aud'] ?? []].flat().map(String);
  const scopeClaims = SCOPE_CLAIMS.filter((claim) => claims[claim] !== undefined);
  const { typ = 'none', alg = 'none' } = token?.header ?? {};
  return `typ ${shown(String(typ))}, alg ${shown(String(alg))}, aud ${listed(audiences)}, scopes in ${listed(scopeClaims)}`;
}

const CHANGES: Readonly<Record<string, string>> = {
  'token-type': 'write provider.tokens.profile: jwt if the provider does not issue RFC 9068 tokens',
  'token-claims':
    'write provider.tokens.profile: jwt if a claim is missing, or set provider.tokens.scopeClaim if the scopes are elsewhere',
  'token-algorithm': 'add the algorithm to provider.tokens.algorithms',
  'token-issuer': 'write provider.issuer as the iss of its tokens, to the last character',
  'token-audience':
    'use an audience of its own for the API, or know why and set provider.tokens.audienceIsClient: true',
  'token-bound': 'switch proof of possession (DPoP, mTLS) off for this client at the provider',
  'key-set-unavailable': 'check that this machine may connect to jwks_uri',
};
