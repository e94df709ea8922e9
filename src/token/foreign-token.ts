import type { TokenRefusal } from './access-token.ts';
import type { JsonObject } from './json-object.ts';
import type { KeySet } from './key-set.ts';
import { headerFault, readToken } from './token-spelling.ts';
import { isFarAhead, judgeTime } from './token-time.ts';
import { verifySignature } from './verify-signature.ts';

/**
 * A service token of an issuer whose access tokens decide nothing here. INVARIANT: it is no `AccessToken` and never becomes
 * one: it can only be exchanged.
 */
export interface ForeignToken {
  readonly raw: string;
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  readonly claims: JsonObject;
}

/** Seconds: a token that is good for longer is a key, and not one that an issuer hands out to services. */
const LONGEST_LIFE = 86_400;

/**
 * Reads who a token says that it is of, unverified: whether it is worth looking for the keys.
 * @returns undefined when it is no JWT, or lacks one of the three
 */
export function readForeignToken(raw: string): ForeignToken | undefined {
  const token = readToken(raw);
  if (token === undefined || headerFault(token.header) !== undefined) return undefined;
  const { iss: issuer, sub: subject, aud } = token.claims;
  const audiences = [aud].flat();
  if (typeof issuer !== 'string' || typeof subject !== 'string') return undefined;
  if (!audiences.every((one): one is string => typeof one === 'string')) return undefined;
  return { raw, issuer, subject, audiences, claims: token.claims };
}

/**
 * Verifies a foreign token: its signature by the keys of its issuer, its times, and that it is bound to nobody. Does *not*
 * compare issuer, subject and audience: whoever calls this has done so.
 * @param now Unix seconds
 * @returns when it ends, in Unix seconds
 */
export async function verifyForeignToken(
  { raw, claims }: ForeignToken,
  terms: { readonly keys: KeySet; readonly algorithms: readonly string[]; readonly clockTolerance: number },
  now: number,
): Promise<number | TokenRefusal> {
  const { exp, iat, nbf = 0 } = claims;
  const isTime = (value: unknown): value is number => typeof value === 'number' && !isFarAhead(value, now);
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf))
    return refuse('token-claims', 'exp, iat or nbf is no number of seconds within the next ten years');
  if (exp - iat > LONGEST_LIFE) return refuse('token-claims', 'its life is longer than a day');
  if ('cnf' in claims)
    return refuse('token-bound', 'the token has cnf, and proof of possession is not accepted');
  const untimely = judgeTime({ expiresAt: exp, issuedAt: iat, notBefore: nbf }, now, terms.clockTolerance);
  if (untimely !== undefined) return refuse(untimely, 'by exp, nbf or iat, the clock tolerance included');
  return (await verifySignature(raw, terms.keys, terms.algorithms)) ?? exp;
}

const refuse = (reason: TokenRefusal['reason'], detail: string): TokenRefusal => ({ reason, detail });
