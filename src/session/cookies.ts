import { LRUCache } from 'lru-cache';
import { type CookieBudget, USUAL_BUDGET } from './cookie-budget.ts';
import { type CookieCarrier, createCookieCarrier } from './cookie-carrier.ts';
import type { SigningRing } from './keys.ts';
import { type CookiePrefix, cookiePrefix, type SplitCookies, splitCookies } from './own-cookies.ts';
import { createSessionCookie, type SessionCookie } from './session-cookie.ts';

/** All that the gateway does with cookies, in the one spelling that fits the scheme of the public origin. */
export interface Cookies {
  readonly prefix: CookiePrefix;
  /** Whose they are: what is sealed into them is bound to it. Empty without a tenant. */
  readonly tenant: string;
  /** What the names of the session and of the memory end with; empty where a host has one tenant. */
  readonly suffix: string;
  readonly budget: CookieBudget;
  readonly carrier: CookieCarrier;
  readonly session: SessionCookie;
  split(lines: readonly string[]): SplitCookies;
  /**
   * The same for a tenant.
   * @param isShared whether other tenants have the same host: then each has cookies of its own, so that one browser can be
   *   signed in to several
   */
  forTenant(tenant: string, isShared: boolean): Cookies;
}

/** Tenants whose cookies are kept at hand; there is nothing in them but names. */
const TENANTS = 1000;

/** @returns the cookies for a scheme; built once for each. */
export function createCookies(
  keys: SigningRing,
  budget: CookieBudget = USUAL_BUDGET,
): (scheme: 'http' | 'https') => Cookies {
  const build = (scheme: 'http' | 'https'): Cookies => {
    const prefix = cookiePrefix(scheme);
    const carrier = createCookieCarrier(prefix, keys);
    let known: LRUCache<string, Cookies> | undefined;
    const named = (tenant: string, suffix: string): Cookies => ({
      prefix,
      tenant,
      suffix,
      budget,
      carrier,
      session: createSessionCookie(
        `${prefix}${suffix}`,
        carrier,
        budget.chunks,
        suffix === ''
          ? undefined
          : {
              prefixes: [`${prefix}_`, `${prefix}-asked_`],
              room: budget.total - budget.transactions / 2,
            },
      ),
      split: (lines) => splitCookies(lines, prefix),
      forTenant(other, isShared) {
        known ??= new LRUCache({ max: TENANTS });
        const key = isShared ? `_${other}` : other;
        const before = known.get(key);
        if (before !== undefined) return before;
        // No tenant holds a `_`, so no two names are the same.
        const made = named(other, isShared ? `_${other}` : '');
        known.set(key, made);
        return made;
      },
    });
    return named('', '');
  };
  const built = { http: build('http'), https: build('https') };
  return (scheme) => built[scheme];
}
