import type { AuthorizationAnswer } from './identity-provider.ts';
import { knownErrorCode, ProviderError } from './provider-error.ts';

// RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than once."
const ONCE = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'];

// Only the code flow runs here: what other flows put into the front channel is an injection (RFC 9700 section 2.1.2).
const FRONT_CHANNEL = ['id_token', 'access_token', 'token', 'response'];

/** What the metadata of the provider says about its answers. */
export interface AnswerTerms {
  readonly issuer: string;
  /** `authorization_response_iss_parameter_supported` (RFC 9207 section 3). */
  readonly issuerAdvertised: boolean;
}

/**
 * Checks an authorization response (RFC 6749 section 4.1.2, RFC 9207 section 2.4) before anything is sent to the provider.
 * The issuer is checked ahead of errors, so a foreign provider cannot have its error shown as ours.
 * It does *not* check that the transaction is young, or bound to this browser: the caller did.
 * @throws ProviderError when the answer is no success
 */
export function checkAuthorizationAnswer(
  { parameters, state }: AuthorizationAnswer,
  terms: AnswerTerms,
): void {
  const repeated = ONCE.find((name) => parameters.getAll(name).length > 1);
  if (repeated !== undefined) throw malformed(`the callback repeats ${repeated}`);
  const foreign = FRONT_CHANNEL.find((name) => parameters.has(name));
  if (foreign !== undefined)
    throw malformed(`the callback brings ${foreign}, which the code flow never does`);
  if (parameters.get('state') !== state) {
    throw new ProviderError('callback-state', 'state is missing or not the one of the transaction');
  }
  checkIssuer(parameters.get('iss'), terms);
  const error = parameters.get('error');
  if (error !== null) throw refusedAnswer(error);
  if (!parameters.get('code')) throw malformed('the callback brings neither code nor error');
}

const malformed = (message: string): ProviderError => new ProviderError('callback-malformed', message);

function checkIssuer(iss: string | null, { issuer, issuerAdvertised }: AnswerTerms): void {
  if (iss === null && !issuerAdvertised) return;
  if (iss === issuer) return;
  throw new ProviderError(
    'callback-issuer',
    iss === null ? 'iss is absent, though the provider says that it sends it' : 'iss is not provider.issuer',
  );
}

function refusedAnswer(error: string): ProviderError {
  const providerError = knownErrorCode(error);
  const down = providerError === 'server_error' || providerError === 'temporarily_unavailable';
  return new ProviderError(
    down ? 'provider-unavailable' : 'provider-refused',
    `the provider answered with ${providerError ?? 'an error code that is not registered'}`,
    { providerError },
  );
}
