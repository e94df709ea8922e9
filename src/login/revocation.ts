import type { IdentityProvider } from '../oidc/identity-provider.ts';
import type { RevocationRequest } from '../oidc/revocation.ts';
import type { Session } from '../session/session.ts';

/**
 * Asks the provider to revoke the tokens of a session that has ended (RFC 7009): the refresh tokens first, since they
 * live longest and often take the rest along. All of it takes two seconds at most, and nobody waits for it.
 * @returns in constant words, why a token may still be good; undefined when all is done that the provider does
 */
export async function revokeTokens(
  { tokens }: Pick<Session, 'tokens'>,
  identityProvider: Pick<IdentityProvider, 'revoke'>,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(LONGEST);
  const revoke = async (requests: readonly RevocationRequest[]): Promise<string | undefined> => {
    const outcomes = await Promise.all(requests.map((request) => identityProvider.revoke(request, signal)));
    return outcomes.find((outcome) => outcome.kind === 'failed')?.cause;
  };
  // One refresh token may be good for several audiences.
  const refreshing = new Set(tokens.flatMap(({ refreshToken = [] }) => refreshToken));
  const first = await revoke([...refreshing].map((token) => ({ token, hint: 'refresh_token' })));
  return (await revoke(tokens.map(({ raw }) => ({ token: raw, hint: 'access_token' })))) ?? first;
}

/** Milliseconds. */
const LONGEST = 2000;
