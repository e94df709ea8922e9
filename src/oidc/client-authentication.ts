import { calculateJwkThumbprint, type JWK } from 'jose';
import { LRUCache } from 'lru-cache';
import {
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  None,
  PrivateKeyJwt,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { readClientKey } from '../config/client-key.ts';
import type { ClientSecret, ProviderConfig } from '../config/config.ts';

/** The client secrets of one provider, or its private keys: in order, as they are in force now. */
export interface ClientSecretSource {
  current(): readonly ClientSecret[];
  /** Reads them again where they come from. @returns whether they changed */
  reread(): boolean;
}

/** @returns secrets that stay as they are. */
export const fixedSecrets = (secrets: readonly ClientSecret[]): ClientSecretSource => ({
  current: () => secrets,
  reread: () => false,
});

/** How we prove to the token endpoint who we are. */
export interface ClientAuthentication {
  /**
   * Makes a call with the secret that worked last, or else the first that has not expired. Where the provider does not
   * know it (`invalid_client`, RFC 6749 section 5.2), the next one is tried at once: a client is authenticated before its
   * code or token is looked at, so neither is spent.
   * @throws what the last attempt threw
   */
  run<T>(call: (authentication: ClientAuth) => Promise<T>): Promise<T>;
}

export interface ClientAuthenticationParts {
  readonly method: ProviderConfig['clientAuth'];
  readonly secrets: ClientSecretSource;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told when a secret was refused and another one worked: its place in the list, counted from 1. */
  readonly onFallback?: (place: number) => void;
}

/** Attempts of one call: a list is two long while secrets rotate. */
const MOST_ATTEMPTS = 5;

export function createClientAuthentication(parts: ClientAuthenticationParts): ClientAuthentication {
  const { method, secrets, now } = parts;
  const proofs = new LRUCache<string, Promise<ClientAuth>>({ max: MOST_ATTEMPTS });
  let worked: string | undefined;

  /** All that may be tried, the most promising first. */
  function inOrder(): readonly ClientSecret[] {
    const all = secrets.current();
    const valid = all.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now());
    // When all have expired by our notes, the newest is tried: the provider has the last word.
    const candidates = valid.length > 0 ? valid : all.slice(-1);
    return candidates.toSorted((one, other) => Number(other.value === worked) - Number(one.value === worked));
  }

  /** A private key is imported once, while it is in use. */
  function proofOf({ value }: ClientSecret): Promise<ClientAuth> {
    const proof = proofs.get(value) ?? makeProof(method, value);
    proofs.set(value, proof);
    return proof;
  }

  return {
    async run(call) {
      if (method === 'none') return call(None());
      const tried = new Set<string>();
      const remaining = (): ClientSecret | undefined => inOrder().find(({ value }) => !tried.has(value));
      let next = remaining();
      if (next === undefined) return call(None());
      for (;;) {
        const { value } = next;
        tried.add(value);
        try {
          const result = await call(await proofOf(next));
          if (tried.size > 1)
            parts.onFallback?.(secrets.current().findIndex((one) => one.value === value) + 1);
          worked = value;
          return result;
        } catch (error) {
          if (!isInvalidClient(error)) throw error;
          next = remaining() ?? (secrets.reread() ? remaining() : undefined);
          if (next === undefined || tried.size >= MOST_ATTEMPTS) throw error;
        }
      }
    },
  };
}

/** @returns whether the provider did not accept who we say we are. By header, it is answered with 401 and a challenge. */
export const isInvalidClient = (error: unknown): boolean =>
  error instanceof WWWAuthenticateChallengeError ||
  (error instanceof ResponseBodyError && error.error === 'invalid_client');

async function makeProof(method: ProviderConfig['clientAuth'], value: string): Promise<ClientAuth> {
  if (method === 'client_secret_basic') return ClientSecretBasic(value);
  if (method === 'client_secret_post') return ClientSecretPost(value);
  const { key, algorithm, id } = readClientKey(value);
  const kid = id ?? (await calculateJwkThumbprint(key.export({ format: 'jwk' }) as JWK));
  // RFC 7523 section 3. The library puts in the issuer as the one audience, a fresh `jti`, and an end after a minute.
  return PrivateKeyJwt({ key: key.toCryptoKey(algorithm, false, ['sign']), kid });
}
