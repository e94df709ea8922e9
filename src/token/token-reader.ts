import { LRUCache } from 'lru-cache';
import type { AccessToken, TokenRefusal } from './access-token.ts';
import { judgeTime } from './token-time.ts';
import { type IssuerTrust, isRefusal, validateAccessToken } from './validate-access-token.ts';

export type IssuerTrusts = ReadonlyMap<string, IssuerTrust>;

export interface TokenReader {
  /** Validates a bearer token, by its cached self where it was seen before. Audience and scopes are `decide`'s. */
  read(raw: string, issuers: IssuerTrusts): AccessToken | TokenRefusal | Promise<AccessToken | TokenRefusal>;
}

const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Seconds: after so long the signature is verified again, so that a key which its issuer withdrew ends here too. */
const TTL = 600;

/**
 * Reads bearer tokens through a bounded cache of verified ones. INVARIANT: a hit is judged again by issuer, terms and time;
 * only the signature is taken as known. Refusals are not cached: a flood of bad tokens allocates nothing.
 * @param now Unix seconds
 */
export function createTokenReader(now: () => number): TokenReader {
  const cache = new LRUCache<string, Verified>({
    max: MAX_ENTRIES,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ token }) => token.raw.length + 512,
  });
  async function validate(raw: string, issuers: IssuerTrusts): Promise<AccessToken | TokenRefusal> {
    const result = await validateAccessToken(raw, issuers, now());
    const terms = isRefusal(result) ? undefined : issuers.get(result.issuer);
    if (!isRefusal(result) && terms !== undefined) {
      cache.set(signatureOf(raw), { token: result, terms, until: now() + TTL });
    }
    return result;
  }
  return {
    read(raw, issuers) {
      const known = cache.get(signatureOf(raw));
      const time = now();
      const trust =
        known === undefined || known.token.raw !== raw || time >= known.until
          ? undefined
          : issuers.get(known.token.issuer);
      if (known === undefined || trust === undefined || !sameTerms(known.terms, trust)) {
        return validate(raw, issuers);
      }
      const untimely = judgeTime(known.token, time, trust.clockTolerance);
      return untimely === undefined ? known.token : { reason: untimely, detail: 'by exp, nbf or iat' };
    },
  };
}

/**
 * What the cache finds a token by: the whole of it would be hashed at every request. INVARIANT: it is the caller's word; only
 * the same text is the same token.
 */
const signatureOf = (raw: string): string => raw.slice(raw.lastIndexOf('.') + 1);

/** A token, and the terms that it was read on: another app may read the same text on others. */
interface Verified {
  readonly token: AccessToken;
  readonly terms: IssuerTrust;
  /** Unix seconds: when its signature is to be verified again. */
  readonly until: number;
}

const sameTerms = (a: IssuerTrust, b: IssuerTrust): boolean =>
  a === b ||
  (a.profile === b.profile &&
    a.scopeClaim === b.scopeClaim &&
    a.audienceIsClient === b.audienceIsClient &&
    a.ownClientIds === b.ownClientIds &&
    a.tenant?.claim === b.tenant?.claim &&
    a.tenant?.value === b.tenant?.value &&
    a.algorithms.join() === b.algorithms.join());
