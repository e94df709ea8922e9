import type { OAuthErrorCode } from '../oidc/provider-error.ts';

const HINTS: Partial<Record<OAuthErrorCode, string>> = {
  access_denied: 'The sign-in was declined, or this account may not use the app.',
  consent_required: 'The app needs your consent, and the provider did not get it.',
  interaction_required: 'The provider needs you to do something first.',
  login_required: 'The provider has no session for you any more.',
  account_selection_required: 'Choose an account at the provider.',
  invalid_scope: 'The app asks for a permission that the provider does not know; its operator can mend that.',
  invalid_target: 'The app asks for a resource that the provider does not know; its operator can mend that.',
  unauthorized_client: 'The provider has switched this app off or does not allow it to sign people in.',
  invalid_client: 'The provider does not accept the credentials of this app; its operator can mend that.',
  invalid_request: 'The provider did not understand the request of this app; its operator can mend that.',
};

/**
 * What to tell a person about an error code of the provider (RFC 6749 section 4.1.2.1). Only registered codes are ever
 * shown; `error_description` is a stranger's text.
 * @param code undefined for one that is not registered
 */
export const refusalHint = (code: OAuthErrorCode | undefined): string =>
  code === undefined
    ? 'The provider gave a reason that is not known here.'
    : `${HINTS[code] ?? 'The provider gave no further reason.'} (${code})`;
