import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser, type Manner } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// CSRF, cross-site WebSocket hijacking (RFC 6455 10.2), logout CSRF, preflight abuse, framing: every way in which a foreign
// page can use a person's cookie. Cookies are sent here whatever SameSite says: the gateway must not rest on it.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid, profile, email, "orders:read"], ask: listed }
origins: [https://www.example.com]
headers: { X-Email: email }
rules:
  /public: public
  /closed: deny
  /get-only: { GET: authenticated }
  /**: authenticated
`;
let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'shop.yaml': RULES,
      'up.yaml': RULES.replace('app: shop', 'app: up')
        .replace('shop.localhost]', 'up.localhost]')
        .replace(/origins.*/, 'origins: upstream'),
      'none.yaml': RULES.replace('app: shop', 'app: none')
        .replace('shop.localhost]', 'none.localhost]')
        .replace(/origins.*\n/, ''),
    },
    hosts: ['shop.localhost:8080', 'up.localhost:8080', 'none.localhost:8080'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  for (const host of ['shop', 'up', 'none']) await anna.signIn(`http://${host}.localhost:8080/x`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const FOREIGN: readonly (readonly string[])[] = [
  ['Origin', 'https://evil.example'],
  ['Origin', 'null'],
  ['Origin', ''],
  ['Origin', 'http://shop.localhost'],
  ['Origin', 'https://shop.localhost:8080'],
  ['Origin', 'http://shop.localhost:8081'],
  ['Origin', 'http://SHOP.localhost:8080'],
  ['Origin', 'http://shop.localhost:8080/'],
  ['Origin', 'http://shop.localhost:8080.evil.example'],
  ['Origin', 'http://evil.shop.localhost:8080'],
  ['Origin', 'https://www.example.com.evil.example'],
  ['Origin', 'http://www.example.com'],
  ['Origin', `${SHOP}, https://evil.example`],
  ['Origin', SHOP, 'Origin', 'https://evil.example'],
  ['Origin', SHOP, 'Sec-Fetch-Site', 'cross-site'],
  ['Origin', SHOP, 'Sec-Fetch-Site', 'same-site'],
  ['Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'same-site'],
  ['Sec-Fetch-Site', 'Same-Origin'],
  ['Sec-Fetch-Site', 'x'],
  ['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Site', 'cross-site'],
  ['Sec-Fetch-Site', 'same-origin', 'Origin', 'https://evil.example'],
  ['Sec-Fetch-Site', 'none', 'Origin', 'null'],
];
const name = (lines: readonly string[]): [string, readonly string[]] => [lines.join(' '), lines];

describe.each(FOREIGN.map(name))('%s', (_, lines) => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s with the cookie: 403', async (method) => {
    for (const manner of ['plain'] as Manner[]) {
      const answer = await anna.check(`${SHOP}/x`, { method, manner, lines });
      expect([answer.status, answer.reason]).toEqual([403, 'cross-site']);
      expect(answer.setCookie).toEqual([]);
    }
  });
  test('a WebSocket with the cookie: 403, also when only the key shows it', async () => {
    for (const more of [
      ['Sec-WebSocket-Key', 'x'],
      ['Sec-Fetch-Mode', 'websocket'],
      ['Sec-WebSocket-Key', 'x', 'Upgrade', 'websocket', 'Connection', 'Upgrade'],
    ]) {
      const answer = await anna.check(`${SHOP}/x`, { manner: 'plain', lines: [...lines, ...more] });
      expect([answer.status, answer.reason]).toEqual([403, 'cross-site']);
    }
  });
  test('a logout by POST or GET ends nothing', async () => {
    const person = new Browser(world);
    await person.signIn(`${SHOP}/x`);
    for (const method of ['POST', 'GET']) {
      for (const send of ['check', 'page'] as const) {
        const answer = await person[send](`${SHOP}/_auth/logout`, { method, manner: 'plain', lines });
        expect(answer.reason).toMatch(/^(?:cross-site|logout-confirm)$/);
        expect(answer.setCookie).toEqual([]);
      }
    }
    expect((await person.check(`${SHOP}/x`)).status).toBe(200);
  });
});

// A public rule opens for everyone, but a foreign page must not act there in the person's name: X-Auth-Subject is what an
// upstream acts on. SameSite=Lax does not stop a sibling host. The rule stays public; the person should stay out of it.
test.each(['https://evil.example', 'null', 'http://evil.shop.localhost:8080'])(
  'a POST of %s to a public path carries nobody’s identity',
  async (origin) => {
    const answer = await anna.check(`${SHOP}/public`, {
      method: 'POST',
      manner: 'plain',
      lines: ['Origin', origin],
    });
    expect([answer.status, answer.reason]).toEqual([200, 'public']);
    expect([answer.headers['x-auth-subject'], answer.headers['x-email']]).toEqual(['', '']);
  },
);

describe('logout by GET needs a same-origin user navigation, all four headers', () => {
  const good = { site: 'same-origin', mode: 'navigate', dest: 'document', user: '?1' };
  test.each<[string, Partial<Record<keyof typeof good, string | undefined>>]>([
    ['none', { site: undefined, mode: undefined, dest: undefined, user: undefined }],
    ['typed', { site: 'none' }],
    ['cross-site', { site: 'cross-site' }],
    ['same-site', { site: 'same-site' }],
    ['image', { mode: 'no-cors', dest: 'image' }],
    ['iframe', { dest: 'iframe' }],
    ['no user', { user: undefined }],
    ['user ?0', { user: '?0' }],
    ['fetch', { mode: 'cors', dest: 'empty' }],
    ['upper case', { site: 'SAME-ORIGIN' }],
  ])('%s', async (_, changes) => {
    const { site, mode, dest, user } = { ...good, ...changes };
    const all = {
      'Sec-Fetch-Site': site,
      'Sec-Fetch-Mode': mode,
      'Sec-Fetch-Dest': dest,
      'Sec-Fetch-User': user,
    };
    const lines = Object.entries(all).flatMap(([header, value]) =>
      value === undefined ? [] : [header, value],
    );
    const answer = await anna.check(`${SHOP}/_auth/logout`, { manner: 'plain', lines });
    expect([answer.status, answer.reason, answer.setCookie]).toEqual([403, 'logout-confirm', []]);
    expect((await anna.check(`${SHOP}/x`)).status).toBe(200);
  });
});

describe('login CSRF by embedding', () => {
  test.each<[string, readonly string[]]>([
    ['image', ['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image']],
    ['iframe', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe', 'Accept', 'text/html']],
    ['object', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'object', 'Accept', 'text/html']],
    ['fetch', ['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty']],
    ['script', ['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'script', 'Accept', 'text/html']],
    ['prefetch', ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document', 'Sec-Purpose', 'prefetch']],
    ['nested navigation', ['Sec-Fetch-Mode', 'nested-navigate', 'Accept', 'text/html']],
  ])('%s starts no login', async (_, lines) => {
    for (const url of [`${SHOP}/_auth/login?rd=/x`, `${SHOP}/x`]) {
      const answer = await new Browser(world).check(url, { manner: 'plain', lines });
      expect([answer.status, answer.setCookie, answer.headers.location]).toEqual([401, [], undefined]);
    }
  });
});

describe('preflights', () => {
  const preflight = (
    origin: string,
    method: string,
    host: string,
    path = '/x',
    more: readonly string[] = [],
  ) =>
    anna.check(`http://${host}.localhost:8080${path}`, {
      method: 'OPTIONS',
      manner: 'plain',
      lines: ['Origin', origin, 'Access-Control-Request-Method', method, ...more],
    });
  test('only allowed origins pass, nothing of the session goes along', async () => {
    const good = await preflight('https://www.example.com', 'POST', 'shop');
    expect([good.status, good.reason, good.headers['authorization'], good.headers['x-auth-subject']]).toEqual(
      [200, 'preflight', undefined, ''],
    );
    expect(String(good.headers['cookie'] ?? '')).not.toContain('postern');
  });
  test.each<[string, string, string, string, number, string]>([
    ['foreign origin', 'https://evil.example', 'POST', '/x', 403, 'x'],
    ['null', 'null', 'POST', '/x', 403, 'x'],
    ['denied path', 'https://www.example.com', 'POST', '/closed', 403, 'rule-deny'],
    ['unlisted method', 'https://www.example.com', 'POST', '/get-only', 403, 'method-not-listed'],
    ['odd method', 'https://www.example.com', 'GET, POST', '/x', 403, 'x'],
    ['own page', 'https://www.example.com', 'POST', '/_auth/logout', 405, 'method-not-allowed'],
  ])('%s', async (_, origin, method, path, status) => {
    const answer = await new Browser(world).check(`${SHOP}${path}`, {
      ...{ method: 'OPTIONS', manner: 'plain' },
      lines: ['Origin', origin, 'Access-Control-Request-Method', method],
    });
    expect(answer.reason).not.toBe('preflight');
    expect([401, 403, 405]).toContain(answer.status);
    if (status === 405) expect(answer.status).toBe(405);
    if (!origin.includes('www.example.com'))
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });
  test('OPTIONS without the two headers is a request like any other', async () => {
    for (const host of ['shop', 'up', 'none']) {
      for (const lines of [
        [],
        ['Origin', 'https://www.example.com'],
        ['Access-Control-Request-Method', 'GET'],
      ]) {
        const answer = await new Browser(world).check(`http://${host}.localhost:8080/x`, {
          method: 'OPTIONS',
          manner: 'plain',
          lines,
        });
        expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);
      }
    }
    expect((await preflight('https://www.example.com', 'GET', 'none', '/x')).reason).toBe('permitted');
    const nobody = await new Browser(world).check('http://none.localhost:8080/x', {
      ...{ method: 'OPTIONS', manner: 'plain' },
      lines: ['Origin', 'http://none.localhost:8080', 'Access-Control-Request-Method', 'GET'],
    });
    expect([nobody.status, nobody.reason]).toEqual([401, 'login-needed']);
  });
  test('a GET that pretends to be a preflight is none', async () => {
    const answer = await new Browser(world).check('http://up.localhost:8080/x', {
      manner: 'plain',
      lines: [
        'Origin',
        'https://x.example',
        'Access-Control-Request-Method',
        'GET',
        'X-HTTP-Method-Override',
        'OPTIONS',
      ],
    });
    expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);
  });
});

describe('CORS of our own answers', () => {
  test('a foreign page can read neither who is signed in nor a refusal', async () => {
    for (const origin of ['https://evil.example', 'null', 'https://www.example.com.evil.example'])
      for (const path of ['/_auth/me', '/_auth/', '/_auth/login', '/x']) {
        const answer = await anna.page(`${SHOP}${path}`, { manner: 'plain', lines: ['Origin', origin] });
        expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
      }
  });
});

describe('framing', () => {
  test('no page of ours can be framed by a foreign one', async () => {
    const pages = [
      '/_auth/',
      '/_auth/logout',
      '/_auth/logged-out',
      '/_auth/error',
      '/_auth/unknown',
      '/_auth/callback',
      '/closed',
      '/x?',
    ];
    for (const path of pages) {
      for (const manner of ['page', 'frame', 'form'] as Manner[]) {
        const answer = await new Browser(world).page(`${SHOP}${path}`, { manner });
        if (!String(answer.headers['content-type']).startsWith('text/html')) continue;
        expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'/);
        expect(answer.headers['content-security-policy']).toMatch(
          manner === 'frame' ? /frame-ancestors '(none|self)'/ : /frame-ancestors 'none'/,
        );
        expect(answer.headers['content-security-policy']).toMatch(/base-uri 'none'/);
        expect([answer.headers['x-content-type-options'], answer.headers['referrer-policy']]).toEqual([
          'nosniff',
          'no-referrer',
        ]);
        expect(answer.headers['cache-control']).toContain('no-store');
        expect(answer.body).not.toMatch(/<script/i);
      }
    }
  });
});
