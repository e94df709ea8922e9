import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type KeptUnderTest, keptSessionsContract } from '../../contract/kept-sessions.contract.ts';
import { START, sessionOf, sessionStoreContract } from '../../contract/session-store.contract.ts';
import { NEW, OLD, RETIRED } from '../../support/cookies.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import {
  Clocks,
  newPrefix,
  type ProcessOptions,
  type RedisProcess,
  startProcess,
} from '../../support/redis-store.ts';

// A Redis of its own starts in a moment, but not where many tests run at once.
jest.setTimeout(30_000);

let redis: RedisServer;
const processes: RedisProcess[] = [];

async function start(options: Omit<ProcessOptions, 'config'> & { keyPrefix: string }): Promise<RedisProcess> {
  const { keyPrefix, ...rest } = options;
  const started = await startProcess({ ...rest, config: { port: redis.port, keyPrefix } });
  processes.push(started);
  return started;
}

async function open(
  idle?: number,
): Promise<KeptUnderTest & { one: RedisProcess; other: RedisProcess; keyPrefix: string }> {
  const clocks = new Clocks();
  const keyPrefix = newPrefix();
  const [one, other] = [await start({ clocks, idle, keyPrefix }), await start({ clocks, idle, keyPrefix })];
  const { advance, now } = clocks;
  return { store: one.store, replica: other.store, one, other, keyPrefix, advance, now };
}

if (missingRedis !== undefined) {
  test.skip(`the Redis store: ${missingRedis}`, () => {});
} else {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => redis[Symbol.asyncDispose]());
  afterEach(() => {
    for (const one of processes.splice(0)) one[Symbol.dispose]();
  });
  sessionStoreContract('redis', () => open());
  keptSessionsContract('redis', open);
  describe('what Redis holds', holds);
  describe('how often Redis is asked', asked);
  describe('secrets are rotated', rotated);
}

const at = (store: RedisProcess['store'], handle: string, now = START) =>
  store.load(handle, 'shop.example.com', 'acme', now);

function holds(): void {
  /** Every key below a prefix. */
  async function keysOf({ connection }: RedisProcess, keyPrefix: string): Promise<readonly string[]> {
    const keys = await connection.run('KEYS', `${keyPrefix}*`);
    return Array.isArray(keys) ? keys.map(String) : [];
  }

  test('tells nothing of whom it is about, and is gone by itself', async () => {
    const { one, keyPrefix } = await open(600);
    const [session, ended] = [sessionOf(), sessionOf()];
    const handle = await one.store.save(session);
    await one.store.save(ended);
    await one.store.revoke(ended.id, ended.expiresAt, 'ended');
    await one.store.lock(session.id, 60_000);
    const keys = await keysOf(one, keyPrefix);
    // The session, its id, the person, the provider's session, the other's fate, and the lock.
    expect(keys).toHaveLength(6);
    const texts = [...keys];
    for (const key of keys) {
      expect(Number(await one.connection.run('TTL', key))).toBeGreaterThan(0);
      for (const command of [['HGETALL'], ['GET'], ['ZRANGE', '0', '-1']]) {
        const [name = '', ...rest] = command;
        const reply = await one.connection.run(name, key, ...rest).catch(() => []);
        texts.push(...(Array.isArray(reply) ? reply : [reply]).map(String));
      }
    }
    const decoded = texts.flatMap((text) =>
      text.split(/[.:]/).map((part) => Buffer.from(part, 'base64url').toString('latin1')),
    );
    for (const secret of [
      handle,
      session.id,
      ended.id,
      'alice',
      'acme',
      'shop',
      'session-of',
      '.at.sig',
      'default',
    ])
      expect([...texts, ...decoded].filter((text) => text.includes(secret))).toEqual([]);
  });

  test('opens nothing under another key, nor in another revision', async () => {
    const { one, keyPrefix } = await open();
    const [mine, yours] = [sessionOf(), sessionOf({ subject: 'bob' })];
    const [own] = [await one.store.save(mine)];
    const [key = ''] = (await keysOf(one, keyPrefix)).filter((name) => name.startsWith(`${keyPrefix}s:`));
    const handle = await one.store.save(yours);
    const [other = ''] = (await keysOf(one, keyPrefix)).filter(
      (name) => name.startsWith(`${keyPrefix}s:`) && name !== key,
    );
    await one.connection.run('COPY', key, other, 'REPLACE');
    expect(await at(one.store, handle)).toBeUndefined();
    expect(await at(one.store, own)).toEqual(mine);

    const first = await one.connection.run('HGET', key, 'v');
    expect(await one.store.update(own, mine)).toBe(true);
    await one.connection.run('HSET', key, 'v', String(first));
    expect(await at(one.store, own)).toBeUndefined();
  });

  test('ends when the sealed end says so, whatever stands beside it', async () => {
    const { one, keyPrefix } = await open();
    const handle = await one.store.save(sessionOf());
    const [key = ''] = (await keysOf(one, keyPrefix)).filter((name) => name.startsWith(`${keyPrefix}s:`));
    await one.connection.run('HSET', key, 'x', String(START + 9999));
    expect(await at(one.store, handle, START + 3599)).toMatchObject({ expiresAt: START + 3600 });
    expect(await at(one.store, handle, START + 3600)).toBeUndefined();
  });

  test('belongs to one prefix', async () => {
    const { one } = await open();
    const neighbour = await open();
    const session = sessionOf();
    const handle = await one.store.save(session);
    expect(await at(neighbour.store, handle)).toBeUndefined();
    expect(await neighbour.store.endWhere({ by: 'id', id: session.id })).toBe(0);
  });

  test('does not grow by logins of one person that ended', async () => {
    const { one, keyPrefix, advance, now } = await open();
    for (let round = 0; round < 5; round += 1) {
      await one.store.save(sessionOf({ createdAt: now(), expiresAt: now() + 60 }));
      advance(60);
    }
    await one.store.save(sessionOf({ createdAt: now(), expiresAt: now() + 60 }));
    const indexes = (await keysOf(one, keyPrefix)).filter((name) =>
      /:[pd]:/.test(name.slice(keyPrefix.length - 1)),
    );
    expect(indexes).toHaveLength(2);
    for (const index of indexes) expect(await one.connection.run('ZCARD', index)).toBe(1);
  });
}

function asked(): void {
  test('once a second, however many requests come', async () => {
    const { one, other, advance } = await open();
    const session = sessionOf();
    const handle = await other.store.save(session);
    await at(one.store, handle);
    const before = one.sent();
    for (let request = 0; request < 100; request += 1)
      expect(one.store.isCurrent(handle, session)).toBe(true);
    expect(one.sent()).toBe(before);
    advance(1);
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => one.store.isCurrent(handle, session)),
    );
    expect(answers).toEqual(answers.map(() => true));
    expect(one.sent()).toBe(before + 1);
    expect(one.store.isCurrent(handle, session)).toBe(true);
  });

  test('not at all for what cannot be a handle', async () => {
    const { one } = await open();
    for (const forged of ['', 'x', '*', 'A'.repeat(42), `${'A'.repeat(43)}\n`, 'ö'.repeat(43)])
      expect(await at(one.store, forged)).toBeUndefined();
    expect(one.sent()).toBe(0);
  });

  test('again with the text of a script that it has forgotten', async () => {
    const { one } = await open(600);
    await one.store.save(sessionOf());
    await one.connection.run('SCRIPT', 'FLUSH');
    const session = sessionOf();
    expect(await at(one.store, await one.store.save(session))).toEqual(session);
  });
}

function rotated(): void {
  test.each([
    ['the newest', NEW, true],
    ['the second', OLD, true],
    ['a retired one', RETIRED, false],
  ])(
    'CS5: a session sealed with %s secret lives, and is found by the person: %s',
    async (_which, keys, lives) => {
      const clocks = new Clocks();
      const keyPrefix = newPrefix();
      const before = await start({ clocks, keyPrefix, secrets: [keys] });
      const after = await start({ clocks, keyPrefix, secrets: [NEW, OLD] });
      const session = sessionOf();
      const handle = await before.store.save(session);
      expect(await at(after.store, handle)).toEqual(lives ? session : undefined);
      const selector = { by: 'subject', provider: 'default', subject: 'alice' } as const;
      expect(await after.store.endWhere(selector)).toBe(lives ? 1 : 0);
    },
  );
}
