import { type Reason, reasonRow } from '../reason.ts';
import type { TokenNeed } from '../rules/rule.ts';
import { fitting } from './problem-json.ts';

/** Characters: proxies take headers of 8 KB, and this is not the only one. */
const MAX_SCOPES = 3_000;
const MAX_ACR = 1_000;

/** What a rule needs of the sign-in itself. */
export type StepUp = Pick<TokenNeed, 'acr' | 'loginWithin'>;

/**
 * The `WWW-Authenticate` value of a refusal (RFC 6750 section 3; RFC 9470 section 3).
 * @param realm the host name: letters, digits, `.`, `-`, `_`, `[`, `]` and `:` only
 * @param scopes all scopes that the operation needs; scope tokens hold neither quotes nor backslashes (RFC 6749 section 3.3),
 *   and neither do the `acr` values of rules
 * @param metadata address of the resource's metadata (RFC 9728 section 5.1): a serialised URL, which holds no quotes
 */
export function bearerChallenge(
  reason: Reason,
  realm: string,
  scopes: readonly string[],
  stepUp?: StepUp,
  metadata?: string,
): string {
  const { error, detail } = reasonRow(reason);
  const parameters = [`realm="${realm}"`];
  if (error !== undefined) parameters.push(`error="${error}"`);
  // RFC 6750: no error information for a caller that sent no credentials.
  if (error === 'invalid_token') parameters.push(`error_description="${detail}"`);
  // It belongs to no resource, and is the client's to ask for (MCP, authorization).
  const named = fitting(
    scopes.filter((scope) => scope !== 'offline_access'),
    MAX_SCOPES,
  );
  if (named.length > 0) parameters.push(`scope="${named.join(' ')}"`);
  if (error === 'insufficient_user_authentication' && stepUp !== undefined) {
    const acr = fitting(stepUp.acr, MAX_ACR);
    if (acr.length > 0) parameters.push(`acr_values="${acr.join(' ')}"`);
    if (stepUp.loginWithin !== undefined) parameters.push(`max_age="${stepUp.loginWithin}"`);
  }
  if (metadata !== undefined) parameters.push(`resource_metadata="${metadata}"`);
  return `Bearer ${parameters.join(', ')}`;
}

/** @returns whether a refusal carries a challenge: every 401 (RFC 9110 section 15.5.2), and what RFC 6750 has a code for. */
export const isChallenged = (reason: Reason, status: number): boolean =>
  status === 401 || reasonRow(reason).error !== undefined;
