import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser, type Manner } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// The relay of the central shape: an open redirector (RFC 9700 4.11), login CSRF (4.7), code injection (4.5), replay.

const SHOP = 'https://shop.example.com';
const OPS = 'https://ops.example.org';
const LOGIN = 'https://login.example.net';
const rulesOf = (app: string, host: string): string => `
app: ${app}
hosts: [${host}]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { "/**": authenticated }
`;
const shop = rulesOf('shop', 'shop.example.com');
const ops = rulesOf('ops', 'ops.example.org');
const home = rulesOf('home', 'login.example.net');

let op: HostileProvider;
let world: World;
/** The same secret and login host, with other rules: what a reload, or a second gateway, makes of them. */
let withoutShop: World;
let withHome: World;
/** The same secret, in the per-host shape. */
let perHost: World;
const gateway = (rules: Record<string, string>, loginUrl: string | undefined = LOGIN): Promise<World> =>
  startTestWorld({ rules, issuer: op.issuer, env: { POSTERN_LOGIN_URL: loginUrl } });
beforeAll(async () => {
  op = await startHostileProvider();
  world = await gateway({ shop, ops });
  withoutShop = await gateway({ ops });
  withHome = await gateway({ shop, home });
  perHost = await startTestWorld({ rules: { shop, home }, issuer: op.issuer });
});
beforeEach(() => {
  op.misbehaviour = {};
  op.requests.length = 0;
});
afterAll(async () => {
  for (const one of [world, withoutShop, withHome, perHost]) await one[Symbol.asyncDispose]();
  await op[Symbol.asyncDispose]();
});

const redemptions = (): number => op.requests.filter(({ path }) => path === '/token').length;
const hasSession = ({ setCookie }: Answer): boolean =>
  setCookie.some((line) => /^__Host-postern(\.\d)?=[^;]/.test(line));
interface Begun {
  readonly browser: Browser;
  /** At the login host. */
  readonly callback: URL;
}
async function start(browser = new Browser(world), page = `${SHOP}/x`): Promise<Begun> {
  const started = await browser.check(page);
  expect(started.reason).toBe('login-started');
  return { browser, callback: op.authorize(String(started.headers.location)) };
}
async function relay({ browser, callback }: Begun): Promise<string> {
  const answer = await browser.page(callback.href);
  expect([answer.status, answer.reason]).toEqual([303, 'login-relayed']);
  return String(answer.headers.location);
}
/** Nothing was handed on, redeemed or set. */
function expectNothing(answer: Answer, status: number, reason: string): void {
  expect([answer.status, answer.reason]).toEqual([status, reason]);
  expect(answer.headers.location).toBeUndefined();
  expect(answer.setCookie).toEqual([]);
  expect(redemptions()).toBe(0);
}
const change = (url: URL | string, edit: (query: URLSearchParams) => void): string => {
  const changed = new URL(url);
  edit(changed.searchParams);
  return changed.href;
};

describe('replayed', () => {
  test('it is redeemed once, and brings the same browser one session', async () => {
    const begun = await start();
    const locations = [await relay(begun), await relay(begun), await relay(begun)];
    expect(new Set(locations).size).toBe(1);
    const [location = ''] = locations;
    expect((await begun.browser.check(location)).reason).toBe('login-completed');
    await begun.browser.check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
    const again = await begun.browser.check(location);
    expect([again.reason, hasSession(again), redemptions()]).toEqual(['login-started', false, 1]);
  });
  test('from a log or a history, in another browser, it signs nobody in', async () => {
    const begun = await start();
    const location = await relay(begun);
    expect((await begun.browser.check(location)).reason).toBe('login-completed');
    const thief = new Browser(world);
    const answer = await thief.check(await relay({ browser: thief, callback: begun.callback }));
    expect([answer.reason, hasSession(answer), redemptions()]).toEqual(['login-started', false, 1]);
  });
});

describe('moved to another host', () => {
  test('the answer for one host is none for the other, whose login is under way', async () => {
    const { browser, callback } = await start();
    const other = await start(browser, `${OPS}/x`);
    const location = await relay({ browser, callback });
    expectNothing(await browser.check(location.replace(SHOP, OPS)), 400, 'callback-state');
    expect((await browser.check(location)).reason).toBe('login-completed');
    // Nor does its code help under the other's state.
    const { callback: unused } = await start(browser, `${SHOP}/_auth/login`);
    const mixed = change(await relay(other), (query) =>
      query.set('code', unused.searchParams.get('code') ?? ''),
    );
    const injected = await browser.check(mixed);
    expect([injected.reason, hasSession(injected)]).toEqual(['provider-answer-invalid', false]);
  });
  test('each host redeems with the central redirect URI and its own verifier', async () => {
    const begun = await start();
    await begun.browser.check(await relay(begun));
    const form = op.requests.find(({ path }) => path === '/token')?.form;
    expect(form?.get('redirect_uri')).toBe(`${LOGIN}/_auth/callback`);
    expect(form?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
  });
});

describe('moved to another browser', () => {
  test('an attacker’s own answer starts the victim’s own login, once, and then explains', async () => {
    const attacker = await start();
    const victim = new Browser(world);
    const pasted = await victim.check(await relay({ browser: victim, callback: attacker.callback }));
    expect([pasted.reason, hasSession(pasted), redemptions()]).toEqual(['login-started', false, 0]);
    const fresh = op.authorize(String(pasted.headers.location));
    expect(fresh.searchParams.get('state')).not.toBe(attacker.callback.searchParams.get('state'));
    // A browser that keeps no cookies does not go round.
    const forgetful = new Browser(world);
    const second = await forgetful.check(await relay({ browser: forgetful, callback: fresh }));
    expect([second.status, second.reason]).toEqual([400, 'callback-cookie-missing']);
    const done = await victim.check(await relay({ browser: victim, callback: fresh }));
    expect(done.reason).toBe('login-completed');
  });
  test('nor does it help beside the victim’s login, or with the attacker’s code under the victim’s state', async () => {
    const attacker = await start();
    const victim = await start();
    const pasted = await victim.browser.check(await relay({ ...victim, callback: attacker.callback }));
    expect([pasted.reason, hasSession(pasted), redemptions()]).toEqual(['login-started', false, 0]);
    const callback = new URL(victim.callback);
    callback.searchParams.set('code', attacker.callback.searchParams.get('code') ?? '');
    const injected = await victim.browser.check(await relay({ ...victim, callback }));
    expect([injected.status, injected.reason, hasSession(injected)]).toEqual([
      502,
      'provider-answer-invalid',
      false,
    ]);
  });
});

describe('aimed at a foreign host', () => {
  test('a forged state leads nowhere', async () => {
    const { browser, callback } = await start();
    const state = callback.searchParams.get('state') ?? '';
    const [header = '', , iv = '', text = '', tag = ''] = state.split('.');
    const sealed = (payload: unknown): string => Buffer.from(JSON.stringify(payload)).toString('base64url');
    const forged = [
      '',
      'x',
      'https://evil.example',
      'a.b.c.d.e',
      `${state}A`,
      `${state}=`,
      ` ${state}`,
      state.slice(0, -1),
      [header, '', iv, text.slice(0, 22), tag].join('.'),
      [sealed({ alg: 'none' }), '', iv, sealed({ p: { home: { name: 'evil.example' } } }), tag].join('.'),
      [header, '', iv, sealed({ p: { home: { name: 'evil.example' } } }), tag].join('.'),
      'x'.repeat(30_000),
    ];
    for (let at = 0; at < state.length; at += 11)
      forged.push(state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1));
    for (const value of forged)
      for (const door of ['check', 'page'] as const)
        expectNothing(
          await browser[door](change(callback, (query) => query.set('state', value))),
          400,
          'callback-state',
        );
    expectNothing(await browser.page(change(callback, (q) => q.delete('state'))), 400, 'callback-state');
    expect((await browser.check(await relay({ browser, callback }))).reason).toBe('login-completed');
  });

  test('a host that no app has any more gets nothing', async () => {
    const { callback } = await start();
    const browser = new Browser(withoutShop);
    for (const door of ['check', 'page'] as const)
      expectNothing(await browser[door](callback.href), 403, 'unknown-host');
  });
  test('nor does the login host send anybody round to itself', async () => {
    const { callback } = await start(new Browser(withHome), `${LOGIN}/x`);
    expectNothing(await new Browser(world).page(callback.href), 403, 'unknown-host');
  });
  test('a state of the per-host shape is not relayed, though it is sealed with the same secret', async () => {
    for (const page of [`${SHOP}/x`, `${LOGIN}/x`]) {
      const { callback } = await start(new Browser(perHost), page);
      const there = new URL(`${LOGIN}/_auth/callback${callback.search}`);
      expectNothing(await new Browser(world).page(there.href), 400, 'callback-state');
    }
  });
  test('a text that is sealed for another purpose is no state', async () => {
    const { browser, callback } = await start(new Browser(world), `${SHOP}/${'x'.repeat(1500)}`);
    const raw = browser.jar.getCookiesSync(SHOP).find(({ key }) => /-t\.[^.]+$/.test(key))?.value ?? '';
    const text = (JSON.parse(Buffer.from(raw, 'base64').toString()) as { t: string }).t;
    const sealed = text.split('.').slice(2).join('.');
    expect(sealed.split('.')).toHaveLength(5);
    const forged = change(callback, (query) => query.set('state', sealed));
    expectNothing(await browser.page(forged), 400, 'callback-state');
  });

  test.each<[what: string, edit: (query: URLSearchParams) => void, lines?: readonly string[]]>([
    ['by the query', (query) => query.set('host', 'evil.example')],
    ['by rd', (query) => query.set('rd', 'https://evil.example/')],
    ['by redirect_uri', (query) => query.set('redirect_uri', 'https://evil.example/')],
    ['by iss', (query) => query.set('iss', 'https://evil.example/')],
    [
      'by line breaks in code',
      (query) => query.set('code', 'x\r\nLocation: https://evil.example/\r\n\r\n<b>'),
    ],
    ['by a code that ends the query', (query) => query.set('code', 'x#@evil.example/?&state=y')],
    ['by X-Forwarded-Host', () => {}, ['X-Forwarded-Host', 'evil.example', 'Forwarded', 'host=evil.example']],
    [
      'by Referer and Origin',
      () => {},
      ['Referer', 'https://evil.example/', 'Origin', 'https://evil.example'],
    ],
  ])('%s, it goes to the host in state all the same', async (_what, edit, lines = []) => {
    const { browser, callback } = await start();
    const answer = await browser.page(change(callback, edit), { lines });
    expect([answer.status, answer.reason, answer.setCookie]).toEqual([303, 'login-relayed', []]);
    const location = String(answer.headers.location);
    expect(location).toMatch(/^https:\/\/shop\.example\.com\/_auth\/callback\?[\w.~%+&=*-]+$/);
    const asked = new URL(change(callback, edit)).searchParams;
    expect([...new URL(location).searchParams]).toEqual(
      ['code', 'state', 'iss'].map((name) => [name, asked.get(name)]),
    );
    expect(redemptions()).toBe(0);
  });
  test('another issuer’s answer is relayed, and refused where it is to be redeemed', async () => {
    const { browser, callback } = await start();
    callback.searchParams.set('iss', 'https://evil.example');
    const answer = await browser.check(await relay({ browser, callback }));
    expect([answer.status, answer.reason, redemptions()]).toEqual([400, 'callback-issuer', 0]);
  });
});

describe('what is handed on', () => {
  test('is what the standards name, each once, and nothing else', async () => {
    const { browser, callback } = await start();
    const more = ['id_token', 'access_token', 'response', 'session_state', 'error_uri', 'scope', '__proto__'];
    const url = change(callback, (query) => {
      query.set('error', 'access_denied');
      query.set('error_description', 'no & never');
      for (const name of more) query.set(name, 'x');
    });
    const { searchParams } = new URL(await relay({ browser, callback: new URL(url) }));
    expect([...searchParams.keys()]).toEqual(['code', 'state', 'iss', 'error', 'error_description']);
    expect(searchParams.get('error_description')).toBe('no & never');
  });
  test.each(['code', 'state', 'iss', 'error', 'error_description', 'x'])(
    'a repeated %s is refused',
    async (name) => {
      const { browser, callback } = await start();
      const value = callback.searchParams.get(name) ?? 'x';
      for (const second of [value, 'other', '']) {
        const url = change(callback, (query) => {
          query.set(name, value);
          query.append(name, second);
        });
        for (const door of ['check', 'page'] as const)
          expectNothing(await browser[door](url), 400, 'callback-malformed');
      }
      const respelt = `${callback.href}&%${name.charCodeAt(0).toString(16)}${name.slice(1)}=x&${name}=y`;
      expectNothing(await browser.page(respelt), 400, 'callback-malformed');
      expect((await browser.check(await relay({ browser, callback }))).reason).toBe('login-completed');
    },
  );
  test('is never longer than proxies take', async () => {
    const { browser, callback } = await start();
    const long = (length: number) => change(callback, (query) => query.set('code', 'x'.repeat(length)));
    expect((await browser.page(long(8000))).reason).toBe('login-relayed');
    expectNothing(await browser.page(long(12_000)), 400, 'callback-malformed');
    expectNothing(
      await browser.page(change(callback, (q) => q.set('code', '%'.repeat(4096)))),
      400,
      'callback-malformed',
    );
  });
});

describe('anything but a navigation', () => {
  test.each(['HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE'])('%s relays nothing', async (method) => {
    const { browser, callback } = await start();
    for (const door of ['check', 'page'] as const) {
      const answer = await browser[door](callback.href, { method });
      expect([answer.status, answer.headers['allow'], answer.headers.location]).toEqual([
        405,
        'GET',
        undefined,
      ]);
      expect(answer.setCookie).toEqual([]);
    }
    expect((await browser.check(await relay({ browser, callback }))).reason).toBe('login-completed');
  });
  test.each<[what: string, manner: Manner, lines: readonly string[]]>([
    ['a prefetch', 'page', ['Sec-Purpose', 'prefetch']],
    ['a prerender', 'page', ['Sec-Purpose', 'prefetch;prerender']],
    ['an older prefetch', 'page', ['Purpose', 'prefetch']],
    ['a script', 'script', []],
    ['a frame', 'frame', []],
    ['an image', 'plain', ['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image']],
  ])('%s relays nothing, and uses nothing up', async (_what, manner, lines) => {
    const { browser, callback } = await start();
    for (const door of ['check', 'page'] as const)
      expectNothing(await browser[door](callback.href, { manner, lines }), 401, 'login-needed');
    expect((await browser.check(await relay({ browser, callback }))).reason).toBe('login-completed');
  });
});

describe('cookies', () => {
  test('the relay answers the same whatever cookies it is sent', async () => {
    const { browser, callback } = await start();
    const location = await relay({ browser, callback });
    const tossed = [
      browser.cookieHeader(`${SHOP}/`),
      '__Host-postern=x; __Host-postern.sig=y; __Host-postern-asked=z; postern=x',
      `__Host-postern-t.${'a'.repeat(12)}=x`,
      'a=b; '.repeat(400),
    ];
    for (const cookie of tossed) {
      const answer = await browser.page(callback.href, { lines: ['Cookie', cookie] });
      expect([answer.status, answer.headers.location, answer.setCookie]).toEqual([303, location, []]);
    }
  });
});

describe('spellings of its address', () => {
  test.each([
    '/_auth/callback/',
    '/_auth/../_auth/callback',
    '/_auth/./callback',
    '/_auth//callback',
    '/_auth%2Fcallback',
    '/_auth/callback;x',
    '/_AUTH/callback',
    '/_authx/callback',
    '//_auth/callback',
  ])('%s is refused, or is the same page to both doors', async (path) => {
    const { callback } = await start();
    const at = `${path}${callback.search}`;
    const lines = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'https'];
    const check = await world.send('listen', '/verify', [
      ...lines,
      ...['X-Forwarded-Host', 'login.example.net', 'X-Forwarded-Uri', at],
    ]);
    const page = await world.send('pagesListen', at, ['Host', 'login.example.net']);
    expect(check.status).not.toBe(200);
    expect(check.headers.location).toBe(page.headers.location);
    if (path !== '/_auth/callback/') expect(page.headers.location).toBeUndefined();
  });
});

test('the log tells of a relay without code or state', async () => {
  const begun = await start();
  await relay(begun);
  const line = world.log.at(-1);
  expect(line).toMatchObject({ reason: 'login-relayed', host: 'login.example.net', app: 'shop' });
  for (const name of ['code', 'state'])
    expect(JSON.stringify(world.log)).not.toContain(begun.callback.searchParams.get(name));
});
