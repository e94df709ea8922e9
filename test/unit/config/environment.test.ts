import { describe, expect, test } from '@jest/globals';
import { configOf, configOfFile, LEAST, problemsOf, problemsOfFile, SECRET, withLines } from './_load.ts';

test('three variables are enough', () => {
  const { config, secrets, sources } = configOf({ env: LEAST });
  expect(config).toEqual({
    listen: { host: '127.0.0.1', port: 4180 },
    pagesListen: { host: '127.0.0.1', port: 4182 },
    adminListen: { host: '127.0.0.1', port: 4181 },
    endpoints: ['traefik'],
    trustedProxies: ['loopback'],
    basePath: '/_auth',
    public: undefined,
    exchanges: [],
    federation: [],
    insecureHttp: false,
    rules: '/app/rules',
    providers: new Map([
      [
        'default',
        {
          name: 'default',
          kind: 'generic',
          issuer: 'https://id.example.com/',
          internalUrl: undefined,
          enabled: true,
          clientId: 'shop',
          clientAuth: 'none',
          audienceParameter: 'resource',
          moreAudiences: 'redirect',
          introspection: false,
          offlineConsent: true,
          brand: {},
          ca: undefined,
          scopeTemplate: '{scope}',
          authorizationParameters: {},
          prompt: undefined,
          uiLocales: undefined,
          metadata: {},
          redirectUri: undefined,
          acrValues: undefined,
          postLogoutRedirectUri: undefined,
          idTokenAlg: 'RS256',
          tokens: {
            profile: 'rfc9068',
            algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
            scopeClaim: 'scope',
            audienceIsClient: false,
          },
        },
      ],
    ]),
    tenants: undefined,
    session: {
      store: 'cookie',
      maxAge: 43_200,
      idle: undefined,
      storeGrace: 60,
      refresh: false,
      redis: undefined,
    },
    clockTolerance: 5,
    log: { level: 'info', decisions: 'denied' },
  });
  expect(secrets).toEqual({
    session: [SECRET],
    clients: new Map([['default', []]]),
    redis: { password: undefined, sentinelPassword: undefined },
  });
  expect(sources).toMatchObject({
    file: undefined,
    variables: new Map([
      ['provider.issuer', 'POSTERN_PROVIDER_ISSUER'],
      ['provider.clientId', 'POSTERN_PROVIDER_CLIENT_ID'],
      ['session.secret', 'POSTERN_SESSION_SECRET'],
    ]),
  });
});

test('every kind of value', () => {
  const { config } = configOf({
    env: {
      ...LEAST,
      POSTERN_LISTEN: ':4180',
      POSTERN_TRUSTED_PROXIES: '10.0.0.0/8, loopback',
      POSTERN_ENDPOINTS: 'traefik',
      POSTERN_BASE_PATH: '/gate/auth',
      POSTERN_PUBLIC_SCHEME: 'http',
      POSTERN_INSECURE_HTTP: 'true',
      POSTERN_RULES: 'policies/one.yaml',
      POSTERN_PROVIDER_KIND: 'entra',
      POSTERN_PROVIDER_ENABLED: 'false',
      POSTERN_PROVIDER_INTERNAL_URL: 'http://idp.svc:8080/',
      POSTERN_PROVIDER_TOKENS_SCOPE_CLAIM: 'permissions',
      POSTERN_PROVIDER_TOKENS_ALGORITHMS: 'ES256,Ed25519',
      POSTERN_PROVIDER_TOKENS_AUDIENCE_IS_CLIENT: 'true',
      POSTERN_PROVIDER_INTROSPECTION: 'false',
      POSTERN_PROVIDER_ID_TOKEN_ALG: 'ES256',
      POSTERN_PROVIDER_POST_LOGOUT_REDIRECT_URI: 'https://www.example.com/bye?from=shop',
      POSTERN_SESSION_MAX_AGE: '2d',
      POSTERN_CLOCK_TOLERANCE: '0s',
      POSTERN_LOG_DECISIONS: 'all',
    },
  });
  expect(config).toMatchObject({
    listen: { host: '', port: 4180 },
    trustedProxies: ['10.0.0.0/8', 'loopback'],
    basePath: '/gate/auth',
    public: { scheme: 'http', port: 80 },
    insecureHttp: true,
    rules: '/app/policies/one.yaml',
    session: { maxAge: 172_800 },
    clockTolerance: 0,
    log: { level: 'info', decisions: 'all' },
  });
  expect(config.providers.get('default')).toMatchObject({
    kind: 'entra',
    internalUrl: 'http://idp.svc:8080',
    enabled: false,
    idTokenAlg: 'ES256',
    postLogoutRedirectUri: 'https://www.example.com/bye?from=shop',
    tokens: {
      profile: 'jwt',
      algorithms: ['ES256', 'Ed25519'],
      scopeClaim: 'permissions',
      audienceIsClient: true,
    },
  });
});

describe('over a file', () => {
  test('the environment wins, key by key', () => {
    const { config, sources } = configOfFile(
      withLines('log: { level: warn, decisions: all }', 'public: { port: 8443 }'),
      {
        POSTERN_LOG_LEVEL: 'debug',
        POSTERN_PROVIDER_CLIENT_ID: 'other',
      },
    );
    expect(config.log).toEqual({ level: 'debug', decisions: 'all' });
    expect(config.public).toEqual({ scheme: 'https', port: 8443 });
    expect(config.providers.get('default')?.clientId).toBe('other');
    expect([...sources.variables.keys()]).toEqual(['provider.clientId', 'log.level']);
  });

  test('one secret takes the place of a list, and a list of one', () => {
    const text = [
      'provider: { issuer: "https://id.example.com/", clientId: shop, clientSecrets: [{ value: old }] }',
      `session: { secrets: [{ value: "${SECRET} old" }] }`,
    ].join('\n');
    const one = configOfFile(text, { POSTERN_SESSION_SECRET: SECRET, POSTERN_PROVIDER_CLIENT_SECRET: 'new' });
    expect(one.secrets.session).toEqual([SECRET]);
    expect(one.secrets.clients.get('default')).toEqual([{ value: 'new', expiresAt: undefined }]);
    const list = configOfFile(withLines(), { POSTERN_SESSION_SECRETS: `${SECRET} 2,${SECRET}` });
    expect(list.secrets.session).toEqual([`${SECRET} 2`, SECRET]);
  });

  test('several providers are for the file only', () => {
    const text = `providers: { a: { issuer: "https://a.example.com", clientId: x } }\nsession: { secret: "${SECRET}" }`;
    expect(
      problemsOfFile(text, { POSTERN_PROVIDER_CLIENT_ID: 'y', POSTERN_PROVIDER_CLIENT_SECRET_FILE: '/s' }),
    ).toEqual([
      'POSTERN_PROVIDER_CLIENT_ID: `POSTERN_PROVIDER_CLIENT_ID` sets a key of `provider`, but the file has `providers`. -> unset it, or write a single `provider` in the file',
      'POSTERN_PROVIDER_CLIENT_SECRET_FILE: `POSTERN_PROVIDER_CLIENT_SECRET_FILE` sets a key of `provider`, but the file has `providers`. -> unset it, or write a single `provider` in the file',
    ]);
  });
});

describe('secrets in files', () => {
  const env = {
    POSTERN_PROVIDER_ISSUER: 'https://id.example.com/',
    POSTERN_PROVIDER_CLIENT_ID: 'shop',
  };

  test('lose one final line break, and start at the working directory', () => {
    const { secrets } = configOf({
      env: {
        ...env,
        POSTERN_SESSION_SECRETS_FILE: 'new,/run/old',
        POSTERN_PROVIDER_CLIENT_SECRET_FILE: '/run/oidc',
      },
      files: { '/app/new': `${SECRET}\n\n`, '/run/old': `${SECRET}\r\n`, '/run/oidc': ' s p a c e ' },
    });
    expect(secrets.session).toEqual([`${SECRET}\n`, SECRET]);
    expect(secrets.clients.get('default')).toEqual([{ value: ' s p a c e ', expiresAt: undefined }]);
  });

  test.each([
    [
      'missing',
      undefined,
      'The secret file /run/s cannot be read. -> check the path and who may read the file',
    ],
    ['empty', '\n', 'The secret file /run/s is empty. -> write the secret into it'],
    [
      'binary',
      '\uFFFD'.repeat(40),
      'The secret file /run/s is not text. -> write the secret in base64 or hex',
    ],
  ])('%s', (_, content, words) => {
    const files: Record<string, string> = content === undefined ? {} : { '/run/s': content };
    expect(problemsOf({ env: { ...env, POSTERN_SESSION_SECRET_FILE: '/run/s' }, files })).toEqual([
      `POSTERN_SESSION_SECRET_FILE: \`session.secret\`: ${words}`,
    ]);
  });
});
