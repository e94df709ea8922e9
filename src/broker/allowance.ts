import { LRUCache } from 'lru-cache';
import { isWithin } from '../token/elapsed.ts';

/** How often something may happen for each of many. */
export interface Allowance {
  /** @returns undefined when it may happen once more, which is counted; else when it may again, in Unix seconds */
  take(who: string): number | undefined;
  /** What was taken last came to nothing, by no fault of theirs. */
  giveBack(who: string): void;
}

const MOST_KNOWN = 20_000;

/**
 * @param most times within so many seconds
 * @param now Unix seconds
 */
export function createAllowance(most: number, seconds: number, now: () => number): Allowance {
  const windows = new LRUCache<string, { readonly since: number; count: number }>({ max: MOST_KNOWN });
  return {
    take(who) {
      const before = windows.get(who);
      const window =
        before !== undefined && isWithin(seconds, before.since, now()) ? before : { since: now(), count: 0 };
      if (window.count >= most) return window.since + seconds;
      window.count += 1;
      windows.set(who, window);
      return undefined;
    },
    giveBack(who) {
      const window = windows.get(who);
      if (window !== undefined && window.count > 0) window.count -= 1;
    },
  };
}
