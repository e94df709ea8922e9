import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { KeptSessions } from '../../../src/session/kept-sessions.ts';
import type { Session } from '../../../src/session/session.ts';
import { StoreUnavailable } from '../../../src/session/store-unavailable.ts';
import { sessionOf } from '../../contract/session-store.contract.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { Clocks, newPrefix, type RedisProcess, startProcess } from '../../support/redis-store.ts';

// A Redis of its own starts in a moment, but not where many tests run at once.
jest.setTimeout(30_000);

/** CS12, FA16: what a Redis that fails does to the store. No call is ever answered "no session" for it. */

const open: (AsyncDisposable | Disposable)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse())
    if (Symbol.dispose in one) one[Symbol.dispose]();
    else await one[Symbol.asyncDispose]();
});

interface World {
  readonly redis: RedisServer;
  readonly process: RedisProcess;
  readonly store: KeptSessions;
  readonly clocks: Clocks;
  readonly session: Session;
  readonly handle: string;
}

/** A Redis that keeps what it has, and a session in it that was read just now. */
async function begin(idle?: number): Promise<World> {
  const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  open.push(redis);
  const clocks = new Clocks();
  const process = await startProcess({ clocks, idle, config: { port: redis.port, keyPrefix: newPrefix() } });
  open.push(process);
  const session = sessionOf();
  const handle = await process.store.save(session);
  return { redis, process, store: process.store, clocks, session, handle };
}

const load = ({ store, clocks, handle }: World): Promise<Session | undefined> =>
  store.load(handle, 'shop.example.com', 'acme', clocks.now());

/** Asks until the store answers. */
async function healed(world: World): Promise<Session | undefined> {
  for (;;) {
    try {
      return await load(world);
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable);
      await sleep(20);
    }
  }
}

/** Every call that needs an answer. */
const CALLS: readonly (readonly [what: string, call: (world: World) => unknown])[] = [
  ['load', load],
  ['save', ({ store }) => store.save(sessionOf())],
  ['revoke', ({ store, session }) => store.revoke(session.id, session.expiresAt, 'ended')],
  ['hasEnded', ({ store, session }) => store.hasEnded(session.id)],
  ['update', ({ store, handle, session }) => store.update(handle, session)],
  ['lock', ({ store }) => store.lock('refresh', 1000)],
  ['endWhere', ({ store }) => store.endWhere({ by: 'client', clientId: 'shop' })],
  [
    'list',
    async ({ store }) => {
      for await (const one of store.list()) throw new Error(`listed ${one.id}`);
    },
  ],
];

type Fault = (world: World) => Promise<void> | void;
const FAULTS: readonly (readonly [what: string, fault: Fault, mend: Fault])[] = [
  ['was killed', ({ redis }) => redis.kill(), ({ redis }) => redis.restart()],
  ['is silent', ({ redis }) => redis.pause(), ({ redis }) => redis.resume()],
];

if (missingRedis !== undefined) {
  test.skip(`a Redis that fails: ${missingRedis}`, () => {});
} else {
  test.each(FAULTS)(
    'a Redis that %s: every call says that it cannot be known, and heals',
    async (_what, fault, mend) => {
      const world = await begin();
      await fault(world);
      const answers = await Promise.allSettled(CALLS.map(([, call]) => call(world)));
      expect(answers.map(({ status }, at) => [CALLS[at]?.[0], status])).toEqual(
        CALLS.map(([what]) => [what, 'rejected']),
      );
      for (const answer of answers)
        expect(answer.status === 'rejected' && answer.reason).toBeInstanceOf(StoreUnavailable);
      expect(world.process.connection.down()).toBeDefined();
      await mend(world);
      // A silent one may have taken the commands, and carries them out when it is back.
      await healed(world);
      expect(world.process.connection.down()).toBeUndefined();
      const session = sessionOf();
      const handle = await world.store.save(session);
      expect(await load({ ...world, handle })).toEqual(session);
    },
    30_000,
  );

  test.each(FAULTS)(
    'a Redis that %s: a session that was read just now goes on for a minute, and comes back',
    async (_what, fault, mend) => {
      const world = await begin();
      const { store, handle, session, clocks } = world;
      await load(world);
      await fault(world);
      for (const passed of [1, 28, 30]) {
        clocks.advance(passed);
        expect(await store.isCurrent(handle, session)).toBe(true);
      }
      clocks.advance(1);
      await expect(Promise.resolve(store.isCurrent(handle, session))).rejects.toThrow(StoreUnavailable);
      await mend(world);
      expect(await healed(world)).toEqual(session);
      expect(await store.isCurrent(handle, session)).toBe(true);
    },
    30_000,
  );

  test('grace is for the revision that was read, and for no other session', async () => {
    const world = await begin();
    const { store, handle, session, clocks, redis } = world;
    await load(world);
    await redis.kill();
    clocks.advance(1);
    const unknown = [
      store.isCurrent(handle, { ...session, revision: 1 }),
      store.isCurrent('A'.repeat(43), session),
    ];
    for (const answer of await Promise.allSettled(unknown))
      expect(answer.status === 'rejected' && answer.reason).toBeInstanceOf(StoreUnavailable);
    expect(await store.isCurrent(handle, session)).toBe(true);
  });

  test('a session that was ended here gets no grace', async () => {
    const world = await begin();
    const { store, handle, session, clocks, redis } = world;
    await load(world);
    await store.revoke(session.id, session.expiresAt, 'ended');
    await redis.kill();
    clocks.advance(1);
    expect(store.isCurrent(handle, session)).toBe(false);
    expect(await store.hasEnded(session.id)).toBe(true);
  });

  test('what cannot be reached is refused at once, and nothing is kept for later', async () => {
    const world = await begin();
    await world.redis.kill();
    await expect(load(world)).rejects.toThrow(StoreUnavailable);
    const many = await Promise.allSettled(Array.from({ length: 1000 }, () => world.store.save(sessionOf())));
    expect(new Set(many.map(({ status }) => status))).toEqual(new Set(['rejected']));
    await world.redis.restart();
    await healed(world);
    let listed = 0;
    for await (const _ of world.store.list()) listed += 1;
    expect(listed).toBe(1);
  });

  test('a connection that is cut is replaced, and the next request waits for it', async () => {
    const world = await begin();
    const other = await startProcess({ clocks: world.clocks, config: { port: world.redis.port } });
    open.push(other);
    await other.connection.run('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await world.process.connection.run('PING').catch(() => undefined);
    expect(await load(world)).toEqual(world.session);
    expect(world.process.changes.map((why) => why === undefined)).toEqual([false, true]);
  });

  test('a primary that became a replica is left, and taken again when it is one', async () => {
    const world = await begin();
    const { connection } = world.process;
    await connection.run('REPLICAOF', '127.0.0.1', '1');
    await expect(world.store.save(sessionOf())).rejects.toThrow('READONLY');
    for (;;) {
      const mended = await connection.run('REPLICAOF', 'NO', 'ONE').catch(() => undefined);
      if (mended === 'OK') break;
      await sleep(20);
    }
    expect(await load(world)).toEqual(world.session);
    const session = sessionOf();
    expect(await load({ ...world, handle: await world.store.save(session) })).toEqual(session);
  });

  test('a Redis that is not there at the start is found when it comes', async () => {
    const redis = await startRedis();
    open.push(redis);
    await redis.kill();
    const clocks = new Clocks();
    const process = await startProcess({ clocks, config: { port: redis.port, keyPrefix: newPrefix() } });
    open.push(process);
    expect([process.connection.down(), process.connection.wasReached()]).toEqual(['ECONNREFUSED', false]);
    await expect(process.store.save(sessionOf())).rejects.toThrow(
      'the session store cannot be reached: ECONNREFUSED',
    );
    await redis.restart();
    while (!process.connection.wasReached()) await sleep(20);
    expect(process.changes).toEqual(['ECONNREFUSED', undefined]);
    const session = sessionOf();
    const handle = await process.store.save(session);
    expect(await process.store.load(handle, 'shop.example.com', 'acme', clocks.now())).toEqual(session);
  });

  test('a silent Redis is noticed though nobody asks', async () => {
    const world = await begin();
    world.redis.pause();
    while (world.process.connection.down() === undefined) await sleep(20);
    expect(world.process.connection.down()).toBe('no answer in time');
    world.redis.resume();
    while (world.process.connection.down() !== undefined) await sleep(20);
    expect(await load(world)).toEqual(world.session);
  });

  test('a store that was stopped stays so', async () => {
    const world = await begin();
    world.process.connection.stop();
    await expect(load(world)).rejects.toThrow(StoreUnavailable);
    expect(world.process.connection.down()).toBe('closed');
    expect(world.process.changes).toEqual([]);
  });
}
