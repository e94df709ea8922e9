import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { startProvider } from '../../demo/provider.ts';
import type { Person } from '../../demo/provider-options.ts';
import { Browser } from '../support/browser.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

const at = (host: string): string => `http://${host}.localhost:8080`;
const SHOP = at('shop');

const OPENID = { sub: 'fred' };
const CLAIMS = {
  openid: OPENID,
  email: { email: 'fred@example.com', email_verified: true },
  phone: { phone_number: '+1', phone_number_verified: false },
  address: { address: { country: 'CH' } },
  profile: {
    ...{ name: 'Fred', family_name: 'F', given_name: 'Fre', middle_name: 'M', nickname: 'fr' },
    ...{ preferred_username: 'fred', profile: 'https://p', picture: 'https://i', updated_at: 7 },
    ...{ website: 'https://w', gender: 'x', birthdate: '2000-01-01', zoneinfo: 'UTC', locale: 'de' },
  },
};
const FRED: Person = {
  id: 'fred',
  name: 'Fred',
  role: 'all',
  holds: { [SHOP_API]: ['orders:read'] },
  claims: { ...CLAIMS.profile, ...CLAIMS.phone, ...CLAIMS.address, groups: ['g'], roles: ['r'] },
};

const appOf = (name: string, more = '', scopes = 'openid, profile, email', hosts = `${name}.localhost`) => `
app: ${name}
hosts: [${hosts}]
audience: https://api.${name === 'opaque' ? name : 'shop'}.localhost
login: { scopes: [${scopes}] }
${more}
rules:
  /: public
  /account/**: authenticated
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
`;
const SCOPES = Object.keys(CLAIMS) as (keyof typeof CLAIMS)[];
const rules = {
  'shop.yaml': appOf(
    'shop',
    'origins: [https://www.example.com]',
    undefined,
    'shop.localhost, shop.example.com',
  ),
  'other.yaml': appOf('other'),
  'opaque.yaml': appOf('opaque'),
  'open.yaml': 'app: open\nhosts: [open.localhost]\nrules:\n  /**: public\n',
  ...Object.fromEntries(
    SCOPES.map((scope) => [
      `${scope}.yaml`,
      appOf(`of-${scope}`, '', scope === 'openid' ? scope : `openid, ${scope}`),
    ]),
  ),
};
const hosts = [
  ...['shop', 'other', 'opaque', ...SCOPES.map((scope) => `of-${scope}`)].map(
    (name) => `${name}.localhost:8080`,
  ),
  'shop.example.com',
];

let offset = 0;
let blob = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;
const provider = {
  people: [...PEOPLE, FRED],
  resources: [
    ...RESOURCES,
    { audience: 'https://api.opaque.localhost', scopes: [], format: 'opaque' as const },
  ],
  configuration: { extraTokenClaims: () => ({ blob: 'x'.repeat(blob) }) },
};

let world: World;
let browser: Browser;
const more: World[] = [];
const further = async (env: Record<string, string | undefined>, issuer = world.issuer): Promise<World> => {
  const started = await startTestWorld({ rules, hosts, now, issuer, env });
  more.push(started);
  return started;
};
beforeAll(async () => {
  world = await startTestWorld({ rules, provider: { ...provider, signedInAs: 'anna' }, hosts, now });
});
beforeEach(() => {
  offset = 0;
  blob = 0;
  world.provider?.signInAs('anna');
  browser = new Browser(world);
});
afterAll(async () => {
  for (const one of more) await one[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});
const isAlive = async (by: Browser): Promise<boolean> =>
  (await by.check(`${SHOP}/account/`, { manner: 'script' })).status === 200;
const sizeOf = (by: Browser, url: string): number => by.cookieHeader(url).length;

describe('a session', () => {
  test('opens with the old secret while secrets rotate, and with no other', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const fresh = 'another-secret-of-the-test-world-0123456789';
    const unset = { POSTERN_SESSION_SECRET: undefined };
    const rotating = await further({ ...unset, POSTERN_SESSION_SECRETS: `${fresh},${SESSION_SECRET}` });
    const rotated = await further({ ...unset, POSTERN_SESSION_SECRETS: fresh });
    expect(await isAlive(browser.copy(rotating))).toBe(true);
    expect(await isAlive(browser.copy(rotated))).toBe(false);
    const moved = browser.copy(rotating);
    await moved.forget(SHOP, /^postern/);
    await moved.signIn(`${SHOP}/account/`);
    expect(await isAlive(moved.copy(rotated))).toBe(true);
    expect(await isAlive(moved.copy(world))).toBe(false);
  });

  test('is nothing on another host, nor under the other spelling', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const cookie = browser.cookieHeader(SHOP);
    const stranger = new Browser(world);
    for (const [url, lines] of [
      [`${at('other')}/account/`, cookie],
      ['https://shop.example.com/account/', cookie],
      ['https://shop.example.com/account/', cookie.replaceAll('postern', '__Host-postern')],
      [`${SHOP}/account/`, cookie.replaceAll('postern', '__Host-postern')],
      [`${SHOP}/account/`, cookie.replaceAll('postern', 'Postern')],
      [`${SHOP}/account/`, `${cookie}; ${cookie}`],
    ] as const) {
      const answer = await stranger.check(url, { manner: 'script', lines: ['Cookie', lines] });
      expectAnswer(answer, 401, 'login-needed');
    }
    const again = await stranger.check(`${SHOP}/account/`, { manner: 'script', lines: ['Cookie', cookie] });
    expectAnswer(again, 200, 'permitted');
  });

  test('is nothing when a byte of it changed', async () => {
    blob = 3500;
    await browser.signIn(`${SHOP}/account/`);
    const pairs = browser
      .cookieHeader(SHOP)
      .split('; ')
      .filter((pair) => /^postern(?:\.\d)?(?:\.sig)?=/.test(pair));
    expect(pairs.length).toBeGreaterThanOrEqual(4);
    const stranger = new Browser(world);
    const ask = (cookies: readonly string[]): Promise<Answer> =>
      stranger.check(`${SHOP}/account/`, { manner: 'script', lines: ['Cookie', cookies.join('; ')] });
    expectAnswer(await ask(pairs), 200, 'permitted');
    expectAnswer(await ask(pairs.toReversed()), 200, 'permitted');
    for (const [index, pair] of pairs.entries()) {
      const from = pair.indexOf('=') + 1;
      for (const place of [from, from + Math.floor((pair.length - from) / 2), pair.length - 4]) {
        const flipped = `${pair.slice(0, place)}${pair[place] === 'A' ? 'B' : 'A'}${pair.slice(place + 1)}`;
        expectAnswer(await ask(pairs.with(index, flipped)), 401, 'login-needed');
      }
      expectAnswer(await ask(pairs.toSpliced(index, 1)), 401, 'login-needed');
      expectAnswer(await ask(pairs.with(index, `${pair.slice(0, from)}`)), 401, 'login-needed');
    }
    const swapped = pairs.map((pair) =>
      pair.startsWith('postern.1') ? pair.replace('.1', '') : pair.replace(/^postern/, 'postern.1'),
    );
    expectAnswer(await ask(swapped), 401, 'login-needed');
  });

  test('of a 5 KB token fits into chunks, beside twenty logins under way', async () => {
    blob = 3500;
    const done = await browser.signIn(`${SHOP}/account/`);
    expectAnswer(done, 303, 'login-completed');
    for (const line of done.setCookie) expect(line.indexOf(';')).toBeLessThanOrEqual(4096);
    const page = await browser.check(`${SHOP}/account/`);
    expectAnswer(page, 200, 'permitted');
    expect(String(page.headers.authorization).length).toBeGreaterThan(5000);
    for (let tab = 0; tab < 20; tab += 1) {
      expectAnswer(await browser.check(`${SHOP}/status/${tab}`), 302, 'login-started');
      expect(sizeOf(browser, SHOP)).toBeLessThanOrEqual(16 * 1024);
    }
    expect(await isAlive(browser)).toBe(true);
    blob = 0;
    await browser.signIn(`${SHOP}/_auth/login?rd=/account/`);
    expect(browser.cookieNames(SHOP)).not.toContain('postern.2');
    expect(await isAlive(browser)).toBe(true);
  });

  test('of a 12 KB token is a page that names the store to use', async () => {
    blob = 8700;
    const answer = await browser.signIn(`${SHOP}/account/`);
    expectAnswer(answer, 502, 'session-too-large');
    expectWellFormed(world, answer, true);
    blob = 0;
    expectAnswer(await browser.signIn(`${SHOP}/account/`), 303, 'login-completed');
    expect(await isAlive(browser)).toBe(true);
    expect(answer.body).toContain('store: redis');
  });

  test('of another login has another id, and the old cookie is dead', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const old = browser.copy();
    await browser.signIn(`${SHOP}/_auth/login?rd=/account/`);
    expect([await isAlive(browser), await isAlive(old)]).toEqual([true, false]);
  });

  test('of another person replaces the first one whole', async () => {
    await browser.signIn(`${SHOP}/status/1`);
    await browser.signIn(`${SHOP}/account/`);
    const old = browser.copy();
    world.provider?.signInAs('ben');
    await browser.forget(world.issuer, /./);
    await browser.signIn(`${SHOP}/_auth/login?rd=/account/`);
    const page = await browser.check(`${SHOP}/account/`);
    expect(page.headers['x-auth-subject']).toBe('ben');
    expect(await isAlive(old)).toBe(false);
    const { tokens } = JSON.parse((await browser.page(`${SHOP}/_auth/me`)).body) as { tokens: unknown[] };
    expect(tokens).toHaveLength(1);
  });
});

describe('logout', () => {
  const navigation = (site: string, ...rest: string[]): string[] => [
    ...['Sec-Fetch-Site', site, 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'],
    ...['Accept', 'text/html', ...rest],
  ];
  test.each<[string, readonly string[], number, string]>([
    ['POST', ['Origin', SHOP, ...navigation('same-origin')], 303, 'logged-out'],
    ['POST', ['Origin', SHOP], 303, 'logged-out'],
    ['POST', [], 303, 'logged-out'],
    ['POST', ['Origin', 'https://www.example.com', ...navigation('cross-site')], 303, 'logged-out'],
    ['POST', ['Origin', 'https://evil.example', ...navigation('cross-site')], 403, 'cross-site'],
    ['POST', ['Origin', 'null', ...navigation('cross-site')], 403, 'cross-site'],
    ['POST', ['Origin', at('other'), ...navigation('same-site')], 403, 'cross-site'],
    ['POST', navigation('cross-site'), 403, 'cross-site'],
    ['GET', navigation('same-origin', 'Sec-Fetch-User', '?1'), 303, 'logged-out'],
    ['GET', navigation('same-origin'), 403, 'logout-confirm'],
    ['GET', navigation('none', 'Sec-Fetch-User', '?1'), 403, 'logout-confirm'],
    ['GET', navigation('same-site', 'Sec-Fetch-User', '?1'), 403, 'logout-confirm'],
    ['GET', navigation('cross-site', 'Sec-Fetch-User', '?1'), 403, 'logout-confirm'],
    ['GET', ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Dest', 'image'], 403, 'logout-confirm'],
    ['GET', ['Accept', 'text/html'], 403, 'logout-confirm'],
    ['HEAD', navigation('same-origin', 'Sec-Fetch-User', '?1'), 403, 'logout-confirm'],
    ['PUT', ['Origin', SHOP], 405, 'method-not-allowed'],
  ])('by %s with %j is %i %s', async (method, lines, status, reason) => {
    await browser.signIn(`${SHOP}/account/`);
    const copies = [browser.copy(), browser.copy()] as const;
    const answer = await browser.check(`${SHOP}/_auth/logout?rd=https://evil.example/`, {
      ...{ method, manner: 'plain', lines },
    });
    expectAnswer(answer, status, reason);
    expect(await isAlive(copies[0])).toBe(status !== 303);
    if (status !== 303) return expect(answer.setCookie).toEqual([]);
    const location = new URL(String(answer.headers.location));
    expect(location.href).toMatch(new RegExp(`^${world.issuer}/session/end\\?`));
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      id_token_hint: expect.stringMatching(/^ey/),
      post_logout_redirect_uri: `${SHOP}/_auth/logged-out`,
      state: expect.stringMatching(/^.{22,}$/),
    });
    expect(browser.cookieNames(SHOP)).toEqual([]);
    expectAnswer(await copies[1].check(`${SHOP}/account/`), 302, 'login-started');
  });

  test('of an expired session still reaches the provider', async () => {
    await browser.signIn(`${SHOP}/account/`);
    offset = 13 * 3600;
    const lines = ['Origin', SHOP];
    const answer = await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines });
    expectAnswer(answer, 303, 'logged-out');
    expect(new URL(String(answer.headers.location)).searchParams.get('client_id')).toBe('shop');
    const nobody = await new Browser(world).check(`${SHOP}/_auth/logout`, {
      ...{ method: 'POST', manner: 'form', lines },
    });
    expectAnswer(nobody, 303, 'logged-out');
  });

  test('is confirmed on the pages listener with 200, and its pages show nothing of the query', async () => {
    const confirm = await browser.page(`${SHOP}/_auth/logout`);
    expectAnswer(confirm, 200, 'logout-confirm');
    for (const [door, status] of [
      ['page', 200],
      ['check', 401],
    ] as const) {
      const answer = await browser[door](`${SHOP}/_auth/logged-out?state=wrong&x=%3Cscript%3E`);
      expectAnswer(answer, status, 'logged-out-page');
      expectWellFormed(world, answer, true);
      expect(answer.body).not.toMatch(/wrong|<script/);
    }
  });
});

describe('the pages listener', () => {
  test.each(SCOPES)('shows with the scope %s exactly its claims', async (scope) => {
    world.provider?.signInAs('fred');
    const host = at(`of-${scope}`);
    await browser.signIn(`${host}/account/`);
    const answer = await browser.page(`${host}/_auth/me`, { manner: 'script' });
    expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'no-store' } });
    const seconds = expect.any(Number);
    const { profile, ...rest } = JSON.parse(answer.body) as { profile: Record<string, unknown> };
    const { auth_time: _, acr: __, ...claims } = profile;
    expect(claims).toEqual({ ...OPENID, ...CLAIMS[scope] });
    expect(rest).toEqual({
      subject: 'fred',
      client: 'shop',
      session: { expires_at: seconds, idle_expires_at: null },
      tokens: [{ audience: SHOP_API, scopes: [], expires_at: seconds }],
      login_url: `${host}/_auth/login?rd=${encodeURIComponent(`${host}/`)}`,
      logout_url: `${host}/_auth/logout`,
    });
  });

  test('knows nobody without a session, and no host but those of the apps', async () => {
    const me = await browser.page(`${SHOP}/_auth/me`);
    expectAnswer(me, 401, 'login-needed');
    expectWellFormed(world, me, false);
    const account = await browser.page(`${SHOP}/_auth/`);
    expectAnswer(account, 401, 'login-needed');
    expectWellFormed(world, account, true);
    expectAnswer(await browser.page('http://evil.example/_auth/me'), 403, 'unknown-host');
    for (const path of ['/', '/account/', '/_authEVIL', '/_auth/unknown', '/verify'])
      expectAnswer(await browser.page(SHOP + path), 404, 'page-unknown');
    const lines = ['X-Forwarded-Host', 'shop.localhost:8080', 'X-Forwarded-Uri', '/_auth/me'];
    expectAnswer(await browser.page('http://evil.example/_auth/me', { lines }), 403, 'unknown-host');
  });

  test('shows the account, escaped, and never a token', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const answer = await browser.page(`${SHOP}/_auth/`);
    expectAnswer(answer, 200, 'own-page');
    expect(answer.body).toContain('anna@example.com');
    expect(answer.body).not.toMatch(/eyJ/);
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    const head = await browser.page(`${SHOP}/_auth/me`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
  });
});

describe('on the check', () => {
  test.each([
    ['/_auth/', 404, 'router-missing'],
    ['/_auth', 404, 'router-missing'],
    ['/_auth/me', 404, 'router-missing'],
    ['/_auth/me/', 404, 'router-missing'],
    ['/%5fauth/m%65', 404, 'router-missing'],
    ['/_auth/jwks.json', 404, 'router-missing'],
    ['/_auth/backchannel-logout', 404, 'router-missing'],
    ['/.well-known/oauth-protected-resource', 404, 'router-missing'],
    ['/.well-known/oauth-protected-resource/x', 404, 'router-missing'],
    ['/_auth/unknown', 404, 'page-unknown'],
    ['/_auth/login/x', 404, 'page-unknown'],
    ['/_auth/error', 403, 'error-page'],
    ['/_auth/logged-out', 401, 'logged-out-page'],
    ['/_auth/logout', 403, 'logout-confirm'],
    ['/_auth/callback', 400, 'callback-state'],
    ['/_auth/../account', 400, 'path-ambiguous'],
    ['/_auth//me', 400, 'path-ambiguous'],
    ['/_auth%2fme', 400, 'path-ambiguous'],
    ['/_auth;x/me', 400, 'path-ambiguous'],
    ['/account/../_auth/me', 400, 'path-ambiguous'],
    ['/_authEVIL', 200, 'public'],
    ['/_AUTH/me', 200, 'public'],
    ['/x/_auth/me', 200, 'public'],
  ])('%s is %i %s', async (path, status, reason) => {
    const answer = await browser.check(at('open') + path);
    expectAnswer(answer, status, reason);
    if (reason !== 'router-missing') return;
    expectWellFormed(world, answer, true);
    expect(answer.body).toContain('Host(`open.localhost`)');
    expect(answer.body).toContain('10000');
  });

  test('a path of the gateway is never a 2xx, for any host or method', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const origins = [
      SHOP,
      at('open'),
      'https://shop.example.com',
      'https://shop.example.com.',
      'http://evil.example',
    ];
    const paths =
      ' / /me /login /logout /callback /logged-out /error /jwks.json /backchannel-logout /x ?a=1 /login?rd=/'.split(
        ' ',
      );
    const preflight = ['Origin', 'https://www.example.com', 'Access-Control-Request-Method', 'GET'];
    const permitted: string[] = [];
    for (const origin of origins)
      for (const base of ['/_auth', '/%5Fauth', '/.well-known/oauth-protected-resource'])
        for (const path of paths)
          for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'PROPFIND', 'get'])
            for (const manner of ['page', 'plain'] as const) {
              const url = `${origin}${base}${path}`;
              const { status } = await browser.copy().check(url, { method, manner, lines: preflight });
              if (status < 300) permitted.push(`${method} ${url}`);
            }
    expect(permitted).toEqual([]);
  }, 60_000);
});

describe('what is configured', () => {
  test('an opaque access token is a page that names the setting, and logging out works', async () => {
    const answer = await browser.signIn(`${at('opaque')}/account/`);
    expectAnswer(answer, 502, 'access-token-opaque');
    expectWellFormed(world, answer, true);
    expect(answer.body).toMatch(/provider\.audienceParameter/);
    const lines = ['Origin', at('opaque')];
    expectAnswer(
      await browser.check(`${at('opaque')}/_auth/logout`, { method: 'POST', manner: 'form', lines }),
      303,
      'logged-out',
    );
  });

  test('a disabled provider refuses to sign anyone in', async () => {
    const off = await further({ POSTERN_PROVIDER_ENABLED: 'false' });
    const person = new Browser(off);
    for (const path of ['/account/', '/_auth/login']) {
      const answer = await person.check(SHOP + path);
      expectAnswer(answer, 403, 'provider-disabled');
      expectWellFormed(off, answer, true);
      expect(answer.setCookie).toEqual([]);
    }
    expectAnswer(await person.check(`${SHOP}/`), 200, 'public');
  });

  test('a public client signs people in without a secret', async () => {
    const open = await startTestWorld({
      rules,
      hosts,
      now,
      env: { POSTERN_PROVIDER_CLIENT_SECRET: undefined },
      provider: {
        ...provider,
        signedInAs: 'anna',
        clients: [
          {
            client_id: 'shop',
            token_endpoint_auth_method: 'none',
            redirect_uris: [`${SHOP}/_auth/callback`],
          },
        ],
      },
    });
    more.push(open);
    expectAnswer(await new Browser(open).signIn(`${SHOP}/account/`), 303, 'login-completed');
  });
});

describe('a provider that is down', () => {
  test('at the start stops only what needs it, and heals', async () => {
    const probe = await startProvider({ ...provider, clients: [] });
    await probe.close();
    const lonely = await further({}, probe.issuer);
    const person = new Browser(lonely);
    expectAnswer(await person.check(`${SHOP}/`), 200, 'public');
    const down = await person.check(`${SHOP}/account/`);
    expectAnswer(down, 503, 'provider-unavailable');
    expectWellFormed(lonely, down, true);
    expect(down.setCookie).toEqual([]);
    const ready = await lonely.send('listen', '/readyz', []);
    expect(ready.status).toBe(503);
    const lines = ['Authorization', `Bearer ${Buffer.from('{"alg":"ES256"}').toString('base64url')}.e30.AA`];
    expectAnswer(await person.check(`${SHOP}/account/`, { manner: 'plain', lines }), 401, 'token-issuer');
    const out = await person.check(`${SHOP}/_auth/logout`, {
      ...{ method: 'POST', manner: 'form' },
      lines: ['Origin', SHOP],
    });
    expect(out).toMatchObject({ status: 303, headers: { location: `${SHOP}/_auth/logged-out` } });

    const back = await startProvider({
      ...provider,
      port: probe.port,
      signedInAs: 'anna',
      clients: [
        { client_id: 'shop', client_secret: CLIENT_SECRET, redirect_uris: [`${SHOP}/_auth/callback`] },
      ],
    });
    try {
      const begun = Date.now();
      let status = 503;
      while (status === 503 && Date.now() - begun < 30_000) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        ({ status } = await person.copy().check(`${SHOP}/account/`));
      }
      expect(status).toBe(302);
      expectAnswer(await person.signIn(`${SHOP}/account/`), 303, 'login-completed');
      await back.close();
      expect(await isAlive(person)).toBe(true);
      expectAnswer(
        await person.check(`${SHOP}/_auth/logout`, {
          method: 'POST',
          manner: 'form',
          lines: ['Origin', SHOP],
        }),
        303,
        'logged-out',
      );
    } finally {
      await back.close().catch(() => undefined);
    }
  }, 45_000);
});
