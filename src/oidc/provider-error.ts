import type { Reason } from '../reason.ts';

/** What can come of talking to a provider, in the words of `reason.ts`. */
export type ProviderReason = Extract<
  Reason,
  | 'callback-malformed'
  | 'callback-state'
  | 'callback-issuer'
  | 'provider-refused'
  | 'provider-unavailable'
  | 'provider-answer-invalid'
  | 'id-token-invalid'
  | 'step-up-refused'
>;

/**
 * A login or its parts failed at the provider. `message` says why, for the log: it holds no token, code or other text
 * that the provider or the browser wrote. `cause` is there for network errors only, and as clean.
 */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly reason: ProviderReason;
  /** The OAuth error code of the provider; undefined when it sent none that is known. */
  readonly providerError: OAuthErrorCode | undefined;
  /** There was no answer at all, or only the word that the server is down. */
  readonly unreachable: boolean;

  constructor(
    reason: ProviderReason,
    message: string,
    options: { cause?: unknown; providerError?: OAuthErrorCode | undefined; unreachable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.reason = reason;
    this.providerError = options.providerError;
    this.unreachable = options.unreachable ?? false;
  }
}

// RFC 6749 sections 4.1.2.1 and 5.2, OpenID Connect Core section 3.1.2.6, RFC 8707 section 2, RFC 9470 section 5
const OAUTH_ERROR_CODES = [
  'access_denied',
  'account_selection_required',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_request_object',
  'invalid_request_uri',
  'invalid_scope',
  'invalid_target',
  'login_required',
  'registration_not_supported',
  'request_not_supported',
  'request_uri_not_supported',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unmet_authentication_requirements',
  'unsupported_grant_type',
  'unsupported_response_type',
] as const;

export type OAuthErrorCode = (typeof OAUTH_ERROR_CODES)[number];

/** @returns the code if it is one of the registered ones: any other text is the sender's own and is not shown. */
export const knownErrorCode = (text: unknown): OAuthErrorCode | undefined =>
  OAUTH_ERROR_CODES.find((code) => code === text);
