import type { Session } from './session.ts';

/**
 * Where sessions live. What a browser carries is the `handle`: the sealed session itself, or the key to it.
 *
 * Concurrent callers may assume: once `revoke` has resolved, no `load` and no `isCurrent` of this process
 * answers as if the session lived. Other processes follow within a second where the store is shared, and never
 * where it is not (`cookie`).
 *
 * Every call rejects with `StoreUnavailable` when the store cannot be reached; none then answers "no session".
 */
export interface SessionStore {
  /**
   * Whether it keeps the sessions itself, under a handle that is the key to one. Else the handle is the session, and a
   * cache need not hold it a second time: `isCurrent` does not look at it.
   */
  readonly keeps: boolean;
  /** @returns the handle. */
  save(session: Session): Promise<string>;
  /**
   * @param host canonical host name; a session of another host or tenant is none
   * @param now Unix seconds
   * @returns undefined for anything that is not a living session for this host and tenant.
   */
  load(handle: string, host: string, tenant: string, now: number): Promise<Session | undefined>;
  /**
   * @param until Unix seconds: when the session would have ended by itself
   * @param handle of the session, where it is known: then it is found even where the store lost what leads to it
   */
  revoke(id: string, until: number, fate: Fate, handle?: string): Promise<void>;
  /**
   * Whether a session that was loaded with the handle is still what the store keeps: it did not end, and no other process
   * changed it. Counts as a use. Does *not* look at `expiresAt`, which the session says itself.
   */
  isCurrent(handle: string, session: Session): Promise<boolean> | boolean;
  /** Whether it was ended by a logout: then nothing of it may live on, not even in a login that was under way. */
  hasEnded(id: string): Promise<boolean> | boolean;
}

/** How a session came to its end: by a logout, or by a further login that goes on from it. */
export type Fate = 'ended' | 'replaced';
