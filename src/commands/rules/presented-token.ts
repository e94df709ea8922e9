import type { Config } from '../../config/config.ts';
import { fixedSecrets } from '../../oidc/client-authentication.ts';
import { createIssuerKeys, createProvider } from '../../oidc/provider.ts';
import type { App } from '../../rules/rule-set.ts';
import type { AccessToken, TokenRefusal } from '../../token/access-token.ts';
import { validateAccessToken } from '../../token/validate-access-token.ts';
import { createTrusts } from '../../trust.ts';

/** Ways to reach the world, for tests. */
export interface TokenSurroundings {
  /** Unix seconds. */
  readonly now: () => number;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * Validates a token as the server does for this app: by the keys of the app's provider and its further issuers, fetched now.
 * @throws TypeError when the app's provider is none of the configuration
 */
export function readPresented(
  config: Config,
  app: App,
  raw: string,
  { now, fetch = globalThis.fetch }: TokenSurroundings,
): Promise<AccessToken | TokenRefusal> {
  const trusts = createTrusts(config, {
    provider: (provider) =>
      createProvider({
        config: provider,
        secrets: fixedSecrets([]),
        clockTolerance: config.clockTolerance,
        now,
        fetch,
      }).keySet,
    issuer: (issuer) => createIssuerKeys(issuer, { now, fetch }),
  });
  return validateAccessToken(raw, trusts.of(app), now());
}
