import { LRUCache } from 'lru-cache';
import { isWithin } from '../token/elapsed.ts';
import { createEndedSessions } from './ended-sessions.ts';
import { checkLimit, isFor, isSelected, type KeptSessions, newHandle, summaryOf } from './kept-sessions.ts';
import type { Session } from './session.ts';
import type { Fate } from './session-store.ts';

export interface MemoryStoreOptions {
  /** Seconds after which an unused session ends; undefined: never. */
  readonly idle: number | undefined;
  /** Unix seconds. */
  readonly now: () => number;
  /** A clock that only goes forward. */
  readonly milliseconds: () => number;
  /** Sessions that are kept; beyond them the one that was unused for longest ends. */
  readonly most?: number;
}

export const MOST_SESSIONS = 100_000;
/** Seconds between two looks for sessions that ended by themselves, so that their memory is free again. */
const TIDY = 60;

interface Kept {
  readonly handle: string;
  session: Session;
  usedAt: number;
}

/** The store of a single process: nothing is shared, and a restart signs everyone out. */
export function createMemoryStore(options: MemoryStoreOptions): KeptSessions {
  const { idle, now, milliseconds, most = MOST_SESSIONS } = options;
  const ended = createEndedSessions(now);
  const byId = new Map<string, Set<Kept>>();
  const kept = new LRUCache<string, Kept>({
    max: most,
    dispose: (one) => {
      const rest = byId.get(one.session.id);
      rest?.delete(one);
      if (rest?.size === 0) byId.delete(one.session.id);
    },
  });
  const locks = new Map<string, { readonly since: number; readonly limit: number }>();
  let tidiedAt = now();

  const lives = ({ session, usedAt }: Kept, at: number): boolean =>
    session.expiresAt > at && (idle === undefined || at - usedAt < idle);

  /** @returns what lives under the handle. */
  function find(handle: string, at: number): Kept | undefined {
    const one = kept.get(handle);
    return one !== undefined && lives(one, at) ? one : undefined;
  }

  function* living(): Iterable<Kept> {
    for (const one of [...kept.values()]) if (lives(one, now())) yield one;
  }

  function tidy(): void {
    if (isWithin(TIDY, tidiedAt, now())) return;
    tidiedAt = now();
    for (const one of [...kept.values()]) if (!lives(one, now())) kept.delete(one.handle);
    for (const [name, { since, limit }] of locks) if (milliseconds() - since >= limit) locks.delete(name);
  }

  function end(id: string, until: number, fate: Fate): void {
    ended.remember(id, until, fate);
    for (const { handle } of [...(byId.get(id) ?? [])]) kept.delete(handle);
  }

  return {
    keeps: true,

    async save(session) {
      tidy();
      const handle = newHandle();
      if (ended.fateOf(session.id) !== undefined) return handle;
      const one: Kept = { handle, session, usedAt: now() };
      kept.set(handle, one);
      const same = byId.get(session.id) ?? new Set();
      byId.set(session.id, same.add(one));
      return handle;
    },

    async load(handle, host, tenant, at) {
      const one = find(handle, at);
      if (one === undefined || !isFor(one.session, host, tenant)) return undefined;
      one.usedAt = Math.max(one.usedAt, at);
      return one.session;
    },

    revoke: async (id, until, fate) => end(id, until, fate),

    isCurrent(handle, session) {
      const one = find(handle, now());
      if (one === undefined || one.session.id !== session.id || one.session.revision !== session.revision)
        return false;
      one.usedAt = now();
      return true;
    },

    hasEnded: (id) => ended.fateOf(id) === 'ended',

    async update(handle, session) {
      const one = find(handle, now());
      if (one === undefined || one.session.id !== session.id || one.session.revision !== session.revision)
        return false;
      const expiresAt = Math.min(session.expiresAt, one.session.expiresAt);
      one.session = { ...session, expiresAt, revision: session.revision + 1 };
      return true;
    },

    async lock(name, limit) {
      checkLimit(limit);
      const held = locks.get(name);
      if (held !== undefined && milliseconds() - held.since < held.limit) return undefined;
      const own = { since: milliseconds(), limit };
      locks.set(name, own);
      return async () => {
        if (locks.get(name) === own) locks.delete(name);
      };
    },

    async *list() {
      for (const { session, usedAt } of living())
        yield summaryOf(session, idle === undefined ? undefined : usedAt);
    },

    async endWhere(selector) {
      const gone = new Set<string>();
      for (const { session } of living()) {
        if (gone.has(session.id) || !isSelected(session, selector)) continue;
        end(session.id, session.expiresAt, 'ended');
        gone.add(session.id);
      }
      return gone.size;
    },
  };
}
