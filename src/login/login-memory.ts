import { cookieBytes } from '../session/cookie-carrier.ts';
import type { Cookies } from '../session/cookies.ts';
import type { SplitCookies } from '../session/own-cookies.ts';
import type { Binding, Sealer } from '../session/seal.ts';
import type { Asked } from '../session/session.ts';

/** Seconds for which the end of a login is remembered. */
const MEMORY = 600;
/** Two logins that ended well within a minute, and still no session: a third would be a loop. */
const LOOP = { logins: 2, seconds: 60 };
/** Seconds after a login within which its token cannot be merely short-lived: it was dead when the page was opened. */
const STILLBORN = 3;
/** Bytes of the cookie with its signature: the rest is for sessions. */
const MOST_BYTES = 1200;
/** Entries kept; the oldest go first. */
const ENTRIES = 6;

/** How an earlier login of this browser, for this host, ended. */
export interface LoginEnd extends Asked {
  /** Unix seconds. */
  readonly at: number;
  /** A session was opened. */
  readonly completed: boolean;
  /** Names the step-up that it was asked for and that its access token did not bring (`stepUpName`). */
  readonly unmet?: string;
}

/**
 * What a browser's last logins asked for and how they ended, in a sealed cookie of its own: it outlives a login that
 * brought no session, and that is what ends a loop.
 */
export interface LoginMemory {
  read(host: string, cookies: Cookies, split: SplitCookies): readonly LoginEnd[];
  /** @returns Set-Cookie lines. */
  remember(host: string, cookies: Cookies, before: readonly LoginEnd[], end: LoginEnd): readonly string[];
  /** @returns lines that forget everything. */
  forget(cookies: Cookies, split: SplitCookies): readonly string[];
}

const nameOf = ({ prefix, suffix }: Cookies): string => `${prefix}-asked${suffix}`;

const bindingOf = (host: string, { tenant }: Cookies): Binding => ({
  purpose: 'asked',
  host,
  context: tenant,
});

export function createLoginMemory(sealer: Sealer, now: () => number): LoginMemory {
  return {
    read(host, cookies, split) {
      const sealed = cookies.carrier.read(split.own, nameOf(cookies));
      if (sealed === undefined) return [];
      const opened = sealer.open(bindingOf(host, cookies), sealed, now());
      const ends = (opened?.payload ?? []) as readonly LoginEnd[];
      return ends.filter((end) => end.at > now() - MEMORY);
    },
    remember(host, cookies, before, end) {
      // The scopes of a large app may be too many for a cookie: then fewer logins are remembered.
      for (let kept = ENTRIES; kept > 0; kept -= 1) {
        const ends = [...before, end].slice(-kept);
        const sealed = sealer.seal(bindingOf(host, cookies), ends, now() + MEMORY);
        const lines = cookies.carrier.write(nameOf(cookies), sealed, MEMORY);
        if (lines !== undefined && cookieBytes(lines) <= MOST_BYTES) return lines;
      }
      const bare = sealer.seal(bindingOf(host, cookies), [{ ...end, scopes: [] }], now() + MEMORY);
      return cookies.carrier.write(nameOf(cookies), bare, MEMORY) ?? [];
    },
    forget: (cookies, split) =>
      split.own.has(nameOf(cookies)) ? cookies.carrier.clear(nameOf(cookies)) : [],
  };
}

/** @returns the end of a login, without what it asked for: that was another person's. */
export const withoutAsked = ({ at, completed }: LoginEnd): LoginEnd => ({
  at,
  completed,
  audience: '',
  scopes: [],
});

/**
 * @param live whether the browser brings a session, whose token is no longer in force
 * @returns whether a further login would only go round.
 */
export function isLoop(ends: readonly LoginEnd[], now: number, live: boolean): boolean {
  const recent = ends.filter((end) => end.completed && end.at > now - LOOP.seconds);
  const atOnce = recent.some((end) => end.at > now - STILLBORN);
  return recent.length >= LOOP.logins && (!live || atOnce);
}
