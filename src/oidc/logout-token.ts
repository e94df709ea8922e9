import type { JsonObject } from '../token/json-object.ts';
import type { KeySet } from '../token/key-set.ts';
import { headerFault, readToken } from '../token/token-spelling.ts';
import { verifySignature } from '../token/verify-signature.ts';

/** What a logout token of this provider has to say. */
export interface LogoutTokenTerms {
  readonly issuer: string;
  readonly clientId: string;
  /** The one of the ID token (OIDC Back-Channel Logout section 2.6), never one that the token proposes. */
  readonly algorithm: string;
  readonly keys: KeySet;
  /** Unix seconds. */
  readonly now: number;
  /** Seconds. */
  readonly clockTolerance: number;
}

/** A logout token that holds: which sessions are over, and until when nobody may say so again. */
export interface LogoutToken {
  readonly jti: string;
  /** At least one of the two is there. */
  readonly sid: string | undefined;
  readonly subject: string | undefined;
  /** Unix seconds from which on it would be refused anyway. */
  readonly goodUntil: number;
}

export interface LogoutTokenRefusal {
  readonly reason: 'logout-token-invalid' | 'key-set-unavailable';
  /** In constant words: holds nothing of the token. */
  readonly detail: string;
}

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Header `typ`; `logout+jwt` is recommended only, and an ID token has no `events`. */
const TYPES: readonly (string | undefined)[] = [undefined, 'jwt', 'logout+jwt'];

/** Seconds: the provider makes the token to send it, so an older one was kept by somebody. */
const MAX_AGE = 600;

/**
 * Validates a logout token (OpenID Connect Back-Channel Logout 1.0 sections 2.4 and 2.6). Anybody can send one: the
 * algorithm is held against the configured one before any key is looked for, and an unknown `kid` fetches keys at most
 * once per cool-down. It does *not* check that `jti` is new, nor that there is a session; and takes no encrypted ones.
 */
export async function validateLogoutToken(
  raw: string,
  terms: LogoutTokenTerms,
): Promise<LogoutToken | LogoutTokenRefusal> {
  const token = readToken(raw);
  if (token === undefined) return refuse('it is no JWT of at most 16 KB in its one canonical spelling');
  const fault = headerFault(token.header);
  if (fault !== undefined) return refuse(fault);
  const { alg, typ } = token.header as { readonly alg: string; readonly typ?: string };
  if (alg !== terms.algorithm) return refuse('alg is not that of provider.idTokenAlg');
  // RFC 7515 section 4.1.9: media types compare without case, and "application/" may be left out.
  if (!TYPES.includes(typ?.toLowerCase().replace(/^application\//, '')))
    return refuse('typ is that of another kind of token');
  const refusal = await verifySignature(raw, terms.keys, [terms.algorithm]);
  if (refusal !== undefined)
    return refusal.reason === 'key-set-unavailable'
      ? { reason: 'key-set-unavailable', detail: refusal.detail }
      : refuse(refusal.detail);
  const broken = claimChecks(token.claims, terms).find(([holds]) => !holds);
  if (broken !== undefined) return refuse(broken[1]);
  const { jti, sid, sub, exp, iat } = token.claims as JsonObject & CheckedClaims;
  return { jti, sid, subject: sub, goodUntil: Math.min(exp, iat + MAX_AGE) + terms.clockTolerance };
}

/** @returns whether the validation refused. */
export const isLogoutRefusal = (result: LogoutToken | LogoutTokenRefusal): result is LogoutTokenRefusal =>
  'reason' in result;

const refuse = (detail: string): LogoutTokenRefusal => ({ reason: 'logout-token-invalid', detail });

/** What the checks below have made sure of. */
interface CheckedClaims {
  readonly jti: string;
  readonly sid?: string;
  readonly sub?: string;
  readonly exp: number;
  readonly iat: number;
}

type Check = readonly [holds: boolean, fault: string];

function claimChecks(claims: JsonObject, terms: LogoutTokenTerms): readonly Check[] {
  const { now, clockTolerance: tolerance, clientId } = terms;
  const { iss, aud, iat, exp, nbf, jti, sub, sid, events } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return [
    [iss === terms.issuer, 'iss is not provider.issuer'],
    [audiences.includes(clientId), 'aud does not name provider.clientId'],
    [audiences.every((audience) => audience === clientId), 'aud names others beside provider.clientId'],
    [isTime(exp) && now < exp + tolerance, 'exp is missing or past'],
    [isTime(iat) && iat <= now + tolerance, 'iat is missing or in the future'],
    [isTime(iat) && now < iat + MAX_AGE + tolerance, 'iat is older than ten minutes'],
    [nbf === undefined || (isTime(nbf) && nbf <= now + tolerance), 'nbf is in the future'],
    // Section 2.4: "A nonce Claim MUST NOT be present", so that an ID token is never taken for a logout token.
    [!('nonce' in claims), 'nonce is present, as in an ID token'],
    [isObject(events) && isObject(events[EVENT]), 'events does not name a back-channel logout'],
    [isName(jti), 'jti is no text of 1 to 255 characters'],
    [sub === undefined || isName(sub), 'sub is no text of 1 to 255 characters'],
    [sid === undefined || isName(sid), 'sid is no text of 1 to 255 characters'],
    [sub !== undefined || sid !== undefined, 'neither sub nor sid is present'],
  ];
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= 255;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
