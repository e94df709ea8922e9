import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { Browser } from '../support/browser.ts';
import {
  API,
  OPS,
  outcome,
  REFRESHING,
  type RefreshingWorlds,
  SHOP,
  SHORT,
  startRefreshingWorlds,
  tokenOf,
} from '../support/refreshing-world.ts';
import type { Answer } from '../support/world.ts';

const ACCOUNT = `${SHOP}/account/`;
const script = (by: Browser, url = ACCOUNT): Promise<Answer> => by.check(url, { manner: 'script' });
/** From here on its token counts as expired, though it is not. */
const EARLY = SHORT - 5;

let worlds: RefreshingWorlds;
let browser: Browser;
/** The grants of the token endpoint since the test began. */
const grants = (): readonly string[] =>
  worlds.requests.slice(from).map(({ grant, error }) => (error === undefined ? grant : `${grant} ${error}`));
let from = 0;
const begin = (): void => {
  worlds.offset = 0;
  Object.assign(worlds.resources.api, { lifetime: SHORT });
  Object.assign(worlds.resources.ops, { lifetime: SHORT });
  worlds.world.provider?.signInAs('anna');
  browser = worlds.browser();
  from = worlds.requests.length;
};

describe('with session.refresh', () => {
  beforeAll(async () => {
    worlds = await startRefreshingWorlds();
  });
  afterAll(async () => {
    await worlds[Symbol.asyncDispose]();
  });
  beforeEach(begin);

  async function signedIn(lifetime = 600): Promise<string> {
    await browser.signIn(ACCOUNT);
    const first = tokenOf(await script(browser));
    Object.assign(worlds.resources.api, { lifetime });
    return first;
  }

  test('A3: a token that is about to expire is renewed, and the upstream gets the new one', async () => {
    const first = await signedIn();
    worlds.offset = EARLY;
    const answer = await script(browser);
    expect(outcome(answer)).toBe('200 permitted');
    const second = tokenOf(answer);
    expect(decodeJwt(second).exp).toBeGreaterThan(decodeJwt(first).exp ?? 0);
    expect(tokenOf(await script(browser))).toBe(second);
    expect(grants()).toEqual(['authorization_code', 'refresh_token']);
  });

  test('A3: a token that has long expired is renewed', async () => {
    await signedIn();
    worlds.offset = 300;
    expect(outcome(await browser.check(ACCOUNT))).toBe('200 permitted');
    expect(grants()).toEqual(['authorization_code', 'refresh_token']);
  });

  test('RF2: twenty requests at expiry make one call', async () => {
    await signedIn();
    worlds.offset = EARLY;
    const answers = await Promise.all(Array.from({ length: 20 }, () => script(browser)));
    expect(new Set(answers.map(outcome))).toEqual(new Set(['200 permitted']));
    expect(new Set(answers.map(tokenOf)).size).toBe(1);
    expect(grants()).toEqual(['authorization_code', 'refresh_token']);
  });

  test('RF3: each refresh token is sent once, however often the token is renewed', async () => {
    await signedIn(SHORT);
    const seen = new Set<string>();
    for (let round = 1; round <= 4; round += 1) {
      worlds.offset = round * 50 + 5;
      Object.assign(worlds.resources.api, { lifetime: worlds.offset + SHORT });
      seen.add(tokenOf(await script(browser)));
    }
    expect(seen.size).toBe(4);
    expect(grants()).toEqual(['authorization_code', ...Array(4).fill('refresh_token')]);
  });

  test('A3, RF1: the refresh token reaches neither browser, upstream, own page nor log', async () => {
    const seen: string[] = [];
    const note = ({ headers, body }: Answer): void => void seen.push(JSON.stringify(headers), body);
    const started = await browser.check(ACCOUNT);
    note(started);
    expect(new URL(String(started.headers.location)).searchParams.get('scope')?.split(' ')).toContain(
      'offline_access',
    );
    note(await browser.check(await browser.atProvider(String(started.headers.location))));
    worlds.offset = 300;
    Object.assign(worlds.resources.api, { lifetime: 600 });
    note(await script(browser));
    note(await browser.page(`${SHOP}/_auth/me`));
    note(await browser.page(`${SHOP}/_auth/`));
    seen.push(JSON.stringify(worlds.world.log), browser.cookieHeader(SHOP));
    // oidc-provider's refresh tokens are opaque: what is looked for is what it keeps.
    const kept = [...worlds.refreshTokens];
    expect(kept.length).toBeGreaterThan(0);
    for (const token of kept) expect(seen.join('\n')).not.toContain(token);
  });

  test('A5, RF5: a refresh token that was revoked ends the session at once; the browser signs in again', async () => {
    await signedIn();
    const thief = browser.copy();
    for (const token of [...worlds.refreshTokens]) await destroy(token);
    worlds.offset = EARLY;
    expect(outcome(await script(browser))).toBe('401 login-needed');
    worlds.offset = 0;
    expect(outcome(await script(thief))).toBe('401 login-needed');
    expect(outcome(await browser.signIn(ACCOUNT))).toBe('303 login-completed');
    expect(outcome(await script(browser))).toBe('200 permitted');
    expect(outcome(await script(thief))).toBe('401 login-needed');
    expect(worlds.world.log).toContainEqual(
      expect.objectContaining({
        event: 'warned',
        kind: 'refresh-failed',
        provider: 'default',
        outcome: 'ended',
      }),
    );
  });

  test('RF6: fewer scopes take effect at once', async () => {
    await browser.signIn(ACCOUNT);
    expect(outcome(await script(browser, `${SHOP}/orders/1`))).toBe('200 permitted');
    Object.assign(worlds.resources.api, { lifetime: 600, scopes: ['orders:write'] });
    worlds.offset = EARLY;
    expect(outcome(await script(browser, `${SHOP}/orders/1`))).toBe('403 scope-missing');
    expect(outcome(await script(browser))).toBe('200 permitted');
    Object.assign(worlds.resources.api, { scopes: ['orders:read', 'orders:write'] });
  });

  test('RF6: the end of the session is not put off', async () => {
    const short = await worlds.further({ ...REFRESHING, POSTERN_SESSION_MAX_AGE: '10m' });
    browser = worlds.browser(short);
    await browser.signIn(ACCOUNT);
    Object.assign(worlds.resources.api, { lifetime: 5000 });
    worlds.offset = 599;
    expect(outcome(await script(browser))).toBe('200 permitted');
    worlds.offset = 601;
    expect(outcome(await script(browser))).toBe('401 login-needed');
  });

  test('RF6: a logout during the refresh is final', async () => {
    await signedIn();
    const thief = browser.copy();
    worlds.offset = EARLY;
    const [, left] = await Promise.all([
      script(thief),
      browser.check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] }),
    ]);
    expect(left.status).toBe(303);
    for (let round = 0; round < 3; round += 1) expect(outcome(await script(thief))).toBe('401 login-needed');
  });

  test('a second audience has its own refresh token: both are renewed, and neither upstream sees the other’s', async () => {
    await browser.signIn(ACCOUNT);
    await browser.signIn(`${SHOP}/status/1`);
    Object.assign(worlds.resources.api, { lifetime: 600 });
    Object.assign(worlds.resources.ops, { lifetime: 600 });
    worlds.offset = EARLY;
    for (let round = 0; round < 3; round += 1) {
      expect(decodeJwt(tokenOf(await script(browser)))).toMatchObject({ aud: API });
      expect(decodeJwt(tokenOf(await script(browser, `${SHOP}/status/1`)))).toMatchObject({ aud: OPS });
    }
    expect(grants()).toEqual(['authorization_code', 'authorization_code', 'refresh_token', 'refresh_token']);
  });

  test('public paths make no call, and a token in force none either', async () => {
    await signedIn();
    await script(browser);
    worlds.offset = EARLY;
    expect(outcome(await script(browser, `${SHOP}/`))).toBe('200 public');
    expect(grants()).toEqual(['authorization_code']);
  });

  test('calls are counted', async () => {
    const { body } = await worlds.world.send('adminListen', '/metrics', []);
    expect(body).toMatch(/^postern_refreshes_total\{provider="default",outcome="renewed"\} [1-9]\d*$/m);
    expect(body).toMatch(/^postern_refreshes_total\{provider="default",outcome="ended"\} 1$/m);
  });
});

test('RF1: without session.refresh none is asked for, none is kept, and none is used', async () => {
  worlds = await startRefreshingWorlds({ POSTERN_SESSION_STORE: 'memory' });
  try {
    begin();
    const started = await browser.check(ACCOUNT);
    expect(String(started.headers.location)).not.toContain('offline_access');
    await browser.check(await browser.atProvider(String(started.headers.location)));
    // The provider gives one all the same.
    expect([...worlds.refreshTokens]).toHaveLength(1);
    Object.assign(worlds.resources.api, { lifetime: 600 });
    worlds.offset = EARLY;
    expect(outcome(await script(browser))).toBe('401 session-expired');
    expect(grants()).toEqual(['authorization_code']);
  } finally {
    await worlds[Symbol.asyncDispose]();
  }
});

describe('with moreAudiences: refresh', () => {
  beforeAll(async () => {
    worlds = await startRefreshingWorlds({ ...REFRESHING, POSTERN_PROVIDER_MORE_AUDIENCES: 'refresh' });
  });
  afterAll(async () => {
    await worlds[Symbol.asyncDispose]();
  });
  beforeEach(begin);

  test('A11: one login page, and a token for each audience', async () => {
    await browser.signIn(ACCOUNT);
    for (let round = 0; round < 3; round += 1) {
      expect(decodeJwt(tokenOf(await script(browser)))).toMatchObject({ aud: API });
      const other = await script(browser, `${SHOP}/status/1`);
      expect(outcome(other)).toBe('200 permitted');
      expect(decodeJwt(tokenOf(other))).toMatchObject({ aud: OPS, scope: 'status:read' });
    }
    expect(worlds.requests.slice(from)).toEqual([
      { grant: 'authorization_code', resource: API, error: undefined },
      { grant: 'refresh_token', resource: OPS, error: undefined },
    ]);
  });

  test('a login names every audience of its app, the wanted one first, and their scopes', async () => {
    for (const [path, resources] of [
      ['account', [API, OPS]],
      ['status', [OPS, API]],
    ] as const) {
      const { location } = (await worlds.browser().check(`${SHOP}/${path}/1`)).headers;
      const { searchParams } = new URL(String(location));
      expect(searchParams.getAll('resource')).toEqual(resources);
      expect(searchParams.get('scope')?.split(' ').toSorted()).toEqual([
        'offline_access',
        'openid',
        'orders:read',
        'profile',
        'status:read',
      ]);
    }
  });

  test('both are renewed with the one refresh token', async () => {
    await browser.signIn(ACCOUNT);
    await script(browser, `${SHOP}/status/1`);
    Object.assign(worlds.resources.api, { lifetime: 600 });
    Object.assign(worlds.resources.ops, { lifetime: 600 });
    worlds.offset = EARLY;
    const both = (): Promise<readonly Answer[]> =>
      Promise.all(
        [ACCOUNT, `${SHOP}/status/1`].flatMap((url) => Array.from({ length: 5 }, () => script(browser, url))),
      );
    for (const answers of [await both(), await both()])
      expect(new Set(answers.map(outcome))).toEqual(new Set(['200 permitted']));
    expect(grants()).toEqual(['authorization_code', ...Array(3).fill('refresh_token')]);
  });

  test('what the person does not hold is refused once, without a further call', async () => {
    worlds.world.provider?.signInAs('olga');
    await browser.signIn(`${SHOP}/status/1`);
    expect(outcome(await script(browser, `${SHOP}/orders/1`))).toBe('403 scopes-not-asked');
    expect(outcome(await browser.signIn(`${SHOP}/orders/1`))).toBe('303 login-completed');
    expect(outcome(await script(browser, `${SHOP}/orders/1`))).toBe('403 scope-missing');
    expect(outcome(await script(browser, `${SHOP}/status/1`))).toBe('200 permitted');
    expect(grants()).toEqual(['authorization_code', 'refresh_token', 'authorization_code']);
  });
});

describe('with a provider that wants consent to offline access', () => {
  const strict = {
    configuration: {
      issueRefreshToken: (
        _ctx: unknown,
        client: { grantTypeAllowed(type: string): boolean },
        code: { scopes: Set<string> },
      ) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    },
  } as Parameters<typeof startRefreshingWorlds>[1];
  test.each([
    [{}, '200 permitted'],
    [{ POSTERN_PROVIDER_OFFLINE_CONSENT: 'false' }, '401 session-expired'],
  ])('%j: %s', async (env, expected) => {
    worlds = await startRefreshingWorlds({ ...REFRESHING, ...env }, strict);
    try {
      begin();
      await browser.signIn(ACCOUNT);
      Object.assign(worlds.resources.api, { lifetime: 600 });
      worlds.offset = EARLY;
      expect(outcome(await script(browser))).toBe(expected);
    } finally {
      await worlds[Symbol.asyncDispose]();
    }
  });
});

const destroy = async (token: string): Promise<void> =>
  (await worlds.world.provider?.provider.RefreshToken.find(token))?.destroy();
