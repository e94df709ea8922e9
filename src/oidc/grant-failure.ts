import { ResponseBodyError } from 'openid-client';
import { isInvalidClient } from './client-authentication.ts';
import { knownErrorCode, ProviderError } from './provider-error.ts';
import { describeFailure, type TokenCall } from './token-call.ts';

/** @returns why a call to the token endpoint brought nothing: `provider-unavailable` where a later attempt may go better. */
export function grantFailure(call: TokenCall, error: unknown): ProviderError {
  if (call.failure !== undefined) return call.failure;
  if (isPassing(call.status)) return unavailable(`status ${call.status}`);
  const refusal = error instanceof ProviderError ? error : refusedGrant(error);
  const { providerError } = refusal;
  return providerError === 'server_error' || providerError === 'temporarily_unavailable'
    ? unavailable(providerError)
    : refusal;
}

/** @returns what an answer with an error says. Nothing of the library's error but its constant message may pass: its cause holds the tokens. */
export function refusedGrant(error: unknown): ProviderError {
  if (isInvalidClient(error)) {
    return invalidAnswer(
      'error invalid_client, our client authentication failed: see provider.clientId, clientSecrets and clientAuth',
      'invalid_client',
    );
  }
  if (error instanceof ResponseBodyError) {
    return invalidAnswer(`error ${knownErrorCode(error.error) ?? 'that is not registered'}`, error.error);
  }
  return invalidAnswer(describeFailure(error));
}

export const invalidAnswer = (fault: string, providerError?: unknown): ProviderError =>
  new ProviderError('provider-answer-invalid', `the token endpoint's answer is refused: ${fault}`, {
    providerError: knownErrorCode(providerError),
  });

/** RFC 6749 section 5.2 knows errors with 400 and 401 alone: these say that the server is not up to it just now. */
const isPassing = (status: number | undefined): boolean =>
  status !== undefined && (status >= 500 || status === 429);

const unavailable = (what: string): ProviderError =>
  new ProviderError('provider-unavailable', `the token endpoint answered with ${what}`);
