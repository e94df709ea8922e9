import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../token/access-token.ts';
import type { Cookies } from './cookies.ts';
import type { SplitCookies } from './own-cookies.ts';
import type { LiveSession } from './session.ts';
import type { SessionStore } from './session-store.ts';

export interface SessionReader {
  /**
   * Opens the session that a client's cookies carry, for this host and tenant.
   * Does *not* judge the tokens: expiry, audience and scopes are judged at every request.
   */
  read(host: string, tenant: string, cookies: Cookies, split: SplitCookies): Promise<LiveSession | undefined>;
}

/** Bounds of the warm cache: entries, and characters of cookie text and tokens in all. */
const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 64 * 1024 * 1024;

/**
 * Reads sessions through a bounded cache of opened ones. INVARIANT: an entry is found only by host, tenant, scheme
 * and the exact cookie text, and every hit asks again whether the session ended; no decision is ever cached.
 * @param reopen makes a token of a session into one that decisions take, or refuses it under today's configuration
 * @param now Unix seconds
 */
export function createSessionReader(
  store: SessionStore,
  reopen: (host: string, raw: string) => AccessToken | undefined,
  now: () => number,
): SessionReader {
  const cache = new LRUCache<string, LiveSession>({
    max: MAX_ENTRIES,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ session }, key) =>
      key.length + session.tokens.reduce((sum, token) => sum + 2 * token.raw.length, 0) + 2048,
  });
  return {
    async read(host, tenant, cookies, split) {
      const text = cookies.session.text(split);
      if (text === undefined) return undefined;
      const key = `${cookies.prefix}\n${host}\n${tenant}\n${text}`;
      const warm = cache.get(key);
      if (warm !== undefined) {
        const ended = store.isRevoked(warm.session.id);
        const alive = warm.session.expiresAt > now() && !(typeof ended === 'boolean' ? ended : await ended);
        return alive ? warm : undefined;
      }
      const handle = cookies.session.read(split);
      const session = handle === undefined ? undefined : await store.load(handle, host, tenant, now());
      if (session === undefined) return undefined;
      const tokens = session.tokens
        .map(({ raw }) => reopen(host, raw))
        .filter((token) => token !== undefined);
      const live = { session, tokens };
      cache.set(key, live);
      return live;
    },
  };
}
