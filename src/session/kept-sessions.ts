import { randomBytes } from 'node:crypto';
import { SESSION_VERSION, type Session } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** What only a store that keeps the sessions itself can do. The handle is random, and the cookie small. */
export interface KeptSessions extends SessionStore {
  /**
   * Puts the session in the place of the one that the handle leads to, under the next revision. Id, host, tenant, person
   * and provider's session are to stay; the end stays whatever the new one says.
   *
   * Of concurrent callers with one revision, just one wins. An ended session is never brought back.
   * @param session as it was loaded, but for what changed
   * @returns false when it no longer lives, or was changed by another since it was loaded.
   */
  update(handle: string, session: Session): Promise<boolean>;
  /**
   * Takes a lock that has one holder over all processes of the store. It is let go by itself after the given time, and
   * when the store loses what it keeps: it spares work, and `update` decides who is right.
   * @param milliseconds whole ones, and one at the least: else it throws a `RangeError`
   * @returns undefined when another holds it.
   */
  lock(name: string, milliseconds: number): Promise<Release | undefined>;
  /** The living sessions, each once, in no order. One that begins or ends meanwhile may be among them or not. */
  list(): AsyncIterable<SessionSummary>;
  /**
   * Ends every living session that is selected, as a logout does.
   * @returns how many there were. */
  endWhere(selector: SessionSelector): Promise<number>;
}

/** Lets a lock go, if it is still held by whom it was given to. */
export type Release = () => Promise<void>;

/** A session without its secrets. Times are Unix seconds. */
export interface SessionSummary {
  readonly id: string;
  readonly subject: string;
  readonly provider: string;
  readonly clientId: string;
  readonly host: string;
  readonly tenant: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Known where unused sessions end (`session.idle`), to the second or so. */
  readonly usedAt?: number;
}

/**
 * Which sessions are meant. The last two are those of a back-channel logout (OIDC Back-Channel Logout 1.0 section 2.6).
 * `withoutSid`: of the person's, only those that hold no session of the provider.
 */
export type SessionSelector =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'client'; readonly clientId: string }
  | {
      readonly by: 'subject';
      readonly provider: string;
      readonly subject: string;
      readonly withoutSid?: true;
    }
  | { readonly by: 'sid'; readonly provider: string; readonly sid: string };

export function isSelected(session: Session, selector: SessionSelector): boolean {
  switch (selector.by) {
    case 'id':
      return session.id === selector.id;
    case 'client':
      return session.clientId === selector.clientId;
    case 'subject':
      if (selector.withoutSid === true && session.sid !== undefined) return false;
      return session.provider === selector.provider && session.subject === selector.subject;
    case 'sid':
      return session.provider === selector.provider && session.sid === selector.sid;
  }
}

export function summaryOf(session: Session, usedAt: number | undefined): SessionSummary {
  const { id, subject, provider, clientId, host, tenant, createdAt, expiresAt } = session;
  const used = usedAt === undefined ? {} : { usedAt };
  return { id, subject, provider, clientId, host, tenant, createdAt, expiresAt, ...used };
}

/** @returns 256 random bits. */
export const newHandle = (): string => randomBytes(32).toString('base64url');

/** @throws RangeError for what is no time that a lock can be held */
export function checkLimit(milliseconds: number): void {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 1)
    throw new RangeError(`a lock is held for whole milliseconds, not for ${milliseconds}`);
}

/** Whether a text could be a handle: the rest need not be looked for. */
export const isHandle = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** Whether a kept session is one for this host and tenant. Does *not* look at the time. */
export const isFor = (session: Session, host: string, tenant: string): boolean =>
  session.version === SESSION_VERSION && session.host === host && session.tenant === tenant;
