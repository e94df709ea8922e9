import { hash } from 'node:crypto';
import type { JsonObject } from '../token/json-object.ts';
import type { KeySet } from '../token/key-set.ts';
import { headerFault, readToken } from '../token/token-spelling.ts';
import { verifySignature } from '../token/verify-signature.ts';
import { ProviderError } from './provider-error.ts';

/** What the ID token of this login has to say. */
export interface IdTokenTerms {
  readonly issuer: string;
  readonly clientId: string;
  /** The one algorithm of the configuration, never one that the metadata or the token proposes. */
  readonly algorithm: string;
  readonly keys: KeySet;
  /** Undefined for a refreshed one. */
  readonly nonce: string | undefined;
  /** Claims of the ID token of the login, where this one came with a refresh; undefined at the login itself. */
  readonly former?: JsonObject;
  /** The access token of the same answer, for `at_hash`. */
  readonly accessToken: string;
  /** Audiences that may stand beside the client id: those that this login asked a token for. */
  readonly trustedAudiences: readonly string[];
  /** Seconds: the `max_age` of the request; undefined when it had none. */
  readonly maxAge?: number | undefined;
  /** Unix seconds. */
  readonly now: number;
  readonly clockTolerance: number;
}

export type IdTokenClaims = JsonObject & { readonly sub: string };

/** Seconds: the provider makes the token while it answers, so an older one was kept by somebody. */
const MAX_AGE = 600;

/**
 * Validates an ID token from the token endpoint (OpenID Connect Core sections 2, 3.1.3.6 and 3.1.3.7), the signature
 * included, which the RFC makes optional there. openid-client checks a part of this before; it does not see the
 * signature, the age, `at_hash`, or `azp` beside a single audience.
 * It does *not* check `acr`, which the decision reads in the access token, and takes no encrypted ID tokens.
 * @throws ProviderError('id-token-invalid'), 'step-up-refused' when the person did not authenticate within `max_age`, or
 *   'provider-unavailable' when the keys cannot be had
 */
export async function validateIdToken(raw: string, terms: IdTokenTerms): Promise<IdTokenClaims> {
  const token = readToken(raw);
  if (token === undefined) throw refuse('it is no JWT of at most 16 KB in its one canonical spelling');
  const fault = headerFault(token.header);
  if (fault !== undefined) throw refuse(fault);
  if (token.header['alg'] !== terms.algorithm) {
    throw refuse(`alg is not ${terms.algorithm}: set provider.idTokenAlg if the provider signs otherwise`);
  }
  const refusal = await verifySignature(raw, terms.keys, [terms.algorithm], { force: true });
  if (refusal?.reason === 'key-set-unavailable')
    throw new ProviderError('provider-unavailable', refusal.detail);
  if (refusal !== undefined) throw refuse(refusal.detail);
  const broken = claimChecks(token.claims, terms).find(([holds]) => !holds);
  if (broken !== undefined) throw refuse(broken[1]);
  checkAuthenticationTime(token.claims, terms);
  return token.claims as IdTokenClaims;
}

/** Section 3.1.3.7, step 13: the provider may not have understood `max_age`, or may not have kept to it. */
function checkAuthenticationTime(claims: JsonObject, { maxAge, now, clockTolerance }: IdTokenTerms): void {
  if (maxAge === undefined) return;
  const { auth_time: at } = claims;
  const fault = !isTime(at)
    ? 'auth_time is missing, though max_age was asked for'
    : at + maxAge < now - clockTolerance
      ? 'auth_time is older than the max_age that was asked for'
      : undefined;
  if (fault !== undefined) throw new ProviderError('step-up-refused', `the ID token is refused: ${fault}`);
}

const refuse = (fault: string): ProviderError =>
  new ProviderError('id-token-invalid', `the ID token is refused: ${fault}`);

type Check = readonly [holds: boolean, fault: string];

function claimChecks(claims: JsonObject, terms: IdTokenTerms): Check[] {
  const { now, clockTolerance: tolerance, clientId } = terms;
  const { iss, sub, aud, azp, exp, iat, nbf, nonce, at_hash: accessTokenHash } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  const others = audiences.filter((audience) => audience !== clientId);
  const trusted: readonly unknown[] = terms.trustedAudiences;
  return [
    [iss === terms.issuer, 'iss is not provider.issuer'],
    [typeof sub === 'string' && sub !== '' && sub.length <= 255, 'sub is no text of 1 to 255 characters'],
    [
      audiences.every((audience) => typeof audience === 'string'),
      'aud is neither a text nor a list of texts',
    ],
    [audiences.includes(clientId), 'aud does not name provider.clientId'],
    [others.every((audience) => trusted.includes(audience)), 'aud names others than this login asked for'],
    [others.length === 0 || azp !== undefined, 'aud names several, and azp is missing'],
    [azp === undefined || azp === clientId, 'azp is not provider.clientId'],
    [isTime(exp) && now < exp + tolerance, 'exp is missing or past'],
    [isTime(iat) && iat <= now + tolerance, 'iat is missing or in the future'],
    [isTime(iat) && iat >= now - MAX_AGE - tolerance, 'iat is older than ten minutes'],
    [nbf === undefined || (isTime(nbf) && nbf <= now + tolerance), 'nbf is in the future'],
    ...(terms.former === undefined
      ? [[nonce === terms.nonce, 'nonce is missing or not the one of this login'] as const]
      : formerChecks(claims, terms.former)),
    [
      accessTokenHash === undefined || accessTokenHash === leftHalfHash(terms.accessToken, terms.algorithm),
      'at_hash does not fit the access token',
    ],
  ];
}

/**
 * OpenID Connect Core section 12.2: what a refreshed ID token must have in common with the one of the login. The issuer is the
 * configured one in both.
 */
function formerChecks(claims: JsonObject, former: JsonObject): Check[] {
  const { sub, aud, azp, nonce, auth_time: authTime } = claims;
  const audiences = (value: unknown): string => JSON.stringify([value].flat().sort());
  return [
    [sub === former['sub'], 'sub is not that of the login'],
    [audiences(aud) === audiences(former['aud']), 'aud is not that of the login'],
    [azp === former['azp'], 'azp is not that of the login'],
    [nonce === undefined || nonce === former['nonce'], 'nonce is not that of the login'],
    [
      authTime === undefined || former['auth_time'] === undefined || authTime === former['auth_time'],
      'auth_time is not that of the login',
    ],
  ];
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

// OpenID Connect Core section 3.1.3.6: the hash of the signature algorithm; EdDSA with Ed25519 hashes with SHA-512.
function leftHalfHash(text: string, algorithm: string): string {
  const digest = hash(
    /^(?:Ed|..512)/.test(algorithm) ? 'sha512' : algorithm.endsWith('384') ? 'sha384' : 'sha256',
    text,
    'buffer',
  );
  return digest.subarray(0, digest.length / 2).toString('base64url');
}
