import {
  allowInsecureRequests,
  type ClientAuth,
  Configuration,
  type CustomFetch,
  clockSkew,
  clockTolerance,
  customFetch,
  type ServerMetadata,
} from 'openid-client';
import type { ProviderConfig } from '../config/config.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import {
  type ClientAuthentication,
  type ClientSecretSource,
  createClientAuthentication,
} from './client-authentication.ts';
import type { MetadataTerms, ProviderMetadata } from './provider-metadata.ts';

/** Our client at a provider, as the library wants it for each call. */
export interface ProviderClient {
  readonly authentication: ClientAuthentication;
  /**
   * @param fetch of this one call
   * @param clientId another one than ours, for a caller who brought its own
   */
  configure(metadata: ProviderMetadata, fetch: Fetch, proof: ClientAuth, clientId?: string): Configuration;
}

export interface ProviderClientOptions {
  readonly config: ProviderConfig;
  readonly secrets: ClientSecretSource;
  /** Told when another secret worked than the first one: its place in the list, counted from 1. */
  readonly onFallback?: ((place: number) => void) | undefined;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
}

/** The library demands a number of seconds; the bounded fetch is stricter and ends each call first. */
export const LIBRARY_TIMEOUT = 8;

export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { config, secrets, onFallback, now } = options;
  return {
    authentication: createClientAuthentication({
      ...{ method: config.clientAuth, secrets, now },
      ...(onFallback === undefined ? {} : { onFallback }),
    }),
    configure(metadata, fetch, proof, clientId = config.clientId) {
      const client = new Configuration(
        metadata as unknown as ServerMetadata,
        clientId,
        {
          // INVARIANT: pinned, or the library takes the list in the metadata, `none` included.
          id_token_signed_response_alg: config.idTokenAlg,
          [clockTolerance]: options.clockTolerance,
          [clockSkew]: now() - Math.floor(Date.now() / 1000),
        },
        proof,
      );
      if (isInsecure(config)) allowInsecureRequests(client);
      client.timeout = LIBRARY_TIMEOUT;
      client[customFetch] = forLibrary(fetch);
      return client;
    },
  };
}

// The same call; only the types of an absent body differ.
export const forLibrary =
  (fetch: Fetch): CustomFetch =>
  (url, init) =>
    fetch(url, init as RequestInit);

// Plain http is only ever meant by the configuration, whose own check asks for the loud switch.
export const isInsecure = ({ issuer, internalUrl }: Pick<MetadataTerms, 'issuer' | 'internalUrl'>): boolean =>
  issuer.startsWith('http:') || internalUrl?.startsWith('http:') === true;
