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
   * Builds the logout request (OpenID Connect RP-Initiated Logout section 2).
   * @returns undefined when the provider has no such page or cannot be asked: logging out here never waits for it
   */
  endSessionUrl(request: EndSessionRequest): Promise<string | undefined>;
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
  /** The resources to ask a token for; sent as the provider's `audienceParameter` says, if at all. */
  readonly audiences: readonly string[];
  readonly prompt?: string;
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
}

export interface LoginResult {
  /** Kept for `id_token_hint` only. */
  readonly idToken: string;
  /** Claims of the ID token, for the session profile. INVARIANT: they take no part in any decision. */
  readonly profile: Readonly<Record<string, unknown>>;
  readonly subject: string;
  /** As the provider spelled it, *not* validated. */
  readonly accessToken: string;
}

export interface EndSessionRequest {
  readonly idTokenHint?: string;
  readonly postLogoutRedirectUri: string;
  readonly state: string;
}
