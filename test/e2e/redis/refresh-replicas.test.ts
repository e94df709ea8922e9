import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { Browser } from '../../support/browser.ts';
import { startHostileProvider } from '../../support/hostile-provider.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import {
  API,
  OPS,
  outcome,
  type RefreshingWorlds,
  SHOP,
  SHORT,
  startRefreshingWorlds,
  tokenOf,
} from '../../support/refreshing-world.ts';
import { type Answer, startTestWorld, type World } from '../../support/world.ts';

// A Redis of its own starts in a moment, but not where many tests run at once.
jest.setTimeout(30_000);

const EARLY = SHORT - 5;
const ask = (by: Browser, path = '/account/'): Promise<Answer> =>
  by.check(`${SHOP}${path}`, { manner: 'script' });

if (missingRedis !== undefined) {
  test.skip(`sessions of two processes: ${missingRedis}`, () => {});
} else {
  let redis: RedisServer;
  let worlds: RefreshingWorlds;
  let replica: World;
  beforeAll(async () => {
    redis = await startRedis();
    worlds = await startRefreshingWorlds({
      POSTERN_SESSION_STORE: 'redis',
      POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      POSTERN_SESSION_REFRESH: 'true',
      POSTERN_PROVIDER_MORE_AUDIENCES: 'refresh',
    });
    replica = await worlds.further();
  });
  afterAll(async () => {
    await worlds[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });
  let from = 0;
  const refreshes = (): readonly unknown[] =>
    worlds.requests
      .slice(from)
      .flatMap(({ grant, resource, error }) => (grant === 'refresh_token' ? [error ?? resource] : []));
  const renewFrom = (offset: number): void => {
    worlds.offset = offset;
    Object.assign(worlds.resources.api, { lifetime: offset + SHORT });
    Object.assign(worlds.resources.ops, { lifetime: offset + SHORT });
  };
  beforeEach(() => {
    renewFrom(0);
    from = worlds.requests.length;
  });

  /** A browser that has signed in, as each process sees it. */
  async function signedIn(): Promise<readonly [Browser, Browser]> {
    const browser = worlds.browser();
    await browser.signIn(`${SHOP}/account/`);
    const other = browser.copy(replica);
    expect((await Promise.all([ask(browser), ask(other)])).map(outcome)).toEqual(
      Array(2).fill('200 permitted'),
    );
    return [browser, other];
  }

  test('RF2: fifty requests to two processes at expiry make one call', async () => {
    const [browser, other] = await signedIn();
    for (let round = 1; round <= 3; round += 1) {
      renewFrom(round * EARLY);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => ask(at % 2 === 0 ? browser : other)),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(answers.map(tokenOf)).size).toBe(1);
      expect(refreshes()).toEqual(Array(round).fill(API));
    }
  });

  test('A11: a further audience that one process fetched is the other’s as well', async () => {
    const [browser, other] = await signedIn();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => ask(at % 2 === 0 ? browser : other, '/status/1')),
    );
    expect(new Set(answers.map((answer) => decodeJwt(tokenOf(answer)).aud))).toEqual(new Set([OPS]));
    expect(decodeJwt(tokenOf(await ask(other)))).toMatchObject({ aud: API });
    expect(refreshes()).toEqual([OPS]);
  });

  test('RF3: both audiences at once over both processes never spend one refresh token twice', async () => {
    const [browser, other] = await signedIn();
    await ask(browser, '/status/1');
    renewFrom(EARLY);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        ask(at % 2 === 0 ? browser : other, at % 4 < 2 ? '/account/' : '/status/1'),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect([...refreshes()].sort()).toEqual([OPS, OPS, API].sort());
  });

  test('RF3: a login goes on from what another process has just renewed', async () => {
    const [browser, other] = await signedIn();
    for (const one of [browser, other]) await ask(one, '/status/1');
    renewFrom(EARLY);
    await ask(browser);
    await other.signIn(`${SHOP}/_auth/login?rd=/account/`);
    expect(outcome(await ask(other, '/status/1'))).toBe('200 permitted');
    expect(refreshes()).toEqual([OPS, API, OPS]);
  });

  test('RF3: a process that stops stores what it is about to be given', async () => {
    await using provider = await startHostileProvider();
    let offset = 0;
    const start = (): Promise<World> =>
      startTestWorld({
        rules: {
          'shop.yaml': `app: shop\nhosts: [shop.localhost]\naudience: ${API}\nrules: { "/**": authenticated }\n`,
        },
        issuer: provider.issuer,
        now: () => Math.floor(Date.now() / 1000) + offset,
        env: {
          POSTERN_SESSION_STORE: 'redis',
          POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
          POSTERN_SESSION_REFRESH: 'true',
        },
      });
    await using staying = await start();
    const leaving = await start();
    const browser = new Browser(staying);
    await browser.signIn(`${SHOP}/account/`);
    const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<boolean>()];
    const lasting = (claims: object) => ({ ...claims, exp: Math.floor(Date.now() / 1000) + 3_000 });
    provider.misbehaviour = {
      idTokenClaims: lasting,
      accessTokenClaims: lasting,
      answer: (path) => {
        if (path !== '/token') return false;
        asked.resolve();
        return held.promise;
      },
    };
    offset = 320;
    const late = ask(browser.copy(leaving));
    await asked.promise;
    // The request is answered without it after a while: from then on nothing but the renewal itself is waited for.
    expect(outcome(await late)).toBe('503 provider-unavailable');
    const stopped = leaving.gateway.stop();
    held.resolve(false);
    await stopped;
    expect(outcome(await ask(browser))).toBe('200 permitted');
    const sent = provider.requests.flatMap(({ form }) => form.get('refresh_token') ?? []);
    expect(new Set(sent).size).toBe(sent.length);
  });

  test('A5: a session that one process found revoked is over in the other', async () => {
    const [browser, other] = await signedIn();
    for (const token of worlds.refreshTokens)
      await (await worlds.world.provider?.provider.RefreshToken.find(token))?.destroy();
    renewFrom(EARLY);
    const answers = await Promise.all([browser, other, browser, other].map((one) => ask(one)));
    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill(401));
    expect(refreshes()).toEqual(['invalid_grant']);
  });
}
