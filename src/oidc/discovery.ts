import { isWithin } from '../token/elapsed.ts';
import { ProviderError } from './provider-error.ts';
import type { ProviderMetadata } from './provider-metadata.ts';

/** The metadata of one issuer, fetched when first needed and kept current. */
export interface Discovery {
  /**
   * Waits for the network only as long as nothing is known.
   * @throws ProviderError('provider-unavailable') when it has never succeeded
   */
  metadata(): Promise<ProviderMetadata>;
  /**
   * The metadata of a provider that answered within so many seconds: nobody is sent to a server that is down. Asks again
   * otherwise, and waits for that.
   * @throws ProviderError('provider-unavailable') when the provider cannot be reached
   */
  reached(seconds: number): Promise<ProviderMetadata>;
  /** Whether it has ever succeeded. */
  ready(): boolean;
}

export interface DiscoveryOptions {
  /** One attempt: fetches and checks the document. */
  readonly load: () => Promise<ProviderMetadata>;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told of each failed attempt. */
  readonly onFailure?: (error: ProviderError) => void;
}

/** Seconds. */
const COOLDOWN = 5;
const MAX_AGE = 3600;

/**
 * Keeps a discovery document: one flight at a time, and after a failure at most one attempt per 5 s. A document older
 * than an hour is fetched again in the background; if that fails, a changed issuer among the failures, the old one stays.
 */
export function createDiscovery({ load, now, onFailure }: DiscoveryOptions): Discovery {
  let known: { readonly metadata: ProviderMetadata; readonly at: number } | undefined;
  let failed: { readonly error: ProviderError; readonly at: number } | undefined;
  let flight: Promise<ProviderMetadata> | undefined;

  async function attempt(): Promise<ProviderMetadata> {
    try {
      known = { metadata: await load(), at: now() };
      failed = undefined;
      return known.metadata;
    } catch (cause) {
      const error = cause instanceof ProviderError ? cause : unreachable(cause);
      failed = { error, at: now() };
      onFailure?.(error);
      throw error;
    }
  }

  function discover(): Promise<ProviderMetadata> {
    if (flight !== undefined) return flight;
    if (failed !== undefined && isWithin(COOLDOWN, failed.at, now())) return Promise.reject(failed.error);
    flight = attempt().finally(() => {
      flight = undefined;
    });
    return flight;
  }

  return {
    async metadata() {
      if (known === undefined) return discover();
      if (!isWithin(MAX_AGE, known.at, now())) discover().catch(() => {});
      return known.metadata;
    },
    async reached(seconds) {
      if (known !== undefined && isWithin(seconds, known.at, now())) return known.metadata;
      const before = known;
      return discover().catch((error: ProviderError) => {
        // A document that no longer passes is not taken; the one that did still says where to go.
        if (before !== undefined && !error.unreachable) return before.metadata;
        throw error;
      });
    },
    ready: () => known !== undefined,
  };
}

const unreachable = (cause: unknown): ProviderError =>
  new ProviderError('provider-unavailable', 'the discovery document cannot be had', {
    cause,
    unreachable: true,
  });
