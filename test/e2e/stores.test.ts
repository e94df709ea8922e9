import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Asked, Browser } from '../support/browser.ts';
import type { GatewayProcess } from '../support/e2e-gateway.ts';
import { orders, SHOP, type StoresWorld, startStoresWorld } from '../support/e2e-stores.ts';
import { missingRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import type { Answer } from '../support/world.ts';

let world: StoresWorld;
beforeAll(async () => {
  world = await startStoresWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
function used<T extends AsyncDisposable>(one: T): T {
  open.push(one);
  return one;
}

const startGateway = async (settings: Readonly<Record<string, string>>): Promise<GatewayProcess> =>
  used(await world.startGateway(settings));
const behind = (gateway: GatewayProcess): Asked => world.behind(gateway);

const logout = (browser: Browser): Promise<Answer> =>
  browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines: ['Origin', SHOP] });

const readiness = async (address: string): Promise<unknown> =>
  (await fetch(`http://${address}/readyz`)).json();

describe('store: memory', () => {
  test('a session lives in the one process, its cookie is small, and both end with it', async () => {
    const gateway = await startGateway({ POSTERN_SESSION_STORE: 'memory', POSTERN_SESSION_IDLE: '1h' });
    const anna = new Browser(behind(gateway));
    expect((await anna.signIn(`${SHOP}/account/`)).status).toBe(303);
    expect(anna.cookieHeader(SHOP).length).toBeLessThan(1000);
    expect((await orders(anna)).status).toBe(200);
    const me = await anna.page(`${SHOP}/_auth/me`, { manner: 'script' });
    const { session } = JSON.parse(me.body) as { session: Record<string, number> };
    const { expires_at: end = 0, idle_expires_at: idleEnd = 0 } = session;
    expect(Math.abs(end - idleEnd - 11 * 3600)).toBeLessThan(60);
    const stolen = anna.copy();
    expect((await logout(anna)).status).toBe(303);
    expect(await orders(stolen)).toMatchObject({ status: 401, reason: 'login-needed' });

    expect((await anna.signIn(`${SHOP}/account/`)).status).toBe(303);
    await gateway.crash();
    await gateway.restart();
    expect(await orders(anna)).toMatchObject({ status: 401, reason: 'login-needed' });
    expect((await anna.signIn(`${SHOP}/account/`)).status).toBe(303);
  });
});

if (missingRedis === undefined) describe('store: redis', onRedis);
else test.skip(`store: redis: ${missingRedis}`, () => {});

function onRedis(): void {
  let redis: RedisServer;
  let settings: Record<string, string>;
  beforeEach(async () => {
    redis = used(
      await startRedis(['--appendonly', 'yes', '--appendfsync', 'always', '--requirepass', 'sesame']),
    );
    settings = {
      POSTERN_SESSION_STORE: 'redis',
      POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      POSTERN_SESSION_REDIS_PASSWORD: 'sesame',
      POSTERN_SESSION_IDLE: '1h',
    };
  });

  test('CS12: a session is good on every replica, and outlives a restart of each and of Redis', async () => {
    const [one, other] = [await startGateway(settings), await startGateway(settings)];
    const anna = new Browser(behind(one));
    expect((await anna.signIn(`${SHOP}/account/`)).status).toBe(303);
    expect(anna.cookieHeader(SHOP).length).toBeLessThan(1000);
    const elsewhere = anna.copy(behind(other));
    expect((await orders(elsewhere)).status).toBe(200);
    await one.crash();
    await one.restart();
    expect((await orders(anna)).status).toBe(200);
    await redis.kill();
    await redis.restart();
    await sleep(1100);
    for (const browser of [anna, elsewhere]) expect((await orders(browser)).status).toBe(200);
  });

  test('LO1: who signs out on one replica is out on every other within a second', async () => {
    const [one, other] = [await startGateway(settings), await startGateway(settings)];
    const anna = new Browser(behind(one));
    await anna.signIn(`${SHOP}/account/`);
    const [here, there] = [anna.copy(), anna.copy(behind(other))];
    for (const browser of [here, there]) expect((await orders(browser)).status).toBe(200);
    expect((await logout(anna)).status).toBe(303);
    expect(await orders(here)).toMatchObject({ status: 401, reason: 'login-needed' });
    await sleep(1000);
    expect(await orders(there)).toMatchObject({ status: 401, reason: 'login-needed' });
  });

  const FAULTS: readonly (readonly [
    what: string,
    fault: () => Promise<void> | void,
    mend: () => Promise<void> | void,
  ])[] = [
    ['was killed', () => redis.kill(), () => redis.restart()],
    ['is silent', () => redis.pause(), () => redis.resume()],
  ];
  test.each(FAULTS)(
    'CS12: while a Redis %s, nobody is taken for signed out; what was read just now goes on',
    async (_what, fault, mend) => {
      const [one, other] = [
        await startGateway(settings),
        await startGateway({ ...settings, POSTERN_SESSION_STORE_GRACE: '0s' }),
      ];
      const anna = new Browser(behind(one));
      const asked = await anna.check(`${SHOP}/account/`);
      const callback = await anna.atProvider(String(asked.headers.location));
      await new Browser(behind(one), anna.jar).check(callback);
      // One who was asked for her password when it happened.
      const late = new Browser(behind(one));
      const started = await late.check(`${SHOP}/account/`);
      const lateCallback = await late.atProvider(String(started.headers.location));
      const elsewhere = anna.copy(behind(other));
      for (const browser of [anna, elsewhere]) expect((await orders(browser)).status).toBe(200);

      await fault();
      await sleep(1000);
      expect((await orders(anna)).status).toBe(200);
      const down = { status: 503, headers: { 'retry-after': '5' }, setCookie: [] };
      expect(await orders(elsewhere)).toMatchObject({ ...down, reason: 'store-unavailable' });
      const page = await elsewhere.check(`${SHOP}/orders/7`);
      expect(page).toMatchObject({ ...down, headers: { 'content-type': 'text/html; charset=utf-8' } });
      expect(page.headers.location).toBeUndefined();
      expect((await elsewhere.check(`${SHOP}/assets/a.css`, { manner: 'script' })).status).toBe(200);
      expect(await logout(anna)).toMatchObject(down);
      expect(await late.check(lateCallback)).toMatchObject(down);
      expect(await elsewhere.page(`${SHOP}/_auth/me`, { manner: 'script' })).toMatchObject({
        ...down,
        reason: 'store-unavailable',
      });
      // What needs no session goes on, so the proxy must not be told to leave.
      expect(await readiness(other.listen)).toEqual({ status: 'ready' });
      expect(await readiness(other.adminListen)).toMatchObject({
        session_store: { store: 'redis', reachable: false },
      });

      await mend();
      while ((await orders(elsewhere)).status === 503) await sleep(50);
      for (const browser of [anna, elsewhere]) expect((await orders(browser)).status).toBe(200);
      // Her sign-in came to nothing, and the next one to something.
      for (;;) {
        const again = await late.check(lateCallback);
        if (again.status === 503) await sleep(50);
        else {
          expect(again.status).toBe(302);
          expect((await late.check(await late.atProvider(String(again.headers.location)))).status).toBe(303);
          break;
        }
      }
      expect((await orders(late)).status).toBe(200);
      expect(await readiness(other.adminListen)).toMatchObject({
        session_store: { store: 'redis', reachable: true },
      });
    },
  );

  test('a gateway starts without its Redis, is not ready, and finds it', async () => {
    await redis.kill();
    const starting = startGateway(settings);
    await sleep(1500);
    await redis.restart();
    const gateway = await starting;
    expect((await new Browser(behind(gateway)).signIn(`${SHOP}/account/`)).status).toBe(303);
    expect(
      gateway.log().filter(({ kind }) => kind === 'store-down' || kind === 'store-reached'),
    ).toMatchObject([
      { level: 'warn', kind: 'store-down' },
      { level: 'warn', kind: 'store-reached' },
    ]);
  });
}
