import { LRUCache } from 'lru-cache';
import type { Fate } from './session-store.ts';

/** The sessions that this process saw end. */
export interface EndedSessions {
  /** @param until Unix seconds: when it would have ended by itself */
  remember(id: string, until: number, fate: Fate): void;
  /** @returns undefined for a session that was not seen to end. */
  fateOf(id: string): Fate | undefined;
}

/** Each entry is some hundred bytes. */
const REMEMBERED = 100_000;

/** @param now Unix seconds */
export function createEndedSessions(now: () => number): EndedSessions {
  // By size, not by number: for a number of entries it would take their room at once.
  const fates = new LRUCache<string, Fate>({ maxSize: REMEMBERED, sizeCalculation: () => 1 });
  return {
    remember(id, until, fate) {
      const left = until - now();
      // A logout stays one, whatever a login that was under way does to the session afterwards.
      if (left > 0 && fates.get(id) !== 'ended') fates.set(id, fate, { ttl: left * 1000 });
    },
    fateOf: (id) => fates.get(id),
  };
}
