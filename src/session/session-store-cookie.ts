import { LRUCache } from 'lru-cache';
import type { Sealer } from './seal.ts';
import { SESSION_VERSION, type Session } from './session.ts';
import type { Fate, SessionStore } from './session-store.ts';

/** Ended sessions that are remembered; each entry is some hundred bytes. */
const REMEMBERED = 100_000;

/**
 * The stateless store: the handle is the sealed session. Nothing is kept but which sessions this process saw end,
 * so a copy of an ended session's cookie is refused here, and lives on in other processes until it expires.
 * @param now Unix seconds
 */
export function createCookieStore(sealer: Sealer, now: () => number): SessionStore {
  const revoked = new LRUCache<string, Fate>({ max: REMEMBERED });
  return {
    save: (session) =>
      sealer.seal(
        { purpose: 'session', host: session.host, context: session.tenant },
        session,
        session.expiresAt,
      ),
    load: async (handle, host, tenant, at) => {
      const opened = await sealer.open({ purpose: 'session', host, context: tenant }, handle, at);
      // Sealed by one of our secrets, so the form is ours; only its version can be another.
      const session = opened?.payload as Session | undefined;
      if (session === undefined || session.version !== SESSION_VERSION) return undefined;
      return session.host === host && session.tenant === tenant && !revoked.has(session.id)
        ? session
        : undefined;
    },
    revoke: async (id, until, fate) => {
      const left = until - now();
      if (left > 0) revoked.set(id, fate, { ttl: left * 1000 });
    },
    isRevoked: (id) => revoked.has(id),
    hasEnded: (id) => revoked.get(id) === 'ended',
  };
}
