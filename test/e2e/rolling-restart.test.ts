import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { createCookies } from '../../src/session/cookies.ts';
import { deriveKeys, signingRing } from '../../src/session/keys.ts';
import { Browser } from '../support/browser.ts';
import type { GatewayProcess } from '../support/e2e-gateway.ts';
import { orders, SHOP, STORES_SECRET, startStoresWorld } from '../support/e2e-stores.ts';
import { missingRedis, startRedis } from '../support/redis-server.ts';
import { startProcess } from '../support/redis-store.ts';

const SESSIONS = 1000;
const AT_ONCE = 8;

/** Which replicas a proxy would ask: those whose readiness it saw a moment ago. */
function balance(replicas: readonly GatewayProcess[]): Disposable & { readonly next: () => GatewayProcess } {
  const ready = new Set(replicas);
  let at = 0;
  let over = false;
  const look = async (replica: GatewayProcess): Promise<void> => {
    while (!over) {
      const status = await fetch(`http://${replica.listen}/readyz`).then(
        (answer) => answer.status,
        () => 0,
      );
      if (status === 200) ready.add(replica);
      else ready.delete(replica);
      await sleep(100);
    }
  };
  for (const replica of replicas) void look(replica);
  return {
    next() {
      const all = [...ready];
      at += 1;
      return all[at % all.length] ?? (replicas[0] as GatewayProcess);
    },
    [Symbol.dispose]() {
      over = true;
    },
  };
}

if (missingRedis !== undefined) test.skip(`a rolling restart: ${missingRedis}`, () => {});
else
  test('1,000 sessions survive a rolling restart of two replicas with no failed check', async () => {
    await using redis = await startRedis();
    await using world = await startStoresWorld();
    const settings = {
      POSTERN_SESSION_STORE: 'redis',
      POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      POSTERN_SESSION_IDLE: '1h',
    };
    await using one = await world.startGateway(settings);
    await using other = await world.startGateway(settings);
    using balanced = balance([one, other]);
    const proxied = world.behind(balanced.next);
    const anna = new Browser(proxied);
    await anna.signIn(`${SHOP}/account/`);
    const browsers = [anna, ...(await moreSessions(anna, redis.port))];

    // Checks go round all sessions, without end until both replicas are new.
    const failed = new Map<string, number>();
    let checks = 0;
    let over = false;
    const keepAsking = async (): Promise<void> => {
      while (!over || checks < 2 * SESSIONS) {
        const browser = browsers[checks % SESSIONS] as Browser;
        checks += 1;
        const { status, reason } = await orders(browser).catch((error: Error) => ({
          status: 0,
          reason: error.message,
        }));
        if (status !== 200) failed.set(`${status} ${reason}`, (failed.get(`${status} ${reason}`) ?? 0) + 1);
      }
    };
    const asking = Array.from({ length: AT_ONCE }, keepAsking);
    for (const replica of [one, other]) {
      expect(await replica.stop()).toBe(0);
      await replica.restart();
      // The proxy looks again before the next one goes.
      await sleep(250);
    }
    over = true;
    await Promise.all(asking);
    expect([...failed]).toEqual([]);

    // And once more, each on both of the new replicas, which had never seen them.
    for (const replica of [one, other]) {
      const statuses = new Set<number>();
      for (const browser of browsers)
        statuses.add((await orders(browser.copy(world.behind(replica)))).status);
      expect([...statuses]).toEqual([200]);
    }
  }, 60_000);

/** Opens further sessions like that of a browser, with the gateway's own code and secret: a thousand logins take too long. */
async function moreSessions(anna: Browser, port: number): Promise<readonly Browser[]> {
  const keys = [deriveKeys(STORES_SECRET)];
  const now = (): number => Math.floor(Date.now() / 1000);
  const clocks = { now, milliseconds: () => performance.now() };
  using process = await startProcess({ config: { port }, clocks, idle: 3600, secrets: keys });
  const cookies = createCookies(signingRing(keys))('http');
  const split = cookies.split([anna.cookieHeader(SHOP)]);
  const handle = cookies.session.read(split) ?? '';
  const session = await process.store.load(handle, 'shop.localhost', '', now());
  if (session === undefined) throw new Error('the login left no session');
  const browsers: Browser[] = [];
  while (browsers.length < SESSIONS - 1) {
    const browser = new Browser(anna.world);
    const id = randomBytes(16).toString('base64url');
    const saved = await process.store.save({ ...session, id, subject: `person-${browsers.length}` });
    const lines = cookies.session.write(saved, cookies.split([]), 3600) ?? [];
    for (const line of lines) await browser.jar.setCookie(line, SHOP);
    browsers.push(browser);
  }
  return browsers;
}
