import type { ProviderConfig } from '../config/config.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import type { KeySet } from '../token/key-set.ts';
import type { Discovery } from './discovery.ts';
import { grantFailure } from './grant-failure.ts';
import { validateIdToken } from './id-token.ts';
import type { RefreshRequest, RefreshResult } from './identity-provider.ts';
import { ProviderError } from './provider-error.ts';
import type { ProviderMetadata } from './provider-metadata.ts';
import { type TokenCall, type UnverifiedTokens, watchTokenCall } from './token-call.ts';

export interface RefreshParts {
  readonly config: ProviderConfig;
  readonly discovery: Discovery;
  readonly keys: KeySet;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
  /** Bounded already. */
  readonly fetch: Fetch;
  /** The library's call to the token endpoint. @returns the type of the access token, in lower case */
  readonly grant: (
    metadata: ProviderMetadata,
    fetch: Fetch,
    refreshToken: string,
    parameters: URLSearchParams,
  ) => Promise<string>;
}

/**
 * The refresh token grant (RFC 6749 section 6). openid-client takes an ID token of another subject, and one of another
 * login: what OpenID Connect Core section 12.2 asks for is checked here, the signature included.
 */
export function createRefresh(parts: RefreshParts): (request: RefreshRequest) => Promise<RefreshResult> {
  const { config, discovery, now } = parts;

  return async ({ refreshToken, audience, profile }) => {
    const call = watchTokenCall(parts.fetch);
    const parameters = new URLSearchParams();
    if (audience !== '' && config.audienceParameter !== 'none')
      parameters.set(config.audienceParameter, audience);
    const refusal = await request(await discovery.metadata(), call, refreshToken, parameters);
    const { tokens } = call;
    const fault = tokens === undefined ? undefined : await faultOf(tokens, profile);
    // Where the library stopped at the ID token, that fault says more.
    if (fault === undefined && refusal !== undefined) throw refusal;
    if (tokens === undefined) throw noTokens();
    return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, fault };
  };

  /** @returns why the library does not take the answer. */
  async function request(
    metadata: ProviderMetadata,
    call: TokenCall,
    refreshToken: string,
    parameters: URLSearchParams,
  ): Promise<ProviderError | undefined> {
    try {
      const type = await parts.grant(metadata, call.fetch, refreshToken, parameters);
      return type === 'bearer' ? undefined : noTokens();
    } catch (error) {
      return grantFailure(call, error);
    }
  }

  async function faultOf(
    { idToken, accessToken }: UnverifiedTokens,
    former: RefreshRequest['profile'],
  ): Promise<ProviderError | undefined> {
    if (idToken === undefined) return undefined;
    try {
      await validateIdToken(idToken, {
        issuer: config.issuer,
        clientId: config.clientId,
        algorithm: config.idTokenAlg,
        keys: parts.keys,
        nonce: undefined,
        former,
        accessToken,
        trustedAudiences: [former['aud']].flat().map(String),
        now: now(),
        clockTolerance: parts.clockTolerance,
      });
      return undefined;
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return error;
    }
  }
}

const noTokens = (): ProviderError =>
  new ProviderError('provider-answer-invalid', 'the token endpoint answered with no bearer token');
