import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What a sealed text is for. One sealed for another purpose is nothing. */
export type Purpose = 'session' | 'kept' | 'transaction' | 'state' | 'asked';

/** Everything derived from one configured session secret. */
export interface SecretKeys {
  /** Names the secret without revealing it; stands in the `kid` of what it sealed. */
  readonly id: string;
  /** A256GCM. */
  readonly sealing: Readonly<Record<Purpose, KeyObject>>;
  /** HMAC-SHA-256, for cookie-session. */
  readonly signing: KeyObject;
  /** HMAC-SHA-256, for what is derived from a seed. */
  readonly deriving: KeyObject;
}

// A KeyObject, not bytes: a raw key costs Node 24 ten microseconds more per HMAC.
const derive = (secret: string, use: string): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync('sha256', secret, 'postern', use, 32)));

/** @returns what names a secret without revealing it. */
export const secretId = (secret: string): string =>
  Buffer.from(hkdfSync('sha256', secret, 'postern', 'id', 6)).toString('base64url');

/** Derives the keys of one secret (HKDF, RFC 5869), one per use, so that no use can be turned into another. */
export function deriveKeys(secret: string): SecretKeys {
  return {
    id: secretId(secret),
    sealing: {
      session: derive(secret, 'seal A256GCM'),
      kept: derive(secret, 'seal A256GCM kept'),
      transaction: derive(secret, 'seal A256GCM transaction'),
      state: derive(secret, 'seal A256GCM state'),
      asked: derive(secret, 'seal A256GCM asked'),
    },
    signing: derive(secret, 'sign HMAC-SHA-256'),
    deriving: derive(secret, 'derive HMAC-SHA-256'),
  };
}

/** What cookie-session asks of its `keys`: Keygrip's three calls, with SHA-256 instead of its SHA-1. */
export interface SigningRing {
  sign(data: string): string;
  verify(data: string, digest: string): boolean;
  index(data: string, digest: string): number;
}

/** Signs with the first secret, verifies with any. */
export function signingRing(secrets: readonly SecretKeys[]): SigningRing {
  const digest = (keys: SecretKeys, data: string): string =>
    createHmac('sha256', keys.signing).update(data).digest('base64url');
  const index = (data: string, given: string): number => {
    // As texts: decoded, several spellings of one signature would be equal.
    const bytes = Buffer.from(given, 'latin1');
    return secrets.findIndex((keys) => {
      const expected = Buffer.from(digest(keys, data), 'latin1');
      return bytes.length === expected.length && timingSafeEqual(bytes, expected);
    });
  };
  const [first] = secrets;
  if (first === undefined) throw new TypeError('at least one session secret');
  return {
    sign: (data) => digest(first, data),
    verify: (data, given) => index(data, given) !== -1,
    index,
  };
}
