import type { ProviderConfig } from '../config/config.ts';
import { createAuthoritiesFetch } from '../token/authorities-fetch.ts';
import { createBoundedFetch, type Fetch } from '../token/bounded-fetch.ts';
import { createKeySet, type KeySet } from '../token/key-set.ts';
import type { ClientSecretSource } from './client-authentication.ts';
import { createDiscovery, type Discovery } from './discovery.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { createIdentityProvider, loadMetadata } from './identity-provider-openid-client.ts';
import { throughInternalUrl } from './internal-url.ts';
import { createProviderClient } from './provider-client.ts';
import { ProviderError } from './provider-error.ts';
import type { MetadataTerms } from './provider-metadata.ts';
import { describeFailure } from './token-call.ts';
import { createTokenService, type TokenService } from './token-service.ts';

/** A provider of the configuration: logins and the keys of its tokens, over one discovery. */
export interface Provider extends AsyncDisposable {
  readonly identityProvider: IdentityProvider;
  readonly tokenService: TokenService;
  /** Serves bearer tokens before anybody has logged in. */
  readonly keySet: KeySet;
  /** Begins to fetch what is missing, at once and then every 5 s, so that it heals without traffic. */
  start(): void;
  stop(): void;
}

/** Something that an operator wants to know; `message` holds constant words only. */
export interface ProviderEvent {
  readonly event: 'discovery-failed' | 'key-set-failed';
  readonly issuer: string;
  readonly message: string;
}

interface Surroundings {
  /** Unix seconds. */
  readonly now: () => number;
  /** Default: the global one. */
  readonly fetch?: Fetch;
  readonly log?: (event: ProviderEvent) => void;
}

export interface ProviderOptions extends Surroundings {
  readonly config: ProviderConfig;
  readonly secrets: ClientSecretSource;
  /** Told when another secret worked than the first one: its place in the list, counted from 1. */
  readonly onFallback?: (place: number) => void;
  /** Whether access tokens are refreshed; default false. */
  readonly refresh?: boolean;
  /** Seconds. */
  readonly clockTolerance: number;
}

/** Milliseconds. */
const RETRY_EVERY = 5_000;
const CALL_LIMITS = { timeout: 4000, maxBytes: 1_048_576 };

/** @returns what calls to a provider are made with: those over https with its own certificate authorities, where it has some. */
export const fetchFor = ({ ca }: Pick<ProviderConfig, 'ca'>, fetch: Fetch = globalThis.fetch): Fetch =>
  ca === undefined ? fetch : createAuthoritiesFetch(ca, fetch);

/** Builds a provider. Nothing is fetched before `start` or the first use. */
export function createProvider(options: ProviderOptions): Provider {
  const { config, secrets, refresh = false, clockTolerance, now } = options;
  const { issuer, internalUrl } = config;
  const fetch = throughInternalUrl(options.fetch ?? globalThis.fetch, issuer, internalUrl);
  const terms: MetadataTerms = { issuer, internalUrl, purpose: 'login', introspection: config.introspection };
  const { discovery, keySet } = discoverKeys(terms, fetch, options);
  const client = createProviderClient({
    config,
    secrets,
    onFallback: options.onFallback,
    clockTolerance,
    now,
  });
  const calls = { client, discovery, fetch: createBoundedFetch({ fetch, ...CALL_LIMITS }) };
  const identityProvider = createIdentityProvider({
    ...calls,
    config,
    keys: keySet,
    refresh,
    clockTolerance,
    now,
  });

  let timer: NodeJS.Timeout | undefined;
  const stop = () => clearInterval(timer);
  return {
    identityProvider,
    tokenService: createTokenService({ config, ...calls }),
    keySet,
    start() {
      // Asks for the key set's address first, so this one call heals discovery too.
      void keySet.warm();
      timer ??= setInterval(keySet.warm, RETRY_EVERY).unref();
    },
    stop,
    async [Symbol.asyncDispose]() {
      stop();
    },
  };
}

/** Builds the key set of a further issuer that an app accepts bearer tokens from. Nobody can log in there. */
export const createIssuerKeys = (issuer: string, surroundings: Surroundings): KeySet =>
  discoverKeys(
    { issuer, internalUrl: undefined, purpose: 'keys' },
    surroundings.fetch ?? globalThis.fetch,
    surroundings,
  ).keySet;

function discoverKeys(
  terms: MetadataTerms,
  fetch: Fetch,
  { now, log }: Surroundings,
): { discovery: Discovery; keySet: KeySet } {
  const { issuer } = terms;
  const documents = createBoundedFetch({ fetch, ...CALL_LIMITS });
  const discovery = createDiscovery({
    load: () => loadMetadata(terms, documents),
    now,
    onFailure: (error) => log?.({ event: 'discovery-failed', issuer, message: error.message }),
  });
  const keySet = createKeySet({
    jwksUri: async () => new URL((await discovery.metadata()).jwks_uri),
    fetch,
    now,
    onFailure: (cause) => {
      // That there is no address was told by the discovery.
      if (cause instanceof ProviderError) return;
      log?.({ event: 'key-set-failed', issuer, message: describeFailure(cause) });
    },
  });
  return { discovery, keySet };
}
