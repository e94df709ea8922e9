import { describe, expect, test } from '@jest/globals';
import { configOfFile, problemsOfFile, SECRET, withLines } from './_load.ts';

const SESSION = `session: { secret: "${SECRET}" }\n`;
const issuer = (url: string, more = ''): string =>
  `provider: { issuer: "${url}", clientId: shop${more} }\n${SESSION}`;
const words = (problems: string[]): string[] => problems.map((one) => one.replace(/ -> .*/, ''));

describe('provider.issuer', () => {
  const http = 'is http, so anyone on the way can read and change what the provider says';
  test.each([
    ['https://id.example.com', undefined],
    ['https://id.example.com/realms/a/', undefined],
    ['http://localhost:8080/', undefined],
    ['http://idp.localhost', undefined],
    ['http://127.0.0.1:9000', undefined],
    ['http://[::1]:9000', undefined],
    ['http://id.example.com', http],
    ['http://localhost.example.com', http],
    ['http://127.0.0.1.example.com', http],
    ['id.example.com', 'must be a URL that begins with https://'],
    ['https:id.example.com', 'must be a URL that begins with https://'],
    ['ftp://id.example.com', 'must be a URL that begins with https://'],
    [' https://id.example.com', 'must be a URL that begins with https://'],
    ['https://id.example.com\\\\x', 'must be a URL that begins with https://'],
    ['https://', 'must be a URL that begins with https://'],
    ['https://id.example.com?a', 'must not have a query'],
    ['https://id.example.com/?', 'must not have a query'],
    ['https://id.example.com/#', 'must not have a fragment'],
    ['https://u:p@id.example.com', 'must not hold a user name or password'],
    ['https://id.example.com/.well-known/openid-configuration', 'names the discovery document'],
  ])('%s', (url, fault) => {
    expect(words(problemsOfFile(issuer(url)))).toEqual(
      fault === undefined ? [] : [`1:21: \`provider.issuer\` ${fault}.`],
    );
  });

  test('http anywhere, by the loud switch', () => {
    const { config } = configOfFile(`insecureHttp: true\n${issuer('http://id.example.com')}`);
    expect(config.providers.get('default')?.issuer).toBe('http://id.example.com');
  });

  test('the way out of http', () => {
    expect(problemsOfFile(issuer('http://id.example.com'))).toEqual([
      `1:21: \`provider.issuer\` ${http}. -> write https; if that network is yours alone, add the line \`insecureHttp: true\``,
    ]);
  });
});

test.each([
  ['https://idp.internal:8443/', undefined],
  ['http://localhost:8080', undefined],
  ['http://idp.svc:8080', 'is http, so anyone on the way can read and change what the provider says'],
  ['https://idp.internal/realms/a', 'is for scheme and host only'],
  ['https://idp.internal/?a=b', 'must not have a query'],
  ['idp.internal:8443', 'must be a URL that begins with https://'],
])('provider.internalUrl %s', (url, fault) => {
  const text = issuer('https://id.example.com', `, internalUrl: "${url}"`);
  expect(words(problemsOfFile(text))).toEqual(
    fault === undefined ? [] : [`1:76: \`provider.internalUrl\` ${fault}.`],
  );
  if (fault === undefined)
    expect(configOfFile(text).config.providers.get('default')?.internalUrl).toBe(new URL(url).origin);
});

test.each([
  ['https://www.example.com/bye?a=b', undefined],
  ['http://localhost:3000/', undefined],
  ['http://www.example.com', 'is http, so anyone on the way can read and change what the provider says'],
  ['https://www.example.com/#x', 'must not have a fragment'],
  ['/bye', 'must be a URL that begins with https://'],
])('provider.postLogoutRedirectUri %s', (url, fault) => {
  const text = issuer('https://id.example.com', `, postLogoutRedirectUri: "${url}"`);
  expect(words(problemsOfFile(text))).toEqual(
    fault === undefined ? [] : [`1:86: \`provider.postLogoutRedirectUri\` ${fault}.`],
  );
});

describe('listeners', () => {
  const OPEN =
    "`listen` can be reached from other machines, and `trustedProxies` does not say which of them is the proxy. -> add the line `trustedProxies: [private]`, or better the proxy's own address or range in place of `private` (environment: POSTERN_TRUSTED_PROXIES)";
  const FORM = 'write for example `127.0.0.1:4180`, `"[::1]:4180"`, or `:4180` for every interface';
  test.each([
    [['listen: :4180'], [`3:9: ${OPEN}`]],
    [['listen: 0.0.0.0:4180'], [`3:9: ${OPEN}`]],
    [['listen: "[::]:4180"'], [`3:9: ${OPEN}`]],
    [['listen: gate.internal:4180'], [`3:9: ${OPEN}`]],
    [['listen: :4180', 'trustedProxies: [private]'], []],
    [['listen: :4180', 'trustedProxies: [loopback]'], []],
    [['listen: "[::1]:0"', 'pagesListen: :0', 'adminListen: :0'], []],
    [['pagesListen: :80'], []],
    [['listen: localhost'], [`3:9: \`listen\` must be an address and a port. -> ${FORM}`]],
    [['adminListen: 127.0.0.1:99999'], [`3:14: \`adminListen\` must be an address and a port. -> ${FORM}`]],
    [
      ['pagesListen: :4180'],
      ['3:14: `pagesListen` and `listen` are the same address. -> give each listener a port of its own'],
    ],
    [
      ['adminListen: 127.0.0.1:4182'],
      ['3:14: `adminListen` and `pagesListen` are the same address. -> give each listener a port of its own'],
    ],
    [
      ['trustedProxies: [10.0.0.0/8, traefik]'],
      [
        '3:30: `trustedProxies[1]` is no IP address, no range and no known word. -> write for example 10.1.2.3, 10.0.0.0/8, fd00::/8, loopback or private; host names are not looked up',
      ],
    ],
  ])('%j', (lines, problems) => {
    expect(problemsOfFile(withLines(...lines))).toEqual(problems);
  });
});

test.each([
  ['/_auth', undefined],
  ['/a/b-c_d.e~f', undefined],
  ['/verify-me', undefined],
  ['_auth', 'must begin with /'],
  ['/', 'cannot be / itself: that is the app'],
  ['/_auth/', 'must not end with /'],
  ['//a', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/a//b', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/a/../b', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/.', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/größe', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/a%20b', 'may hold only segments of letters, digits, -, _, . and ~'],
  ['/verify', 'cannot be /verify or below it'],
  ['/verify/auth', 'cannot be /verify or below it'],
  ['/healthz', 'cannot be /healthz or below it'],
  ['/readyz/x', 'cannot be /readyz or below it'],
])('basePath %s', (path, fault) => {
  expect(problemsOfFile(withLines(`basePath: "${path}"`))).toEqual(
    fault === undefined ? [] : [`3:11: \`basePath\` ${fault}. -> write a path such as \`/_auth\``],
  );
});

describe('public', () => {
  test.each([
    ['{}', { scheme: 'https', port: 443 }],
    ['{ port: 8443 }', { scheme: 'https', port: 8443 }],
    ['{ scheme: http }', { scheme: 'http', port: 80 }],
    ['{ scheme: http, port: 8080 }', { scheme: 'http', port: 8080 }],
  ])('%s', (text, origin) => {
    expect(configOfFile(withLines(`public: ${text}`, 'insecureHttp: true')).config.public).toEqual(origin);
  });

  test('http needs the loud switch', () => {
    expect(problemsOfFile(withLines('public: { scheme: http }'))).toEqual([
      '3:19: `public.scheme: http` sends cookies and tokens in clear text. -> write https; or remove `public` if only loopback names are protected, which may be http anyway; or set `insecureHttp: true`',
    ]);
  });
});

describe('durations', () => {
  test.each([
    ['1m', 60],
    ['400d', 34_560_000],
  ])('session.maxAge %s', (text, seconds) => {
    const { config } = configOfFile(
      `provider: { issuer: "https://a.example.com", clientId: a }\nsession: { secret: "${SECRET}", maxAge: ${text} }`,
    );
    expect(config.session.maxAge).toBe(seconds);
  });

  test.each(['59s', '401d', '0s'])('session.maxAge %s is out of range', (text) => {
    const problems = problemsOfFile(
      `provider: { issuer: "https://a.example.com", clientId: a }\nsession: { secret: "${SECRET}", maxAge: ${text} }`,
    );
    expect(problems).toEqual([
      '2:68: `session.maxAge` must be between 1m and 400d. -> write a duration from 1m to 400d',
    ]);
  });

  test('clockTolerance is at most a minute', () => {
    expect(configOfFile(withLines('clockTolerance: 1m')).config.clockTolerance).toBe(60);
    expect(problemsOfFile(withLines('clockTolerance: 61s'))).toEqual([
      '3:17: `clockTolerance` must be between 0s and 60s. -> write a duration from 0s to 60s',
    ]);
  });
});

describe('several providers', () => {
  const providers = (...lines: string[]): string =>
    ['providers:', ...lines.map((one) => `  ${one}`), SESSION].join('\n');

  test('by name, in the order of the file', () => {
    const { config, secrets } = configOfFile(
      providers(
        'shop: { issuer: "https://a.example.com", clientId: x, clientSecret: s1 }',
        'admin: { issuer: "https://a.example.com", clientId: y, kind: keycloak }',
      ),
    );
    expect(
      [...config.providers.values()].map(({ name, kind, clientAuth }) => [name, kind, clientAuth]),
    ).toEqual([
      ['shop', 'generic', 'client_secret_basic'],
      ['admin', 'keycloak', 'none'],
    ]);
    expect([...secrets.clients].map(([name, all]) => [name, all.length])).toEqual([
      ['shop', 1],
      ['admin', 0],
    ]);
  });

  test('the same client twice', () => {
    const text = providers(
      'a: { issuer: "https://a.example.com", clientId: x }',
      'b: { issuer: "https://a.example.com", clientId: x }',
    );
    expect(problemsOfFile(text)).toEqual([
      '3:51: The providers `a` and `b` have the same issuer and the same client id. -> remove one of the two, or give it a client of its own',
    ]);
  });

  test('and a single one', () => {
    const text = `${providers('a: { issuer: "https://a.example.com", clientId: x }')}provider: { issuer: "https://b.example.com", clientId: x }`;
    expect(problemsOfFile(text)).toEqual([
      '1:1: `provider` and `providers` are both set. -> keep one of the two',
    ]);
  });
});

test('the result is frozen, to the bottom', () => {
  const result = configOfFile(withLines('trustedProxies: [private]'));
  const open: unknown[] = [result];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value === null || typeof value !== 'object') continue;
    expect(Object.isFrozen(value)).toBe(true);
    open.push(
      ...(value instanceof Map ? [...value.values()] : Object.values(value)).filter(
        (part) => part !== undefined,
      ),
    );
  }
  const clients = result.secrets.clients as Map<string, unknown>;
  for (const change of [() => clients.set('x', []), () => clients.delete('default'), () => clients.clear()])
    expect(change).toThrow(new TypeError('the configuration is frozen'));
});
