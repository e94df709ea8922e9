import type { AccessToken } from './access-token.ts';
import { readClaims } from './token-claims.ts';
import { readToken } from './token-spelling.ts';
import type { IssuerTrust } from './validate-access-token.ts';

/**
 * Reads a token again that `validateAccessToken` accepted at login and that our own seal has kept since: its signature
 * is taken as verified, its claims are read under today's configuration.
 * Does *not* judge time, audience or scopes. INVARIANT: only for what a sealed session holds.
 * @param now Unix seconds
 * @returns undefined when the issuer is no longer trusted, or the claims no longer fit.
 */
export function reopenAccessToken(
  raw: string,
  issuers: ReadonlyMap<string, IssuerTrust>,
  now: number,
): AccessToken | undefined {
  const token = readToken(raw);
  const issuer = token?.claims['iss'];
  const trust = typeof issuer === 'string' ? issuers.get(issuer) : undefined;
  if (token === undefined || trust === undefined) return undefined;
  const claims = readClaims(token, trust, now);
  return 'reason' in claims ? undefined : (Object.freeze(claims) as AccessToken);
}
