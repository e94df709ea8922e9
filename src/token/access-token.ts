import type { Reason } from '../reason.ts';

declare const validated: unique symbol;

/**
 * A validated access token: its issuer vouches for it, and profile and form of claims hold. INVARIANT: made only by
 * `acceptClaims`; the brand keeps raw claims from being taken for one.
 * It does not say that the token is unexpired or meant for a resource: that is judged at every request.
 */
export interface AccessToken {
  readonly [validated]: true;
  /** The token as the provider spelled it; passed to the upstream unaltered. */
  readonly raw: string;
  readonly issuer: string;
  readonly subject: string;
  readonly client: string;
  /** Every member of `aud`; exact strings. */
  readonly audiences: readonly string[];
  readonly scopes: ReadonlySet<string>;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Unix seconds; 0 when the token has no `nbf`. */
  readonly notBefore: number;
  readonly keyId: string | undefined;
  /** Authentication context class (RFC 9068 section 2.2.1); undefined when the token does not say. */
  readonly acr: string | undefined;
  /** When the person authenticated, in Unix seconds; undefined when the token does not say so as a number. */
  readonly authenticatedAt: number | undefined;
  /** It came of an exchange: somebody acts for its subject (`act`, RFC 8693 section 4.1). */
  readonly delegated: boolean;
}

/** @returns the token with no scopes but these, for a decision; its text is the same. */
export const narrowed = (token: AccessToken, scopes: readonly string[]): AccessToken =>
  Object.freeze({ ...token, scopes: new Set(scopes.filter((scope) => token.scopes.has(scope))) });

/** Why a token is refused. `detail` is for the log and the login page (names the setting); never token content. */
export interface TokenRefusal {
  readonly reason: Extract<
    Reason,
    `token-${string}` | 'key-set-unavailable' | 'introspection-unavailable' | 'access-token-opaque'
  >;
  readonly detail: string;
}
