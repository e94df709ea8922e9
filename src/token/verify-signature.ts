import { compactVerify, errors } from 'jose';
import type { TokenRefusal } from './access-token.ts';
import { type KeyHeader, type KeySet, KeySetUnavailable } from './key-set.ts';

/**
 * Verifies the signature of a compact JWS with a key of the issuer. The algorithm is held against the list before any
 * key is looked for, so an unwanted one never causes a fetch. It does *not* check spelling or claims.
 * @param options.force see `KeySet.key`.
 */
export async function verifySignature(
  raw: string,
  keys: KeySet,
  algorithms: readonly string[],
  options: { force?: boolean } = {},
): Promise<TokenRefusal | undefined> {
  const accepted = { algorithms: [...algorithms] };
  try {
    await compactVerify(raw, (header: KeyHeader) => keys.key(header, options), accepted);
    return undefined;
  } catch (error) {
    if (error instanceof errors.JOSEAlgNotAllowed) {
      return {
        reason: 'token-algorithm',
        detail: `alg is none of provider.tokens.algorithms (${algorithms.join(', ')})`,
      };
    }
    if (error instanceof KeySetUnavailable) {
      return { reason: 'key-set-unavailable', detail: error.message };
    }
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      // Without a kid, or with one kid for several keys: "try each" is the only reading that is never wrong.
      for await (const key of error) {
        const verified = await compactVerify(raw, key, accepted).then(
          () => true,
          () => false,
        );
        if (verified) return undefined;
      }
      return { reason: 'token-signature', detail: 'no key of the issuer that fits verifies the signature' };
    }
    if (error instanceof errors.JWKSNoMatchingKey) {
      return { reason: 'token-signature', detail: 'the issuer has no key for this kid and alg' };
    }
    // The rest, a key too small or malformed (RFC 7518 section 3.3) among it, means that nothing was proven.
    return { reason: 'token-signature', detail: 'the signature does not verify with the key of the issuer' };
  }
}
