import { randomBytes } from 'node:crypto';
import { createConfirmations } from './confirmations.ts';
import { createEndedSessions } from './ended-sessions.ts';
import {
  checkLimit,
  isFor,
  isHandle,
  isSelected,
  type KeptSessions,
  newHandle,
  type SessionSelector,
  summaryOf,
} from './kept-sessions.ts';
import type { RedisReply } from './redis-client.ts';
import type { RedisConnection } from './redis-connection.ts';
import type { RedisKeys } from './redis-keys.ts';
import { READ, RELEASE, REVOKE, SAVE, UPDATE, USE } from './redis-scripts.ts';
import type { Sealer } from './seal.ts';
import type { Session } from './session.ts';
import type { Fate } from './session-store.ts';

export interface RedisStoreParts {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly sealer: Sealer;
  /** Seconds after which an unused session ends; undefined: never. */
  readonly idle: number | undefined;
  /** Seconds that sessions go on while Redis does not answer. */
  readonly grace: number;
  /** Unix seconds. */
  readonly now: () => number;
  /** A clock that only goes forward. */
  readonly milliseconds: () => number;
}

/** A session as it was found, before anyone asks whether it is the right one. */
interface Found {
  readonly key: string;
  readonly session: Session;
  readonly usedAt: number;
}

const NEVER = 2 ** 31;

/** Keys that are read at once: an index may have more members than the commands that may wait for their answers. */
const PAGE = 500;

/**
 * The shared store, for any number of processes: Redis 6.2 or Valkey. What Redis holds is sealed and bound to its key:
 * who can read Redis opens no session, and a value that is copied to another key opens nothing. Every change is one
 * script. Clocks of processes are compared (last use), so they may differ by no more than a few seconds.
 */
export function createRedisStore(parts: RedisStoreParts): KeptSessions {
  const { connection, keys, sealer, idle, grace, now, milliseconds } = parts;
  const ended = createEndedSessions(now);
  const confirmations = createConfirmations(
    async (handle) => revisionOf(await use(keys.session(handle))),
    grace,
    milliseconds,
  );

  const seal = (key: string, session: Session): string =>
    sealer.seal({ purpose: 'kept', host: '', context: key }, session, session.expiresAt);

  /** @returns the revision of one that lives. */
  async function use(key: string): Promise<RedisReply> {
    if (idle !== undefined) return connection.evaluate(USE, [key], [now(), idle]);
    const reply = await connection.evaluate(READ, [key], ['r']);
    return Array.isArray(reply) ? (reply[0] ?? null) : null;
  }

  /** @returns nothing for a key that holds no session any more, or one that was ended. */
  const read = (key: string): Promise<RedisReply> => connection.evaluate(READ, [key], ['r', 'x', 'u', 'v']);

  /** @returns undefined for what is not there, not ours, past its end, or unused for too long. */
  function opened(key: string, reply: RedisReply, at: number): Found | undefined {
    const [revision, end, usedAt, sealed] = Array.isArray(reply) ? reply : [];
    if (typeof sealed !== 'string' || at >= Number(end)) return undefined;
    if (idle !== undefined && at - Number(usedAt) >= idle) return undefined;
    const unsealed = sealer.open({ purpose: 'kept', host: '', context: key }, sealed, at);
    // Sealed by one of our secrets, so the form is ours.
    const session = unsealed?.payload as Session | undefined;
    if (session === undefined || session.revision !== Number(revision)) return undefined;
    // Whatever a change said: the end is that of the login.
    return {
      key,
      session: { ...session, expiresAt: Math.min(session.expiresAt, Number(end)) },
      usedAt: Number(usedAt),
    };
  }

  async function revoke(id: string, until: number, fate: Fate, known: readonly string[]): Promise<void> {
    await connection.evaluate(REVOKE, [keys.ended(id), keys.byId(id), ...known], [fate, until - now()]);
    ended.remember(id, until, fate);
  }

  /** Those that may be selected, by pages; some may come twice. */
  async function* candidates(selector: SessionSelector): AsyncIterable<readonly Found[]> {
    if (selector.by === 'client') return yield* everyPage();
    const indexes =
      selector.by === 'id'
        ? [keys.byId(selector.id)]
        : selector.by === 'subject'
          ? keys.bySubject(selector.provider, selector.subject)
          : keys.bySid(selector.provider, selector.sid);
    for (const index of indexes)
      for await (const scanned of scan('ZSCAN', index)) {
        // Members, and their ends.
        const members = scanned.filter((_, at) => at % 2 === 0);
        for (let at = 0; at < members.length; at += PAGE) {
          const { found, gone } = await findAll(members.slice(at, at + PAGE));
          // The key of a session is never used again.
          if (gone.length > 0) await connection.run('ZREM', index, ...gone);
          yield found;
        }
      }
  }

  /** Every session once, by pages. */
  async function* everyPage(): AsyncIterable<readonly Found[]> {
    const seen = new Set<string>();
    for await (const page of scan('SCAN', undefined, 'MATCH', keys.everySession)) {
      const fresh = [...new Set(page)].filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      yield (await findAll(fresh)).found;
    }
  }

  /** What stays there meanwhile comes once at the least, whatever else comes and goes. */
  async function* scan(
    command: 'SCAN' | 'ZSCAN',
    key: string | undefined,
    ...options: readonly string[]
  ): AsyncIterable<readonly string[]> {
    const start = key === undefined ? [command] : [command, key];
    let cursor = '0';
    do {
      const reply = await connection.run(...start, cursor, ...options, 'COUNT', String(PAGE));
      const [next, page] = Array.isArray(reply) ? reply : [];
      yield texts(page);
      cursor = String(next ?? '0');
    } while (cursor !== '0');
  }

  /** @returns what was found, and the keys that hold nothing any more. */
  async function findAll(
    some: readonly string[],
  ): Promise<{ readonly found: readonly Found[]; readonly gone: readonly string[] }> {
    const replies = await Promise.all(some.map(async (key) => ({ key, reply: await read(key) })));
    const found = replies.map(({ key, reply }) => opened(key, reply, now()));
    return {
      found: found.filter((one) => one !== undefined),
      gone: replies.filter(({ reply }) => reply === null).map(({ key }) => key),
    };
  }

  return {
    keeps: true,

    async save(session) {
      const handle = newHandle();
      const key = keys.session(handle);
      const askedAt = milliseconds();
      const saved = await connection.evaluate(
        SAVE,
        [key, keys.ended(session.id), ...keys.indexesOf(session)],
        [session.revision, session.expiresAt, now(), idle ?? NEVER, seal(key, session)],
      );
      if (saved === 1) confirmations.told(handle, session.revision, askedAt);
      return handle;
    },

    async load(handle, host, tenant, at) {
      if (!isHandle(handle)) return undefined;
      const key = keys.session(handle);
      const askedAt = milliseconds();
      const session = opened(key, await read(key), at)?.session;
      if (session === undefined || !isFor(session, host, tenant)) return undefined;
      if (idle !== undefined && revisionOf(await use(key)) === undefined) return undefined;
      if (ended.fateOf(session.id) !== undefined) return undefined;
      confirmations.told(handle, session.revision, askedAt);
      return session;
    },

    revoke: (id, until, fate, handle) =>
      revoke(id, until, fate, handle === undefined ? [] : [keys.session(handle)]),

    isCurrent(handle, session) {
      const lives = (): boolean => ended.fateOf(session.id) === undefined;
      if (!lives()) return false;
      const current = confirmations.isCurrent(handle, session);
      // It may have been ended here while Redis was asked.
      return typeof current === 'boolean' ? current : current.then((is) => is && lives());
    },

    async hasEnded(id) {
      return (ended.fateOf(id) ?? (await connection.run('GET', keys.ended(id)))) === 'ended';
    },

    async update(handle, session) {
      const key = keys.session(handle);
      const changed = { ...session, revision: session.revision + 1 };
      const askedAt = milliseconds();
      const reply = await connection.evaluate(
        UPDATE,
        [key],
        [session.revision, changed.revision, seal(key, changed), now()],
      );
      if (reply === 1) confirmations.told(handle, changed.revision, askedAt);
      return reply === 1;
    },

    async lock(name, limit) {
      checkLimit(limit);
      const key = keys.lock(name);
      const holder = randomBytes(16).toString('base64url');
      const reply = await connection.run('SET', key, holder, 'NX', 'PX', String(limit));
      if (reply !== 'OK') return undefined;
      return async () => void (await connection.evaluate(RELEASE, [key], [holder]));
    },

    async *list() {
      for await (const page of everyPage())
        for (const { session, usedAt } of page)
          yield summaryOf(session, idle === undefined ? undefined : usedAt);
    },

    async endWhere(selector) {
      const gone = new Set<string>();
      for await (const page of candidates(selector))
        for (const { key, session } of page) {
          if (!isSelected(session, selector) || gone.has(session.id)) continue;
          await revoke(session.id, session.expiresAt, 'ended', [key]);
          gone.add(session.id);
        }
      return gone.size;
    },
  };
}

const revisionOf = (reply: RedisReply): number | undefined => (reply === null ? undefined : Number(reply));

const texts = (reply: RedisReply | undefined): readonly string[] =>
  Array.isArray(reply) ? reply.map(String) : [];
