import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { expectWellFormed, loginUrlOf } from '../support/refusals.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const SHOP_RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid, profile, email, "orders:read"], ask: listed }
origins: [https://www.example.com]
rules:
  /: public
  /account/**: authenticated
  /orders/**: ["orders:read"]
  /write/**: ["orders:write"]
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
  /closed/**: deny
  /read-only/**: { GET: public }
`;
const ASKED_RULES = `
app: asked
hosts: [asked.localhost, shop.example.com]
audience: https://api.shop.localhost
login: { scopes: [openid], ask: rules }
rules:
  /account: authenticated
  /write/**: ["orders:write"]
`;

let world: World;
let known: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: { 'shop.yaml': SHOP_RULES, 'asked.yaml': ASKED_RULES },
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
    hosts: ['shop.localhost:8080', 'asked.localhost:8080', 'shop.example.com'],
  });
  known = new Browser(world);
  await known.signIn(`${SHOP}/orders/1`);
  await known.signIn('http://asked.localhost:8080/account');
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Every way to ask. The first two are page loads. */
const MANNERS: Readonly<Record<string, Ask>> = {
  'page load': {},
  HEAD: { method: 'HEAD' },
  form: { method: 'POST', manner: 'form', lines: ['Origin', SHOP] },
  frame: { manner: 'frame' },
  script: { manner: 'script' },
  'XMLHttpRequest of old': { manner: 'plain', lines: ['Accept', 'text/html', 'X-Requested-With', 'x'] },
  websocket: { manner: 'websocket' },
  'server-sent events': { manner: 'events' },
  'API client': { manner: 'plain', lines: ['Accept', '*/*'] },
  prefetch: { lines: ['Sec-Purpose', 'prefetch;prerender'] },
  'page load without Fetch Metadata': { manner: 'plain', lines: ['Accept', 'text/html,*/*;q=0.8'] },
};
const PAGE_LOADS = ['page load', 'HEAD', 'page load without Fetch Metadata'];
const PAGES = [...PAGE_LOADS, 'form', 'frame'];

interface Situation {
  readonly url: string;
  readonly anonymous?: true;
  readonly lines?: readonly string[];
  /** Status and reason for a page load, and for anything else. */
  readonly page: readonly [number, string];
  readonly other: readonly [number, string];
  readonly challenge?: string;
  readonly login?: true;
}
const same = (status: number, reason: string) => ({
  page: [status, reason] as const,
  other: [status, reason] as const,
});
const REALM = 'Bearer realm="shop.localhost"';

const SITUATIONS: Readonly<Record<string, Situation>> = {
  'nobody known': {
    url: `${SHOP}/account/a`,
    anonymous: true,
    page: [302, 'login-started'],
    other: [401, 'login-needed'],
    challenge: REALM,
    login: true,
  },
  'no token for the audience': {
    url: `${SHOP}/status/1`,
    page: [302, 'login-started'],
    other: [401, 'audience-not-held'],
    challenge: REALM,
    login: true,
  },
  'scopes not asked for yet': {
    url: `${SHOP}/write/1`,
    page: [302, 'login-started'],
    other: [403, 'scopes-not-asked'],
    challenge: `${REALM}, error="insufficient_scope", scope="orders:write"`,
    login: true,
  },
  'scopes missing otherwise': {
    url: 'http://asked.localhost:8080/write/1',
    ...same(403, 'scope-missing'),
    challenge: 'Bearer realm="asked.localhost", error="insufficient_scope", scope="orders:write"',
  },
  'bad bearer': {
    url: `${SHOP}/orders/1`,
    lines: ['Authorization', 'Bearer nonsense'],
    ...same(401, 'token-malformed'),
    challenge:
      'Bearer realm="shop.localhost", error="invalid_token", error_description="It is not a signed JWT in its one canonical spelling."',
  },
  'unknown host': { url: 'https://evil.example/account', ...same(403, 'unknown-host') },
  'no rule': { url: `${SHOP}/nowhere`, ...same(403, 'no-rule') },
  'rule says deny': { url: `${SHOP}/closed/x`, ...same(403, 'rule-deny') },
  'ambiguous path': { url: `${SHOP}/account/%2e%2e/x`, ...same(400, 'path-ambiguous') },
  'foreign port': { url: 'https://shop.example.com:8443/account', ...same(421, 'foreign-port') },
  'host with a final dot': { url: 'https://shop.example.com./account', ...same(421, 'foreign-port') },
};

const CELLS = Object.entries(SITUATIONS).flatMap(([situation, what]) =>
  Object.entries(MANNERS).map(([manner, ask]) => ({ situation, manner, ask, ...what })),
);

describe('the table of answers', () => {
  test.each(Object.entries(MANNERS))('permitted: %s', async (manner, ask) => {
    const lines = manner === 'form' ? ['Origin', SHOP] : (ask.lines ?? []);
    const answer = await known.check(`${SHOP}/orders/1`, { ...ask, lines });
    expect(answer).toMatchObject({ status: 200, reason: 'permitted', body: '' });
    expect(answer.headers).toMatchObject({
      'x-auth-subject': 'anna',
      'x-auth-client': 'shop',
      'x-auth-scopes': 'orders:read',
      authorization: expect.stringMatching(/^Bearer ey/),
    });
    expect(answer.setCookie).toEqual([]);
  });

  test.each(CELLS)('$situation: $manner', async (cell) => {
    const { url, anonymous, page, other, challenge, login, ask, manner } = cell;
    const browser = anonymous === true ? new Browser(world) : known.copy();
    const isLoad = PAGE_LOADS.includes(manner);
    const origin = new URL(url).origin;
    const lines = (ask.lines ?? []).map((line) => (line === SHOP ? origin : line));
    const answer = await browser.check(url, { ...ask, lines: [...lines, ...(cell.lines ?? [])] });
    const [status, reason] = isLoad ? page : other;
    expect([answer.status, answer.reason]).toEqual([status, reason]);
    expectWellFormed(world, answer, PAGES.includes(manner));
    if (status === 302) {
      expect(answer.headers.location).toMatch(new RegExp(`^${world.issuer}/auth\\?`));
      expect(answer.setCookie.length > 0).toBe(manner !== 'HEAD');
      return;
    }
    expect(answer.setCookie).toEqual([]);
    expect(answer.headers['www-authenticate']).toBe(challenge);
    if (!PAGES.includes(manner)) expect(loginUrlOf(answer) !== undefined).toBe(login === true);
    if (login === true && manner === 'form') expect(answer.body).toMatch(/nothing was sent/);
    if (login === true && manner === 'frame') expect(answer.body).toMatch(/target="_top"/);
    if (reason === 'scope-missing' && PAGES.includes(manner)) expect(answer.body).toContain('orders:write');
  });

  test.each([
    ['PROPFIND', '/account/a', 'method-not-listed'],
    ['FOO', '/', 'method-not-listed'],
    ['get', '/', 'method-not-listed'],
    ['TRACE', '/', 'method-not-listed'],
    ['CONNECT', '/orders/1', 'method-not-listed'],
    ['POST', '/read-only/1', 'method-not-listed'],
    ['HEAD', '/read-only/1', 'public'],
    ['OPTIONS', '/', 'public'],
  ])('%s %s: %s', async (method, path, reason) => {
    const answer = await known.check(SHOP + path, { method });
    expect([answer.status, answer.reason]).toEqual([reason === 'public' ? 200 : 403, reason]);
  });

  test.each([
    ['If-None-Match', '*'],
    ['If-Modified-Since', 'Tue, 01 Jan 2030 00:00:00 GMT'],
    ['If-Match', '"none"'],
    ['Range', 'bytes=0-0'],
    ['Expect', '100-continue'],
    ['Expect', 'nonsense'],
    ['Upgrade', 'websocket'],
    ['X-HTTP-Method-Override', 'DELETE'],
    ['X-Forwarded-Prefix', '/closed'],
    ['X-Original-URL', '/closed/x'],
    ['Forwarded', 'host=evil.example'],
  ])('%s: %s changes nothing', async (name, value) => {
    const lines = [name, value, ...(name === 'Upgrade' ? ['Connection', 'Upgrade'] : [])];
    const permitted = await known.check(`${SHOP}/orders/1`, { lines });
    expect([permitted.status, permitted.reason]).toEqual([200, 'permitted']);
    const refused = await known.check(`${SHOP}/closed/x`, { lines });
    expect([refused.status, refused.reason]).toEqual([403, 'rule-deny']);
    expectWellFormed(world, refused, true);
  });

  test.each([
    ['GET', 'text/html;q=0.5, application/json', 401],
    ['GET', 'application/json, text/html', 401],
    ['GET', 'application/xhtml+xml, */*;q=0.1', 302],
    ['GET', 'TEXT/HTML', 302],
    ['GET', '', 401],
  ])('without Fetch Metadata %s with Accept: %s is %i', async (method, accept, status) => {
    const lines = ['Accept', accept];
    const answer = await new Browser(world).check(`${SHOP}/account/a`, { method, manner: 'plain', lines });
    expect(answer.status).toBe(status);
  });

  test.each([
    [['Sec-Fetch-Mode', 'navigate'], 302],
    [['Sec-Fetch-Dest', 'document'], 302],
    [['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'object'], 401],
    [['Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image'], 401],
    [['Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'document'], 401],
    [['Sec-Fetch-Mode', 'navigate, navigate', 'Sec-Fetch-Dest', 'document'], 401],
    [['Sec-Fetch-Mode', 'navigate', 'Purpose', 'prefetch'], 401],
    [['Sec-Fetch-Site', 'none'], 302],
  ])('%j with text/html is %i', async (lines, status) => {
    const ask: Ask = { manner: 'plain', lines: ['Accept', 'text/html', ...lines] };
    expect(await new Browser(world).check(`${SHOP}/account/a`, ask)).toMatchObject({ status });
  });
});

describe('login_url', () => {
  test.each([
    [undefined, `${SHOP}/`],
    [`${SHOP}/cart?a=1&b=%20#x`, `${SHOP}/cart?a=1&b=%20#x`],
    ['http://asked.localhost:8080/account', 'http://asked.localhost:8080/account'],
    ['https://www.example.com/page', 'https://www.example.com/page'],
    ['https://www.example.com:444/page', `${SHOP}/`],
    ['https://evil.example/page', `${SHOP}/`],
    ['https://shop.localhost.evil.example/', `${SHOP}/`],
    ['http://anna@shop.localhost:8080/', `${SHOP}/`],
    ['javascript:alert(1)', `${SHOP}/`],
    ['nonsense', `${SHOP}/`],
  ])('for a Referer %s comes back to %s', async (referer, rd) => {
    const lines = referer === undefined ? [] : ['Referer', referer];
    const answer = await new Browser(world).check(`${SHOP}/account/api?secret=1`, {
      manner: 'script',
      lines,
    });
    expect(loginUrlOf(answer)).toMatchObject({ rd });
    expect(loginUrlOf(answer)?.href).toMatch(new RegExp(`^${SHOP}/_auth/login\\?rd=`));
  });

  test('asks for what is missing, and a page that follows it can go on', async () => {
    const browser = new Browser(world);
    await browser.signIn(`${SHOP}/account/`);
    // Once for the audience, once for the scope: `ask: listed` may take both steps.
    for (let step = 0; step < 2; step += 1) {
      const refused = await browser.check(`${SHOP}/status/1`, { manner: 'script' });
      if (refused.status === 200) break;
      const login = await browser.check(String(loginUrlOf(refused)?.href));
      const done = await browser.check(await browser.atProvider(String(login.headers.location)));
      expect([done.status, done.reason]).toEqual([303, 'login-completed']);
    }
    expect(await browser.check(`${SHOP}/status/1`, { manner: 'script' })).toMatchObject({ status: 200 });
    expect(await browser.check(`${SHOP}/orders/1`, { manner: 'script' })).toMatchObject({ status: 200 });
  });
});

describe('the checked listener', () => {
  const ask = (...lines: string[]): Promise<Answer> => world.send('listen', '/verify', lines);
  const whole = ['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', 'a'];
  test.each([
    [[], 'forwarded-header-missing'],
    [whole, 'forwarded-header-missing'],
    [[...whole, 'X-Forwarded-Uri', ''], 'forwarded-header-missing'],
    [[...whole, 'X-Forwarded-Uri', '/', 'X-Forwarded-Uri', '/'], 'forwarded-header-repeated'],
    [[...whole, 'X-Forwarded-Uri', 'x'], 'target-malformed'],
    [[...whole, 'X-Forwarded-Uri', '//evil/x'], 'target-malformed'],
    [[...whole, 'X-Forwarded-Uri', '/#x'], 'target-malformed'],
    [[...whole.with(3, 'ftp'), 'X-Forwarded-Uri', '/'], 'proto-malformed'],
    [[...whole.with(3, 'https,http'), 'X-Forwarded-Uri', '/'], 'proto-malformed'],
    [[...whole.with(1, 'GET,POST'), 'X-Forwarded-Uri', '/'], 'method-malformed'],
    [[...whole.with(5, 'a,b'), 'X-Forwarded-Uri', '/'], 'host-malformed'],
    [[...whole.with(5, 'shop.localhost@evil'), 'X-Forwarded-Uri', '/'], 'host-malformed'],
  ])('%j is 400 %s', async (lines, reason) => {
    const answer = await ask(...lines);
    expect([answer.status, answer.reason]).toEqual([400, reason]);
    expectWellFormed(world, answer, false);
  });

  test('two Authorization lines are 400, on a public path too', async () => {
    const lines = ['Authorization', 'Basic eDp5', 'Authorization', 'Bearer x'];
    for (const path of ['/', '/orders/1']) {
      const answer = await new Browser(world).check(SHOP + path, { manner: 'plain', lines });
      expect([answer.status, answer.reason]).toEqual([400, 'authorization-repeated']);
      expect(answer.headers['www-authenticate']).toBe(`${REALM}, error="invalid_request"`);
    }
  });
});
