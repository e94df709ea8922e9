import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { JWK } from 'jose';

/** Signs anything, well-formed or not: jose would refuse to make most of what an attacker sends. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Public, with kid, alg and use. */
  readonly jwk: JWK;
}

const KINDS: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ES512: () => generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  EdDSA: () => generateKeyPairSync('ed25519'),
};

export function makeKey(alg: string, kid = `${alg}-1`, make = KINDS[alg]): SigningKey {
  if (make === undefined) throw new TypeError(`no key for ${alg}`);
  const { publicKey, privateKey } = make();
  return {
    alg,
    kid,
    privateKey,
    jwk: { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg, use: 'sig' },
  };
}

const base64url = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/**
 * @param header an object, or text to be taken as it is
 * @param payload likewise
 */
export function signJws(header: unknown, payload: unknown, key: SigningKey): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const digest = key.alg === 'EdDSA' ? null : `sha${key.alg.slice(2)}`;
  const signature = sign(digest, Buffer.from(input), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
    ...(key.alg.startsWith('PS') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : {}),
  });
  return `${input}.${signature.toString('base64url')}`;
}

/** `alg: none` in the spelling of RFC 7519 section 6.1: an empty signature. */
export const unsignedJws = (header: unknown, payload: unknown): string =>
  `${base64url(header)}.${base64url(payload)}.`;
