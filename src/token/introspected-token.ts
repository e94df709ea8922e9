import { acceptClaims } from './accept-claims.ts';
import type { AccessToken, TokenRefusal } from './access-token.ts';
import type { JsonObject } from './json-object.ts';
import { looksLikeJwt } from './token-spelling.ts';
import { judgeTime } from './token-time.ts';
import type { IssuerTrust } from './validate-access-token.ts';

/**
 * Makes an access token of what its issuer answered about it (RFC 7662 section 2.2), by the same checks as for a JWT: an
 * audience and an end are demanded, though the RFC lets both be missing. Does *not* check audience and scopes of a rule.
 * @param answer of the issuer's own endpoint, which stands for the signature
 * @param now Unix seconds
 */
export function readIntrospection(
  raw: string,
  answer: JsonObject,
  trust: IssuerTrust,
  now: number,
): AccessToken | TokenRefusal {
  // The boolean alone: "true" and 1 are what a broken or a hostile endpoint says.
  if (answer['active'] !== true)
    return refuse('token-inactive', 'the answer about the token does not say active: true');
  const { iss = trust.issuer, client_id: client, sub = client, iat = 0, token_type: type } = answer;
  if (iss !== trust.issuer) return refuse('token-issuer', 'the answer names another issuer');
  // A refresh token is active as well; a provider that says what it is must call it a bearer token.
  if (type !== undefined && !(typeof type === 'string' && type.toLowerCase() === 'bearer'))
    return refuse('token-type', 'the answer calls it another type of token than Bearer');
  const claims = { ...answer, iss, sub, iat };
  const token = acceptClaims(
    { raw, header: {}, claims },
    // RFC 7662 has one name for the scopes, whatever they are called in a JWT.
    { profile: 'jwt', scopeClaim: 'scope' },
    trust,
    now,
  );
  if ('reason' in token) return token;
  const untimely = judgeTime(token, now, trust.clockTolerance);
  return untimely === undefined ? token : refuse(untimely, 'by exp, nbf or iat of the answer');
}

const refuse = (reason: TokenRefusal['reason'], detail: string): TokenRefusal => ({ reason, detail });

/**
 * @returns whether a bearer token is one that its issuer alone can read. What has the form of a JWT is none, be it a bad one:
 * a forged signature must not get a second opinion.
 */
export const isOpaque = (raw: string): boolean =>
  !(raw.split('.', 4).length === 3 && (raw.startsWith('eyJ') || looksLikeJwt(raw)));
