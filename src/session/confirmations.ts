import { LRUCache } from 'lru-cache';
import { isWithin } from '../token/elapsed.ts';
import type { Session } from './session.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** When the store last said which revision of a session it keeps: so that it is not asked at every request. */
export interface Confirmations {
  /** Whether the session is in the revision that the store keeps; answered at once where that was told just now. */
  isCurrent(handle: string, session: Session): boolean | Promise<boolean>;
  /**
   * The store told a revision.
   * @param askedAt milliseconds: when it was *asked*, since what it told may be as old as that
   */
  told(handle: string, revision: number, askedAt: number): void;
}

/** Milliseconds: what one process does to a session, all others know within this time. */
const FRESH = 1000;
/** Each entry is some hundred bytes. */
const REMEMBERED = 100_000;

/**
 * @param read asks the store for the revision it keeps
 * @param grace seconds that what was told serves on while the store does not answer
 * @param milliseconds a clock that only goes forward
 */
export function createConfirmations(
  read: (handle: string) => Promise<number | undefined>,
  grace: number,
  milliseconds: () => number,
): Confirmations {
  const known = new LRUCache<string, { readonly revision: number; readonly askedAt: number }>({
    maxSize: REMEMBERED,
    sizeCalculation: () => 1, // by size, not by number: for a number of entries it would take their room at once
  });
  const flights = new Map<string, Promise<number | undefined>>();

  function told(handle: string, revision: number, askedAt: number): void {
    const before = known.get(handle);
    // Revisions only grow, and answers may overtake one another.
    if (before !== undefined && before.revision > revision) return;
    known.set(handle, { revision, askedAt: Math.max(askedAt, before?.askedAt ?? askedAt) });
  }

  async function fetchRevision(handle: string): Promise<number | undefined> {
    const askedAt = milliseconds();
    const revision = await read(handle);
    if (revision === undefined) known.delete(handle);
    else told(handle, revision, askedAt);
    return revision;
  }

  /** Requests for one session that come together are answered by one question. */
  function ask(handle: string): Promise<number | undefined> {
    const flight = flights.get(handle) ?? fetchRevision(handle).finally(() => flights.delete(handle));
    flights.set(handle, flight);
    return flight;
  }

  async function confirm(handle: string, session: Session): Promise<boolean> {
    try {
      return (await ask(handle)) === session.revision;
    } catch (error) {
      const before = known.get(handle);
      const serves =
        error instanceof StoreUnavailable &&
        before?.revision === session.revision &&
        isWithin(grace * 1000, before.askedAt, milliseconds());
      if (serves) return true;
      throw error;
    }
  }

  return {
    isCurrent(handle, session) {
      const before = known.get(handle);
      return before !== undefined && isWithin(FRESH, before.askedAt, milliseconds())
        ? before.revision === session.revision
        : confirm(handle, session);
    },
    told,
  };
}
