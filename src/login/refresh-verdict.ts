import { isUnavailable } from '../broker/fresh-tokens.ts';
import type { IdentityProvider, RefreshResult } from '../oidc/identity-provider.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import type { Refreshable } from '../session/refreshable.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import { isRefusal } from '../token/validate-access-token.ts';

/** What a provider's answer to a refresh means. `refreshToken`: the one that took the place of the one that was sent. */
export type RefreshVerdict =
  | { readonly kind: 'renewed'; readonly token: AccessToken; readonly refreshToken: string | undefined }
  /** The session is over: the refresh token is good for nothing any more, or the answer is about somebody else. */
  | { readonly kind: 'ended'; readonly cause: string }
  /** The answer is none to build on; `unavailable`: a later attempt may go better. */
  | {
      readonly kind: 'refused' | 'unavailable';
      readonly cause: string;
      readonly refreshToken: string | undefined;
    };

/**
 * Asks the provider for a further access token and judges the answer as a login's is judged. Whatever is wrong with it, a
 * refresh token that came along is told: it is the only good one from now on.
 * @param former the access token that it is to take the place of, if that one can be read
 * @param readFresh validates an access token that came from the provider just now
 */
export async function requestRefresh(
  provider: Pick<IdentityProvider, 'refresh'>,
  { refreshToken, audience, signedIn }: Refreshable,
  former: AccessToken | undefined,
  readFresh: (raw: string) => Promise<AccessToken | TokenRefusal>,
): Promise<RefreshVerdict> {
  let result: RefreshResult;
  try {
    result = await provider.refresh({ refreshToken, audience, profile: signedIn });
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return verdictOn(error, undefined);
  }
  if (result.fault !== undefined) return verdictOn(result.fault, result.refreshToken);
  const not = (kind: 'refused' | 'unavailable', cause: string): RefreshVerdict => ({
    kind,
    cause,
    refreshToken: result.refreshToken,
  });
  const token = await readFresh(result.accessToken);
  if (isRefusal(token)) {
    const { reason, detail } = token;
    const cause = reason === 'access-token-opaque' ? detail : `${reason}: ${detail}`;
    return not(isUnavailable(token) ? 'unavailable' : 'refused', cause);
  }
  if (former !== undefined && former.issuer === token.issuer && former.subject !== token.subject)
    return { kind: 'ended', cause: 'sub of the access token is not that of the one before' };
  if (!isForTheSame(token, audience, former))
    return not('refused', 'token-audience: aud is not that of the token before');
  return { kind: 'renewed', token, refreshToken: result.refreshToken };
}

/** Whether the token is for what was asked; where the provider calls that otherwise, for what the one before was for. */
function isForTheSame(token: AccessToken, audience: string, former: AccessToken | undefined): boolean {
  if (token.audiences.includes(audience)) return true;
  return former === undefined
    ? audience === ''
    : !former.audiences.includes(audience) && former.audiences.some((one) => token.audiences.includes(one));
}

function verdictOn(error: ProviderError, refreshToken: string | undefined): RefreshVerdict {
  const { reason, message: cause, providerError } = error;
  if (reason === 'id-token-invalid' || providerError === 'invalid_grant') return { kind: 'ended', cause };
  return { kind: reason === 'provider-unavailable' ? 'unavailable' : 'refused', cause, refreshToken };
}
