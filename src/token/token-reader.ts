import { LRUCache } from 'lru-cache';
import type { AccessToken, TokenRefusal } from './access-token.ts';
import { judgeTime } from './token-time.ts';
import { type IssuerTrust, isRefusal, validateAccessToken } from './validate-access-token.ts';

export type IssuerTrusts = ReadonlyMap<string, IssuerTrust>;

export interface TokenReader {
  /** Validates a bearer token, by its cached self where it was seen before. Audience and scopes are `decide`'s. */
  read(raw: string, issuers: IssuerTrusts): Promise<AccessToken | TokenRefusal>;
}

const MAX_ENTRIES = 20_000;
const MAX_CHARACTERS = 32 * 1024 * 1024;
/** Milliseconds: after so long the signature is verified again, so that a key which its issuer withdrew ends here too. */
const TTL = 600_000;

/**
 * Reads bearer tokens through a bounded cache of verified ones. INVARIANT: a hit is judged again by issuer and time;
 * only the signature is taken as known. Refusals are not cached: a flood of bad tokens allocates nothing.
 * @param now Unix seconds
 */
export function createTokenReader(now: () => number): TokenReader {
  const cache = new LRUCache<string, AccessToken>({
    max: MAX_ENTRIES,
    maxSize: MAX_CHARACTERS,
    ttl: TTL,
    sizeCalculation: (_token, raw) => raw.length + 512,
  });
  return {
    async read(raw, issuers) {
      const known = cache.get(raw);
      const trust = known === undefined ? undefined : issuers.get(known.issuer);
      if (known !== undefined && trust !== undefined) {
        const untimely = judgeTime(known, now(), trust.clockTolerance);
        return untimely === undefined ? known : { reason: untimely, detail: 'by exp, nbf or iat' };
      }
      const result = await validateAccessToken(raw, issuers, now());
      if (!isRefusal(result)) cache.set(raw, result);
      return result;
    },
  };
}
