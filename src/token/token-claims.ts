import type { AccessToken, TokenRefusal } from './access-token.ts';
import { parseScopes } from './scope.ts';
import { PROFILES, type ProfileName, type SCOPE_CLAIMS } from './token-profile.ts';
import type { UnverifiedToken } from './token-spelling.ts';
import { isFarAhead } from './token-time.ts';

/** What an access token says, in the right types; not yet an `AccessToken`, which only the validation makes. */
export type AccessTokenClaims = Pick<AccessToken, Extract<keyof AccessToken, string>>;

/** How claims of an issuer are read. */
export interface ClaimsReading {
  readonly profile: ProfileName;
  readonly scopeClaim: (typeof SCOPE_CLAIMS)[number];
}

/**
 * Reads the claims that decisions need (RFC 9068 section 2.2) and checks their types; an extra claim is nobody's
 * business. It does *not* check `iss`, nor that the times are right, only that they can be.
 * @param now Unix seconds
 */
export function readClaims(
  token: UnverifiedToken,
  { profile, scopeClaim }: ClaimsReading,
  now: number,
): AccessTokenClaims | TokenRefusal {
  const { claims, header } = token;
  const { iss: issuer, sub: subject, iat: issuedAt, exp: expiresAt } = claims;
  const notBefore = claims['nbf'] === undefined ? 0 : claims['nbf'];
  if (!isTime(issuedAt, now) || !isTime(expiresAt, now) || !isTime(notBefore, now)) {
    return refuse('exp, iat or nbf is no number of seconds within the next ten years');
  }
  if (!isText(issuer) || !isName(subject)) return refuse('sub is no text of 1 to 255 characters');
  const clientClaims = PROFILES[profile].client;
  const client = clientClaims.map((name) => claims[name]).find((value) => value !== undefined);
  if (!isName(client)) return refuse(`none of ${clientClaims.join(', ')} names the client`);
  if (PROFILES[profile].required.includes('jti') && !isText(claims['jti'])) return refuse('jti is no text');
  const audiences = typeof claims['aud'] === 'string' ? [claims['aud']] : claims['aud'];
  if (!Array.isArray(audiences) || audiences.length === 0 || !audiences.every(isText)) {
    return refuse('aud is neither a text nor a list of texts');
  }
  const scopes = parseScopes(claims[scopeClaim]);
  if (scopes === undefined) {
    return refuse(`${scopeClaim} holds something that is no scope: see provider.tokens.scopeClaim`);
  }
  const keyId = header['kid'] as string | undefined;
  const { acr, auth_time: authenticatedAt } = claims;
  return {
    raw: token.raw,
    issuer,
    subject,
    client,
    audiences,
    scopes,
    issuedAt,
    expiresAt,
    notBefore,
    keyId,
    acr: isText(acr) ? acr : undefined,
    authenticatedAt: typeof authenticatedAt === 'number' ? authenticatedAt : undefined,
    delegated: claims['act'] !== undefined,
  };
}

const refuse = (detail: string): TokenRefusal => ({ reason: 'token-claims', detail });

const isTime = (value: unknown, now: number): value is number =>
  typeof value === 'number' && Number.isFinite(value) && !isFarAhead(value, now);

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

// OpenID Connect Core section 2: sub "MUST NOT exceed 255 ASCII characters in length".
const isName = (value: unknown): value is string => isText(value) && value.length <= 255;
