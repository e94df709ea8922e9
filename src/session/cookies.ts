import { type CookieBudget, USUAL_BUDGET } from './cookie-budget.ts';
import { type CookieCarrier, createCookieCarrier } from './cookie-carrier.ts';
import type { SigningRing } from './keys.ts';
import { type CookiePrefix, cookiePrefix, type SplitCookies, splitCookies } from './own-cookies.ts';
import { createSessionCookie, type SessionCookie } from './session-cookie.ts';

/** All that the gateway does with cookies, in the one spelling that fits the scheme of the public origin. */
export interface Cookies {
  readonly prefix: CookiePrefix;
  readonly budget: CookieBudget;
  readonly carrier: CookieCarrier;
  readonly session: SessionCookie;
  split(lines: readonly string[]): SplitCookies;
}

/** @returns the cookies for a scheme; built once for each. */
export function createCookies(
  keys: SigningRing,
  budget: CookieBudget = USUAL_BUDGET,
): (scheme: 'http' | 'https') => Cookies {
  const build = (scheme: 'http' | 'https'): Cookies => {
    const prefix = cookiePrefix(scheme);
    const carrier = createCookieCarrier(prefix, keys);
    return {
      prefix,
      budget,
      carrier,
      session: createSessionCookie(prefix, carrier, budget.chunks),
      split: (lines) => splitCookies(lines, prefix),
    };
  };
  const built = { http: build('http'), https: build('https') };
  return (scheme) => built[scheme];
}
