import { expect, test } from '@jest/globals';
import { configOfFile, SECRET } from './_load.ts';

const provider = (keys: string) =>
  configOfFile(
    `provider: { issuer: "https://id.example.com/", clientId: shop, ${keys} }\nsession: { secret: "${SECRET}" }`,
  ).config.providers.get('default');

test.each([
  ['generic', 'client_secret_basic', 'resource', true, 'rfc9068', 'scope'],
  ['auth0', 'client_secret_post', 'audience', false, 'jwt', 'scope'],
  ['proauth', 'client_secret_post', 'resource', false, 'jwt', 'scope'],
  ['keycloak', 'client_secret_basic', 'none', false, 'jwt', 'scope'],
  ['entra', 'client_secret_post', 'none', false, 'jwt', 'scp'],
])('%s', (kind, clientAuth, audienceParameter, offlineConsent, profile, scopeClaim) => {
  expect(provider(`kind: ${kind}, clientSecret: s`)).toEqual({
    name: 'default',
    kind,
    ...{
      ca: undefined,
      redirectUri: undefined,
      acrValues: undefined,
      prompt: undefined,
      uiLocales: undefined,
    },
    ...{ authorizationParameters: {}, metadata: {} },
    scopeTemplate: kind === 'entra' ? 'api://{audience}/{scope}' : '{scope}',
    issuer: 'https://id.example.com/',
    internalUrl: undefined,
    enabled: true,
    clientId: 'shop',
    clientAuth,
    audienceParameter,
    moreAudiences: 'redirect',
    introspection: false,
    offlineConsent,
    brand: {},
    redirectUri: undefined,
    acrValues: undefined,
    postLogoutRedirectUri: undefined,
    idTokenAlg: 'RS256',
    tokens: {
      profile,
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      scopeClaim,
      audienceIsClient: false,
    },
  });
  expect(provider(`kind: ${kind}`)?.clientAuth).toBe('none');
});

test('explicit keys win', () => {
  const keys =
    'kind: auth0, clientSecret: s, clientAuth: client_secret_basic, audienceParameter: resource, offlineConsent: true, idTokenAlg: ES256, tokens: { profile: rfc9068, algorithms: [ES512], scopeClaim: permissions }';
  expect(provider(keys)).toMatchObject({
    kind: 'auth0',
    clientAuth: 'client_secret_basic',
    audienceParameter: 'resource',
    offlineConsent: true,
    brand: {},
    idTokenAlg: 'ES256',
    tokens: { profile: 'rfc9068', algorithms: ['ES512'], scopeClaim: 'permissions', audienceIsClient: false },
  });
  expect(provider('kind: auth0, clientSecret: s, clientAuth: none')?.clientAuth).toBe('none');
});
