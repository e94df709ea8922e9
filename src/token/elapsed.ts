/**
 * Whether less than so many seconds have passed. A clock that was set back must not prolong a cool-down or an age, so a
 * negative distance counts as elapsed.
 */
export const isWithin = (seconds: number, since: number, now: number): boolean =>
  now >= since && now - since < seconds;
