import { describe, expect, test } from '@jest/globals';
import { type Asked, runRules, SHOP } from './_rules.ts';

/** What is explained of `METHOD https://…`, whose exit code is always 0. */
async function explained(words: string, asked?: Asked): Promise<string> {
  const { code, out, err } = await runRules(['explain', ...words.split(' ')], asked);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}
const ORDER = 'https://shop.example.com/api/orders/7';

describe('rules explain', () => {
  test('tells of a permit: request, winner, caller, check, and what the upstream gets', async () => {
    expect(
      await explained(`GET ${ORDER}`, { values: { scopes: 'orders:read' } }),
    ).toBe(`request   GET shop.example.com/api/orders/7
path      / api / orders / 7
app       shop, by its host shop.example.com
rule      GET /api/orders/**: [orders:read] (rules/shop.yaml:9)
caller    a token for https://api.shop.example.com with orders:read (supposed)
check     yes  audience https://api.shop.example.com
          yes  scope orders:read
decision  permit (permitted)

a bearer token -> 200 permitted
  X-Auth-Subject     <sub>
  X-Auth-Client      <client_id>
  X-Auth-Scopes      orders:read
  X-Forwarded-Email  (empty)
  Authorization      Bearer <access token>
  Cookie             <the client's cookies, without the gateway's>

a page load with a session; a script with a session -> 200 permitted
  X-Auth-Subject     <sub>
  X-Auth-Client      <client_id>
  X-Auth-Scopes      orders:read
  X-Forwarded-Email  <email>
  Authorization      Bearer <access token>
  Cookie             <the client's cookies, without the gateway's>

-> keep it so, by a test in rules/shop.yaml:
   - { request: GET /api/orders/7, scopes: [orders:read], expect: permit }
`);
  });

  test('tells of missing scopes, and of the losers', async () => {
    const out = await explained('DELETE https://shop.example.com/api/orders/7/internal', {
      values: { scopes: 'orders:read' },
      files: { 'shop.yaml': SHOP.replace('internal: deny', 'internal: { all: [orders:admin, staff] }') },
    });
    for (const line of [
      'rule      /api/orders/*/internal: { all: [orders:admin, staff] } (rules/shop.yaml:12)',
      'lost      /api/orders/**: segment 3: `/**` is less literal than `*` (rules/shop.yaml:9)',
      '          NO   scope orders:admin',
      'decision  forbidden (scope-missing: orders:admin staff)',
      'a bearer token -> 403 scope-missing: You may not open this page',
      '-> keep it so, by a test in rules/shop.yaml:',
    ])
      expect(out).toContain(`${line}\n`);
  });

  test('tells of a login: what the provider would be asked for, and asked once only', async () => {
    const anonymous = await explained('https://shop.example.com/account');
    expect(anonymous).toContain('a page load -> 302 login-started: Sign in\n');
    expect(anonymous).toMatch(/scope=openid\+orders%3Aadmin\+orders%3Aread[\s\S]*resource=https/);
    expect(anonymous).toContain('a script or API call -> 401 login-needed: Please sign in\n');
    const session = await explained('https://shop.example.com/api/orders', { values: { scopes: '' } });
    expect(session).toContain('a page load with a session -> 302 login-started: Sign in\n');
    expect(session).toContain('a page load with a session that asked before');
  });

  test('tells whose audience a token is for', async () => {
    const asked = { values: { scopes: 'metrics:read' } };
    const own = await explained('https://shop.example.com/metrics', asked);
    expect(own).toContain(
      'check     NO   audience https://ops.example.com\n          yes  scope metrics:read\n',
    );
    expect(own).toContain('decision  forbidden (token-audience)\n');
    const other = { values: { scopes: 'metrics:read', audience: ['https://ops.example.com'] } };
    expect(await explained('https://shop.example.com/metrics', other)).toContain(
      'decision  permit (permitted)\n',
    );
  });

  test('tells of step-up', async () => {
    const files = { 'shop.yaml': SHOP.replace('authenticated', '{ acr: [mfa], loginWithin: 15m }') };
    const address = 'https://shop.example.com/account';
    const lacking = await explained(address, { files, values: { scopes: '' } });
    expect(lacking).toContain(
      '          NO   authentication class mfa\n          NO   signed in within 15m\n',
    );
    expect(lacking).toContain('decision  forbidden (step-up-needed)\n');
    const values = { scopes: '', acr: 'mfa', 'login-age': '14m' };
    const told = await explained(address, { files, values });
    expect(told).toContain('decision  permit (permitted)\n');
    expect(told).toContain(
      '   - { request: GET /account, scopes: [], acr: mfa, loginAge: 14m, expect: permit }\n',
    );
  });

  test('tells which tenant a host is of', async () => {
    const files = { 'shop.yaml': SHOP.replace('"*.shop', '"{tenant}.shop') };
    const asked = { files, values: { scopes: '' } };
    const out = await explained('https://acme.shop.example.com/account', asked);
    expect(out).toContain('app       shop, by its host {tenant}.shop.example.com\n          tenant acme\n');
    expect(out).toContain('decision  permit (permitted)\n');
    const json = await runRules(['explain', 'https://acme.shop.example.com/account'], {
      ...asked,
      json: true,
    });
    expect(JSON.parse(json.out).app).toMatchObject({ name: 'shop', tenant: 'acme' });
  });

  test('leaves a test that is to be copied in one line', async () => {
    const path = `/account/${'segment/'.repeat(15)}`;
    const out = await explained(`https://shop.example.com${path}`);
    expect(out).toContain(`\n   - { request: GET ${path}, expect: login }\n`);
  });

  test.each([
    ['https://nope.example.com/', 'deny (unknown-host)', 'add nope.example.com to the `hosts` of an app'],
    ['https://shop.example.com/other', 'deny (no-rule)', 'request: GET /other, expect: deny'],
    ['PROPFIND https://shop.example.com/', 'deny (method-not-listed)', 'request: PROPFIND /, expect: deny'],
    [
      'OPTIONS https://shop.example.com/api/orders',
      'deny (method-not-listed)',
      'names GET HEAD POST PUT PATCH DELETE (rules',
    ],
    ['https://shop.example.com/api/orders/7/internal', 'deny (rule-deny)', 'expect: deny'],
    ['https://shop.example.com/_auth/login', 'own-page (own-page)', "this is a page of the gateway's own"],
    [
      'https://shop.example.com/a%2fb',
      'bad-request (path-ambiguous)',
      'write `tolerate: [encoded-slash]` in its file',
    ],
    [
      'https://shop.example.com/a//b;c',
      'bad-request (path-ambiguous)',
      'write `tolerate: [semicolon, empty-segment]`',
    ],
    [
      'https://shop.example.com/a/%2e%2e',
      'bad-request (path-ambiguous)',
      'no app can be made to let such a request through',
    ],
    ['https://a_b!/', 'bad-request (host-malformed)', 'no app can be made to let such a request through'],
  ])('%s: %s', async (words, decision, more) => {
    const out = (await explained(words)).replaceAll(/\s+/g, ' ');
    expect(out).toContain(` decision ${decision} `);
    expect(out).toContain(more);
  });

  describe('in report mode', () => {
    const files = { 'shop.yaml': SHOP.replace('rules:', 'mode: report\nrules:') };

    test.each<[string, Asked, readonly string[]]>([
      [
        'of a session too, where the caller is anonymous',
        {},
        [
          'a page load; a script or API call; a bearer token -> 403 no-rule: You may not open this page\n',
          'a page load with a session; a script with a session -> 200 would-deny\n',
        ],
      ],
      [
        'of the session of a supposed token',
        { values: { scopes: 'orders:read' } },
        [
          'a bearer token -> 403 no-rule: You may not open this page\n',
          'a page load with a session; a script with a session -> 200 would-deny\n',
          '  X-Auth-Scopes      orders:read\n',
        ],
      ],
      [
        'that a session for another audience does not pass',
        { values: { scopes: '', audience: ['https://ops.example.com'] } },
        [
          'a bearer token; a page load with a session; a script with a session -> 403 no-rule: You may not open\n',
        ],
      ],
    ])('tells where no rule is %s', async (_, asked, lines) => {
      const out = await explained('https://shop.example.com/other', { ...asked, files });
      expect(out).toContain('decision  deny (no-rule)\n');
      expect(out).toContain(
        'in report mode: a session that lacks scopes or a\n          step-up, or meets no rule, passes and is only logged\n',
      );
      for (const line of lines) expect(out).toContain(line);
    });

    test('tells of nobody but the caller where a rule denies', async () => {
      const out = await explained('https://shop.example.com/api/orders/7/internal', { files });
      expect(out).toContain('a page load; a script or API call -> 403 rule-deny');
      expect(out).not.toContain('with a session');
    });
  });

  test.each<[string, string, string, string | undefined]>([
    ['from some origins', '[https://b.example]', '[a]', 'https://b.example and its own origin'],
    ['from any', 'upstream', '[a]', 'any origin'],
    ['from nowhere', '', '[a]', undefined],
    ['unless they are denied', 'upstream', '{ GET: [a], OPTIONS: deny }', undefined],
  ])('tells of true preflights %s', async (_, origins, need, from) => {
    const text = `app: a\nhosts: [a.example.com]\naudience: x\n${origins === '' ? '' : `origins: ${origins}\n`}rules: { /a: ${need} }\n`;
    const files = { 'a.yaml': text };
    const out = (await explained('OPTIONS https://a.example.com/a', { files })).replaceAll(/\s+/g, ' ');
    const note = `True preflights from ${from} pass all the same, where the method that they ask for may, unless a rule denies OPTIONS by name.`;
    if (from === undefined) expect(out).not.toContain('preflight');
    else expect(out).toContain(note);
    expect(await explained('https://a.example.com/a', { files })).not.toContain('preflight');
  });

  test('tells which readings of a tolerated path choose different rules', async () => {
    const files = {
      'shop.yaml': SHOP.replace('rules:', 'tolerate: [encoded-slash]\notherwise: authenticated\nrules:'),
    };
    const out = await explained('https://shop.example.com/account%2fx', { files });
    expect(out).toContain('/ account/x: otherwise, authenticated (rules/shop.yaml:6)\n');
    expect(out).toContain('/ account / x: /account/**, authenticated (rules/shop.yaml:9)\n');
    expect(out).toContain('its readings choose different rules');
  });

  test('tells that a wildcard host of another app is no way out', async () => {
    const other = 'app: other\nhosts: ["*.example.com"]\naudience: a\nrules: { /**: public }';
    const out = await explained('https://shop.example.com/other', {
      files: { 'shop.yaml': SHOP, 'other.yaml': other },
    });
    expect(out).toContain('not other: the exact host beats *.example.com, and nothing falls back to it\n');
    expect(out).toContain('decision  deny (no-rule)\n');
  });

  test('sends what browsers would', async () => {
    const out = await explained('https://größe.shop.example.com:8443/größe?a=ü#part');
    expect(out).toContain('GET xn--gre-6ka8i.shop.example.com:8443/gr%C3%B6%C3%9Fe?a=%C3%BC\n');
    expect(out).toContain('The fragment is left out: clients never send it.\n');
  });

  test('has the same as JSON', async () => {
    const values = { scopes: 'orders:read' };
    const { out } = await runRules(['explain', 'DELETE', ORDER], { values, json: true });
    expect(JSON.parse(out)).toMatchObject({
      request: {
        method: 'DELETE',
        host: 'shop.example.com',
        target: '/api/orders/7',
        paths: [['api', 'orders', '7']],
      },
      app: { name: 'shop', hostPattern: 'shop.example.com' },
      rule: {
        path: '/api/orders/**',
        method: 'DELETE',
        need: '[orders:admin]',
        place: 'rules/shop.yaml:11',
      },
      losers: [],
      caller: { kind: 'supposed', scopes: ['orders:read'], audiences: ['https://api.shop.example.com'] },
      check: [
        { part: 'audience', met: true },
        { part: 'all', text: 'orders:admin', met: false },
      ],
      outcome: 'forbidden',
      reason: 'scope-missing',
      missing: ['orders:admin'],
      answers: [
        { who: 'a bearer token', status: 403, reason: 'scope-missing' },
        { who: 'a script with a session', status: 403, reason: 'scopes-not-asked' },
      ],
      test: '{ request: DELETE /api/orders/7, scopes: [orders:read], expect: forbidden, missing: [orders:admin] }',
    });
  });
});
