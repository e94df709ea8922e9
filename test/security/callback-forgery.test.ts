import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { startTestWorld, type World } from '../support/world.ts';

// Login CSRF (RFC 9700 4.7), code injection (4.5), mix-up (4.4), replay and races of the callback, state tampering.

const SHOP = 'http://shop.localhost:8080';
const OPS = 'http://ops.localhost:8080';
const rulesOf = (app: string): string => `
app: ${app}
hosts: [${app}.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { /ops: { audience: "https://ops.example" }, "/**": authenticated }
`;
let op: HostileProvider;
let world: World;
beforeAll(async () => {
  op = await startHostileProvider();
  world = await startTestWorld({
    rules: { 'shop.yaml': rulesOf('shop'), 'ops.yaml': rulesOf('ops') },
    issuer: op.issuer,
  });
});
beforeEach(() => {
  op.misbehaviour = {};
  op.requests.length = 0;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await op[Symbol.asyncDispose]();
});
const redemptions = (): number => op.requests.filter(({ path }) => path === '/token').length;
async function start(
  browser = new Browser(world),
  page = `${SHOP}/x`,
): Promise<{ browser: Browser; callback: URL }> {
  const started = await browser.check(page);
  expect(started.reason).toBe('login-started');
  return { browser, callback: op.authorize(String(started.headers.location)) };
}
const hasSession = (lines: readonly string[]): boolean =>
  lines.some((line) => /^postern(\.\d)?=[^;]/.test(line));

describe('another browser’s answer', () => {
  test('opens no session and is not redeemed: the victim starts afresh', async () => {
    const { callback } = await start();
    const victim = new Browser(world);
    const answer = await victim.check(callback.href);
    expect([answer.status, answer.reason, redemptions()]).toEqual([302, 'login-started', 0]);
    expect(hasSession(answer.setCookie)).toBe(false);
    const again = new URL(String(answer.headers.location));
    expect(again.searchParams.get('state')).not.toBe(callback.searchParams.get('state'));
  });
  test('with a login of their own under way, and with the attacker’s code under the victim’s state', async () => {
    const attacker = await start();
    const victim = await start();
    const answer = await victim.browser.check(attacker.callback.href);
    expect([answer.reason, redemptions()]).toEqual(['login-started', 0]);
    const injected = new URL(victim.callback);
    injected.searchParams.set('code', attacker.callback.searchParams.get('code') ?? '');
    const refused = await victim.browser.check(injected.href);
    expect([refused.status, refused.reason, hasSession(refused.setCookie)]).toEqual([
      502,
      'provider-answer-invalid',
      false,
    ]);
    expect(redemptions()).toBe(1);
  });
  test('an attacker’s state that names a page leads only to the victim’s own login for it', async () => {
    const { callback } = await start(new Browser(world), `${SHOP}/transfer?to=evil`);
    const victim = new Browser(world);
    const answer = await victim.check(callback.href, { manner: 'script' });
    expect([answer.status, answer.reason]).toEqual([400, 'callback-cookie-missing']);
  });
});

describe('state', () => {
  test('missing, empty, repeated, garbage, flipped or of another host: 400 and nothing is redeemed', async () => {
    const { browser, callback } = await start();
    const state = callback.searchParams.get('state') ?? '';
    const forged: [string, string][] = [
      ['', 'callback-state'],
      ['x', 'callback-state'],
      ['a.b.c.d.e', 'callback-state'],
      [`${state}A`, 'callback-state'],
      [`${state}=`, 'callback-state'],
      [` ${state}`, 'callback-state'],
      [state.slice(0, -1), 'callback-state'],
      [state.replace(/\.[^.]*\./, '..'), 'callback-state'],
      [
        Buffer.from('{"alg":"none"}').toString('base64url') + state.slice(state.indexOf('.')),
        'callback-state',
      ],
      ['x'.repeat(50_000), 'callback-state'],
    ];
    for (let at = 0; at < state.length; at += 7)
      forged.push([
        state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1),
        'callback-state',
      ]);
    for (const [value, reason] of forged) {
      const url = new URL(callback);
      url.searchParams.set('state', value);
      if (value === state) continue;
      const answer = await browser.check(url.href);
      expect([value.slice(-20), answer.status, answer.reason]).toEqual([value.slice(-20), 400, reason]);
    }
    const twice = await browser.check(`${callback.href}&state=${state}`);
    expect([twice.status, twice.reason]).toEqual([400, 'callback-malformed']);
    const elsewhere = await browser.check(callback.href.replace(SHOP, OPS));
    expect([elsewhere.status, elsewhere.reason]).toEqual([400, 'callback-state']);
    expect(redemptions()).toBe(0);
    // None of that used up the honest answer.
    expect((await browser.check(callback.href)).reason).toBe('login-completed');
  });
  test('a session, transaction or memory text is no state', async () => {
    const { browser, callback } = await start();
    const raw = browser.jar.getCookiesSync(SHOP).find(({ key }) => /-t\.[^.]+$/.test(key))?.value ?? '';
    const { t: sealed } = JSON.parse(Buffer.from(raw, 'base64').toString()) as { t: string };
    callback.searchParams.set('state', sealed);
    expect((await browser.check(callback.href)).reason).toBe('callback-state');
  });
});

describe('parameters', () => {
  test.each<[string, (query: URLSearchParams) => void, number, string]>([
    ['no code', (q) => q.delete('code'), 400, 'callback-malformed'],
    ['empty code', (q) => q.set('code', ''), 400, 'callback-malformed'],
    ['two codes', (q) => q.append('code', 'x'), 400, 'callback-malformed'],
    ['two iss', (q) => q.append('iss', 'x'), 400, 'callback-malformed'],
    ['id_token', (q) => q.append('id_token', 'x'), 400, 'callback-malformed'],
    ['access_token', (q) => q.append('access_token', 'x'), 400, 'callback-malformed'],
    ['response', (q) => q.append('response', 'x'), 400, 'callback-malformed'],
    ['iss absent', (q) => q.delete('iss'), 400, 'callback-issuer'],
    ['iss empty', (q) => q.set('iss', ''), 400, 'callback-issuer'],
    ['iss with a slash', (q) => q.set('iss', `${q.get('iss')}/`), 400, 'callback-issuer'],
    ['iss of another', (q) => q.set('iss', 'https://evil.example'), 400, 'callback-issuer'],
    ['error and code', (q) => q.set('error', 'access_denied'), 403, 'provider-refused'],
    [
      'error of another issuer',
      (q) => {
        q.set('error', 'x');
        q.set('iss', 'https://evil.example');
      },
      400,
      'callback-issuer',
    ],
    [
      'error as HTML',
      (q) => {
        q.delete('code');
        q.set('error', '<script>alert(1)</script>');
        q.set('error_description', '<img src=x onerror=alert(1)>');
        q.set('error_uri', 'javascript:alert(1)');
      },
      403,
      'provider-refused',
    ],
    [
      'error of 40 KB',
      (q) => {
        q.set('error', 'x'.repeat(20_000));
        q.set('error_description', 'y'.repeat(20_000));
      },
      403,
      'provider-refused',
    ],
    ['error __proto__', (q) => q.set('error', '__proto__'), 403, 'provider-refused'],
    ['error constructor', (q) => q.set('error', 'constructor'), 403, 'provider-refused'],
  ])('%s', async (_, change, status, reason) => {
    const { browser, callback } = await start();
    change(callback.searchParams);
    const answer = await browser.check(callback.href);
    expect([answer.status, answer.reason, redemptions(), hasSession(answer.setCookie)]).toEqual([
      status,
      reason,
      0,
      false,
    ]);
    expect(answer.setCookie.join()).toMatch(/postern-t\.[^=]+=;/);
    expect(answer.headers['location']).toBeUndefined();
    expect(answer.body).not.toMatch(/<script|onerror|javascript:|xxxxx|yyyyy|function/);
    expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  });
});

describe('replay and races', () => {
  test('ten at once: one redemption, one session; later ones redeem nothing', async () => {
    const { browser, callback } = await start();
    const copies = Array.from({ length: 10 }, () => browser.copy());
    const answers = await Promise.all(copies.map((copy) => copy.check(callback.href)));
    expect(redemptions()).toBe(1);
    expect(
      new Set(answers.map(({ setCookie }) => setCookie.filter((line) => /^postern=/.test(line)).join())).size,
    ).toBe(1);
    const late = await new Browser(world).check(callback.href);
    expect([late.reason, hasSession(late.setCookie), redemptions()]).toEqual(['login-started', false, 1]);
  });
  test('after a logout, a replay with the old transaction cookie revives nothing', async () => {
    const { browser, callback } = await start();
    const before = browser.copy();
    await browser.check(callback.href);
    expect((await browser.check(`${SHOP}/x`)).status).toBe(200);
    await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
    await before.check(callback.href);
    const after = await before.check(`${SHOP}/x`, { manner: 'script' });
    expect([after.status, after.reason]).toEqual([401, 'login-needed']);
    expect(redemptions()).toBe(1);
  });
  test.each(['HEAD', 'POST', 'PUT', 'OPTIONS', 'DELETE'])('%s uses nothing up', async (method) => {
    const { browser, callback } = await start();
    expect([405]).toContain((await browser.check(callback.href, { method })).status);
    const prefetch = await browser.check(callback.href, { lines: ['Sec-Purpose', 'prefetch;prerender'] });
    expect(prefetch.status).toBe(401);
    expect(redemptions()).toBe(0);
    expect((await browser.check(callback.href)).reason).toBe('login-completed');
  });
  test('a thousand random callbacks call nobody and set no cookie', async () => {
    for (let index = 0; index < 1000; index += 50)
      await Promise.all(
        Array.from({ length: 50 }, async (_, at) => {
          const answer = await new Browser(world).check(`${SHOP}/_auth/callback?code=x&state=${index + at}`);
          expect([answer.status, answer.setCookie]).toEqual([400, []]);
        }),
      );
    expect(op.requests).toEqual([]);
  });
});

test('a login as another person replaces the session whole, and the old one is dead', async () => {
  const { browser, callback } = await start();
  await browser.check(callback.href);
  const alice = browser.copy();
  op.misbehaviour = { idTokenClaims: (claims) => ({ ...claims, sub: 'mallory' }) };
  const started = await browser.check(`${SHOP}/_auth/login`);
  await browser.check(op.authorize(String(started.headers.location)).href);
  const me = JSON.parse((await browser.page(`${SHOP}/_auth/me`, { manner: 'script' })).body) as {
    subject: string;
  };
  expect(me.subject).toBe('mallory');
  expect((await alice.check(`${SHOP}/x`, { manner: 'script' })).reason).toBe('login-needed');
});

// A logout is final (design section 5): a further login whose callback was under way must not bring the ended session's
// tokens back. That it opens a session of its own is the provider's word; what it inherits is ours.
test('a logout during a step-up does not revive the tokens of the session that ended', async () => {
  const { browser, callback } = await start();
  await browser.check(callback.href);
  const more = await browser.check(`${SHOP}/ops`);
  expect(more.reason).toBe('login-started');
  const second = op.authorize(String(more.headers.location));
  op.misbehaviour = {
    answer: async (path) => {
      if (path === '/token') await new Promise((resolve) => setTimeout(resolve, 400));
      return false;
    },
  };
  const tab = browser.copy();
  const finishing = tab.check(second.href);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const out = await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
  expect(out.reason).toBe('logged-out');
  await finishing;
  const after = await tab.check(`${SHOP}/x`, { manner: 'script' });
  expect([after.status, after.reason]).not.toEqual([200, 'permitted']);
});
