import type { AccessToken } from './access-token.ts';

/** What a token is supposed to say, where none is at hand: for tests of rules and for explanations. */
export interface Supposition {
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly acr?: string;
  /** Unix seconds. */
  readonly authenticatedAt?: number;
}

/**
 * A token that nobody issued. INVARIANT: only `review/` may import this (test/house.test.ts), so that no request can
 * ever be decided by one.
 */
export const supposeToken = ({ audiences, scopes, acr, authenticatedAt }: Supposition): AccessToken =>
  Object.freeze({
    raw: '',
    issuer: '',
    subject: '',
    client: '',
    audiences,
    scopes: new Set(scopes),
    issuedAt: 0,
    expiresAt: Number.MAX_SAFE_INTEGER,
    notBefore: 0,
    keyId: undefined,
    acr,
    authenticatedAt,
    delegated: false,
  } satisfies Omit<AccessToken, symbol>) as unknown as AccessToken;
