import { type BearerTokens, createBearerTokens } from '../broker/bearer-tokens.ts';
import { createIntrospections } from '../broker/introspection.ts';
import type { Config } from '../config/config.ts';
import { createTokenReader } from '../token/token-reader.ts';
import type { Providers } from './providers.ts';

/** Builds what reads the access tokens that callers bring. @param now Unix seconds */
export function createBearers(
  config: Config,
  { trusts, introspectingOf }: Providers,
  now: () => number,
): BearerTokens {
  const asks = [...config.providers.values()].some(({ introspection }) => introspection);
  return createBearerTokens(
    createTokenReader(now),
    trusts,
    asks ? createIntrospections({ now, introspectingOf }) : undefined,
  );
}
