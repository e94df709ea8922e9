import type { ProviderConfig } from '../../../src/config/config.ts';
import type { AuthorizationAnswer, AuthorizationRequest } from '../../../src/oidc/identity-provider.ts';
import { createProvider, type ProviderOptions } from '../../../src/oidc/provider.ts';
import { ProviderError } from '../../../src/oidc/provider-error.ts';

export const REDIRECT_URI = 'https://app.example.com/_auth/callback';
export const API = 'https://api.example';

export const configOf = (issuer: string, over: Partial<ProviderConfig> = {}): ProviderConfig => ({
  name: 'main',
  kind: 'generic',
  issuer,
  internalUrl: undefined,
  enabled: true,
  clientId: 'shop',
  clientAuth: 'client_secret_basic',
  audienceParameter: 'resource',
  moreAudiences: 'redirect',
  offlineConsent: true,
  brand: {},
  postLogoutRedirectUri: undefined,
  idTokenAlg: 'RS256',
  tokens: {
    profile: 'rfc9068',
    algorithms: ['RS256', 'ES256'],
    scopeClaim: 'scope',
    audienceIsClient: false,
  },
  ...over,
});

export const seconds = () => Math.floor(Date.now() / 1000);

export const providerOf = (
  issuer: string,
  config: Partial<ProviderConfig> = {},
  options: Partial<ProviderOptions> = {},
) =>
  createProvider({
    config: configOf(issuer, config),
    secrets: [{ value: 'a:b%+& secret', expiresAt: undefined }],
    clockTolerance: 5,
    now: seconds,
    ...options,
  });

let counter = 0;
export function newRequest(over: Partial<AuthorizationRequest> = {}): AuthorizationRequest {
  counter += 1;
  return {
    redirectUri: REDIRECT_URI,
    state: `state-${counter}`,
    nonce: `nonce-${counter}`,
    codeVerifier: `verifier-${String(counter).padStart(43, '0')}`,
    scopes: ['openid', 'orders:read'],
    audiences: [API],
    ...over,
  };
}

export const answerTo = (request: AuthorizationRequest, callback: URL): AuthorizationAnswer => ({
  ...request,
  parameters: callback.searchParams,
});

/** @returns what the promise threw, which has to be a ProviderError. */
export async function refusal(work: Promise<unknown>): Promise<ProviderError> {
  const outcome = await work.then(
    (result) => ({ result }),
    (error: unknown) => error,
  );
  if (outcome instanceof ProviderError) return outcome;
  throw new Error('not refused', { cause: outcome });
}
