import type { Config, Secrets } from '../config/config.ts';
import { type Eventual, whenThere } from '../http/eventual.ts';
import type { Log } from '../log.ts';
import type { AppVisit } from '../outcome/visit.ts';
import { type ConfiguredStore, createConfiguredStore } from '../session/configured-store.ts';
import { NGINX_BUDGET, USUAL_BUDGET } from '../session/cookie-budget.ts';
import { type Cookies, createCookies } from '../session/cookies.ts';
import { type SecretKeys, signingRing } from '../session/keys.ts';
import type { Sealer } from '../session/seal.ts';
import type { LiveSession } from '../session/session.ts';
import { createSessionReader, type SessionReader } from '../session/session-reader.ts';
import { reopenAccessToken } from '../token/validate-access-token.ts';
import { providerOfApp, type Trusts } from '../trust.ts';

/** Where sessions are, and how they are read. */
export interface Sessions {
  readonly cookiesOf: (scheme: 'http' | 'https') => Cookies;
  readonly configured: ConfiguredStore;
  readonly reader: SessionReader;
  /** That of the visit, if it is one of the app's provider. */
  readonly of: (visit: AppVisit) => Eventual<LiveSession | undefined>;
}

/** @param now Unix seconds */
export function createSessions(
  config: Config,
  secrets: Secrets,
  { keys, sealer, trusts, log }: { keys: readonly SecretKeys[]; sealer: Sealer; trusts: Trusts; log: Log },
  now: () => number,
): Sessions {
  const budget = config.endpoints.includes('nginx') ? NGINX_BUDGET : USUAL_BUDGET;
  const configured = createConfiguredStore(config.session, {
    sealer,
    secrets: keys,
    passwords: secrets.redis,
    now,
    onChange: (cause) =>
      cause === undefined
        ? log.warned('the session store can be reached again', { kind: 'store-reached' })
        : log.warned('the session store cannot be reached', { kind: 'store-down', cause }),
  });
  const reader = createSessionReader(
    configured.store,
    (raw, terms) => reopenAccessToken(raw, terms, now()),
    now,
  );
  return {
    cookiesOf: createCookies(signingRing(keys), budget),
    configured,
    reader,
    of: ({ request, tenant, cookies, split, app }) =>
      whenThere(reader.read(request.host.name, tenant, cookies, split, trusts.of(app)), (live) =>
        live?.session.provider === providerOfApp(config, app).name ? live : undefined,
      ),
  };
}
