import type { ProviderError } from './provider-error.ts';

import type { RevocationOutcome, RevocationRequest } from './revocation.ts';

/**
 * The port to an OpenID provider: one issuer with one client of ours. Adapters may be called concurrently; they keep no
 * state of a login, so any replica can redeem what another one started.
 */
export interface IdentityProvider {
  readonly name: string;
  readonly issuer: string;
  /**
   * Builds the authorization request (OpenID Connect Core section 3.1.2.1) with PKCE S256.
   * @throws ProviderError('provider-unavailable') when discovery has not succeeded
   */
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /**
   * Checks the callback, redeems the code and validates the ID token, all within 9 s. It does *not* validate the access
   * token, and does not make sure that the answer is redeemed only once: the caller has consumed the transaction before.
   * @throws ProviderError with the reason for the person and, in its message, the cause for the log
   */
  redeem(answer: AuthorizationAnswer): Promise<LoginResult>;
  /**
   * Gets a further access token (RFC 6749 section 6) by one call of at most 4 s, and validates the ID token of the answer,
   * if it has one. It does *not* validate the access token, nor see to it that a refresh token is sent only once:
   * the caller holds the session's lock.
   * @throws ProviderError when there are no tokens: 'provider-unavailable' when a later attempt may go better;
   *   `providerError` is `invalid_grant` when the refresh token is good for nothing any more
   */
  refresh(request: RefreshRequest): Promise<RefreshResult>;
  /**
   * Builds the logout request (OpenID Connect RP-Initiated Logout section 2).
   * @returns undefined when the provider has no such page or cannot be asked: logging out here never waits for it
   */
  endSessionUrl(request: EndSessionRequest): Promise<string | undefined>;
  /**
   * Asks the provider to revoke a token (RFC 7009), if discovery named an endpoint for it. Never rejects.
   * @param signal ends the call
   */
  revoke(request: RevocationRequest, signal: AbortSignal): Promise<RevocationOutcome>;
  /** Whether discovery has succeeded, so that logins can start. */
  ready(): boolean;
}

export interface AuthorizationRequest {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /** `openid` is added when it is not among them. */
  readonly scopes: readonly string[];
  /**
   * The resources to ask for, the one of the first token first; sent as the provider's `audienceParameter` says, if at all:
   * `audience` names the first alone.
   */
  readonly audiences: readonly string[];
  readonly prompt?: string;
  /** Authentication context classes, any of (OpenID Connect Core section 3.1.2.1). */
  readonly acrValues?: readonly string[];
  /** Seconds since the person authenticated, at most. */
  readonly maxAge?: number;
  /** The ID token of the person who is to be asked about, for a login without a page. */
  readonly idTokenHint?: string;
}

/** What the browser brought back, and what was kept of the request. */
export interface AuthorizationAnswer {
  /** Exactly as in the request. */
  readonly redirectUri: string;
  /** The query of the callback as received, repetitions included. */
  readonly parameters: URLSearchParams;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly audiences: readonly string[];
  /** Of the request, in seconds: the ID token must then say when the person authenticated. */
  readonly maxAge?: number;
}

export interface LoginResult {
  /** Kept for `id_token_hint` only. */
  readonly idToken: string;
  /** Claims of the ID token, for the session profile. INVARIANT: they take no part in any decision. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly subject: string;
  /** As the provider spelled it, *not* validated. */
  readonly accessToken: string;
  /** Only with `session.refresh`, and where the provider gave one. */
  readonly refreshToken?: string;
}

export interface RefreshRequest {
  readonly refreshToken: string;
  /** What the access token shall be for; empty: whatever the provider issues. */
  readonly audience: string;
  /** Claims of the ID token of the login. */
  readonly profile: Readonly<Record<string, unknown>>;
}

export interface RefreshResult {
  /** As the provider spelled it, *not* validated. */
  readonly accessToken: string;
  /** The one that takes the place of the one that was sent; undefined: that one goes on. */
  readonly refreshToken: string | undefined;
  /** Why nothing but the refresh token may be taken: the ID token is refused, or cannot be verified now. */
  readonly fault: ProviderError | undefined;
}

export interface EndSessionRequest {
  readonly idTokenHint?: string;
  readonly postLogoutRedirectUri: string;
  readonly state: string;
}
