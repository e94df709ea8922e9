import { createEndedSessions } from './ended-sessions.ts';
import type { Sealer } from './seal.ts';
import { SESSION_VERSION, type Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/**
 * The stateless store: the handle is the sealed session. Nothing is kept but which sessions this process saw end,
 * so a copy of an ended session's cookie is refused here, and lives on in other processes until it expires.
 * @param now Unix seconds
 */
export function createCookieStore(sealer: Sealer, now: () => number): SessionStore {
  const ended = createEndedSessions(now);
  const lives = ({ id }: Session): boolean => ended.fateOf(id) === undefined;
  return {
    keeps: false,
    save: async (session) =>
      sealer.seal(
        { purpose: 'session', host: session.host, context: session.tenant },
        session,
        session.expiresAt,
      ),
    load: async (handle, host, tenant, at) => {
      const opened = sealer.open({ purpose: 'session', host, context: tenant }, handle, at);
      // Sealed by one of our secrets, so the form is ours; only its version can be another.
      const session = opened?.payload as Session | undefined;
      if (session === undefined || session.version !== SESSION_VERSION) return undefined;
      return session.host === host && session.tenant === tenant && lives(session) ? session : undefined;
    },
    revoke: async (id, until, fate) => ended.remember(id, until, fate),
    isCurrent: (_handle, session) => lives(session),
    hasEnded: (id) => ended.fateOf(id) === 'ended',
  };
}
