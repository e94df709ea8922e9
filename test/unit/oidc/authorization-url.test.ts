import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { buildAuthorizationUrl, Configuration } from 'openid-client';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { createAuthorizationUrl } from '../../../src/oidc/authorization-url.ts';
import { fixedSecrets } from '../../../src/oidc/client-authentication.ts';
import type { AuthorizationRequest } from '../../../src/oidc/identity-provider.ts';
import { createIdentityProvider } from '../../../src/oidc/identity-provider-openid-client.ts';
import { createProviderClient } from '../../../src/oidc/provider-client.ts';
import type { KeySet } from '../../../src/token/key-set.ts';

const REQUEST: AuthorizationRequest = {
  redirectUri: 'https://shop.example.com/_auth/callback',
  state: 'eyJhbGciOiJkaXIifQ..iv-_.text.tag',
  nonce: 'n-_0',
  codeVerifier: 'v'.repeat(43),
  scopes: ['openid', 'orders:read'],
  audiences: ['https://api.shop.example.com'],
};
type AudienceParameter = ProviderConfig['audienceParameter'];

const NOTHING_MORE = {
  scopeTemplate: '{scope}',
  authorizationParameters: {},
  prompt: undefined,
  uiLocales: undefined,
} as const;
const NO_REFRESH = { refresh: false, offlineConsent: true };
const clientOf = (endpoint: string): Configuration =>
  new Configuration({ issuer: 'https://id.example.com', authorization_endpoint: endpoint }, 'shop & co');
const urlsOf = (
  client: Configuration,
  audienceParameter: AudienceParameter = 'resource',
  refresh: { readonly refresh: boolean; readonly offlineConsent: boolean } = NO_REFRESH,
) => {
  const built: URLSearchParams[] = [];
  const authorizationUrl = createAuthorizationUrl(
    { audienceParameter, ...refresh, ...NOTHING_MORE },
    (parameters) => {
      built.push(parameters);
      return buildAuthorizationUrl(client, parameters);
    },
  );
  return { authorizationUrl, built };
};

/** What openid-client makes of the whole request. */
function whole(
  client: Configuration,
  request: AuthorizationRequest,
  audienceParameter: AudienceParameter,
): URL {
  const parameters = new URLSearchParams({
    redirect_uri: request.redirectUri,
    scope: [...new Set(['openid', ...request.scopes])].join(' '),
    state: request.state,
    nonce: request.nonce,
    code_challenge: hash('sha256', request.codeVerifier, 'base64url'),
    code_challenge_method: 'S256',
  });
  if (audienceParameter !== 'none') {
    for (const audience of request.audiences) parameters.append(audienceParameter, audience);
  }
  if (request.prompt !== undefined) parameters.set('prompt', request.prompt);
  if (request.acrValues !== undefined) parameters.set('acr_values', request.acrValues.join(' '));
  if (request.maxAge !== undefined) parameters.set('max_age', String(request.maxAge));
  return buildAuthorizationUrl(client, parameters);
}

const parametersOf = ({ searchParams }: URL): string[] =>
  [...searchParams].map((pair) => JSON.stringify(pair)).sort();

describe('says what openid-client says of the whole request', () => {
  const client = clientOf('https://id.example.com/authorize');

  test.each<[what: string, request: Partial<AuthorizationRequest>, audienceParameter: AudienceParameter]>([
    ['the usual', {}, 'resource'],
    ['no openid among its scopes', { scopes: ['orders:read'] }, 'resource'],
    ['no scopes', { scopes: [] }, 'resource'],
    ['the same scope twice', { scopes: ['a', 'openid', 'a'] }, 'resource'],
    ['no audience', { audiences: [] }, 'resource'],
    ['two audiences', { audiences: ['https://a.example', 'urn:b'] }, 'resource'],
    ['Auth0’s audience', {}, 'audience'],
    ['no audience parameter', {}, 'none'],
    ['a prompt', { prompt: 'select_account' }, 'resource'],
    ['no page', { prompt: 'none' }, 'resource'],
    ['classes of sign-in', { acrValues: ['mfa', 'urn:x:hwk'] }, 'resource'],
    ['a sign-in that is recent', { maxAge: 900 }, 'resource'],
    ['both', { acrValues: ['mfa'], maxAge: 60 }, 'resource'],
    ['a redirect URI with a query', { redirectUri: 'https://shop.example.com/cb?a=1&b=%20#' }, 'resource'],
    ['marks everywhere', { state: 'a&b=c d+e%/#ü', nonce: '?&=+ é', scopes: ['a&b', 'c+d'] }, 'resource'],
  ])('%s', (_what, over, audienceParameter) => {
    const request = { ...REQUEST, ...over };
    const { authorizationUrl, built } = urlsOf(client, audienceParameter);
    const expected = whole(client, request, audienceParameter);
    for (const url of [authorizationUrl(request), authorizationUrl(request)].map((text) => new URL(text))) {
      expect(url.origin + url.pathname + url.hash).toBe('https://id.example.com/authorize');
      expect(parametersOf(url)).toEqual(parametersOf(expected));
    }
    expect(built).toHaveLength(1);
  });

  test.each([
    ['https://id.example.com/authorize?tenant=acme', 'https://id.example.com/authorize'],
    ['https://id.example.com', 'https://id.example.com/'],
    ['https://id.example.com/authorize?', 'https://id.example.com/authorize'],
    ['https://id.example.com/authorize#', 'https://id.example.com/authorize'],
  ])('at the endpoint %s', (endpoint, expected) => {
    const url = new URL(urlsOf(clientOf(endpoint)).authorizationUrl(REQUEST));
    expect(url.origin + url.pathname).toBe(expected);
    expect(url.href).not.toContain('#');
    expect(parametersOf(url)).toEqual(parametersOf(whole(clientOf(endpoint), REQUEST, 'resource')));
  });
});

describe('a refresh token', () => {
  const client = clientOf('https://id.example.com/authorize');
  const strict = { refresh: true, offlineConsent: true };
  const lenient = { refresh: true, offlineConsent: false };
  test.each<
    [
      what: string,
      refresh: { readonly refresh: boolean; readonly offlineConsent: boolean },
      over: Partial<AuthorizationRequest>,
      scope: string,
      prompt: string | null,
    ]
  >([
    ['RF1: is not asked for without refresh', NO_REFRESH, {}, 'openid orders:read', null],
    [
      'RF1: nor by a scope that an app lists',
      NO_REFRESH,
      { scopes: ['offline_access', 'orders:read'] },
      'openid orders:read',
      null,
    ],
    ['is asked for with consent', strict, {}, 'openid orders:read offline_access', 'consent'],
    ['is asked for once', strict, { scopes: ['offline_access', 'a'] }, 'openid a offline_access', 'consent'],
    [
      'is asked for beside another prompt',
      strict,
      { prompt: 'select_account' },
      'openid orders:read offline_access',
      'select_account consent',
    ],
    [
      'is asked for without a page where none may be shown',
      strict,
      { prompt: 'none' },
      'openid orders:read offline_access',
      'none',
    ],
    ['is asked for without consent', lenient, {}, 'openid orders:read offline_access', null],
    [
      'is asked for without consent beside another prompt',
      lenient,
      { prompt: 'select_account' },
      'openid orders:read offline_access',
      'select_account',
    ],
  ])('%s', (_what, refresh, over, scope, prompt) => {
    const { searchParams } = new URL(
      urlsOf(client, 'resource', refresh).authorizationUrl({ ...REQUEST, ...over }),
    );
    expect([searchParams.get('scope'), searchParams.get('prompt')]).toEqual([scope, prompt]);
  });

  test.each<[AudienceParameter, readonly string[]]>([
    ['resource', ['https://a.example', 'urn:b']],
    ['audience', ['https://a.example']],
    ['none', []],
  ])('of several audiences, by %s: %j', (parameter, named) => {
    const request = { ...REQUEST, audiences: ['https://a.example', 'urn:b'] };
    const { searchParams } = new URL(urlsOf(client, parameter, lenient).authorizationUrl(request));
    expect(searchParams.getAll(parameter)).toEqual(named);
  });
});

describe('what is built once', () => {
  const client = clientOf('https://id.example.com/authorize');

  test.each<[what: string, over: Partial<AuthorizationRequest>, again: number]>([
    ['state', { state: 'other' }, 0],
    ['nonce', { nonce: 'other' }, 0],
    ['code verifier', { codeVerifier: 'w'.repeat(43) }, 0],
    ['redirect URI', { redirectUri: 'https://other.example.com/_auth/callback' }, 1],
    ['scopes', { scopes: ['openid'] }, 1],
    ['audiences', { audiences: [] }, 1],
    ['prompt', { prompt: 'none' }, 1],
    ['what is a scope and what an audience', { scopes: [], audiences: [...REQUEST.scopes] }, 1],
  ])('another %s, %j: built %d times more', (_what, over, again) => {
    const { authorizationUrl, built } = urlsOf(client);
    const first = authorizationUrl(REQUEST);
    const other = { ...REQUEST, ...over };
    const second = authorizationUrl(other);
    expect(built).toHaveLength(1 + again);
    expect(parametersOf(new URL(second))).toEqual(parametersOf(whole(client, other, 'resource')));
    expect(second).not.toBe(first);
    expect(authorizationUrl(REQUEST)).toBe(first);
  });

  test('is bounded: of a thousand kinds the first is built anew', () => {
    const { authorizationUrl, built } = urlsOf(client);
    const kinds = Array.from({ length: 1000 }, (_, kind) => ({ ...REQUEST, scopes: [`s${kind}`] }));
    for (const request of kinds) {
      expect(parametersOf(new URL(authorizationUrl(request)))).toEqual(
        parametersOf(whole(client, request, 'resource')),
      );
    }
    expect(built).toHaveLength(1000);
    authorizationUrl(kinds[999] ?? REQUEST);
    expect(built).toHaveLength(1000);
    authorizationUrl(kinds[0] ?? REQUEST);
    expect(built).toHaveLength(1001);
  });
});

test('another discovery document, another endpoint', async () => {
  const documentAt = (endpoint: string) => ({
    issuer: 'https://id.example.com',
    jwks_uri: 'https://id.example.com/jwks',
    authorization_endpoint: endpoint,
  });
  let metadata = documentAt('https://id.example.com/old');
  const config = {
    ...{ issuer: metadata.issuer, clientId: 'shop', audienceParameter: 'resource' },
    ...NOTHING_MORE,
  } as unknown as ProviderConfig;
  const terms = { config, clockTolerance: 5, now: () => 1_767_225_600 };
  const { authorizationUrl } = createIdentityProvider({
    ...terms,
    client: createProviderClient({ ...terms, secrets: fixedSecrets([]) }),
    keys: {} as KeySet,
    fetch: () => Promise.reject(new TypeError('nothing is fetched')),
    discovery: { metadata: async () => metadata, reached: async () => metadata, ready: () => true },
  });
  expect(await authorizationUrl(REQUEST)).toMatch(/^https:\/\/id\.example\.com\/old\?/);
  metadata = documentAt('https://id.example.com/new');
  expect(await authorizationUrl(REQUEST)).toMatch(/^https:\/\/id\.example\.com\/new\?/);
});

describe('what is configured for every login', () => {
  const urlWith = (
    terms: Partial<typeof NOTHING_MORE> | object,
    request: Partial<AuthorizationRequest> = {},
  ) =>
    new URL(
      createAuthorizationUrl(
        { audienceParameter: 'none', ...NO_REFRESH, ...NOTHING_MORE, ...terms },
        (parameters) => buildAuthorizationUrl(clientOf('https://id.example.com/auth'), parameters),
      )({ ...REQUEST, ...request }),
    ).searchParams;

  test('further parameters and languages go along, and take the place of none of ours', () => {
    const asked = urlWith({
      authorizationParameters: { organization: 'org 1', code_challenge_method: 'plain' },
      uiLocales: ['de', 'en-GB'],
    });
    expect(asked.get('organization')).toBe('org 1');
    expect(asked.get('ui_locales')).toBe('de en-GB');
    expect(asked.getAll('code_challenge_method')).toEqual(['S256']);
  });

  test.each<
    [configured: string | undefined, ofLogin: string | undefined, offline: boolean, prompt: string | null]
  >([
    [undefined, undefined, false, null],
    ['login', undefined, false, 'login'],
    ['login', 'select_account', false, 'login select_account'],
    ['login', 'none', false, 'none'],
    ['consent', undefined, true, 'consent'],
    ['login', 'select_account', true, 'login select_account consent'],
  ])('prompt: %s, of this login %s, for offline access %s: %s', (prompt, ofLogin, offline, expected) => {
    const terms = { prompt, ...(offline ? { refresh: true, offlineConsent: true } : {}) };
    expect(urlWith(terms, ofLogin === undefined ? {} : { prompt: ofLogin }).get('prompt')).toBe(expected);
  });

  test.each<[scope: string, spelled: string]>([
    ['orders.read', 'api://api-1/orders.read'],
    ['orders:read', 'api://api-1/orders:read'],
    ['a/b', 'api://api-1/a/b'],
    ['profile', 'profile'],
    ['email', 'email'],
    ['https://graph.example.com/User.Read', 'https://graph.example.com/User.Read'],
    ['api://other/$&', 'api://other/$&'],
    ['$&{audience}', 'api://api-1/$&{audience}'],
  ])('a scope template makes of %s %s', (scope, spelled) => {
    const asked = urlWith(
      { scopeTemplate: 'api://{audience}/{scope}' },
      { scopes: ['openid', scope], audiences: ['api-1'] },
    );
    expect(asked.get('scope')).toBe(`openid ${spelled}`);
  });
});
