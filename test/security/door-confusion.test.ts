import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestWorld, type World } from '../support/world.ts';

// One gateway, several kinds of proxy: each door reads its own words only (Authelia's lesson; CVE-2026-40575). A header or a
// path that means something at another door must change nothing here, and own paths stay closed at every door.

let world: World;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'shop.yaml':
        'app: shop\nhosts: [shop.localhost]\naudience: https://api\nrules: { /public: public, /any/**: public, /admin: deny }\n',
    },
    env: { POSTERN_ENDPOINTS: 'traefik,nginx,envoy' },
    provider: {},
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const traefik = (uri: string): string[] => [
  ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http'],
  ...['X-Forwarded-Host', 'shop.localhost', 'X-Forwarded-Uri', uri],
];
const nginx = (url: string, method = 'GET'): string[] => ['X-Original-Method', method, 'X-Original-URL', url];
const ASK = {
  traefik: (uri: string, more: readonly string[] = []) =>
    world.send('listen', '/verify', [...traefik(uri), ...more]),
  nginx: (uri: string, more: readonly string[] = []) =>
    world.send('listen', '/verify/nginx', [...nginx(`http://shop.localhost${uri}`), ...more]),
  envoy: (uri: string, more: readonly string[] = []) =>
    world.send('listen', `/verify/envoy${uri}`, ['Host', 'shop.localhost', ...more]),
};
const DOORS = Object.entries(ASK);

describe.each(DOORS)('%s', (door, ask) => {
  test('knows its own request', async () => {
    expect((await ask('/public')).status).toBe(200);
    expect([(await ask('/admin')).status, (await ask('/admin')).reason]).toEqual([403, 'rule-deny']);
  });
  test('the words of the other doors change nothing', async () => {
    const words = [
      ...(door === 'traefik' ? [] : [traefik('/public')]),
      ...(door === 'nginx' ? [] : [nginx('http://shop.localhost/public')]),
      ['X-Envoy-Original-Path', '/public'],
      ['X-Original-URI', '/public'],
    ];
    for (const more of words) {
      const answer = await ask('/admin', more);
      expect([answer.status, answer.reason]).toEqual([403, 'rule-deny']);
    }
  });
  test('own paths are never 2xx', async () => {
    for (const path of [
      '/_auth/',
      '/_auth/me',
      '/_auth/logged-out',
      '/_auth/jwks.json',
      '/_auth/x',
      '/.well-known/oauth-protected-resource',
    ]) {
      const { status } = await ask(path);
      expect([path, status < 200 || status > 299]).toEqual([path, true]);
    }
  });
  test.each([
    '/any/../admin',
    '/any/%2e%2e/admin',
    '/any/..%2fadmin',
    '/any/..;/admin',
    '/any//../admin',
    '/any/%252e%252e/admin',
    '/any/%5c..',
  ])('%s is refused', async (path) => {
    const { status, reason } = await ask(path);
    expect([status, reason]).toEqual([door === 'nginx' ? 403 : 400, 'path-ambiguous']);
  });
});

test.each([
  ['userinfo', 'http://shop.localhost@evil.example/public', 'host-malformed'],
  ['no host', 'http:///public', 'host-malformed'],
  ['no path', 'http://shop.localhost', 'target-malformed'],
  ['query at once', 'http://shop.localhost?/public', 'target-malformed'],
  ['fragment at once', 'http://shop.localhost#/public', 'target-malformed'],
  ['backslash', 'http://shop.localhost\\/public', 'host-malformed'],
  ['two slashes', 'http://shop.localhost//public', 'target-malformed'],
  ['javascript', 'javascript://shop.localhost/public', 'proto-malformed'],
  ['relative', '/public', 'proto-malformed'],
  ['blank', 'http://shop.localhost /public', 'host-malformed'],
  ['unknown host', 'http://evil.example/public', 'unknown-host'],
])('nginx, %s', async (_, url, reason) => {
  const answer = await world.send('listen', '/verify/nginx', nginx(url));
  expect([answer.status, answer.reason]).toEqual([403, reason]);
});

test.each([
  ['two urls', [...nginx('http://shop.localhost/admin'), 'X-Original-URL', 'http://shop.localhost/public']],
  ['two methods', [...nginx('http://shop.localhost/public'), 'x-original-method', 'GET']],
])('nginx, %s: repeated', async (_, lines) => {
  const answer = await world.send('listen', '/verify/nginx', lines);
  expect([answer.status, answer.reason]).toEqual([403, 'forwarded-header-repeated']);
});

test.each([
  ['another prefix', '/verify/envoyx/public', 404, 'page-unknown'],
  ['two slashes', '/verify/envoy//public', 400, 'target-malformed'],
  ['nothing', '/verify/envoy', 400, 'forwarded-header-missing'],
  ['a query only', '/verify/envoy?/public', 400, 'target-malformed'],
  ['dots above the prefix', '/verify/envoy/../nginx', 400, 'path-ambiguous'],
  ['upper case', '/VERIFY/ENVOY/public', 404, 'page-unknown'],
])('envoy, %s', async (_, path, status, reason) => {
  const answer = await world.send('listen', path, [
    'Host',
    'shop.localhost',
    ...nginx('http://shop.localhost/public'),
  ]);
  expect([answer.status, answer.reason]).toEqual([status, reason]);
});
