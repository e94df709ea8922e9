import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { startChild } from '../support/e2e-child.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { missingRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import {
  type Answer,
  CLIENT_SECRET,
  SESSION_SECRET,
  sendLines,
  startTestWorld,
  type World,
} from '../support/world.ts';

// What others do to a refresh never keeps anyone waiting for long (FA16, RF2): measured in time, so for a quiet machine.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { "/**": authenticated }
`;
/** Of the 300 s that the provider's tokens live. */
const EARLY = 292;
const AFTER = 320;

let op: HostileProvider;
let offset = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;
beforeAll(async () => {
  op = await startHostileProvider();
});
afterAll(async () => {
  await op[Symbol.asyncDispose]();
});
beforeEach(() => {
  offset = 0;
  op.misbehaviour = {};
  op.requests.length = 0;
});
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});
async function startWorld(env: Readonly<Record<string, string>>): Promise<World> {
  const world = await startTestWorld({ rules: { 'shop.yaml': RULES }, issuer: op.issuer, now, env });
  open.push(world);
  return world;
}
const refreshes = (): number =>
  op.requests.filter(({ form }) => form.get('grant_type') === 'refresh_token').length;
const silent = (path: string): boolean => path === '/token';
const later = (claims: Record<string, unknown>) => ({ ...claims, exp: Number(claims['exp']) + 3600 });
const longer = { accessTokenClaims: later, idTokenClaims: later };

async function signIn(browser: Browser): Promise<void> {
  const started = await browser.check(`${SHOP}/x`);
  await browser.check(op.authorize(String(started.headers.location)).href);
}
async function timed(browser: Browser): Promise<{ answer: Answer; seconds: number }> {
  const since = performance.now();
  const answer = await browser.check(`${SHOP}/x`, { manner: 'script' });
  return { answer, seconds: (performance.now() - since) / 1000 };
}

test('FA16: a provider that never answers keeps nobody longer than five seconds, and signs nobody out', async () => {
  const world = await startWorld({ POSTERN_SESSION_STORE: 'memory', POSTERN_SESSION_REFRESH: 'true' });
  const browser = new Browser(world);
  await signIn(browser);
  op.misbehaviour = { answer: silent };
  offset = EARLY;
  for (const [status, most] of [
    [200, 5],
    [200, 0.5],
    [200, 0.5],
  ] as const) {
    const answers = await Promise.all(Array.from({ length: 20 }, () => timed(browser)));
    for (const { answer, seconds } of answers) {
      expect(answer.status).toBe(status);
      expect(seconds).toBeLessThan(most);
    }
  }
  offset = AFTER;
  const { answer, seconds } = await timed(browser);
  expect([answer.status, answer.reason, answer.headers['retry-after']]).toEqual([
    503,
    'provider-unavailable',
    '5',
  ]);
  expect(seconds).toBeLessThan(5);
  expect(refreshes()).toBe(1);
  op.misbehaviour = longer;
  const until = performance.now() + 15_000;
  let status = 503;
  while (status === 503 && performance.now() < until) {
    await sleep(250);
    status = (await timed(browser)).answer.status;
  }
  expect([status, refreshes()]).toEqual([200, 2]);
});

test('RF2: a process that is killed in the middle of a refresh holds the others up no longer than its lock lives', async () => {
  if (missingRedis !== undefined) throw new Error(missingRedis);
  const redis: RedisServer = await startRedis();
  open.push(redis);
  const folder = mkdtempSync(join(tmpdir(), 'postern-refresh-'));
  writeFileSync(join(folder, 'shop.yaml'), RULES);
  const store = {
    POSTERN_SESSION_STORE: 'redis',
    POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    POSTERN_SESSION_REFRESH: 'true',
  };
  const world = await startWorld(store);
  const child = startChild(
    'the other process',
    process.execPath,
    [join(import.meta.dirname, '../../src/main.ts'), 'serve'],
    {
      ...store,
      POSTERN_PROVIDER_ISSUER: op.issuer,
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: SESSION_SECRET,
      POSTERN_RULES: folder,
      POSTERN_LISTEN: '127.0.0.1:0',
      POSTERN_PAGES_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
    },
  );
  open.push(child);
  try {
    await child.wrote('"event":"started"');
    const line =
      child
        .output()
        .split('\n')
        .find((one) => one.includes('"event":"started"')) ?? '{}';
    const { listen } = JSON.parse(line) as { listen: string };
    const browser = new Browser(world);
    // A token that lives as long as the test takes to come to it: the other process has the true time.
    op.misbehaviour = {
      accessTokenClaims: (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) + 2 }),
    };
    await signIn(browser);
    await sleep(3_000);
    op.misbehaviour = { answer: silent };
    const doomed = browser
      .copy({
        issuer: op.issuer,
        send: (_, path, lines, method = 'GET') => sendLines(listen, path, lines, method),
      } as World)
      .check(`${SHOP}/x`, { manner: 'script' })
      .then(
        ({ status }) => status,
        () => 'cut',
      );
    while (refreshes() === 0) await sleep(10);
    await child.stop('SIGKILL');
    expect(await doomed).toBe('cut');
    op.misbehaviour = longer;

    const since = performance.now();
    let status = 0;
    while (status !== 200 && performance.now() - since < 20_000) {
      const { answer, seconds } = await timed(browser);
      expect(seconds).toBeLessThan(5);
      expect([200, 503]).toContain(answer.status);
      status = answer.status;
      await sleep(100);
    }
    expect(status).toBe(200);
    expect((performance.now() - since) / 1000).toBeLessThan(13);
    expect(refreshes()).toBe(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
