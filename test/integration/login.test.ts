import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const LISTED = 'http://listed.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost, shop.example.com]
audience: https://api.shop.localhost
login: { scopes: [openid, profile, email] }
origins: [https://www.example.com]
headers: { X-Forwarded-Email: email }
rules:
  /: public
  /account/**: authenticated
  /api/orders/**:
    GET: ["orders:read"]
    POST: ["orders:write"]
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
  /nowhere/**: { audience: https://api.nowhere.localhost, all: [any] }
`;
const LISTED_RULES = `
app: listed
hosts: [listed.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid], ask: listed }
rules:
  /account/**: authenticated
  /read/**: ["orders:read"]
  /write/**: ["orders:write"]
  /both/**: { all: ["orders:read", "orders:write"] }
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
`;

const requests: string[] = [];
const tokenRequests = (): number => requests.filter((line) => line === 'POST /token').length;
let offset = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;
const rules = { 'shop.yaml': RULES, 'listed.yaml': LISTED_RULES };
const hosts = ['shop.localhost:8080', 'listed.localhost:8080', 'shop.example.com'];
const common = {
  people: PEOPLE,
  resources: RESOURCES,
  onRequest: (method: string, url: string) => void requests.push(`${method} ${url}`),
};

let world: World;
let browser: Browser;
beforeAll(async () => {
  world = await startTestWorld({ rules, provider: { ...common, signedInAs: 'anna' }, hosts, now });
});
beforeEach(() => {
  offset = 0;
  requests.length = 0;
  browser = new Browser(world);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** @returns the callback of a login that was begun by opening the page. */
const begin = async (url: string, by = browser): Promise<string> => {
  const started = await by.check(url);
  expect([started.status, started.reason]).toEqual([302, 'login-started']);
  return by.atProvider(String(started.headers.location));
};
const authorizationOf = async (answer: Answer): Promise<URLSearchParams> =>
  new URL(String(answer.headers.location)).searchParams;
const query = (url: string, change: (parameters: URLSearchParams) => void): string => {
  const changed = new URL(url);
  change(changed.searchParams);
  return changed.href;
};

describe('a login', () => {
  test.each([
    `${SHOP}/account/a~b?q=%20Z&x="<>&a=1&a=2`,
    `${SHOP}/account/Gr%C3%B6%C3%9Fe/?Q=%2F%2f&&=;`,
    `${SHOP}/account/?q=\u00c3\u00bc`,
    `${SHOP}/account/?`,
    'https://shop.example.com/account/x',
  ])('brings the person back to the very URL asked for, byte for byte: %s', async (url) => {
    const done = await browser.signIn(url);
    expectAnswer(done, 303, 'login-completed');
    expect(done.headers).toMatchObject({
      location: url,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    const secure = url.startsWith('https');
    for (const line of done.setCookie) {
      expect(line).toMatch(secure ? /^__Host-postern/ : /^postern/);
      expect(line).toMatch(/; path=\/;.*; httponly$/i);
      expect([/; secure/i.test(line), /; samesite=lax/i.test(line), /domain=/i.test(line)]).toEqual([
        secure,
        true,
        false,
      ]);
      expect(line.indexOf(';')).toBeLessThanOrEqual(4096);
    }
    const page = await browser.check(url);
    expectAnswer(page, 200, 'permitted');
    expect(page.headers).toMatchObject({
      'x-auth-subject': 'anna',
      'x-auth-client': 'shop',
      'x-forwarded-email': 'anna@example.com',
      authorization: expect.stringMatching(/^Bearer ey/),
    });
    expect(page.headers.cookie).toBeUndefined();
  });

  test('that lacks a scope ends in a 403, never in a second redirect', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const answer = await browser.check(`${SHOP}/api/orders/1`, { method: 'POST', manner: 'script' });
    expectAnswer(answer, 403, 'scope-missing');
  });

  test.each([
    [1000, true],
    [1024, true],
    [1500, true],
    [2048, true],
    [2049, false],
    [8192, false],
  ])('for a URL of %i bytes comes back to it: %s', async (length, back) => {
    const target = '/account/?q='.padEnd(length, '%C3%A4');
    const done = await browser.signIn(SHOP + target);
    expect(done.headers.location).toBe(SHOP + (back ? target : '/'));
  });

  test('is needed again when the token has expired', async () => {
    await browser.signIn(`${SHOP}/account/`);
    offset = 595;
    expectAnswer(await browser.check(`${SHOP}/account/`, { manner: 'script' }), 401, 'session-expired');
    expectAnswer(await browser.check(`${SHOP}/account/`), 302, 'login-started');
    offset = 585;
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });
});

describe('a further login', () => {
  test('of the same person keeps the other tokens, and each expires by itself', async () => {
    await browser.signIn(`${SHOP}/account/`);
    offset = 300;
    await browser.signIn(`${SHOP}/_auth/login?rd=/`);
    await browser.signIn(`${SHOP}/status/1`);
    for (const path of ['/account/', '/status/1'])
      expectAnswer(await browser.check(SHOP + path), 200, 'permitted');
    offset = 0;
  });

  test('begun in several tabs at once leaves one session that lives', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const callbacks: string[] = [];
    for (const path of ['/status/1', '/status/2', '/status/3']) callbacks.push(await begin(SHOP + path));
    const answers = await Promise.all(callbacks.map((callback) => browser.check(callback)));
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303]);
    expectAnswer(await browser.check(`${SHOP}/status/1`), 200, 'permitted');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });

  test('after a form was posted says that nothing was sent', async () => {
    await browser.signIn(`${SHOP}/account/`);
    offset = 700;
    const answer = await browser.check(`${SHOP}/account/`, { method: 'POST', manner: 'form' });
    expectAnswer(answer, 401, 'session-expired');
    expect(answer.body).toMatch(/nothing was sent/);
    expect(answer.body).toMatch(/target="_blank"/);
  });
});

describe('tabs', () => {
  test.each([1, 7, 11])('twenty of them, completed in random order (%i), all arrive', async (step) => {
    const urls = Array.from({ length: 20 }, (_, index) => `${SHOP}/account/tab-${index}`);
    const callbacks: string[] = [];
    for (const url of urls) {
      const started = await browser.check(url);
      expectAnswer(started, 302, 'login-started');
      expect(browser.cookieHeader(SHOP).length).toBeLessThanOrEqual(6 * 1024);
      callbacks.push(await browser.copy().atProvider(String(started.headers.location)));
    }
    for (let index = 0; index < 20; index += 1) {
      const tab = (19 + index * step * 3) % 20;
      let answer = await browser.check(String(callbacks[tab]));
      if (answer.status === 302)
        answer = await browser.check(await browser.atProvider(String(answer.headers.location)));
      expect(answer).toMatchObject({ status: 303, headers: { location: urls[tab] } });
      expectAnswer(await browser.check(String(urls[tab])), 200, 'permitted');
    }
  });

  test('completed within a minute stand in the way of no further need: the session is there', async () => {
    const callbacks = [await begin(`${SHOP}/account/1`), await begin(`${SHOP}/account/2`)];
    for (const callback of callbacks) expectAnswer(await browser.check(callback), 303, 'login-completed');
    expectAnswer(await browser.check(`${SHOP}/status/1`), 302, 'login-started');
  });

  test('three needs of one minute are three logins, not a loop', async () => {
    for (const path of ['/account/', '/read/1', '/status/1']) {
      for (let login = 0; login < 3; login += 1) {
        const answer = await browser.check(LISTED + path);
        if (answer.status === 200) break;
        expectAnswer(answer, 302, 'login-started');
        const done = await browser.check(await browser.atProvider(String(answer.headers.location)));
        expectAnswer(done, 303, 'login-completed');
      }
      expectAnswer(await browser.check(LISTED + path), 200, 'permitted');
    }
  });
});

describe('a callback', () => {
  test('that comes late is a page with a way to begin again', async () => {
    const callback = await begin(`${SHOP}/account/late`);
    offset = 601;
    const answer = await browser.check(callback);
    expectAnswer(answer, 400, 'callback-expired');
    expectWellFormed(world, answer, true);
    expect(answer.body).toContain(`/_auth/login?rd=${encodeURIComponent('/account/late')}`);
    expect(tokenRequests()).toBe(0);
  });

  test('sent ten times at once redeems its code once and opens one session', async () => {
    const callback = await begin(`${SHOP}/account/`);
    const answers = await Promise.all(Array.from({ length: 10 }, () => browser.check(callback)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 303));
    expect(new Set(answers.map(({ setCookie }) => setCookie.join())).size).toBe(1);
    expect(tokenRequests()).toBe(1);
  });

  test('replayed leads to its page with a session, and begins afresh once without', async () => {
    const callback = await begin(`${SHOP}/account/again`);
    await browser.check(callback);
    const resumed = await browser.check(callback);
    expectAnswer(resumed, 303, 'login-resumed');
    expect(resumed).toMatchObject({ setCookie: [], headers: { location: `${SHOP}/account/again` } });

    await browser.forget(SHOP, /^postern/);
    const afresh = await browser.check(callback);
    expectAnswer(afresh, 302, 'login-started');
    const second = await browser.atProvider(String(afresh.headers.location));
    await browser.forget(SHOP, /^postern/);
    const explained = await browser.check(second);
    expectAnswer(explained, 400, 'callback-cookie-missing');
    expectWellFormed(world, explained, true);
    expect(explained.body).toMatch(/cookie/i);
    expect(tokenRequests()).toBe(1);
  });

  test('replayed with its old cookie after the logout brings no session back', async () => {
    const callback = await begin(`${SHOP}/account/`);
    const thief = browser.copy();
    await browser.check(callback);
    await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines: ['Origin', SHOP] });
    await thief.check(callback);
    expect((await thief.check(`${SHOP}/account/`)).status).toBe(302);
    expect(tokenRequests()).toBe(1);
  });

  test('of a foreign browser opens no session there', async () => {
    const callback = await begin(`${SHOP}/account/`);
    const victim = new Browser(world);
    expectAnswer(await victim.check(callback), 302, 'login-started');
    expect(tokenRequests()).toBe(0);
    expect(victim.cookieNames(SHOP)).toEqual([expect.stringMatching(/^postern-t\./), expect.any(String)]);
  });

  test('with a stolen code and an own state fails', async () => {
    const stolen = new URL(await begin(`${SHOP}/account/`)).searchParams.get('code');
    const thief = new Browser(world);
    const own = query(await begin(`${SHOP}/account/`, thief), (parameters) =>
      parameters.set('code', String(stolen)),
    );
    expectAnswer(await thief.check(own), 502, 'provider-answer-invalid');
    expect((await thief.check(`${SHOP}/account/`)).status).toBe(302);
  });

  test.each(['first', 'middle', 'last', 'missing', 'empty', 'twice', 'foreign host'])(
    'with a state that is wrong (%s) touches nothing',
    async (fault) => {
      const callback = await begin(`${SHOP}/account/`);
      const state = String(new URL(callback).searchParams.get('state'));
      const flip = (at: number): string =>
        `${state.slice(0, at)}${state[at] === 'A' ? 'B' : 'A'}${state.slice(at + 1)}`;
      const wrong = {
        first: flip(0),
        middle: flip(Math.floor(state.length / 2)),
        last: flip(state.length - 3),
        empty: '',
      }[fault];
      const url = query(callback, (parameters) => {
        if (fault === 'missing') parameters.delete('state');
        if (fault === 'twice') parameters.append('state', state);
        if (wrong !== undefined) parameters.set('state', wrong);
      });
      const where = fault === 'foreign host' ? callback.replace(SHOP, LISTED) : url;
      const answer = await browser.check(where);
      expectAnswer(answer, 400, fault === 'twice' ? 'callback-malformed' : 'callback-state');
      expectWellFormed(world, answer, true);
      expect(answer.setCookie).toEqual([]);
      expect(tokenRequests()).toBe(0);
      expectAnswer(await browser.check(callback), 303, 'login-completed');
    },
  );

  test.each<[code: string, status: number, reason: string, words: string]>([
    [
      'access_denied',
      403,
      'provider-refused',
      'The sign-in was declined, or this account may not use the app.',
    ],
    [
      'consent_required',
      403,
      'provider-refused',
      'The app needs your consent, and the provider did not get it.',
    ],
    ['login_required', 403, 'provider-refused', 'The provider has no session for you any more.'],
    ['interaction_required', 403, 'provider-refused', 'The provider needs you to do something first.'],
    ['account_selection_required', 403, 'provider-refused', 'Choose an account at the provider.'],
    ['unauthorized_client', 403, 'provider-refused', 'The provider has switched this app off'],
    ['invalid_scope', 403, 'provider-refused', 'asks for a permission that the provider does not know'],
    ['invalid_target', 403, 'provider-refused', 'asks for a resource that the provider does not know'],
    ['invalid_request', 403, 'provider-refused', 'did not understand the request of this app'],
    ['unsupported_response_type', 403, 'provider-refused', 'The provider gave no further reason.'],
    ['unmet_authentication_requirements', 403, 'provider-refused', 'The provider gave no further reason.'],
    ['not_a_known_code', 403, 'provider-refused', 'The provider gave a reason that is not known here.'],
    ['temporarily_unavailable', 503, 'provider-unavailable', 'Please try again in a moment.'],
    ['server_error', 503, 'provider-unavailable', 'Please try again in a moment.'],
  ])(
    'an answer %s is %i %s: a page that says what happened and how to go on',
    async (code, status, reason, words) => {
      const callback = await begin(`${SHOP}/account/`);
      const answer = await browser.check(query(callback, (parameters) => parameters.set('error', code)));
      expectAnswer(answer, status, reason);
      expectWellFormed(world, answer, true);
      expect(answer.headers.location).toBeUndefined();
      expect(answer.body).toContain(words);
      expect(answer.body.includes('Try again')).toBe(true);
      expect(answer.body.includes('Use another account')).toBe(status === 403);
      expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
      expect(answer.body.includes('not_a_known_code')).toBe(false);
      // Nothing is held against the next attempt.
      expectAnswer(await browser.signIn(`${SHOP}/account/`), 303, 'login-completed');
    },
  );

  test.each<[string, number, string, (parameters: URLSearchParams, issuer: string) => void]>([
    ['access_denied', 403, 'provider-refused', (p) => p.set('error', 'access_denied')],
    ['unauthorized_client', 403, 'provider-refused', (p) => p.set('error', 'unauthorized_client')],
    ['server_error', 503, 'provider-unavailable', (p) => p.set('error', 'server_error')],
    ['a strange error', 403, 'provider-refused', (p) => p.set('error', '<b>strange</b>')],
    ['an error repeated', 400, 'callback-malformed', (p) => p.append('error_uri', 'b')],
    ['iss of another', 400, 'callback-issuer', (p) => p.set('iss', 'https://evil.example')],
    ['iss with a slash', 400, 'callback-issuer', (p, issuer) => p.set('iss', `${issuer}/`)],
    ['no iss', 400, 'callback-issuer', (p) => p.delete('iss')],
    [
      'an error of another',
      400,
      'callback-issuer',
      (p) => {
        p.set('iss', 'https://evil.example');
        p.set('error', 'access_denied');
      },
    ],
    ['code twice', 400, 'callback-malformed', (p) => p.append('code', 'b')],
    ['no code', 400, 'callback-malformed', (p) => p.delete('code')],
    ['an access token', 400, 'callback-malformed', (p) => p.set('access_token', 'x')],
    ['an ID token', 400, 'callback-malformed', (p) => p.set('id_token', 'x')],
    ['a JARM response', 400, 'callback-malformed', (p) => p.set('response', 'x')],
  ])('that brings %s is %i %s, without a token request', async (_, status, reason, change) => {
    const callback = await begin(`${SHOP}/account/`);
    const url = query(callback, (parameters) => {
      parameters.set('error_description', `<script>${'x'.repeat(9000)}`);
      parameters.set('error_uri', 'https://evil.example/');
      change(parameters, world.issuer);
    });
    const answer = await browser.check(url);
    expectAnswer(answer, status, reason);
    expectWellFormed(world, answer, true);
    expect(answer.body).not.toMatch(/<script|xxxx|evil\.example|strange/);
    expect(tokenRequests()).toBe(0);
    // The transaction is spent, and nothing goes round by itself.
    expect(browser.cookieNames(SHOP).filter((name) => name.startsWith('postern-t.'))).toEqual([]);
    expect((await browser.check(`${SHOP}/account/`)).status).toBe(302);
  });

  test('is not used up by HEAD, POST or a prefetch', async () => {
    const callback = await begin(`${SHOP}/account/`);
    for (const ask of [
      { method: 'HEAD' },
      { method: 'POST' },
      { lines: ['Sec-Purpose', 'prefetch'] },
      { lines: ['Purpose', 'prefetch'] },
    ]) {
      const answer = await browser.check(callback, ask);
      expect([401, 405]).toContain(answer.status);
      expect(answer.setCookie).toEqual([]);
    }
    expect(tokenRequests()).toBe(0);
    expectAnswer(await browser.check(callback), 303, 'login-completed');
  });
});

describe('a loop', () => {
  test('of a browser that drops its session ends with the third login, and logging out clears it', async () => {
    for (let login = 0; login < 2; login += 1) {
      await browser.signIn(`${SHOP}/account/`);
      await browser.forget(SHOP, /^postern(?:\.\d)?(?:\.sig)?$/);
    }
    const answer = await browser.check(`${SHOP}/account/`);
    expectAnswer(answer, 403, 'login-loop');
    expectWellFormed(world, answer, true);
    expect(answer.body).toMatch(/cookies/);
    offset = 61;
    expectAnswer(await browser.check(`${SHOP}/account/`), 302, 'login-started');
    offset = 0;
    expectAnswer(await browser.check(`${SHOP}/_auth/login?rd=/`), 302, 'login-started');
    await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines: ['Origin', SHOP] });
    expectAnswer(await browser.check(`${SHOP}/account/`), 302, 'login-started');
  });
});

describe('a loop by time', () => {
  test('ends soon, where the clock is ahead so far that every token is born old', async () => {
    offset = 595;
    const answers: string[] = [];
    for (let login = 0; login < 6; login += 1) {
      const answer = await browser.check(`${SHOP}/account/`);
      answers.push(answer.reason);
      if (answer.status !== 302) break;
      const done = await browser.check(await browser.atProvider(String(answer.headers.location)));
      expectAnswer(done, 303, 'login-completed');
    }
    expect(answers).toEqual([
      ...Array.from({ length: answers.length - 1 }, () => 'login-started'),
      'login-loop',
    ]);
    expect(answers.length).toBeLessThanOrEqual(5);
  });
});

describe('the authorization request', () => {
  const PARAMETERS = [
    ...['client_id', 'code_challenge', 'code_challenge_method', 'nonce', 'redirect_uri', 'resource'],
    ...['response_type', 'scope', 'state'],
  ];
  test('takes nothing from the query of the page', async () => {
    const injected =
      'prompt=none&scope=admin&redirect_uri=https://evil.example/&acr_values=x&login_hint=x&request=x&resource=x&max_age=0&client_id=x&response_mode=fragment&rd=x';
    for (const path of ['/account/', '/_auth/login']) {
      const asked = await authorizationOf(await browser.check(`${SHOP}${path}?${injected}`));
      expect([...asked.keys()].sort()).toEqual(PARAMETERS);
      expect(Object.fromEntries(asked)).toMatchObject({
        client_id: 'shop',
        redirect_uri: `${SHOP}/_auth/callback`,
        resource: 'https://api.shop.localhost',
        response_type: 'code',
        code_challenge_method: 'S256',
        scope: 'openid profile email orders:read orders:write',
      });
    }
  });

  test.each([
    ['shop.example.com', 'https://shop.example.com'],
    ['SHOP.Example.com:443', 'https://shop.example.com'],
    ['shop.localhost:8080', SHOP],
    ['Shop.LOCALHOST:8080', SHOP],
    ['shop.localhost', 'http://shop.localhost'],
  ])('comes back to the public origin of %s, whatever the proxy says of the scheme', async (host, origin) => {
    for (const proto of ['http', 'https', 'ws', 'wss', 'HTTPS']) {
      const answer = await world.send('listen', '/verify', [
        ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', proto, 'X-Forwarded-Host', host],
        ...['X-Forwarded-Uri', '/account/', 'Accept', 'text/html', 'Host', 'evil.example'],
        ...[
          'X-Forwarded-Port',
          '9',
          'X-Forwarded-Prefix',
          '/evil',
          'Forwarded',
          'host=evil.example;proto=http',
        ],
      ]);
      expectAnswer(answer, 302, 'login-started');
      expect((await authorizationOf(answer)).get('redirect_uri')).toBe(`${origin}/_auth/callback`);
      const secure = origin.startsWith('https');
      for (const line of answer.setCookie) {
        expect(line.startsWith('__Host-')).toBe(secure);
        expect(/; secure/i.test(line)).toBe(secure);
      }
    }
  });

  test('is fresh every time', async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, async () => authorizationOf(await browser.check(`${SHOP}/account/`))),
    );
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = all.map((asked) => String(asked.get(name)));
      expect(new Set(values).size).toBe(50);
      for (const value of values) expect(value.length).toBeGreaterThanOrEqual(22);
    }
  });

  test.each([
    ['select_account', 'select_account'],
    ['none', null],
    ['login', null],
    ['consent', null],
    ['select_account login', null],
    ['', null],
  ])('prompt=%s asks for %s', async (prompt, sent) => {
    const answer = await browser.check(`${SHOP}/_auth/login?prompt=${encodeURIComponent(prompt)}`);
    expect((await authorizationOf(answer)).get('prompt')).toBe(sent);
  });

  test.each([
    [`${SHOP}/account/`, 'openid profile email orders:read orders:write', 'https://api.shop.localhost'],
    [`${SHOP}/status/1`, 'openid profile email status:read', 'https://api.ops.localhost'],
    [`${LISTED}/account/`, 'openid', 'https://api.shop.localhost'],
  ])('for %s asks for %s of %s', async (url, scope, resource) => {
    const asked = await authorizationOf(await browser.check(url));
    expect([asked.get('scope'), asked.getAll('resource')]).toEqual([scope, [resource]]);
  });

  test.each([
    [`${SHOP}/_auth/login`, { scope: 'orders:read admin', audience: 'https://evil.example' }, 'api.shop'],
    [`${LISTED}/_auth/login`, { scope: 'status:read orders:read' }, 'api.shop'],
    [`${LISTED}/_auth/login`, { scope: 'status:read', audience: 'https://api.ops.localhost' }, 'api.ops'],
  ])('of %s with %j asks only for what rules name', async (url, more, resource) => {
    const answer = await browser.check(`${url}?${new URLSearchParams(more)}`);
    const asked = await authorizationOf(answer);
    expect(asked.get('resource')).toBe(`https://${resource}.localhost`);
    expect(asked.get('scope')).not.toMatch(/admin/);
    if (resource === 'api.shop') expect(asked.get('scope')).not.toMatch(/status/);
    else expect(asked.get('scope')).toBe('openid status:read');
  });
});

describe('rd', () => {
  const ROOT = `${SHOP}/`;
  test.each([
    ['/account/x?y=1', `${SHOP}/account/x?y=1`],
    [`${SHOP}/account/x`, `${SHOP}/account/x`],
    ['http://listed.localhost:8080/read/1', 'http://listed.localhost:8080/read/1'],
    ['https://www.example.com/a', 'https://www.example.com/a'],
    ['https://shop.example.com/a', 'https://shop.example.com/a'],
    ['https://www.example.com.evil.example/a', ROOT],
    ['https://evil.example/', ROOT],
    ['http://shop.example.com/a', ROOT],
    ['https://shop.example.com:8443/a', ROOT],
    ['//evil.example/', ROOT],
    ['/\\evil.example/', ROOT],
    ['/\t/evil.example/', ROOT],
    ['https:evil.example', ROOT],
    ['https:///evil.example', ROOT],
    ['https://shop.example.com@evil.example/', ROOT],
    ['https://evil.example\\@shop.example.com/', ROOT],
    ['https://shop.example.com\r\nLocation: https://evil.example', ROOT],
    ['https://shop.еxample.com/', ROOT],
    ['javascript:alert(1)', ROOT],
    ['data:text/html,x', ROOT],
    ['', ROOT],
    ['account', ROOT],
  ])('%j leads to %s', async (rd, location) => {
    const started = await browser.check(`${SHOP}/_auth/login?rd=${encodeURIComponent(rd)}`);
    const done = await browser.check(await browser.atProvider(String(started.headers.location)));
    expectAnswer(done, 303, 'login-completed');
    expect(done.headers.location).toBe(location);
  });

  test('given twice leads to the root', async () => {
    const started = await browser.check(`${SHOP}/_auth/login?rd=/a&rd=/b`);
    const done = await browser.check(await browser.atProvider(String(started.headers.location)));
    expect(done.headers.location).toBe(ROOT);
  });
});

describe('what the provider does not grant', () => {
  test('is asked for once, then named in a 403', async () => {
    await browser.signIn(`${LISTED}/account/`);
    const stepUp = await browser.check(`${LISTED}/write/1`);
    expectAnswer(stepUp, 302, 'login-started');
    expect((await authorizationOf(stepUp)).get('scope')).toBe('openid orders:write');
    const done = await browser.check(await browser.atProvider(String(stepUp.headers.location)));
    expectAnswer(done, 303, 'login-completed');
    for (let visit = 0; visit < 3; visit += 1) {
      const answer = await browser.check(`${LISTED}/write/1`);
      expectAnswer(answer, 403, 'scope-missing');
      expect(answer.body).toContain('orders:write');
    }
    expectAnswer(await browser.check(`${LISTED}/account/`), 200, 'permitted');
  });

  test('is challenged with all that the page needs, not with the missing part', async () => {
    await browser.signIn(`${LISTED}/account/`);
    await browser.signIn(`${LISTED}/read/1`);
    const answer = await browser.check(`${LISTED}/both/1`, { manner: 'script' });
    expectAnswer(answer, 403, 'scopes-not-asked');
    expect(JSON.parse(answer.body)).toMatchObject({ missing: ['orders:write'] });
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="listed.localhost", error="insufficient_scope", scope="orders:read orders:write"',
    );
  });

  test('keeps what the earlier token held', async () => {
    // The first login asks for what its page needs along with the list: one redirect, not two.
    await browser.signIn(`${LISTED}/read/1`);
    expectAnswer(await browser.check(`${LISTED}/read/1`), 200, 'permitted');
    const stepUp = await browser.check(`${LISTED}/write/1`);
    expectAnswer(stepUp, 302, 'login-started');
    await browser.check(await browser.atProvider(String(stepUp.headers.location)));
    expectAnswer(await browser.check(`${LISTED}/read/1`), 200, 'permitted');
  });

  test('another account may have: the refusal of one person does not stick to the next', async () => {
    await browser.signIn(`${LISTED}/account/`);
    const stepUp = await browser.check(`${LISTED}/write/1`);
    await browser.check(await browser.atProvider(String(stepUp.headers.location)));
    const refused = await browser.check(`${LISTED}/write/1`);
    const link = /href="([^"]+prompt=select_account)"/.exec(refused.body)?.[1]?.replaceAll('&amp;', '&');
    world.provider?.signInAs('ben');
    await browser.forget(world.issuer, /./);
    try {
      const other = await browser.check(String(link));
      const done = await browser.check(await browser.atProvider(String(other.headers.location)));
      expect(done).toMatchObject({ status: 303, headers: { location: `${LISTED}/write/1` } });
      offset = 61;
      let page = await browser.check(`${LISTED}/write/1`);
      if (page.status === 302) {
        await browser.check(await browser.atProvider(String(page.headers.location)));
        page = await browser.check(`${LISTED}/write/1`);
      }
      expectAnswer(page, 200, 'permitted');
      expect(page.headers['x-auth-subject']).toBe('ben');
    } finally {
      world.provider?.signInAs('anna');
    }
  });

  test('an audience that is refused is a 403 that names the resource', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const asked = await browser.check(`${SHOP}/nowhere/1`);
    expectAnswer(asked, 302, 'login-started');
    const callback = await browser.atProvider(String(asked.headers.location));
    const failed = await browser.check(callback);
    expectAnswer(failed, 403, 'provider-refused');
    expect(failed.body).toContain('invalid_target');
    const answer = await browser.check(`${SHOP}/nowhere/1`);
    expectAnswer(answer, 403, 'audience-refused');
    expect(answer.body).toContain('https://api.nowhere.localhost');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });
});

describe('consent', () => {
  let asking: World;
  beforeAll(async () => {
    asking = await startTestWorld({
      rules,
      provider: { ...common, signedInAs: 'ben', consent: 'ask' },
      hosts,
      now,
    });
  });
  afterAll(async () => {
    await asking[Symbol.asyncDispose]();
  });

  test('refused is a page, and for a step-up it is remembered', async () => {
    const person = new Browser(asking);
    const started = await person.check(`${LISTED}/account/`);
    const denied = await person.check(
      await person.atProvider(String(started.headers.location), { decision: 'deny' }),
    );
    expectAnswer(denied, 403, 'provider-refused');
    expect(denied.body).toContain('access_denied');
    expectWellFormed(asking, denied, true);

    const again = await person.check(`${LISTED}/account/`);
    const done = await person.check(
      await person.atProvider(String(again.headers.location), { decision: 'allow' }),
    );
    expectAnswer(done, 303, 'login-completed');
    const stepUp = await person.check(`${LISTED}/write/1`);
    expectAnswer(stepUp, 302, 'login-started');
    const refused = await person.check(
      await person.atProvider(String(stepUp.headers.location), { decision: 'deny' }),
    );
    expectAnswer(refused, 403, 'provider-refused');
    expectAnswer(await person.check(`${LISTED}/write/1`), 403, 'scope-missing');
    expectAnswer(await person.check(`${LISTED}/account/`), 200, 'permitted');
  });
});

test('the log holds no token, code, state, cookie or secret', async () => {
  const callback = new URL(await begin(`${SHOP}/account/?password=hunter2`));
  await browser.check(callback.href);
  const page = await browser.check(`${SHOP}/account/?password=hunter2`);
  const log = JSON.stringify(world.log);
  for (const secret of [
    ...['hunter2', CLIENT_SECRET, SESSION_SECRET, 'eyJ'],
    ...['code', 'state'].map((name) => String(callback.searchParams.get(name))),
    String(page.headers.authorization).slice(7),
  ])
    expect(log).not.toContain(secret);
});
