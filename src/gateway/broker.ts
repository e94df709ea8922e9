import { type BearerTokens, createBearerTokens } from '../broker/bearer-tokens.ts';
import { createServiceTokens, type ServiceTokens } from '../broker/client-credentials.ts';
import { createExchangeEntries, type ExchangeEntries } from '../broker/exchange-entries.ts';
import { createExchangedTokens, type ExchangedTokens } from '../broker/exchanged-tokens.ts';
import { createExchanges } from '../broker/exchanges.ts';
import { createFreshTokens, type ReadFresh } from '../broker/fresh-tokens.ts';
import { createIntrospections } from '../broker/introspection.ts';
import { createOpaqueSessions, type OpaqueSessions } from '../broker/opaque-sessions.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { createTokenReader } from '../token/token-reader.ts';
import { configuredName, providerOfApp } from '../trust.ts';
import type { Providers } from './providers.ts';

/** How access tokens come from callers and from providers. */
export interface Broker {
  readonly bearers: BearerTokens;
  readonly services: ServiceTokens;
  readonly exchanged: ExchangedTokens;
  readonly entries: ExchangeEntries;
  readonly readFresh: ReadFresh;
  /** Undefined where no provider is asked about tokens. */
  readonly opaque: OpaqueSessions | undefined;
}

/**
 * @param metrics there once the first request comes
 * @param now Unix seconds
 */
export function createBroker(
  config: Config,
  { trusts, introspectingOf, serviceOf, exchangerOf, keysOfIssuer }: Providers,
  log: Log,
  metrics: () => Metrics,
  now: () => number,
): Broker {
  const asks = [...config.providers.values()].some(({ introspection }) => introspection);
  const introspections = asks ? createIntrospections({ now, introspectingOf }) : undefined;
  const readFresh = createFreshTokens(trusts, introspections, now);
  const entries = createExchangeEntries(config);
  const exchanges = createExchanges({
    ...{ now, exchangerOf, readFresh },
    onExchange: (event) => {
      metrics().exchanged(event.exchange, event.outcome);
      log.exchanged(event);
    },
  });
  return {
    bearers: createBearerTokens(createTokenReader(now), trusts, introspections),
    services: createServiceTokens({
      ...{ now, serviceOf, readFresh },
      onWrongSecret: (provider) => metrics().wrongSecret(configuredName(provider)),
    }),
    exchanged: createExchangedTokens({
      ...{ entries, exchanges, now },
      ownClientIds: new Set([...config.providers.values()].map(({ clientId }) => clientId)),
      keysOf: keysOfIssuer,
      algorithmsOf: (app) => providerOfApp(config, app).tokens.algorithms,
      clockTolerance: config.clockTolerance,
    }),
    entries,
    readFresh,
    opaque: introspections && createOpaqueSessions(introspections),
  };
}
