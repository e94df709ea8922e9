import type { ProviderConfig } from '../../../src/config/config.ts';
import { fixedSecrets } from '../../../src/oidc/client-authentication.ts';
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
  introspection: false,
  offlineConsent: true,
  brand: {},
  ca: undefined,
  scopeTemplate: '{scope}',
  authorizationParameters: {},
  prompt: undefined,
  uiLocales: undefined,
  metadata: {},
  redirectUri: undefined,
  acrValues: undefined,
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
    secrets: fixedSecrets([{ value: 'a:b%+& secret', expiresAt: undefined }]),
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

/** Follows redirects as a browser would, cookies included, up to the callback. */
export async function follow(issuer: string, start: string): Promise<URL> {
  const jar = new Map<string, string>();
  let url = start;
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split('=') ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`stopped at ${response.status}: ${await response.text()}`);
    url = new URL(location, url).href;
    if (!url.startsWith(issuer)) return new URL(url);
  }
  throw new Error('too many redirects');
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
