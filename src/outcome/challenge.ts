import { type Reason, reasonRow } from '../reason.ts';
import { fitting } from './problem-json.ts';

/** Characters: proxies take headers of 8 KB, and this is not the only one. */
const MAX_SCOPES = 3_000;

/**
 * The `WWW-Authenticate` value of a refusal (RFC 6750 section 3).
 * @param realm the host name: letters, digits, `.`, `-`, `_`, `[`, `]` and `:` only
 * @param scopes all scopes that the operation needs; scope tokens hold neither quotes nor backslashes (RFC 6749 section 3.3)
 */
export function bearerChallenge(reason: Reason, realm: string, scopes: readonly string[]): string {
  const { error, detail } = reasonRow(reason);
  const parameters = [`realm="${realm}"`];
  if (error !== undefined) parameters.push(`error="${error}"`);
  // RFC 6750: no error information for a caller that sent no credentials.
  if (error === 'invalid_token') parameters.push(`error_description="${detail}"`);
  const named = fitting(scopes, MAX_SCOPES);
  if (named.length > 0) parameters.push(`scope="${named.join(' ')}"`);
  return `Bearer ${parameters.join(', ')}`;
}

/** @returns whether a refusal carries a challenge: every 401 (RFC 9110 section 15.5.2), and what RFC 6750 has a code for. */
export const isChallenged = (reason: Reason, status: number): boolean =>
  status === 401 || reasonRow(reason).error !== undefined;
