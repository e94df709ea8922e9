import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../token/access-token.ts';
import type { IssuerTrusts } from '../token/token-reader.ts';
import type { Cookies } from './cookies.ts';
import type { SplitCookies } from './own-cookies.ts';
import type { LiveSession, Session } from './session.ts';
import type { Fingerprint } from './session-cookie.ts';
import type { SessionStore } from './session-store.ts';
import { copied, createTextMemory, type KnownText } from './text-memory.ts';

export interface SessionReader {
  /** Opened sessions in the cache. */
  warm(): number;
  /**
   * Opens the session that a client's cookies carry, for this host and tenant.
   * Does *not* judge the tokens: expiry, audience and scopes are judged at every request.
   * @param trusts on which terms its tokens are read: those of the app, as the rules of this request have it
   * @returns the session itself where it is warm and the store can say at once that it lives, else a promise of it
   */
  read(
    host: string,
    tenant: string,
    cookies: Cookies,
    split: SplitCookies,
    trusts: IssuerTrusts,
  ): LiveSession | undefined | Promise<LiveSession | undefined>;
}

/** Bounds of the warm cache: entries, and characters of cookie text and tokens in all. */
const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 96 * 1024 * 1024;

/**
 * Reads sessions through a bounded cache of opened ones. INVARIANT: an entry is found only by host, tenant, scheme
 * and the exact cookie text, and every hit asks again whether the store still keeps it so; no decision is ever cached.
 * Tokens are read again when the rules have changed since: an issuer may be trusted now that was not, or on other terms.
 * @param reopen makes a token of a session into one that decisions take, or refuses it on these terms
 * @param now Unix seconds
 */
export function createSessionReader(
  store: SessionStore,
  reopen: (raw: string, trusts: IssuerTrusts) => AccessToken | undefined,
  now: () => number,
): SessionReader {
  const cache = new LRUCache<string, Warm>({ max: MAX_ENTRIES, maxSize: MAX_CHARACTERS });
  const texts = createTextMemory();
  const opened = (session: Session, trusts: IssuerTrusts): LiveSession => {
    const tokens = session.tokens.map(({ raw }) => reopen(raw, trusts));
    // Spread: a list that `filter` made has room for more, in each of thousands of sessions.
    return { session, tokens: [...tokens.filter((token) => token !== undefined)] };
  };
  const onTerms = (warm: Warm, trusts: IssuerTrusts): LiveSession => {
    if (warm.trusts !== trusts) {
      warm.live = opened(warm.live.session, trusts);
      warm.trusts = trusts;
    }
    return warm.live;
  };

  return {
    warm: () => cache.size,
    read(host, tenant, cookies, split, trusts) {
      const text = cookies.session.fingerprint(split);
      if (text === undefined) return undefined;
      const key = `${cookies.prefix} ${host} ${tenant} ${text.key}`;
      const open = async (): Promise<LiveSession | undefined> => {
        const handle = cookies.session.read(split);
        const session = handle === undefined ? undefined : await store.load(handle, host, tenant, now());
        if (handle === undefined || session === undefined) return undefined;
        const live = opened(session, trusts);
        const warm = { live, trusts, handle: store.keeps ? handle : '', text: texts.remember(text) };
        cache.set(copied(key), warm, { size: sizeOf(session, text) });
        return live;
      };

      const warm = cache.get(key);
      if (warm === undefined || !texts.isSame(warm.text, text)) return open();
      const { session } = warm.live;
      if (session.expiresAt <= now()) return undefined;
      const whenCurrent = (isCurrent: boolean): LiveSession | Promise<LiveSession | undefined> => {
        if (isCurrent) return onTerms(warm, trusts);
        // It ended, or another process has changed it: the store knows.
        cache.delete(key);
        return open();
      };
      const current = store.isCurrent(warm.handle, session);
      return typeof current === 'boolean' ? whenCurrent(current) : current.then(whenCurrent);
    },
  };
}

/** Characters: of the cookies, which hold all of a session that no store keeps, and of its tokens; and the rest at a guess. */
const sizeOf = ({ tokens }: Session, { parts }: Fingerprint): number =>
  parts.reduce((sum, part) => sum + part.length, 2048) +
  tokens.reduce((sum, { raw }) => sum + 2 * raw.length, 0);

/** An opened session, with what is known of the cookie text that it was opened from. */
interface Warm {
  live: LiveSession;
  /** Those that its tokens were read on. */
  trusts: IssuerTrusts;
  readonly handle: string;
  readonly text: KnownText;
}
