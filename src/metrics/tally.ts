import type { Reason } from '../reason.ts';

/** Counts by two labels. */
export interface Tally {
  add(app: string, reason: Reason): void;
  counts(): Iterable<readonly [app: string, reason: Reason, count: number]>;
}

export function createTally(): Tally {
  const byApp = new Map<string, Map<Reason, number>>();
  return {
    add(app, reason) {
      const byReason = byApp.get(app);
      if (byReason === undefined) byApp.set(app, new Map([[reason, 1]]));
      else byReason.set(reason, (byReason.get(reason) ?? 0) + 1);
    },
    *counts() {
      for (const [app, byReason] of byApp) for (const [reason, count] of byReason) yield [app, reason, count];
    },
  };
}
