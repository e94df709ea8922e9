import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { expectAnswer, expectWellFormed, loginUrlOf } from '../support/refusals.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const rules = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid], ask: listed }
rules:
  /account/**:  authenticated
  /strong/**:   { all: ["orders:read"], acr: [mfa, hwk] }
  /weak/**:     { acr: [voice] }
  /fresh/**:    { loginWithin: 15m }
  /both/**:     { acr: [mfa], loginWithin: 15m }
`,
};

const asked = ({ headers }: Answer): readonly (string | null)[] => {
  const { searchParams } = new URL(String(headers.location));
  return ['acr_values', 'max_age', 'prompt', 'scope'].map((name) => searchParams.get(name));
};
const SCRIPT: Ask = { manner: 'script', lines: ['Referer', `${SHOP}/app?x=1`] };

describe('with a provider that keeps to it', () => {
  let world: World;
  let browser: Browser;
  let offset = 0;
  beforeAll(async () => {
    world = await startTestWorld({
      rules,
      provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna', acr: ['mfa'] },
      now: () => Math.floor(Date.now() / 1000) + offset,
    });
  });
  beforeEach(() => {
    offset = 0;
    browser = new Browser(world);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  const follow = async (answer: Answer): Promise<Answer> =>
    browser.check(await browser.atProvider(String(answer.headers.location)));

  test('a session is sent once for another class of sign-in, and its other scopes come along', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const first = await browser.check(`${SHOP}/strong/1`);
    expectAnswer(first, 302, 'login-started');
    // The scope first: what is missing of both is asked for in one.
    expect(asked(first)).toEqual(['mfa hwk', null, null, 'openid orders:read']);
    expectAnswer(await follow(first), 303, 'login-completed');
    expectAnswer(await browser.check(`${SHOP}/strong/1`), 200, 'permitted');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });

  test('somebody anonymous is asked for it at once', async () => {
    const first = await browser.check(`${SHOP}/both/1`);
    expect(asked(first)).toEqual(['mfa', '900', null, 'openid']);
    expectAnswer(await follow(first), 303, 'login-completed');
    expectAnswer(await browser.check(`${SHOP}/both/1`), 200, 'permitted');
  });

  test('the old session goes on until the other sign-in has succeeded', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const started = await browser.check(`${SHOP}/both/1`);
    expectAnswer(started, 302, 'login-started');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
    const url = new URL(await browser.atProvider(String(started.headers.location)));
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    expectAnswer(await browser.check(url.href), 403, 'provider-refused');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
    expectAnswer(await browser.check(`${SHOP}/both/1`), 403, 'step-up-refused');
  });

  test('a class that the provider cannot give is asked for once, then a page says so', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const started = await browser.check(`${SHOP}/weak/1`);
    expect(asked(started)).toEqual(['voice', null, null, 'openid']);
    expectAnswer(await follow(started), 303, 'login-completed');
    for (let visit = 0; visit < 3; visit += 1) {
      const refused = await browser.check(`${SHOP}/weak/1`);
      expectAnswer(refused, 403, 'step-up-refused');
      expectWellFormed(world, refused, true);
      expect(refused.body).toContain('<li>of the class voice</li>');
      expect(refused.body).toContain('acr_values=voice');
    }
    // Another need is another question, and the rest goes on.
    expectAnswer(await browser.check(`${SHOP}/fresh/1`), 200, 'permitted');
    expectAnswer(await browser.check(`${SHOP}/both/1`), 302, 'login-started');
    offset = 540;
    expectAnswer(await browser.check(`${SHOP}/weak/1`), 403, 'step-up-refused');
  });

  test('a person may ask again from the page, and what was met then is no longer held against them', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const started = await browser.check(`${SHOP}/both/1`);
    const url = new URL(await browser.atProvider(String(started.headers.location)));
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    await browser.check(url.href);
    const refused = await browser.check(`${SHOP}/both/1`);
    const link = /href="([^"]+acr_values[^"]+)"/.exec(refused.body)?.[1]?.replaceAll('&amp;', '&');
    const again = await browser.check(String(link));
    expect(asked(again)).toEqual(['mfa', '900', null, 'openid']);
    const done = await follow(again);
    expect(done).toMatchObject({ status: 303, headers: { location: `${SHOP}/both/1` } });
    expectAnswer(await browser.check(`${SHOP}/both/1`), 200, 'permitted');
  });

  test('a script is told what is needed, and where', async () => {
    await browser.signIn(`${SHOP}/account/`);
    const answer = await browser.check(`${SHOP}/both/1`, SCRIPT);
    expectAnswer(answer, 401, 'step-up-needed');
    expectWellFormed(world, answer, false);
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", error="insufficient_user_authentication", acr_values="mfa", max_age="900"',
    );
    expect(JSON.parse(answer.body)).toMatchObject({ acr_values: 'mfa', max_age: 900 });
    const login = loginUrlOf(answer);
    expect(login?.rd).toBe(`${SHOP}/app?x=1`);
    const started = await browser.check(String(login?.href));
    expect(asked(started)).toEqual(['mfa', '900', null, 'openid']);
    const done = await follow(started);
    expect(done).toMatchObject({ status: 303, headers: { location: `${SHOP}/app?x=1` } });
    expectAnswer(await browser.check(`${SHOP}/both/1`, SCRIPT), 200, 'permitted');
  });

  test.each<[query: string, acr: string | null, maxAge: string | null]>([
    ['acr_values=mfa&max_age=900', 'mfa', '900'],
    ['acr_values=hwk+other+mfa', 'hwk mfa', null],
    ['acr_values=other', null, null],
    ['max_age=0', null, null],
    ['max_age=901', null, null],
    ['max_age=9e2', null, null],
    ['acr_values=&max_age=', null, null],
  ])('a link asks for what rules name: %s', async (query, acr, maxAge) => {
    const started = await browser.check(`${SHOP}/_auth/login?${query}`);
    expect(asked(started).slice(0, 2)).toEqual([acr, maxAge]);
  });
});

describe('with a provider that does not', () => {
  let provider: HostileProvider;
  let world: World;
  let browser: Browser;
  let accessToken: Record<string, unknown>;
  let idToken: Record<string, unknown>;
  const ago = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds;
  beforeAll(async () => {
    provider = await startHostileProvider();
    world = await startTestWorld({ rules, issuer: provider.issuer });
  });
  beforeEach(async () => {
    accessToken = {};
    idToken = {};
    provider.misbehaviour = {
      accessTokenClaims: (claims) => ({ ...claims, ...accessToken }),
      idTokenClaims: (claims) => ({ ...claims, ...idToken }),
    };
    browser = new Browser(world);
    await browser.signIn(`${SHOP}/account/`);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });
  const follow = async (answer: Answer): Promise<Answer> =>
    browser.check(provider.authorize(String(answer.headers.location)).href);

  /** SU3, SU4: the access token alone counts, by exact members and plain numbers. */
  test.each<[path: string, access: Record<string, unknown>, id: Record<string, unknown>, permitted: boolean]>(
    [
      ['/strong/1', { acr: 'mfa' }, {}, true],
      ['/strong/1', { acr: 'hwk' }, {}, true],
      ['/strong/1', {}, { acr: 'mfa' }, false],
      ['/strong/1', { acr: 'MFA' }, {}, false],
      ['/strong/1', { acr: 'mfa hwk' }, {}, false],
      ['/strong/1', { acr: ['mfa'] }, {}, false],
      ['/fresh/1', { auth_time: ago(10) }, { auth_time: ago(10) }, true],
      ['/fresh/1', {}, { auth_time: ago(10) }, false],
      ['/fresh/1', { auth_time: ago(1000) }, { auth_time: ago(10) }, false],
      ['/fresh/1', { auth_time: String(ago(10)) }, { auth_time: ago(10) }, false],
      ['/fresh/1', { auth_time: ago(-600) }, { auth_time: ago(10) }, false],
    ],
  )('%s with %j in the access token and %j in the ID token: %s', async (path, access, id, permitted) => {
    const started = await browser.check(SHOP + path);
    expectAnswer(started, 302, 'login-started');
    [accessToken, idToken] = [access, id];
    expectAnswer(await follow(started), 303, 'login-completed');
    for (let visit = 0; visit < 2; visit += 1) {
      const page = await browser.check(SHOP + path);
      expectAnswer(page, permitted ? 200 : 403, permitted ? 'permitted' : 'step-up-refused');
    }
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  });

  test.each<[what: string, id: Record<string, unknown>]>([
    ['no auth_time', {}],
    ['an old auth_time', { auth_time: ago(1000) }],
    ['an auth_time that is a text', { auth_time: String(ago(10)) }],
  ])('an ID token with %s after max_age ends on the page, and the session stays', async (_what, id) => {
    const before = browser.cookieHeader(SHOP);
    const started = await browser.check(`${SHOP}/fresh/1`);
    [accessToken, idToken] = [{ auth_time: ago(10) }, id];
    const refused = await follow(started);
    expectAnswer(refused, 403, 'step-up-refused');
    expectWellFormed(world, refused, true);
    expect(refused.body).toContain('within the last 15 minutes');
    const session = /(?:^|; )postern=[^;]+/.exec(before)?.[0];
    expect(browser.cookieHeader(SHOP)).toContain(session);
    expectAnswer(await browser.check(`${SHOP}/fresh/1`), 403, 'step-up-refused');
  });

  test('its word that the requirement cannot be met is the same page (RFC 9470 section 5)', async () => {
    const started = await browser.check(`${SHOP}/strong/1`);
    provider.misbehaviour = {
      authorization: (answer) => {
        answer.delete('code');
        answer.set('error', 'unmet_authentication_requirements');
      },
    };
    const refused = await follow(started);
    expectAnswer(refused, 403, 'step-up-refused');
    expect(refused.body).toContain('of the class mfa or hwk');
  });

  test('a script is still told what is needed, and that it was asked for', async () => {
    await follow(await browser.check(`${SHOP}/strong/1`));
    const answer = await browser.check(`${SHOP}/strong/1`, SCRIPT);
    expectAnswer(answer, 401, 'step-up-refused');
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_user_authentication"');
    expect(loginUrlOf(answer)?.href).toContain('acr_values=mfa%20hwk');
  });

  test('a bearer token is challenged, never redirected', async () => {
    const started = await browser.check(`${SHOP}/account/`);
    const lines = ['Authorization', String(started.headers.authorization)];
    const answer = await browser.check(`${SHOP}/both/1`, { lines, cookies: false });
    expectAnswer(answer, 401, 'step-up-needed');
    expect(answer.headers['www-authenticate']).toMatch(/acr_values="mfa", max_age="900"$/);
    expect(answer.setCookie).toEqual([]);
  });
});
