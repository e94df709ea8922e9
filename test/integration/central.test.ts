import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { expectAnswer } from '../support/refusals.ts';
import { CLIENT_SECRET, startTestWorld, type World } from '../support/world.ts';

// The central shape (design section 3): one redirect URI at the provider, any number of hosts and domains.

const SHOP = 'https://shop.example.com';
const BRANCH = 'https://north.shop.example.com';
const OPS = 'https://ops.example.org';
const LOCAL = 'http://shop.localhost:8080';
const LOGIN = 'https://login.example.net';
const CALLBACK = `${LOGIN}/_auth/callback`;
const LOGGED_OUT = `${LOGIN}/_auth/logged-out`;

const RULES = {
  'shop.yaml': `
app: shop
title: The shop
hosts: [shop.example.com, "*.shop.example.com", shop.localhost]
audience: https://api.shop.localhost
rules: { "/account/**": authenticated, "/status/**": { audience: "https://api.ops.localhost" } }
`,
  'ops.yaml': `
app: ops
title: Operations
hosts: [ops.example.org]
audience: https://api.ops.localhost
rules: { "/**": authenticated }
`,
};
const requests: string[] = [];
let offset = 0;
const worldWith = (loginUrl: string, rules: Readonly<Record<string, string>> = RULES): Promise<World> =>
  startTestWorld({
    rules,
    now: () => Math.floor(Date.now() / 1000) + offset,
    env: { POSTERN_LOGIN_URL: loginUrl, POSTERN_PROVIDER_POST_LOGOUT_REDIRECT_URI: LOGGED_OUT },
    provider: {
      people: PEOPLE,
      resources: RESOURCES,
      signedInAs: 'anna',
      onRequest: (method, url) => void requests.push(`${method} ${new URL(url, LOGIN).pathname}`),
      clients: [
        {
          client_id: 'shop',
          client_secret: CLIENT_SECRET,
          redirect_uris: [`${loginUrl}/_auth/callback`],
          post_logout_redirect_uris: [LOGGED_OUT],
        },
      ],
    },
  });

let world: World;
let browser: Browser;
beforeAll(async () => {
  world = await worldWith(LOGIN);
});
beforeEach(() => {
  offset = 0;
  requests.length = 0;
  browser = new Browser(world);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** @returns where the provider sends the browser after the page was opened. */
async function begin(url: string, by = browser): Promise<string> {
  const started = await by.check(url);
  expectAnswer(started, 302, 'login-started');
  return by.atProvider(String(started.headers.location));
}
const DOORS = ['check', 'page'] as const;
type Door = (typeof DOORS)[number];
/** @returns where the login host sends the browser on to. */
async function relayed(callback: string, door: Door = 'check', by = browser): Promise<string> {
  const answer = await by[door](callback);
  expectAnswer(answer, 303, 'login-relayed');
  return String(answer.headers.location);
}

describe.each(DOORS)('a login whose answer comes to the login host by %s', (door) => {
  test.each([`${SHOP}/account/?q=%20&a=1`, `${BRANCH}/account/`, `${OPS}/x`, `${LOCAL}/account/`])(
    'ends at %s',
    async (url) => {
      const started = await browser.check(url);
      const location = new URL(String(started.headers.location));
      expect(location.searchParams.get('redirect_uri')).toBe(CALLBACK);
      const callback = await browser.atProvider(location.href);
      expect(callback.startsWith(`${CALLBACK}?`)).toBe(true);

      const answer = await browser[door](callback);
      expectAnswer(answer, 303, 'login-relayed');
      const { origin } = new URL(url);
      const { searchParams } = new URL(callback);
      const on = new URL(String(answer.headers.location));
      expect(`${on.origin}${on.pathname}`).toBe(`${origin}/_auth/callback`);
      expect([...on.searchParams].sort()).toEqual([...searchParams].sort());
      expect([...on.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state']);
      expect(answer.headers).toMatchObject({
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-store',
        'content-length': '0',
      });
      expect(answer.setCookie).toEqual([]);
      expect(requests).not.toContain('POST /token');

      const done = await browser[door](on.href);
      expectAnswer(done, 303, 'login-completed');
      expect(done.headers.location).toBe(url);
      expectAnswer(await browser.check(url), 200, 'permitted');
      expect(requests.filter((line) => line === 'POST /token')).toHaveLength(1);
    },
  );
});

describe('sessions', () => {
  test('are host-only: the next host signs in by itself, and the login host has no cookie', async () => {
    expectAnswer(await browser.check(await relayed(await begin(`${SHOP}/account/`))), 303, 'login-completed');
    for (const url of [`${OPS}/x`, `${BRANCH}/account/`]) {
      expect(browser.cookieNames(url)).toEqual([]);
      expectAnswer(await browser.check(url, { manner: 'script' }), 401, 'login-needed');
      // Single sign-on is the provider's: it asks nobody anything.
      expectAnswer(await browser.check(await relayed(await begin(url))), 303, 'login-completed');
    }
    expect(browser.cookieNames(LOGIN)).toEqual([]);
    expectAnswer(await browser.check(`${LOGIN}/`), 403, 'unknown-host');
  });

  test('get further audiences by the same way', async () => {
    await browser.check(await relayed(await begin(`${SHOP}/account/`)));
    const done = await browser.check(await relayed(await begin(`${SHOP}/status/x`)));
    expect(done.headers.location).toBe(`${SHOP}/status/x`);
    expectAnswer(await browser.check(`${SHOP}/status/x`), 200, 'permitted');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });

  test('twenty tabs on three hosts, finished in any order, all arrive', async () => {
    const urls = Array.from({ length: 20 }, (_, tab) => `${[SHOP, BRANCH, OPS][tab % 3]}/account/${tab}`);
    const callbacks: string[] = [];
    for (const url of urls) callbacks.push(await begin(url));
    const order = urls.map((_, tab) => (tab * 7) % urls.length);
    for (const tab of order) {
      const done = await browser.check(await relayed(callbacks[tab] as string));
      expectAnswer(done, 303, 'login-completed');
      expect(done.headers.location).toBe(urls[tab]);
    }
  });

  test('a link to the login of a host starts there', async () => {
    const started = await browser.page(`${SHOP}/_auth/login?rd=${encodeURIComponent(`${OPS}/x`)}`);
    const done = await browser.check(
      await relayed(await browser.atProvider(String(started.headers.location))),
    );
    expectAnswer(done, 303, 'login-completed');
    expect(done.headers.location).toBe(`${OPS}/x`);
  });
});

describe('an answer that is no success', () => {
  test.each<[error: string, status: number, reason: string]>([
    ['access_denied', 403, 'provider-refused'],
    ['temporarily_unavailable', 503, 'provider-unavailable'],
  ])('%s is told by the host that asked', async (error, status, reason) => {
    const url = new URL(await begin(`${SHOP}/account/`));
    url.searchParams.delete('code');
    url.searchParams.set('error', error);
    url.searchParams.set('error_description', 'Nein & <b>danke</b>');
    url.searchParams.set('error_uri', 'https://evil.example/');
    const on = new URL(await relayed(url.href));
    expect([...on.searchParams.keys()].sort()).toEqual(['error', 'error_description', 'iss', 'state']);
    expect(on.searchParams.get('error_description')).toBe('Nein & <b>danke</b>');
    const answer = await browser.check(on.href);
    expectAnswer(answer, status, reason);
    expect(answer.body).toContain(`href="${SHOP}/_auth/login?rd=`);
    expect(answer.body).not.toContain('danke');
  });

  test('too late: the page is the app’s, and leads back to it', async () => {
    const callback = await begin(`${SHOP}/account/?a=1`);
    offset = 601;
    for (const door of DOORS) {
      const answer = await browser[door](callback);
      expectAnswer(answer, 400, 'callback-expired');
      expect(answer.body).toContain('The shop');
      const rd = encodeURIComponent(`${SHOP}/account/?a=1`);
      expect(answer.body).toContain(`href="${SHOP}/_auth/login?rd=${rd}"`);
      expect(answer.setCookie).toEqual([]);
    }
    offset = 86_401;
    expectAnswer(await browser.check(callback), 400, 'callback-state');
  });

  test('unknown: a page without a link, for nobody can sign in there', async () => {
    const answer = await browser.page(`${CALLBACK}?code=x&state=y`);
    expectAnswer(answer, 400, 'callback-state');
    expect(answer.body).toContain('login.example.net');
    expect(answer.body).not.toContain('/_auth/login');
  });
});

describe('the login host', () => {
  test.each<[path: string, check: string, pages: string]>([
    ['/_auth/callback', '400 callback-state', '400 callback-state'],
    ['/_auth/logged-out', '401 logged-out-page', '200 logged-out-page'],
    ['/_auth/login', '403 unknown-host', '403 unknown-host'],
    ['/_auth/logout', '403 unknown-host', '403 unknown-host'],
    ['/_auth/me', '403 unknown-host', '403 unknown-host'],
    ['/_auth/', '403 unknown-host', '403 unknown-host'],
    ['/_auth/callback/x', '403 unknown-host', '403 unknown-host'],
    ['/_auth/callbackx', '403 unknown-host', '403 unknown-host'],
    ['/_authx/callback', '403 unknown-host', '404 page-unknown'],
    ['/', '403 unknown-host', '404 page-unknown'],
    ['/account/', '403 unknown-host', '404 page-unknown'],
  ])('has at %s: %s by the check, %s by the router', async (path, check, pages) => {
    const answers = [await browser.check(LOGIN + path), await browser.page(LOGIN + path)];
    expect(answers.map(({ status, reason }) => `${status} ${reason}`)).toEqual([check, pages]);
    expect(answers.flatMap(({ setCookie }) => setCookie)).toEqual([]);
  });

  test('no other host without an app has its pages', async () => {
    for (const host of ['https://other.example.net', 'https://x.login.example.net'])
      for (const door of DOORS)
        for (const page of ['callback?code=x&state=y', 'logged-out'])
          expectAnswer(await browser[door](`${host}/_auth/${page}`), 403, 'unknown-host');
  });

  test('is where a logout ends, at its page without a way to sign in', async () => {
    await browser.check(await relayed(await begin(`${SHOP}/account/`)));
    const out = await browser.page(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
    expectAnswer(out, 303, 'logged-out');
    const asked = new URL(String(out.headers.location));
    expect(asked.searchParams.get('post_logout_redirect_uri')).toBe(LOGGED_OUT);
    const { searchParams } = asked;
    const page = await browser.page(`${LOGGED_OUT}?state=${searchParams.get('state')}`);
    expectAnswer(page, 200, 'logged-out-page');
    expect(page.body).not.toContain('/_auth/login');
  });
});

describe('a login host that an app has, too', () => {
  const home = {
    ...RULES,
    'home.yaml': `
app: home
title: Home
hosts: [login.example.net]
audience: https://api.shop.localhost
rules: { "/**": authenticated }
`,
  };
  let both: World;
  beforeAll(async () => {
    both = await worldWith(LOGIN, home);
  });
  afterAll(async () => {
    await both[Symbol.asyncDispose]();
  });

  test.each(DOORS)('by %s: its own logins end there at once, the others’ are relayed', async (door) => {
    const person = new Browser(both);
    const done = await person[door](await begin(`${LOGIN}/x`, person));
    expectAnswer(done, 303, 'login-completed');
    expect(done.headers.location).toBe(`${LOGIN}/x`);
    const next = await relayed(await begin(`${OPS}/x`, person), door, person);
    expectAnswer(await person[door](next), 303, 'login-completed');
    expect((await person.page(`${LOGIN}/_auth/me`, { manner: 'script' })).status).toBe(200);
    const loggedOut = await person.page(LOGGED_OUT);
    expectAnswer(loggedOut, 200, 'logged-out-page');
    expect(loggedOut.body).toContain(`${LOGIN}/_auth/login?rd=`);
  });
});

describe.each<[loginUrl: string]>([['http://login.localhost:8080'], ['https://login.example.net:8443']])(
  'a login host at %s',
  (loginUrl) => {
    let other: World;
    beforeAll(async () => {
      other = await worldWith(loginUrl);
    });
    afterAll(async () => {
      await other[Symbol.asyncDispose]();
    });

    test.each([`${LOCAL}/account/`, `${SHOP}/account/`])('serves %s', async (url) => {
      const person = new Browser(other);
      const callback = await begin(url, person);
      expect(callback.startsWith(`${loginUrl}/_auth/callback?`)).toBe(true);
      const done = await person.check(await relayed(callback, 'page', person));
      expectAnswer(done, 303, 'login-completed');
      expect(done.headers.location).toBe(url);
    });
  },
);
