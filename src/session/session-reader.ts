import { LRUCache } from 'lru-cache';
import type { AccessToken } from '../token/access-token.ts';
import type { IssuerTrusts } from '../token/token-reader.ts';
import type { Cookies } from './cookies.ts';
import type { SplitCookies } from './own-cookies.ts';
import type { Asked, LiveSession, Session } from './session.ts';
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
   * @returns the session itself where it is warm and the store can say at once that it lives, else a promise of it; its
   * ID token may be left out: `whole` has it
   */
  read(
    host: string,
    tenant: string,
    cookies: Cookies,
    split: SplitCookies,
    trusts: IssuerTrusts,
  ): LiveSession | undefined | Promise<LiveSession | undefined>;
  /** Opens the same session past the cache, with all that is in it. */
  whole(host: string, tenant: string, cookies: Cookies, split: SplitCookies): Promise<Session | undefined>;
}

/** Bounds of the warm cache: entries, and characters of cookie text and tokens in all. */
const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 96 * 1024 * 1024;
/** Different lists of what was asked for. */
const MAX_ALIKE = 500;

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
  const alike = new LRUCache<string, readonly Asked[]>({ max: MAX_ALIKE });
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
        // What a store keeps may be written back to it, and must not lose anything on the way.
        const live = opened(store.keeps ? session : slender(session, alike), trusts);
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
    async whole(host, tenant, cookies, split) {
      const handle = cookies.session.read(split);
      return handle === undefined ? undefined : store.load(handle, host, tenant, now());
    },
  };
}

/**
 * @returns the session without its ID token, which is a third of it and is wanted once, at the end; and with what was
 * asked for in common with other sessions, since the rules of an app ask the same for everybody.
 */
function slender({ idToken: _, ...rest }: Session, alike: LRUCache<string, readonly Asked[]>): Session {
  const text = JSON.stringify(rest.asked);
  const asked = alike.get(text) ?? rest.asked;
  alike.set(text, asked);
  return { ...rest, asked };
}

/** Characters: of the cookies, which hold all of a session that no store keeps, and of its tokens; and the rest at a guess. */
const sizeOf = ({ tokens }: Session, { parts }: Fingerprint): number =>
  parts.reduce((sum, part) => sum + part.length, 2048) +
  tokens.reduce((sum, { raw, refreshToken }) => sum + 2 * raw.length + (refreshToken?.length ?? 0), 0);

/** An opened session, with what is known of the cookie text that it was opened from. */
interface Warm {
  live: LiveSession;
  /** Those that its tokens were read on. */
  trusts: IssuerTrusts;
  readonly handle: string;
  readonly text: KnownText;
}
