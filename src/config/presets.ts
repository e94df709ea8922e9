import type { ProviderConfig, TokenProfile } from './config.ts';
import type { RawProvider } from './provider-schema.ts';

/** What a kind of provider is known to need. */
export interface Preset {
  readonly clientAuth: ProviderConfig['clientAuth'];
  readonly audienceParameter: ProviderConfig['audienceParameter'];
  readonly offlineConsent: boolean;
  readonly scopeTemplate: string;
  readonly idTokenAlg: string;
  readonly profile: TokenProfile['profile'];
  readonly algorithms: readonly string[];
  readonly scopeClaim: TokenProfile['scopeClaim'];
}

const GENERIC: Preset = {
  clientAuth: 'client_secret_basic',
  audienceParameter: 'resource',
  offlineConsent: true,
  scopeTemplate: '{scope}',
  idTokenAlg: 'RS256',
  profile: 'rfc9068',
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  scopeClaim: 'scope',
};

/** The products below give a refresh token to whom they are set to give one, consent or not. */
const PRODUCT: Preset = { ...GENERIC, offlineConsent: false };

/** One row for each kind. */
export const PRESETS: Readonly<Record<ProviderConfig['kind'], Preset>> = {
  generic: GENERIC,
  auth0: { ...PRODUCT, clientAuth: 'client_secret_post', audienceParameter: 'audience', profile: 'jwt' },
  proauth: { ...PRODUCT, clientAuth: 'client_secret_post', audienceParameter: 'resource', profile: 'jwt' },
  keycloak: { ...PRODUCT, audienceParameter: 'none', profile: 'jwt' },
  entra: {
    ...PRODUCT,
    clientAuth: 'client_secret_post',
    audienceParameter: 'none',
    scopeTemplate: 'api://{audience}/{scope}',
    profile: 'jwt',
    scopeClaim: 'scp',
  },
};

/** @returns the provider with every choice made: explicit keys win over the preset; without a secret there is no client authentication. */
export function resolveProvider(
  name: string,
  raw: RawProvider,
  hasSecret: boolean,
  ca?: string,
): ProviderConfig {
  const preset = PRESETS[raw.kind];
  return {
    name,
    kind: raw.kind,
    issuer: raw.issuer,
    internalUrl: raw.internalUrl === undefined ? undefined : URL.parse(raw.internalUrl)?.origin,
    ca,
    enabled: raw.enabled,
    clientId: raw.clientId,
    clientAuth: raw.clientAuth ?? (hasSecret ? preset.clientAuth : 'none'),
    audienceParameter: raw.audienceParameter ?? preset.audienceParameter,
    moreAudiences: raw.moreAudiences,
    offlineConsent: raw.offlineConsent ?? preset.offlineConsent,
    scopeTemplate: raw.scopeTemplate ?? preset.scopeTemplate,
    redirectUri: raw.redirectUri,
    acrValues: raw.acrValues,
    postLogoutRedirectUri: raw.postLogoutRedirectUri,
    authorizationParameters: raw.authorizationParameters,
    prompt: raw.prompt,
    uiLocales: raw.uiLocales,
    metadata: raw.metadata,
    brand: {
      ...(raw.title === undefined ? {} : { name: raw.title }),
      ...(raw.metadata['support'] === undefined ? {} : { support: raw.metadata['support'] }),
      ...(raw.uri === undefined ? {} : { uri: raw.uri }),
      ...(raw.logo === undefined ? {} : { logo: raw.logo }),
    },
    idTokenAlg: raw.idTokenAlg ?? preset.idTokenAlg,
    tokens: {
      profile: raw.tokens.profile ?? preset.profile,
      algorithms: raw.tokens.algorithms ?? preset.algorithms,
      scopeClaim: raw.tokens.scopeClaim ?? preset.scopeClaim,
      audienceIsClient: raw.tokens.audienceIsClient,
    },
    introspection: raw.introspection,
  };
}
