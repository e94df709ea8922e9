import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningProvider, startProvider } from '../../../demo/provider.ts';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { fixedSecrets } from '../../../src/oidc/client-authentication.ts';
import type { AuthorizationRequest } from '../../../src/oidc/identity-provider.ts';
import { createIssuerKeys, createProvider } from '../../../src/oidc/provider.ts';
import { type IssuerTrust, validateAccessToken } from '../../../src/token/validate-access-token.ts';
import { trustOf } from '../../support/trust.ts';
import {
  API,
  answerTo,
  configOf,
  follow,
  newRequest,
  providerOf,
  REDIRECT_URI,
  refusal,
  seconds,
} from './_login.ts';

const OTHER_API = 'https://other.example';
const SECRET = 'a:b%+& secret, with what a form has to encode';
const WITH_QUERY = 'https://app.example.com/_auth/callback?tenant=acme';
const BARE = 'https://bare.example.com';

let op: RunningProvider;

beforeAll(async () => {
  const common = {
    redirect_uris: [REDIRECT_URI, WITH_QUERY, BARE],
    post_logout_redirect_uris: ['https://app.example.com/_auth/logged-out'],
    grant_types: ['authorization_code'],
  };
  op = await startProvider({
    clients: [
      {
        ...common,
        client_id: 'shop',
        client_secret: SECRET,
        token_endpoint_auth_method: 'client_secret_basic',
      },
      {
        ...common,
        client_id: 'post',
        client_secret: SECRET,
        token_endpoint_auth_method: 'client_secret_post',
      },
      { ...common, client_id: 'public', token_endpoint_auth_method: 'none' },
    ],
    people: [
      { id: 'alice', name: 'Alice', role: 'staff', holds: { [API]: ['orders:read'], [OTHER_API]: ['x'] } },
    ],
    resources: [
      { audience: API, scopes: ['orders:read'] },
      { audience: OTHER_API, scopes: ['x'] },
    ],
    signedInAs: 'alice',
  });
});
afterAll(() => op.close());

const secrets = fixedSecrets([{ value: SECRET, expiresAt: undefined }]);

async function login(
  config: Partial<ProviderConfig> = {},
  over: Partial<AuthorizationRequest> = {},
  held = secrets,
) {
  const provider = providerOf(op.issuer, config, { secrets: held });
  const request = newRequest(over);
  const callback = await follow(op.issuer, await provider.identityProvider.authorizationUrl(request));
  return { provider, request, callback, answer: answerTo(request, callback) };
}

const redeem = async (...given: Parameters<typeof login>) => {
  const { provider, answer } = await login(...given);
  return { provider, result: await provider.identityProvider.redeem(answer) };
};

const trusting = (keys: IssuerTrust['keys']) =>
  new Map<string, IssuerTrust>([[op.issuer, trustOf(op.issuer, keys)]]);

test('a login brings a profile and an access token that validates', async () => {
  const { provider, result } = await redeem();
  expect(result).toMatchObject({ subject: 'alice', profile: { sub: 'alice', aud: 'shop' } });
  const token = await validateAccessToken(result.accessToken, trusting(provider.keySet), seconds(), {
    fresh: true,
  });
  expect(token).toMatchObject({
    subject: 'alice',
    client: 'shop',
    audiences: [API],
    scopes: new Set(['orders:read']),
  });
  const idToken = await validateAccessToken(result.idToken, trusting(provider.keySet), seconds());
  expect(idToken).toMatchObject({ reason: expect.stringMatching(/^token-/) });
});

test('keys serve bearers before anybody logs in, and for an issuer where nobody does', async () => {
  const { result } = await redeem();
  const provider = providerOf(op.issuer);
  const keys = createIssuerKeys(op.issuer, { now: seconds });
  for (const keySet of [provider.keySet, keys]) {
    expect(await validateAccessToken(result.accessToken, trusting(keySet), seconds())).toMatchObject({
      subject: 'alice',
    });
  }
});

describe('the authorization request', () => {
  const parameters = async (config: Partial<ProviderConfig>, over: Partial<AuthorizationRequest> = {}) => {
    const { identityProvider } = providerOf(op.issuer, config);
    return new URL(await identityProvider.authorizationUrl(newRequest(over))).searchParams;
  };

  test('code flow, S256, openid once', async () => {
    const asked = await parameters({}, { scopes: ['orders:read', 'openid', 'orders:read'] });
    expect(Object.fromEntries(asked)).toEqual({
      client_id: 'shop',
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid orders:read',
      state: expect.any(String),
      nonce: expect.any(String),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      resource: API,
    });
    expect(asked.size).toBe(9);
  });

  test.each<[ProviderConfig['audienceParameter'], string[], string[]]>([
    ['resource', [API, OTHER_API], []],
    // A parameter that is none of RFC 8707 is sent once (RFC 6749 section 3.1).
    ['audience', [], [API]],
    ['none', [], []],
  ])('audienceParameter %s', async (audienceParameter, resource, audience) => {
    const asked = await parameters({ audienceParameter }, { audiences: [API, OTHER_API] });
    expect([asked.getAll('resource'), asked.getAll('audience')]).toEqual([resource, audience]);
  });

  test('prompt only when asked for', async () => {
    expect((await parameters({}, { prompt: 'select_account' })).get('prompt')).toBe('select_account');
    expect((await parameters({})).has('prompt')).toBe(false);
  });
});

describe('client authentication', () => {
  test.each<[ProviderConfig['clientAuth'], string]>([
    ['client_secret_basic', 'shop'],
    ['client_secret_post', 'post'],
    ['none', 'public'],
  ])('%s', async (clientAuth, clientId) => {
    expect((await redeem({ clientAuth, clientId })).result.subject).toBe('alice');
  });
});

test.each([
  ['with a query', WITH_QUERY],
  ['that is a bare origin', BARE],
])('a redirect URI %s is repeated exactly', async (_name, redirectUri) => {
  expect((await redeem({}, { redirectUri })).result.subject).toBe('alice');
});

test.each([
  ['another verifier', { codeVerifier: 'x'.repeat(43) }],
  ['another redirect URI', { redirectUri: BARE }],
])('%s is refused by the provider', async (_name, over) => {
  const { provider, answer } = await login();
  const refused = await refusal(provider.identityProvider.redeem({ ...answer, ...over }));
  expect(refused).toMatchObject({ reason: 'provider-answer-invalid', providerError: 'invalid_grant' });
});

test('a code works once', async () => {
  const { provider, answer } = await login();
  await provider.identityProvider.redeem(answer);
  expect(await refusal(provider.identityProvider.redeem(answer))).toMatchObject({
    providerError: 'invalid_grant',
  });
});

test('a resource that the provider does not know: its error comes back, with its iss', async () => {
  const { provider, answer, callback } = await login({}, { audiences: ['https://unknown.example'] });
  expect(callback.searchParams.get('error')).toBe('invalid_target');
  expect(await refusal(provider.identityProvider.redeem(answer))).toMatchObject({
    reason: 'provider-refused',
    providerError: 'invalid_target',
  });
});

describe('logging out', () => {
  const logout = { postLogoutRedirectUri: 'https://app.example.com/_auth/logged-out', state: 's1' };

  test('at the page that discovery names', async () => {
    const { provider, result } = await redeem();
    const url = await provider.identityProvider.endSessionUrl({ ...logout, idTokenHint: result.idToken });
    const { origin, searchParams } = new URL(String(url));
    expect(origin).toBe(op.issuer);
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: 'shop',
      id_token_hint: result.idToken,
      post_logout_redirect_uri: logout.postLogoutRedirectUri,
      state: 's1',
    });
    expect((await fetch(String(url))).status).toBe(200);
  });

  const withoutPage = (kind: ProviderConfig['kind'], issuer = 'https://tenant.eu.auth0.com/') =>
    createProvider({
      config: configOf(issuer, { kind }),
      secrets: fixedSecrets([]),
      clockTolerance: 5,
      now: seconds,
      fetch: async () =>
        Response.json({
          issuer,
          jwks_uri: `${issuer}jwks`,
          token_endpoint: `${issuer}token`,
          authorization_endpoint: `${issuer}authorize`,
        }),
    });

  test('Auth0 without a page in its discovery document', async () => {
    const { identityProvider } = withoutPage('auth0');
    const url = new URL(String(await identityProvider.endSessionUrl(logout)));
    expect(`${url.origin}${url.pathname}`).toBe('https://tenant.eu.auth0.com/v2/logout');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'shop',
      returnTo: logout.postLogoutRedirectUri,
    });
  });

  test('a provider without such a page', async () => {
    expect(await withoutPage('generic').identityProvider.endSessionUrl(logout)).toBeUndefined();
  });
});

test('internalUrl: our calls go inside, the browser outside', async () => {
  const issuer = 'https://op.example.com';
  const asked: string[] = [];
  const provider = createProvider({
    config: configOf(issuer, { internalUrl: 'http://op.internal:8080' }),
    secrets,
    clockTolerance: 5,
    now: seconds,
    fetch: async (url) => {
      asked.push(url);
      if (url.endsWith('/jwks')) return Response.json({ keys: [] });
      if (url.endsWith('/token')) return Response.json({ error: 'invalid_grant' }, { status: 400 });
      return Response.json({
        issuer,
        jwks_uri: 'http://op.internal:8080/jwks',
        token_endpoint: `${issuer}//token`,
        authorization_endpoint: `${issuer}/authorize`,
        end_session_endpoint: `${issuer}/logout`,
      });
    },
  });
  const request = newRequest();
  const { identityProvider } = provider;
  expect(await identityProvider.authorizationUrl(request)).toMatch(
    /^https:\/\/op\.example\.com\/authorize\?/,
  );
  expect(await identityProvider.endSessionUrl({ postLogoutRedirectUri: BARE, state: 's' })).toMatch(
    /^https:\/\/op\.example\.com\/logout\?/,
  );
  const callback = new URL(`${REDIRECT_URI}?code=c&state=${request.state}`);
  await refusal(identityProvider.redeem(answerTo(request, callback)));
  await provider.keySet.warm();
  expect(asked).toEqual([
    'http://op.internal:8080/.well-known/openid-configuration',
    'http://op.internal:8080//token',
    'http://op.internal:8080/jwks',
  ]);
});

test.each([
  ['an http endpoint of an https issuer', { token_endpoint: 'http://op.example.com/token' }, 'no https URL'],
  ['a private address', { jwks_uri: 'https://10.0.0.1/jwks' }, 'private address'],
  ['the metadata service', { token_endpoint: 'https://169.254.169.254/token' }, 'private address'],
  ['loopback', { jwks_uri: 'https://[::1]/jwks' }, 'private address'],
  ['mapped loopback', { jwks_uri: 'https://[::ffff:127.0.0.1]/jwks' }, 'private address'],
  ['localhost', { jwks_uri: 'https://a.localhost/jwks' }, 'private address'],
  ['a number that is an address', { jwks_uri: 'https://2130706433/jwks' }, 'private address'],
])('discovery of an https issuer: %s', async (_name, over, cause) => {
  const issuer = 'https://op.example.com';
  const asked: string[] = [];
  const { identityProvider } = providerOf(
    issuer,
    {},
    {
      fetch: async (url) => {
        asked.push(url);
        const good = { issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` };
        return Response.json({ ...good, authorization_endpoint: `${issuer}/authorize`, ...over });
      },
    },
  );
  const refused = await refusal(identityProvider.authorizationUrl(newRequest()));
  expect(refused).toMatchObject({ reason: 'provider-unavailable', message: expect.stringContaining(cause) });
  expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);
});
