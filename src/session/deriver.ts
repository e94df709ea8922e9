import { createHmac } from 'node:crypto';
import type { SecretKeys } from './keys.ts';

/**
 * Derives secrets from a public seed, so that a browser can carry the seed and nothing needs sealing for it. Without our
 * secret nobody can tell one from the other.
 */
export interface Deriver {
  /** Id of the secret that new seeds are for. */
  readonly secret: string;
  /**
   * @param secret id of the secret that the seed was for
   * @param parts what the derived value is for; another host, transaction or use gives another value
   * @returns 256 bits in base64url; undefined when the secret is retired
   */
  derive(secret: string, parts: readonly string[]): string | undefined;
}

/** HMAC-SHA-256 as a key derivation (RFC 5869 section 2.3 with one block). The first secret is for new seeds. */
export function createDeriver(secrets: readonly SecretKeys[]): Deriver {
  const [first] = secrets;
  if (first === undefined) throw new TypeError('at least one session secret');
  const byId = new Map(secrets.map((keys) => [keys.id, keys.deriving]));
  return {
    secret: first.id,
    derive(secret, parts) {
      const key = byId.get(secret);
      return key === undefined
        ? undefined
        : createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
    },
  };
}
