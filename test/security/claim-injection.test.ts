import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// What a person can write into a profile at the provider reaches headers, pages, JSON and logs: response splitting
// (CWE-113), header-value confusion, HTML injection (CWE-79), list injection into groups, log forging (CWE-117).

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
title: "<img src=x> & 'shop'"
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
headers: { X-Name: name, X-Groups: groups, X-Email: email }
rules: { /admin: ["<b>'&'</b>"], "/**": authenticated }
`;
let op: HostileProvider;
let world: World;
beforeAll(async () => {
  op = await startHostileProvider();
  world = await startTestWorld({ rules: { 'shop.yaml': RULES }, issuer: op.issuer });
});
beforeEach(() => {
  op.misbehaviour = {};
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await op[Symbol.asyncDispose]();
});

/** Signs in with these claims; @returns the browser and what the upstream would get. */
async function signedIn(
  id: Record<string, unknown>,
  access: Record<string, unknown> = {},
): Promise<{ browser: Browser; answer: Answer }> {
  op.misbehaviour = {
    idTokenClaims: (claims) => ({ ...claims, ...id }),
    accessTokenClaims: (claims) => ({ ...claims, ...access }),
  };
  const browser = new Browser(world);
  const started = await browser.check(`${SHOP}/x`);
  const done = await browser.check(op.authorize(String(started.headers.location)).href);
  expect(done.reason).toBe('login-completed');
  return { browser, answer: await browser.check(`${SHOP}/x`) };
}

const NASTY = [
  'a\r\nX-Auth-Subject: admin',
  'a\nb',
  'a\rb',
  'a\0b',
  '\u2028',
  'a\u0085b',
  '\u010d\u010a',
  '\ud800',
  'é',
  '💥',
  '%0d%0a',
  '%',
  '100%25',
  'a\tb',
  '"',
  '\\',
  '\u007f',
  '\u202eevil',
  'x'.repeat(255),
];
describe('a claim in a header', () => {
  test.each(NASTY.map((text) => [JSON.stringify(text).slice(0, 40), text]))(
    '%s is one line and can be decoded again',
    async (_, text) => {
      const value = text ?? '';
      const { answer } = await signedIn({ name: value, email: value }, { sub: value });
      expect(answer.status).toBe(200);
      for (const name of ['x-name', 'x-email', 'x-auth-subject']) {
        const sent = String(answer.headers[name]);
        expect(sent).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(sent)).toBe(value.toWellFormed());
      }
    },
  );
  // A field value loses leading and trailing blanks on its way (RFC 9110 section 5.5): ` admin` arrives as `admin`.
  test.each([' ', ' admin', 'admin ', '  admin  '])('%j does not arrive as another name', async (value) => {
    const { answer } = await signedIn({ name: value, email: value }, { sub: value });
    for (const name of ['x-name', 'x-email', 'x-auth-subject'])
      expect([name, decodeURIComponent(String(answer.headers[name]))]).toEqual([name, value]);
  });
  // `lists joined by comma`: a member that holds a comma must not become two members (LDAP names: cn=admin,ou=x).
  test('a group with a comma is not two groups', async () => {
    const { answer } = await signedIn({ groups: ['visitors,admin', 'staff'] });
    expect(String(answer.headers['x-groups']).split(',').map(decodeURIComponent)).toEqual([
      'visitors,admin',
      'staff',
    ]);
  });
  test.each<[string, unknown, string]>([
    ['null', null, ''],
    ['false', false, 'false'],
    ['0', 0, '0'],
    ['empty list', [], ''],
    ['nested', [['a'], [['b']]], '["a"],[["b"]]'],
    ['object', { a: '\r\n' }, '{"a":"\\r\\n"}'],
  ])('%s', async (_, groups, expected) => {
    const { answer } = await signedIn({ groups });
    expect([answer.status, answer.headers['x-groups']]).toEqual([200, expected]);
  });
  test('a deeply nested claim breaks nothing', async () => {
    const nest = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}"x"${']'.repeat(depth)}`);
    const { browser, answer } = await signedIn({ groups: nest(2500) });
    expect(answer.status).toBe(200);
    expect((await browser.page(`${SHOP}/_auth/me`, { manner: 'script' })).status).toBe(200);
  });
  test('claims named like members of every object', async () => {
    const own = JSON.parse(
      '{"__proto__":{"scope":"admin"},"constructor":"x","toString":"y","hasOwnProperty":"z"}',
    ) as Record<string, unknown>;
    const { browser, answer } = await signedIn(own);
    expect(answer.status).toBe(200);
    expect((await browser.page(`${SHOP}/_auth/me`, { manner: 'script' })).status).toBe(200);
    expect(({} as Record<string, unknown>)['scope']).toBeUndefined();
  });
});

describe('claims of the ID token decide nothing', () => {
  test('scope, aud, roles and groups in it', async () => {
    const more = {
      scope: "<b>'&'</b>",
      scp: ["<b>'&'</b>"],
      roles: ['admin'],
      groups: ['admin'],
      permissions: ["<b>'&'</b>"],
    };
    const { browser } = await signedIn(more);
    const answer = await browser.check(`${SHOP}/admin`, { manner: 'script' });
    expect(answer.status).toBe(403);
  });
});

describe('markup in a page', () => {
  const HTML = `"><script>alert(1)</script><img src=x onerror=alert(1)>'</title></style><svg onload=alert(1)>`;
  const clean = (body: string): void => {
    expect(body).not.toMatch(/<script|<img|<svg|<b>|<\/title><\/style>|="[^"]*javascript:/i);
    expect(body.match(/<title>/g)).toHaveLength(1);
  };
  test('the account page', async () => {
    const { browser } = await signedIn({
      name: HTML,
      email: HTML,
      preferred_username: HTML,
      sub: HTML.slice(0, 80),
    });
    const page = await browser.page(`${SHOP}/_auth/`);
    expect(page.status).toBe(200);
    clean(page.body);
    expect(page.body).toContain('&lt;script&gt;');
  });
  test('the page that names missing scopes, the one of a path, and of a query', async () => {
    const { browser } = await signedIn({}, { scope: 'x' });
    op.misbehaviour = { authorization: () => undefined };
    const started = await browser.check(`${SHOP}/admin`);
    if (started.status === 302) await browser.check(op.authorize(String(started.headers.location)).href);
    for (const path of [
      '/admin',
      `/admin?${encodeURIComponent(HTML)}`,
      '/admin?\'"<script>',
      '/_auth/"><script>',
      '/_auth/<svg>',
      `/_auth/callback?error=${encodeURIComponent(HTML)}`,
    ])
      for (const send of ['check', 'page'] as const) {
        const lines = path.includes('<') ? undefined : [];
        const answer = lines === undefined ? await raw(path) : await browser[send](`${SHOP}${path}`);
        if (String(answer.headers['content-type']).startsWith('text/html')) clean(answer.body);
        else
          expect(String(answer.headers['content-type'] ?? 'application/problem+json')).toBe(
            'application/problem+json',
          );
      }
  });
  const raw = (path: string): Promise<Answer> =>
    world.send('listen', '/verify', [
      ...[
        'X-Forwarded-Method',
        'GET',
        'X-Forwarded-Proto',
        'http',
        'X-Forwarded-Host',
        'shop.localhost:8080',
      ],
      ...['X-Forwarded-Uri', path, 'Accept', 'text/html'],
    ]);
  test('a challenge holds no stray quotes and one line', async () => {
    const { browser } = await signedIn({}, { scope: 'x' });
    const answer = await browser.check(`${SHOP}/admin`, { manner: 'script' });
    expect(answer.headers['www-authenticate']).toMatch(
      /^Bearer (?:[a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(?:, |$))+$/,
    );
  });
});

test('nothing of a claim or a path forges a line of the log', async () => {
  await signedIn({ name: 'a\n{"reason":"forged"}' }, { sub: 'a\n{"reason":"forged"}' });
  expect(world.log.map(({ reason }) => reason)).not.toContain('forged');
});
