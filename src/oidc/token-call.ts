import { AnswerRefused, type Fetch } from '../token/bounded-fetch.ts';
import { ProviderError } from './provider-error.ts';

/** One call to the token endpoint, watched from outside the library. */
export interface TokenCall {
  readonly fetch: Fetch;
  /** Set when there was no answer, or none that is read. */
  readonly failure: ProviderError | undefined;
  /** Of the answer; undefined without one. */
  readonly status: number | undefined;
  /** What an answer with status 200 brought, unverified. */
  readonly tokens: UnverifiedTokens | undefined;
}

/** The tokens of an answer, as they stand there. */
export interface UnverifiedTokens {
  readonly accessToken: string;
  readonly idToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/**
 * Wraps the `fetch` of one token request. The library derives `redirect_uri` from the callback without its query, and
 * spells it as a parsed URL: RFC 6749 section 4.1.3 wants the value of the authorization request. And it reads JSON
 * under any content type, which section 5.1 does not allow.
 * @param redirectUri of a code; undefined for a grant that has none
 */
export function watchTokenCall(fetch: Fetch, redirectUri?: string): TokenCall {
  const call: { -readonly [Key in keyof TokenCall]: TokenCall[Key] } = {
    failure: undefined,
    status: undefined,
    tokens: undefined,
    async fetch(url, init) {
      if (redirectUri !== undefined && init?.body instanceof URLSearchParams)
        init.body.set('redirect_uri', redirectUri);
      try {
        const response = await fetch(url, init);
        call.status = response.status;
        if (response.status === 200) call.tokens = await readTokens(response.clone());
        return response;
      } catch (error) {
        call.failure =
          error instanceof AnswerRefused
            ? new ProviderError('provider-answer-invalid', `the token endpoint gave ${error.message}`)
            : new ProviderError(
                'provider-unavailable',
                `the token endpoint cannot be reached: ${describeFailure(error)}`,
              );
        throw call.failure;
      }
    },
  };
  return call;
}

async function readTokens(response: Response): Promise<TokenCall['tokens']> {
  if (!/^application\/json\s*(?:;|$)/i.test(response.headers.get('content-type') ?? '')) {
    throw new AnswerRefused('an answer that is not application/json');
  }
  const body: unknown = await response.json().catch(() => undefined);
  const { id_token: idToken, access_token: accessToken, refresh_token: refreshToken } = Object(body);
  if (typeof accessToken !== 'string') return undefined;
  return { accessToken, idToken: textOf(idToken), refreshToken: readRefreshToken(refreshToken) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/**
 * @returns undefined for what is no refresh token (RFC 6749 appendix A.17), or for one that is larger than any: without
 * it a session is as good, and only ends earlier
 */
const readRefreshToken = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[\x20-\x7e]{1,16384}$/.test(value) ? value : undefined;

/**
 * Says in constant words and codes why a call failed. Errors of the library and of `fetch` carry bodies, tokens and
 * addresses: none of that may reach a log.
 */
export function describeFailure(error: unknown): string {
  if (error instanceof AnswerRefused) return error.message;
  const { name, message, code, cause } = Object(error);
  // A wrapper without a code of its own: what it wraps says more.
  if (code === undefined && typeof cause === 'object' && cause !== null) return describeFailure(cause);
  if (typeof code !== 'string') return typeof name === 'string' ? name : 'an unknown failure';
  const status = Object(cause).status;
  const words = code.startsWith('OAUTH_') ? `${message} (${code})` : code;
  return typeof status === 'number' ? `${words}, status ${status}` : words;
}
