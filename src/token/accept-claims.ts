import type { AccessToken, TokenRefusal } from './access-token.ts';
import type { JsonObject } from './json-object.ts';
import { type ClaimsReading, readClaims } from './token-claims.ts';
import type { UnverifiedToken } from './token-spelling.ts';

/** What the claims of a token are held against, once it is known who says them. */
export interface ClaimsTrust {
  readonly ownClientIds: ReadonlySet<string>;
  readonly audienceIsClient: boolean;
  /** The claim that must equal the tenant of the request; undefined when none is compared. */
  readonly tenant?: { readonly claim: string; readonly value: string } | undefined;
}

/**
 * Makes an access token of claims whose issuer has vouched for them: by its signature, or by its answer to us. The only place
 * where one is made (INVARIANT of `AccessToken`). Does *not* judge time, audience or scopes.
 * @param now Unix seconds
 */
export function acceptClaims(
  token: UnverifiedToken,
  reading: ClaimsReading,
  trust: ClaimsTrust,
  now: number,
): AccessToken | TokenRefusal {
  const refusal = checkUnbound(token.claims) ?? checkTenant(token.claims, trust);
  if (refusal !== undefined) return refusal;
  const claims = readClaims(token, reading, now);
  if ('reason' in claims) return claims;
  return checkAudienceKind(claims.audiences, trust) ?? (Object.freeze(claims) as AccessToken);
}

const refuse = (reason: TokenRefusal['reason'], detail: string): TokenRefusal => ({ reason, detail });

// A bound token without its proof is a stolen one for all we know; any cnf, even an odd one (RFC 7800 section 3.1).
const checkUnbound = (claims: JsonObject): TokenRefusal | undefined =>
  'cnf' in claims
    ? refuse('token-bound', 'the token has cnf, and proof of possession is not accepted')
    : undefined;

// As exactly as `iss`: a list, another case or a missing claim is another tenant's token for all we know.
const checkTenant = (claims: JsonObject, { tenant }: ClaimsTrust): TokenRefusal | undefined =>
  tenant === undefined || (Object.hasOwn(claims, tenant.claim) && claims[tenant.claim] === tenant.value)
    ? undefined
    : refuse('token-tenant', 'the claim that tenants.claim names is not the tenant of this request');

// An ID token of the jwt profile can look like an access token in all but this: its audience is the client.
function checkAudienceKind(audiences: readonly string[], trust: ClaimsTrust): TokenRefusal | undefined {
  if (trust.audienceIsClient || !audiences.some((audience) => trust.ownClientIds.has(audience)))
    return undefined;
  return refuse(
    'token-audience',
    'aud is a client id of ours, as in an ID token: set provider.tokens.audienceIsClient: true if the provider issues access tokens so',
  );
}
