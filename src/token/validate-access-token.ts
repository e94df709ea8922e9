import { acceptClaims, type ClaimsTrust } from './accept-claims.ts';
import type { AccessToken, TokenRefusal } from './access-token.ts';
import type { JsonObject } from './json-object.ts';
import type { KeySet } from './key-set.ts';
import type { ClaimsReading } from './token-claims.ts';
import { checkProfile } from './token-profile.ts';
import { headerFault, readToken, type UnverifiedToken } from './token-spelling.ts';
import { judgeTime } from './token-time.ts';
import { verifySignature } from './verify-signature.ts';

/** An issuer whose access tokens are accepted, and on what terms. */
export interface IssuerTrust extends ClaimsReading, ClaimsTrust {
  readonly issuer: string;
  readonly keys: KeySet;
  readonly algorithms: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
}

/**
 * Validates a JWT access token (RFC 9068 section 4, RFC 8725); everything that decides later comes through here.
 * It does *not* check that the token is meant for the resource at hand or holds the scopes of a rule: `decide` does,
 * after the rule is known; nor that it is still in force when used again: `judgeTime` does, at every request.
 * It does not ask the issuer whether the token was revoked.
 * @param issuers by exact `iss`; no other issuer is ever contacted
 * @param now Unix seconds
 * @param options.fresh the token came from our own back-channel call: an unknown `kid` may be looked up at once
 */
export async function validateAccessToken(
  raw: string,
  issuers: ReadonlyMap<string, IssuerTrust>,
  now: number,
  options: { fresh?: boolean } = {},
): Promise<AccessToken | TokenRefusal> {
  const token = readToken(raw);
  if (token === undefined) {
    return refuse('token-malformed', 'it is no JWT of at most 16 KB in its one canonical spelling');
  }
  const fault = headerFault(token.header);
  if (fault !== undefined) return refuse('token-malformed', fault);
  const trust = pickIssuer(token.claims, issuers);
  if (trust === undefined) {
    return refuse('token-issuer', 'iss is neither provider.issuer nor among the issuers of the app');
  }
  // Whoever signed it: an expired token that is sent again and again must not cost a signature each time.
  const { exp } = token.claims;
  if (typeof exp === 'number' && now >= exp + trust.clockTolerance)
    return refuse('token-expired', 'by exp, the clock tolerance included; nothing else of it was looked at');
  const refusal = await verifySignature(raw, trust.keys, trust.algorithms, { force: options.fresh === true });
  if (refusal !== undefined) return refusal;
  const verified = readVerified(token, trust, now);
  if (isRefusal(verified)) return verified;
  const untimely = judgeTime(verified, now, trust.clockTolerance);
  return untimely === undefined
    ? verified
    : refuse(untimely, 'by exp, nbf or iat, the clock tolerance included');
}

/**
 * Reads a token again that `validateAccessToken` accepted at login and that our own seal has kept since: its signature
 * is taken as verified, everything else is held against today's configuration.
 * Does *not* judge time, audience or scopes. INVARIANT: only for what a sealed session holds.
 * @param now Unix seconds
 * @returns undefined when the issuer is no longer trusted, or the token no longer fits its profile.
 */
export function reopenAccessToken(
  raw: string,
  issuers: ReadonlyMap<string, IssuerTrust>,
  now: number,
): AccessToken | undefined {
  const token = readToken(raw);
  const trust = token === undefined ? undefined : pickIssuer(token.claims, issuers);
  if (token === undefined || trust === undefined) return undefined;
  const result = readVerified(token, trust, now);
  return isRefusal(result) ? undefined : result;
}

/** What is left once the signature is known to hold: profile, binding, tenant, claims, and whose audience it is. */
function readVerified(token: UnverifiedToken, trust: IssuerTrust, now: number): AccessToken | TokenRefusal {
  return checkProfile(token, trust.profile) ?? acceptClaims(token, trust, trust, now);
}

/** @returns whether the validation refused. */
export const isRefusal = <Refusal extends { readonly reason: string }>(
  result: AccessToken | Refusal,
): result is Refusal => 'reason' in result;

/** What the login flow says of a token that `looksLikeJwt` denies. */
export const OPAQUE_TOKEN: TokenRefusal = {
  reason: 'access-token-opaque',
  detail:
    'the access token is no JWT: give the app an audience that the provider knows as an API or resource, and check that provider.audienceParameter names the parameter this provider reads',
};

const refuse = (reason: TokenRefusal['reason'], detail: string): TokenRefusal => ({ reason, detail });

// The unverified iss only picks the keys; a false one picks keys that do not verify the signature.
const pickIssuer = (
  claims: JsonObject,
  issuers: ReadonlyMap<string, IssuerTrust>,
): IssuerTrust | undefined => (typeof claims['iss'] === 'string' ? issuers.get(claims['iss']) : undefined);
