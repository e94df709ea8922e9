import { createECDH, createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import { ASSERTION_ALGORITHMS, type AssertionAlgorithm } from '../rules/rule-set.ts';

/** A key that signs assertions, and its public half for verifiers (RFC 7517). */
export interface AssertionKey {
  readonly algorithm: AssertionAlgorithm;
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, unknown>>;
}

/**
 * Derives the signing keys of one session secret (HKDF, RFC 5869), one per algorithm: every replica has the same ones
 * without being told, and they rotate with the secrets. Whoever has the secret could forge sessions anyway.
 * @param secretId names the secret without revealing it
 */
export const deriveAssertionKeys = (secret: string, secretId: string): readonly AssertionKey[] =>
  ASSERTION_ALGORITHMS.map((algorithm) => {
    const privateKey = algorithm === 'ES256' ? p256Key(secret) : ed25519Key(secret);
    const id = `${secretId}-${algorithm}`;
    const publicJwk = {
      ...createPublicKey(privateKey).export({ format: 'jwk' }),
      kid: id,
      alg: algorithm,
      use: 'sig',
    };
    return { algorithm, id, privateKey, publicJwk };
  });

const bytesFor = (secret: string, algorithm: AssertionAlgorithm, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'postern', `assertion ${algorithm}`, length));

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** FIPS 186-5 appendix A.2.1: 64 bits more than the order has, so that the reduction favours no scalar. */
function p256Key(secret: string): KeyObject {
  const random = BigInt(`0x${bytesFor(secret, 'ES256', 40).toString('hex')}`);
  const scalar = (random % (P256_ORDER - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex');
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(d);
  const point = curve.getPublicKey();
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const jwk = { kty: 'EC', crv: 'P-256', d: text(d), x: text(x), y: text(y) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/** What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 section 7). */
const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const ed25519Key = (secret: string): KeyObject =>
  createPrivateKey({
    key: Buffer.concat([ED25519_PREFIX, bytesFor(secret, 'EdDSA', 32)]),
    format: 'der',
    type: 'pkcs8',
  });

const text = (bytes: Buffer): string => bytes.toString('base64url');
