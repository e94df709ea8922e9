import { createPrivateKey, type KeyObject } from 'node:crypto';

/** The private key of a client that signs its own assertions (`private_key_jwt`). */
export interface ClientKey {
  readonly key: KeyObject;
  /** As WebCrypto names it. */
  readonly algorithm: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  /** Its `kid`, where it is a JWK that has one. */
  readonly id: string | undefined;
}

const LEAST_RSA_BITS = 2048;

/**
 * Reads a private key: PEM (PKCS #8, or what OpenSSL writes) or a JWK (RFC 7517). RSA signs with RS256, which every
 * provider knows; P-256 with ES256, Ed25519 with EdDSA.
 * @throws an `Error` whose message says what is wrong in constant words
 */
export function readClientKey(text: string): ClientKey {
  const { key, id } = parse(text);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    if ((details?.modulusLength ?? 0) < LEAST_RSA_BITS)
      throw new Error(`is an RSA key of fewer than ${LEAST_RSA_BITS} bits`);
    return { key, algorithm: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, id };
  }
  if (type === 'ec' && details?.namedCurve === 'prime256v1')
    return { key, algorithm: { name: 'ECDSA', namedCurve: 'P-256' }, id };
  if (type === 'ed25519') return { key, algorithm: { name: 'Ed25519' }, id };
  throw new Error('is none of RSA, P-256 and Ed25519');
}

function parse(text: string): { readonly key: KeyObject; readonly id: string | undefined } {
  try {
    if (!text.trimStart().startsWith('{')) return { key: createPrivateKey(text), id: undefined };
    const jwk: Record<string, unknown> = JSON.parse(text);
    const id = typeof jwk['kid'] === 'string' ? jwk['kid'] : undefined;
    return { key: createPrivateKey({ key: jwk as never, format: 'jwk' }), id };
  } catch {
    // The error of the parser may show a part of the key.
    throw new Error('is no private key in PEM or as a JWK');
  }
}
