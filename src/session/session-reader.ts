import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../token/access-token.ts';
import type { Cookies } from './cookies.ts';
import type { SplitCookies } from './own-cookies.ts';
import type { LiveSession } from './session.ts';
import { type Fingerprint, isSameFingerprint } from './session-cookie.ts';
import type { SessionStore } from './session-store.ts';

export interface SessionReader {
  /** Opened sessions in the cache. */
  warm(): number;
  /**
   * Opens the session that a client's cookies carry, for this host and tenant.
   * Does *not* judge the tokens: expiry, audience and scopes are judged at every request.
   */
  read(host: string, tenant: string, cookies: Cookies, split: SplitCookies): Promise<LiveSession | undefined>;
}

/** Bounds of the warm cache: entries, and characters of cookie text and tokens in all. */
const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 96 * 1024 * 1024;

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
  const cache = new LRUCache<string, Warm>({
    max: MAX_ENTRIES,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ live, fingerprint }) =>
      fingerprint.parts.reduce((sum, part) => sum + part.length, 2048) +
      live.tokens.reduce((sum, token) => sum + 2 * token.raw.length, 0),
  });
  return {
    warm: () => cache.size,
    async read(host, tenant, cookies, split) {
      const fingerprint = cookies.session.fingerprint(split);
      if (fingerprint === undefined) return undefined;
      const key = `${cookies.prefix} ${host} ${tenant} ${fingerprint.key}`;
      const warm = cache.get(key);
      if (warm !== undefined && isSameFingerprint(warm.fingerprint, fingerprint)) {
        const { session } = warm.live;
        const ended = store.isRevoked(session.id);
        const alive = session.expiresAt > now() && !(typeof ended === 'boolean' ? ended : await ended);
        return alive ? warm.live : undefined;
      }
      const handle = cookies.session.read(split);
      const session = handle === undefined ? undefined : await store.load(handle, host, tenant, now());
      if (session === undefined) return undefined;
      const tokens = session.tokens
        .map(({ raw }) => reopen(host, raw))
        .filter((token) => token !== undefined);
      const live = { session, tokens };
      cache.set(copied(key), {
        live,
        fingerprint: { key: copied(key), parts: fingerprint.parts.map(copied) },
      });
      return live;
    },
  };
}

/** A text of its own: a slice would keep the whole header line of its request in memory for as long as it lives. */
const copied = (text: string): string => Buffer.from(text, 'latin1').toString('latin1');

/** An opened session, with the exact cookie text it was opened from. */
interface Warm {
  readonly live: LiveSession;
  readonly fingerprint: Fingerprint;
}
