import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// GHSA-5hvv-m4w4-gf6v and kin: a gateway's own paths open the upstream. On a check endpoint they never yield 2xx, for any
// host, method, credential or manner, and nothing near them becomes one of them.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost, shop.example.com]
audience: https://api.shop.localhost
login: { scopes: [openid, "orders:read"], ask: listed }
origins: upstream
rules: { "/**": public }
`;
let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'shop.yaml': RULES,
      'open.yaml': RULES.replace('shop\n', 'open\n').replace(/hosts.*/, 'hosts: [open.localhost]'),
    },
    hosts: ['shop.localhost:8080', 'shop.example.com'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  const started = await anna.check(`${SHOP}/_auth/login`);
  await anna.check(await anna.atProvider(String(started.headers.location)));
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const OWN = [
  ...[
    '/_auth',
    '/_auth/',
    '/_auth/me',
    '/_auth/me/',
    '/_auth/login',
    '/_auth/callback',
    '/_auth/callback?code=x&state=y',
  ],
  ...['/_auth/logged-out', '/_auth/error', '/_auth/jwks.json', '/_auth/backchannel-logout', '/_auth/unknown'],
  ...[
    '/_auth/me/..%20',
    '/_auth/login/x/y/z',
    '/%5fauth/me',
    '/_%61uth/me',
    '/_auth/%6de',
    '/_auth/__proto__',
  ],
  ...['/_auth/constructor', '/_auth/toString', '/.well-known/oauth-protected-resource'],
  ...[
    '/.well-known/oauth-protected-resource/x',
    '/%2ewell-known/oauth-protected-resource',
    '/_auth/healthz',
    '/_auth/verify',
  ],
];
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  '__proto__',
];

describe.each(OWN)('%s on the check', (path) => {
  test('never 2xx, whatever the method, host, manner and credential', async () => {
    const cookie = anna.cookieHeader(SHOP);
    for (const method of METHODS) {
      for (const host of [
        'shop.localhost:8080',
        'open.localhost',
        'shop.example.com',
        'evil.example',
        'shop.localhost.',
      ]) {
        for (const more of [
          [],
          ['Cookie', cookie],
          ['Origin', 'https://x.example', 'Access-Control-Request-Method', 'GET'],
          ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document', 'Cookie', cookie],
        ]) {
          const answer = await world.send('listen', '/verify', [
            ...['X-Forwarded-Method', method, 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', host],
            ...['X-Forwarded-Uri', path, ...more],
          ]);
          const where = [method, host, more.join(' ').slice(0, 40)];
          expect([...where, answer.status < 200 || answer.status > 299]).toEqual([...where, true]);
          if (host === 'evil.example') expect(answer.reason).toBe('unknown-host');
        }
      }
    }
  });
});

describe('what is near an own path is not one', () => {
  test.each([
    ['/_authx', 200, 'public'],
    ['/_auth.', 200, 'public'],
    ['/_AUTH/me', 200, 'public'],
    ['/x/_auth/me', 200, 'public'],
    ['/.well-known/oauth-protected-resourceX', 200, 'public'],
    ['/.well-known/openid-configuration', 200, 'public'],
    ['/_auth/../x', 400, 'path-ambiguous'],
    ['/x/../_auth/me', 400, 'path-ambiguous'],
    ['/_auth%2f..', 400, 'path-ambiguous'],
    ['/_auth%2fme', 400, 'path-ambiguous'],
    ['/_auth/%2e%2e/x', 400, 'path-ambiguous'],
    ['/_auth;x/me', 400, 'path-ambiguous'],
    ['/_auth/me;x', 400, 'path-ambiguous'],
    ['/_auth//me', 400, 'path-ambiguous'],
    ['/_auth/me%00', 400, 'path-ambiguous'],
    ['/_auth\\me', 400, 'path-ambiguous'],
  ])('%s', async (path, status, reason) => {
    const answer = await anna.check(`${SHOP}${path}`.replace('\\', '\\'), { manner: 'script' });
    expect([answer.status, answer.reason]).toEqual([status, reason]);
  });
});

describe('health paths are the listener’s own and open nothing', () => {
  test.each(['/healthz', '/readyz', '/metrics', '/verify'])('%s of a protected host', async (path) => {
    const lines = [
      'X-Forwarded-Method',
      'GET',
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'evil.example',
    ];
    const answer = await world.send('listen', '/verify', [...lines, 'X-Forwarded-Uri', path]);
    expect([answer.status, answer.reason]).toEqual([403, 'unknown-host']);
  });
  test.each([
    '/',
    '/healthz/',
    '/healthz/../verify',
    '/VERIFY',
    '/verify/nginx',
    '/verify/envoy/x',
    '/_auth/me',
    '/metrics',
  ])('%s of the check listener: 404', async (path) => {
    const lines = [
      'X-Forwarded-Method',
      'GET',
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'shop.localhost',
    ];
    expect((await world.send('listen', path, [...lines, 'X-Forwarded-Uri', '/'])).status).toBe(404);
  });
});

describe('the pages listener opens nothing but its pages', () => {
  test.each([
    '/',
    '/x',
    '/verify',
    '/healthz',
    '/metrics',
    '/_authx',
    '/_auth/../x',
    '/_auth%2fme',
    '/__proto__',
    '/_auth//me',
  ])('%s: 404', async (path) => {
    for (const method of ['GET', 'POST', 'OPTIONS', 'PUT']) {
      const lines = ['Host', 'shop.localhost:8080', 'Cookie', anna.cookieHeader(SHOP)];
      const answer = await world.send('pagesListen', path, lines, method);
      expect([method, answer.status, answer.reason]).toEqual([method, 404, 'page-unknown']);
    }
  });
  test.each(['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'PROPFIND', 'TRACE'])(
    '%s on every page: 405',
    async (method) => {
      for (const page of ['', 'me', 'login', 'callback', 'logout', 'logged-out', 'error', 'jwks.json', 'x']) {
        const answer = await world.send(
          'pagesListen',
          `/_auth/${page}`,
          ['Host', 'shop.localhost:8080'],
          method,
        );
        expect([page, answer.status]).toEqual([page, 405]);
      }
    },
  );
  test('an absolute-form target, a double slash and an odd query never crash it', async () => {
    for (const path of [
      'http://evil.example/_auth/me',
      '//evil.example/_auth/me',
      '/_auth/me?__proto__[x]=1',
      '/_auth/login?rd[]=x&rd[__proto__]=y',
      '/_auth/me?%',
      '/%',
    ]) {
      const answer = await world.send('pagesListen', path, ['Host', 'shop.localhost:8080']);
      expect([path, answer.status < 500]).toEqual([path, true]);
    }
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });
});
