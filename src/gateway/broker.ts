import { type BearerTokens, createBearerTokens } from '../broker/bearer-tokens.ts';
import { createServiceTokens, type ServiceTokens } from '../broker/client-credentials.ts';
import { createFreshTokens, type ReadFresh } from '../broker/fresh-tokens.ts';
import { createIntrospections } from '../broker/introspection.ts';
import type { Config } from '../config/config.ts';
import type { Metrics } from '../metrics.ts';
import { createTokenReader } from '../token/token-reader.ts';
import { configuredName } from '../trust.ts';
import type { Providers } from './providers.ts';

/** How access tokens come from callers and from providers. */
export interface Broker {
  readonly bearers: BearerTokens;
  readonly services: ServiceTokens;
  readonly readFresh: ReadFresh;
}

/**
 * @param metrics there once the first request comes
 * @param now Unix seconds
 */
export function createBroker(
  config: Config,
  { trusts, introspectingOf, serviceOf }: Providers,
  metrics: () => Metrics,
  now: () => number,
): Broker {
  const asks = [...config.providers.values()].some(({ introspection }) => introspection);
  const introspections = asks ? createIntrospections({ now, introspectingOf }) : undefined;
  const readFresh = createFreshTokens(trusts, introspections, now);
  return {
    bearers: createBearerTokens(createTokenReader(now), trusts, introspections),
    services: createServiceTokens({
      ...{ now, serviceOf, readFresh },
      onWrongSecret: (provider) => metrics().wrongSecret(configuredName(provider)),
    }),
    readFresh,
  };
}
