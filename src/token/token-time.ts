import type { AccessToken } from './access-token.ts';

type Times = Pick<AccessToken, 'issuedAt' | 'expiresAt' | 'notBefore'>;

const TEN_YEARS = 10 * 365 * 86_400;

/**
 * Judges whether a token is in force (RFC 7519 sections 4.1.4 to 4.1.6), at validation and again at every request. Pure.
 * @param now Unix seconds
 * @param tolerance seconds that our clock and the issuer's may differ
 */
export function judgeTime(
  token: Times,
  now: number,
  tolerance: number,
): 'token-expired' | 'token-not-yet-valid' | undefined {
  if (now >= token.expiresAt + tolerance) return 'token-expired';
  if (Math.max(token.notBefore, token.issuedAt) > now + tolerance) return 'token-not-yet-valid';
  return undefined;
}

/**
 * Whether the session's own token counts as expired: 10 s early, so that it does not die on its way to the upstream;
 * but at most a tenth of its life, or a token of a few seconds would be born expired.
 */
export const sessionTokenExpired = (token: Times, now: number): boolean =>
  now >= token.expiresAt - Math.min(10, Math.max(0, token.expiresAt - token.issuedAt) / 10);

/** @returns whether a NumericDate is farther ahead than any token lives: milliseconds taken for seconds, mostly. */
export const isFarAhead = (time: number, now: number): boolean => time > now + TEN_YEARS;
