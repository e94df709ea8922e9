import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Session } from '../../../src/session/session.ts';
import { StoreUnavailable } from '../../../src/session/store-unavailable.ts';
import { type KeptUnderTest, keptSessionsContract, listOf } from '../../contract/kept-sessions.contract.ts';
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
  describe('a Redis that evicts', evicts);
  describe('the indexes', indexes);
  describe('how often Redis is asked', asked);
  describe('secrets are rotated', rotated);
}

const at = (store: RedisProcess['store'], handle: string, now = START) =>
  store.load(handle, 'shop.example.com', 'acme', now);

/** Every key below a prefix, or those of one kind. */
async function keysOf({ connection }: RedisProcess, prefix: string): Promise<readonly string[]> {
  const keys = await connection.run('KEYS', `${prefix}*`);
  return Array.isArray(keys) ? keys.map(String) : [];
}

function holds(): void {
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

type Opened = Awaited<ReturnType<typeof open>>;

function evicts(): void {
  const evict = async ({ one, keyPrefix }: Opened, kind: string): Promise<void> => {
    const keys = await keysOf(one, `${keyPrefix}${kind}:`);
    expect(keys).toHaveLength(1);
    await one.connection.run('DEL', ...keys);
  };
  type End = (under: Opened, session: Session, handle: string) => unknown;
  const revoke: End = ({ store }, { id, expiresAt }) => store.revoke(id, expiresAt, 'ended');
  const revokeWithHandle: End = ({ store }, { id, expiresAt }, handle) =>
    store.revoke(id, expiresAt, 'ended', handle);
  const kill: End = ({ store }) => store.endWhere({ by: 'subject', provider: 'default', subject: 'alice' });

  test.each<[what: string, idle: number | undefined, end: End, isDeleted: boolean]>([
    ['a logout', undefined, revoke, false],
    ['a logout, where unused sessions end', 7200, revoke, false],
    ['a logout by who has the handle', undefined, revokeWithHandle, true],
    ['a kill of the person', undefined, kill, true],
  ])('the index of the id: %s counts in every process', async (_what, idle, end, isDeleted) => {
    const under = await open(idle);
    const { one, store, replica, keyPrefix, advance } = under;
    const session = sessionOf();
    const handle = await store.save(session);
    expect(await at(replica, handle)).toEqual(session);
    await evict(under, 'i');
    await end(under, session, handle);
    expect(await replica.hasEnded(session.id)).toBe(true);
    expect(await replica.update(handle, session)).toBe(false);
    expect(await at(replica, handle)).toBeUndefined();
    advance(1);
    expect(await replica.isCurrent(handle, session)).toBe(false);
    expect(await listOf(replica)).toEqual([]);
    expect(await keysOf(one, `${keyPrefix}s:`)).toHaveLength(isDeleted ? 0 : 1);
  });

  test('the fate of a session: what was ended by who has the handle stays so', async () => {
    const under = await open();
    const { store, replica, advance } = under;
    const session = sessionOf();
    const handle = await store.save(session);
    await evict(under, 'i');
    await store.revoke(session.id, session.expiresAt, 'ended', handle);
    await evict(under, 'e');
    advance(1);
    expect(await replica.isCurrent(handle, session)).toBe(false);
    expect(await at(replica, handle)).toBeUndefined();
  });

  test('none (noeviction), when it is full: it takes no session, and those that it has go on and end', async () => {
    const under = await open(600);
    const { one, store, replica, advance } = under;
    const session = sessionOf();
    const handle = await store.save(session);
    await one.connection.run('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    try {
      await expect(store.save(sessionOf())).rejects.toThrow(StoreUnavailable);
      advance(1);
      expect(await replica.isCurrent(handle, session)).toBe(true);
      expect(await store.update(handle, session)).toBe(true);
      await replica.revoke(session.id, session.expiresAt, 'ended');
      expect(await store.hasEnded(session.id)).toBe(true);
      expect(await at(store, handle)).toBeUndefined();
    } finally {
      await one.connection.run('CONFIG', 'SET', 'maxmemory', '0');
    }
  });

  test('a handle of another session does not end that one', async () => {
    const { store, replica } = await open();
    const [mine, yours] = [sessionOf(), sessionOf({ subject: 'bob' })];
    const handle = await store.save(yours);
    await store.revoke(mine.id, mine.expiresAt, 'ended', handle);
    expect(await at(replica, handle)).toEqual(yours);
  });
}

function indexes(): void {
  const ALICE = { by: 'subject', provider: 'default', subject: 'alice' } as const;
  const SID = { by: 'sid', provider: 'default', sid: 'session-of-the-provider' } as const;
  const indexesOf = async ({ one, keyPrefix }: Opened): Promise<readonly string[]> =>
    (await keysOf(one, keyPrefix)).filter((name) => /^[ipd]:/.test(name.slice(keyPrefix.length)));

  test.each<[what: string, end: (under: Opened, session: Session) => unknown]>([
    ['a logout', ({ store }, { id, expiresAt }) => store.revoke(id, expiresAt, 'ended')],
    ['a further login', ({ store }, { id, expiresAt }) => store.revoke(id, expiresAt, 'replaced')],
    ['a kill by the id', ({ store }, { id }) => store.endWhere({ by: 'id', id })],
    ['a kill of the person', ({ store }) => store.endWhere(ALICE)],
    ['a back-channel logout', ({ store }) => store.endWhere(SID)],
  ])('hold nothing of sessions after %s', async (_what, end) => {
    const under = await open();
    for (let round = 0; round < 3; round += 1) {
      const session = sessionOf();
      await under.store.save(session);
      await end(under, session);
    }
    expect(await indexesOf(under)).toEqual([]);
  });

  test('let go, when they are read, of sessions that nobody used, and keep those that live', async () => {
    const under = await open(600);
    const { one, store, advance, now } = under;
    await store.save(sessionOf());
    // As when they were unused for too long: Redis has let go of the session alone.
    const [first = ''] = await keysOf(one, `${under.keyPrefix}s:`);
    await one.connection.run('DEL', first);
    advance(300);
    const bob = sessionOf({ subject: 'bob', createdAt: now() });
    const handle = await store.save(bob);
    expect(await store.endWhere({ ...SID, sid: 'another' })).toBe(0);
    expect(await indexesOf(under)).toHaveLength(5);
    await store.endWhere({ ...ALICE, withoutSid: true });
    await store.endWhere({ ...ALICE, subject: 'bob', withoutSid: true });
    // Of the one that lives: its id, its person, the provider's session. Of the other one: its id.
    const left = await Promise.all(
      (await indexesOf(under)).map(
        async (index) =>
          `${index.slice(under.keyPrefix.length)[0]} ${await one.connection.run('ZCARD', index)}`,
      ),
    );
    expect(left.sort()).toEqual(['d 2', 'i 1', 'i 1', 'p 1']);
    expect(await at(store, handle, now())).toEqual(bob);
  });

  test('are read by pages: more members than commands may wait for', async () => {
    const under = await open();
    const { one, store, keyPrefix } = under;
    const handle = await store.save(sessionOf());
    for (const kind of ['p', 'd']) {
      const [index = ''] = await keysOf(one, `${keyPrefix}${kind}:`);
      for (let part = 0; part < 21; part += 1) {
        const dead = Array.from({ length: 1000 }, (_, nth) => `${keyPrefix}s:dead-${part}-${nth}`);
        const members = dead.flatMap((key) => [String(START + 3600), key]);
        await one.connection.run('ZADD', index, ...members);
      }
    }
    expect(await store.endWhere({ ...ALICE, withoutSid: true })).toBe(0);
    expect(await at(store, handle)).toBeDefined();
    expect(await store.endWhere(SID)).toBe(1);
    expect(await at(store, handle)).toBeUndefined();
    expect(await indexesOf(under)).toEqual([]);
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
