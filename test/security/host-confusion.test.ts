import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { startTestWorld, type World } from '../support/world.ts';

// Host confusion (RFC 9700 4.11, "Host of Troubles" 2016, wildcard tenants): a host chooses its app by exact, canonical
// name only, and nobody is sent to a login from, or back to, a host that is not the app's public origin.

const RULES = {
  'shop.yaml': `
app: shop
hosts: [shop.example.com, "bücher.example", "[::1]"]
audience: https://api.shop.localhost
rules: { /public: public, "/**": authenticated }
`,
  'tenants.yaml': `
app: tenants
hosts: ["*.shop.example.com"]
audience: https://api.shop.localhost
rules: { /public: public, /tenants: public, "/**": authenticated }
`,
};

let world: World;
beforeAll(async () => {
  world = await startTestWorld({
    rules: RULES,
    hosts: ['shop.example.com'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ask = (host: string, uri: string) =>
  world.send('listen', '/verify', [
    ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', host],
    ...['X-Forwarded-Uri', uri, 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'],
  ]);

const MALFORMED = [400, 'host-malformed'] as const;
const UNKNOWN = [403, 'unknown-host'] as const;
const PUBLIC = [200, 'public'] as const;

describe.each<[string, readonly [number, string]]>([
  ['shop.example.com', PUBLIC],
  ['SHOP.Example.COM', PUBLIC],
  ['shop.example.com:443', PUBLIC],
  ['shop.example.com:8443', PUBLIC],
  ['shop.example.com.', PUBLIC],
  ['shop.example.com..', MALFORMED],
  ['.shop.example.com', MALFORMED],
  ['shop..example.com', MALFORMED],
  ['shop.example.com:', MALFORMED],
  ['shop.example.com:0', MALFORMED],
  ['shop.example.com:65536', MALFORMED],
  ['shop.example.com:443:443', MALFORMED],
  ['shop.example.com:443@evil.example', MALFORMED],
  ['evil.example@shop.example.com', MALFORMED],
  ['user:pw@shop.example.com', MALFORMED],
  ['shop.example.com,evil.example', MALFORMED],
  ['shop.example.com evil.example', MALFORMED],
  ['shop.example.com/evil', MALFORMED],
  ['shop.example.com\\evil', MALFORMED],
  ['shop.example.com#evil', MALFORMED],
  ['shop.example.com?evil', MALFORMED],
  ['shop.example.com;evil', MALFORMED],
  ['shop%2eexample.com', MALFORMED],
  ['shop.example.com%00.evil.example', MALFORMED],
  ['shop\tevil', MALFORMED],
  ['http://shop.example.com', MALFORMED],
  ['shop.example.com.evil.example', UNKNOWN],
  ['evilshop.example.com', UNKNOWN],
  ['xshop.example.com', UNKNOWN],
  ['example.com', UNKNOWN],
  ['evil.example', UNKNOWN],
  ['a.shop.example.com', PUBLIC],
  ['a_b.shop.example.com', PUBLIC],
  ['a.b.shop.example.com', UNKNOWN],
  ['*.shop.example.com', MALFORMED],
  ['xn--bcher-kva.example', PUBLIC],
  ['XN--BCHER-KVA.example', PUBLIC],
  ['b\u00fccher.example', MALFORMED],
  ['xn--sh0p-x.example.com', UNKNOWN],
  ['\uff53hop.example.com'.normalize('NFKC'), PUBLIC],
  ['[::1]', PUBLIC],
  ['[0:0:0:0:0:0:0:1]', UNKNOWN],
  ['[::ffff:127.0.0.1]', UNKNOWN],
  ['[::1%25lo]', MALFORMED],
  ['[::1', MALFORMED],
  ['::1', MALFORMED],
  ['127.0.0.1', UNKNOWN],
  ['2130706433', UNKNOWN],
  ['0x7f.1', UNKNOWN],
  ['localhost', UNKNOWN],
  ['__proto__', UNKNOWN],
  ['constructor', UNKNOWN],
  [`${'a'.repeat(63)}.shop.example.com`, PUBLIC],
  [`${'a'.repeat(64)}.shop.example.com`, MALFORMED],
  [`${'a.'.repeat(200)}shop.example.com`, MALFORMED],
])('%s', (host, expected) => {
  test('chooses its app or none', async () => {
    const answer = await ask(host, '/public');
    expect([answer.status, answer.reason]).toEqual(expected);
  });
  test('is sent to no login unless it is the public origin', async () => {
    const { status, headers, reason } = await ask(host, '/private?next=//evil.example');
    if (expected !== PUBLIC) return expect([status, reason]).toEqual(expected);
    const foreign = /:8443$|\.$/.test(host);
    if (foreign) return expect([status, reason]).toEqual([421, 'foreign-port']);
    expect([status, reason]).toEqual([302, 'login-started']);
    const asked = new URL(String(headers.location)).searchParams.get('redirect_uri') ?? '';
    const name = host.toLowerCase().replace(/:443$/, '');
    const scheme = name === '[::1]' ? 'http' : 'https';
    expect(asked).toBe(`${scheme}://${name}/_auth/callback`);
  });
});

test('an exact host never falls back to a wildcard app', async () => {
  expect((await ask('a.shop.example.com', '/tenants')).status).toBe(200);
  expect((await ask('shop.example.com', '/tenants')).status).toBe(302);
});

// The proto header is checked for form only: no value of it turns a cookie or a URL into plain http.
test.each(['http', 'https', 'ws', 'wss', 'HTTP'])('proto %s changes no URL and no cookie', async (proto) => {
  const answer = await world.send('listen', '/verify', [
    ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', proto, 'X-Forwarded-Host', 'shop.example.com'],
    ...['X-Forwarded-Uri', '/private', 'Accept', 'text/html'],
  ]);
  expect(answer.reason).toBe('login-started');
  expect(String(answer.headers.location)).toContain(
    encodeURIComponent('https://shop.example.com/_auth/callback'),
  );
  for (const line of answer.setCookie) {
    expect(line).toMatch(/^__Host-postern/);
    expect(line).toMatch(/; path=\/;.*; samesite=lax; secure; httponly$/i);
    expect(line).not.toMatch(/domain=/i);
  }
});

describe('the pages listener takes the host from one Host line', () => {
  test.each<[string, readonly string[], readonly [number, string]]>([
    ['two lines', ['Host', 'shop.example.com', 'Host', 'evil.example'], [400, 'host-malformed']],
    ['userinfo', ['Host', 'evil@shop.example.com'], [400, 'host-malformed']],
    ['unknown', ['Host', 'evil.example'], [403, 'unknown-host']],
    [
      'unknown, but forwarded',
      ['Host', 'evil.example', 'X-Forwarded-Host', 'shop.example.com'],
      [403, 'unknown-host'],
    ],
    ['foreign port', ['Host', 'shop.example.com:8080'], [421, 'foreign-port']],
    ['final dot', ['Host', 'shop.example.com.'], [421, 'foreign-port']],
  ])('%s', async (_, lines, expected) => {
    const answer = await world.send('pagesListen', '/_auth/login', [...lines, 'Accept', 'text/html']);
    expect([answer.status, answer.reason]).toEqual(expected);
    expect(answer.setCookie).toEqual([]);
  });
});
