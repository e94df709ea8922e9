import { type CryptoKey, createLocalJWKSet, errors, type JWK, type JWSHeaderParameters } from 'jose';
import { AnswerRefused, createBoundedFetch, type Fetch } from './bounded-fetch.ts';
import { withDeadline } from './deadline.ts';
import { isWithin } from './elapsed.ts';

/** The public keys of one issuer. */
export interface KeySet {
  /**
   * Finds the key for a JWS header; fits jose's `getKey` parameters. Never waits for the network when a known key
   * suffices. It does *not* check that the algorithm is an accepted one.
   * @param options.force fetch once for an unknown `kid` even within the cool-down. Only for a token that came from
   *   our own back-channel call: nobody can make a storm of those.
   * @throws JWKSNoMatchingKey when the issuer has no such key
   * @throws JWKSMultipleMatchingKeys when several fit; the error iterates over them
   * @throws KeySetUnavailable when the keys cannot be had, so that nothing is known about this one
   */
  key(header: KeyHeader, options?: { force?: boolean }): Promise<CryptoKey>;
  /** Seconds since the keys in use were fetched; undefined when there are none. */
  age(): number | undefined;
  /** Fetches the keys if there are none or they are old, within the cool-down. Never rejects. */
  warm(): Promise<void>;
  /** The same keys as far as they are at hand: never makes a network call, and a key it lacks is unavailable. */
  offline(): KeySet;
}

export interface KeyHeader {
  readonly alg?: string | undefined;
  readonly kid?: string | undefined;
}

export interface KeySetOptions {
  /** Asked before each fetch, so that a moved key set is followed. It must limit its own attempts. */
  readonly jwksUri: () => Promise<URL>;
  readonly fetch: Fetch;
  /** Unix seconds. */
  readonly now: () => number;
  /** Seconds between two fetches, whether the first succeeded or failed. */
  readonly cooldown?: number;
  /** Seconds after which known keys are fetched again in the background. */
  readonly maxAge?: number;
  /** Seconds that known keys serve while the key set is down. */
  readonly staleLimit?: number;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly maxBytes?: number;
  /** Told of each failed fetch. */
  readonly onFailure?: (cause: unknown) => void;
}

/** Milliseconds that a check waits for keys, discovery included; what is under way goes on without it. */
const LONGEST_WAIT = 4000;

export class KeySetUnavailable extends Error {
  override readonly name = 'KeySetUnavailable';
}

/**
 * Keeps the JWK Set (RFC 7517 section 5) of an issuer. One flight at a time and at most one per cool-down, counted from
 * failures too, so neither random `kid`s nor a dead endpoint cause a storm; `createRemoteJWKSet` of jose fetches
 * again after each failure and refuses every token once its cache is old and the endpoint down.
 */
export function createKeySet(options: KeySetOptions): KeySet {
  const { jwksUri, now, cooldown = 20, maxAge = 600, staleLimit = 86_400 } = options;
  const { timeout = 3000, maxBytes = 1_048_576 } = options;
  const fetch = createBoundedFetch({ fetch: options.fetch, timeout, maxBytes });

  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let kids: ReadonlySet<unknown> = new Set();
  let loadedAt = 0;
  let triedAt: number | undefined;
  let failure: unknown;
  let flight: Promise<void> | undefined;

  async function load(): Promise<void> {
    try {
      const uri = await jwksUri();
      triedAt = now();
      const fetched = await fetchKeys(fetch, uri);
      keys = createLocalJWKSet({ keys: fetched });
      kids = new Set(fetched.map(({ kid }) => kid));
      loadedAt = now();
      failure = undefined;
    } catch (cause) {
      failure = cause;
      options.onFailure?.(cause);
    }
  }

  /** @returns undefined within the cool-down: nothing new can be had now */
  function reload(force: boolean): Promise<void> | undefined {
    if (flight !== undefined) return flight;
    if (!force && triedAt !== undefined && isWithin(cooldown, triedAt, now())) return undefined;
    flight = load().finally(() => {
      flight = undefined;
    });
    return flight;
  }

  function current(): typeof keys {
    if (keys !== undefined && now() - loadedAt > staleLimit) keys = undefined;
    return keys;
  }

  async function find(header: KeyHeader): Promise<CryptoKey | undefined> {
    // As jose would find out, but for the price of an error: a storm of unknown kids must cost little.
    if (header.kid !== undefined && !kids.has(header.kid)) return undefined;
    try {
      return await current()?.(header as JWSHeaderParameters);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return undefined;
      throw error;
    }
  }

  const keySet: KeySet = {
    async key(header, { force = false } = {}) {
      const underWay = flight;
      let late = false;
      const wait = (work: Promise<void>): Promise<void> =>
        withDeadline(LONGEST_WAIT, work, () => {
          late = true;
        });
      if (current() !== undefined && !isWithin(maxAge, loadedAt, now())) void reload(false);
      let found = await find(header);
      // A flight that was under way may have left before the provider knew the key: it does not use up the forced one.
      if (found === undefined && force && underWay !== undefined) {
        await wait(underWay);
        found = await find(header);
      }
      const reloading = found === undefined ? reload(force) : undefined;
      if (reloading !== undefined) {
        await wait(reloading);
        found = await find(header);
      }
      if (found !== undefined) return found;
      // After a failed fetch nobody knows whether the key exists now; after a good one the issuer has no such key.
      if (keys === undefined || failure !== undefined || late) {
        throw new KeySetUnavailable('the key set cannot be had', { cause: failure });
      }
      throw NO_SUCH_KEY;
    },
    age: () => (current() === undefined ? undefined : Math.max(0, now() - loadedAt)),
    warm: () =>
      current() !== undefined && isWithin(maxAge, loadedAt, now())
        ? Promise.resolve()
        : (reload(false) ?? Promise.resolve()),
    offline: () => ({
      ...keySet,
      async key(header) {
        const found = await find(header);
        if (found === undefined) throw new KeySetUnavailable('the key is not at hand');
        return found;
      },
      warm: () => Promise.resolve(),
    }),
  };
  return keySet;
}

/** Made once: the stack of each would cost more than all the rest. */
const NO_SUCH_KEY = new errors.JWKSNoMatchingKey();

async function fetchKeys(fetch: Fetch, uri: URL): Promise<JWK[]> {
  const response = await fetch(uri.href, {
    headers: { accept: 'application/json, application/jwk-set+json' },
  });
  if (response.status !== 200) throw new AnswerRefused(`status ${response.status}`);
  const document: unknown = await response.json().catch(() => undefined);
  const members = isObject(document) ? document['keys'] : undefined;
  if (!Array.isArray(members)) throw new AnswerRefused('an answer that is no JWK Set');
  // One odd member must not spoil the rest: what cannot verify a signature is left out (RFC 7517 section 5).
  return members.filter(isObject).filter(isPublicSigningKey) as JWK[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPublicSigningKey = (jwk: Record<string, unknown>): boolean =>
  typeof jwk['kty'] === 'string' &&
  jwk['kty'] !== 'oct' &&
  !('k' in jwk) &&
  !('d' in jwk) &&
  !('priv' in jwk) &&
  (jwk['use'] === undefined || jwk['use'] === 'sig');
