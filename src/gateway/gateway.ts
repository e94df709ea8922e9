import { createAssertions } from '../assertion/assertion.ts';
import { deriveAssertionKeys } from '../assertion/assertion-keys.ts';
import type { Address, Config, Secrets } from '../config/config.ts';
import type { ConfigResult } from '../config/load.ts';
import { segmentsOf } from '../forwarded/own-path.ts';
import { createAdminHandler } from '../http/admin-listener.ts';
import { createAnswers } from '../http/answers.ts';
import { createCheck } from '../http/check.ts';
import { createCheckHandler } from '../http/check-listener.ts';
import { createCredentials } from '../http/credentials.ts';
import { createDoors } from '../http/doors.ts';
import { whenThere } from '../http/eventual.ts';
import { createHealth } from '../http/health.ts';
import { createOwnPages } from '../http/own-pages.ts';
import { createPagesApp } from '../http/pages-app.ts';
import { type Handler, type Listener, listen } from '../http/server.ts';
import { createTrustedPeers } from '../http/trusted-peers.ts';
import { createVisits } from '../http/visits.ts';
import { createLog, type LogDestination } from '../log.ts';
import { createBackchannelLogout } from '../login/backchannel-logout.ts';
import { createCallback } from '../login/callback.ts';
import { createLoginMemory } from '../login/login-memory.ts';
import { createLogout } from '../login/logout.ts';
import { createRelay } from '../login/relay.ts';
import { createRenewals } from '../login/renewal.ts';
import { createSessionOpener } from '../login/session-opener.ts';
import { createSignIn } from '../login/sign-in.ts';
import { createTransactions } from '../login/transaction.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { createAssertionFor } from '../outcome/permit.ts';
import type { AppVisit } from '../outcome/visit.ts';
import { createClientSecrets } from '../reload/client-secrets.ts';
import { createRulesInForce } from '../reload/rules-in-force.ts';
import { createTenantList } from '../reload/tenant-list.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { createTenants } from '../rules/tenancy.ts';
import { createDeriver } from '../session/deriver.ts';
import { deriveKeys, secretId } from '../session/keys.ts';
import { createSealer } from '../session/seal.ts';
import { withDeadline } from '../token/deadline.ts';
import { configuredName, providerOfApp, tenantTermsOf } from '../trust.ts';
import { createBroker } from './broker.ts';
import { createProviders } from './providers.ts';
import { createSessions } from './sessions.ts';

/** A running gateway. */
export interface Gateway extends AsyncDisposable {
  /** Where it listens, as `host:port`. */
  readonly addresses: { readonly listen: string; readonly pagesListen: string; readonly adminListen: string };
  /** Brings rules, client secrets and the list of tenants on disk into force now; bad ones change nothing. @returns when that is done */
  reload(): Promise<void>;
  /** Does the same whenever they change, from now on. @returns when what changed of the rules since the start is in force */
  follow(): Promise<void>;
  /** Readiness off; every answer ends its connection. Still answers, for whoever has not heard of the end yet. */
  drain(why: string): void;
  /** Requests under way finish, then everything is closed. */
  stop(): Promise<void>;
}

/** What tests put in place of the world. */
export interface Surroundings {
  /** Unix seconds. */
  readonly now?: () => number;
  readonly fetch?: typeof globalThis.fetch;
  readonly logTo?: LogDestination;
  /** Reads the configuration again, for what of it may change while the gateway runs. */
  readonly readConfig?: () => ConfigResult;
}

/** Milliseconds for which a stop waits for renewals: a call takes four seconds at most. */
const LAST_RENEWALS = 5_000;

/** The only composition root: every part is built here, once, and handed what it needs. */
export async function startGateway(
  config: Config,
  secrets: Secrets,
  ruleSet: RuleSet,
  surroundings: Surroundings = {},
): Promise<Gateway> {
  const now = surroundings.now ?? (() => Math.floor(Date.now() / 1000));
  const log = createLog(config.log, surroundings.logTo);
  // The rule set stands behind this one reference: a reload swaps it.
  const inForce = createRulesInForce(config, ruleSet, {
    log,
    reloaded: (outcome) => metrics.reloaded(outcome),
    now,
  });
  const rules = inForce.ruleSet;

  const terms = tenantTermsOf(config);
  const tenants =
    terms === undefined || config.tenants === undefined ? undefined : createTenants(terms, config.tenants);
  const tenantList = createTenantList(config, tenants, log);
  const tenantsInPath = tenants?.inPath === true;
  const { loginUrl } = config;

  const clientSecrets = createClientSecrets(secrets, { readConfig: surroundings.readConfig, log, now });
  const providers = createProviders(config, clientSecrets, {
    now,
    fetch: surroundings.fetch ?? globalThis.fetch,
    onCall: (provider, outcome) => metrics.called(provider, outcome),
    onEvent: ({ message, event, issuer }) => log.warned(message, { kind: event, issuer }),
    onFallback: (provider, place) =>
      log.warned('the provider refused a client secret and took another one', {
        ...{ kind: 'secret-fallback', provider, place },
      }),
  });
  const { trusts, providerOf } = providers;

  const keys = secrets.session.map(deriveKeys);
  const sealer = createSealer(keys);
  const assertions = createAssertions(
    secrets.session.flatMap((secret) => deriveAssertionKeys(secret, secretId(secret))),
    now,
  );
  const { cookiesOf, configured, reader, ...sessions } = createSessions(
    config,
    secrets,
    { keys, sealer, trusts, log },
    now,
  );
  const { store, kept } = configured;
  const broker = createBroker(config, providers, log, () => metrics, now);
  const { entries, opaque, readFresh } = broker;
  const sessionOf = sessions.of;
  const shownSessionOf = (visit: AppVisit) =>
    whenThere(sessionOf(visit), (live) => (live && opaque?.known(live, visit.app)) ?? live);

  const transactions = createTransactions(sealer, createDeriver(keys), now, config.loginUrl?.host);
  const memory = createLoginMemory(sealer, now);
  const signIn = createSignIn(providerOf, transactions, memory, now, loginUrl, entries.loginAudience);
  const openSession = createSessionOpener(kept ?? store, config.session.maxAge, now);
  const trustsOf = trusts.of;
  const callback = createCallback({
    providerOf,
    readFresh,
    transactions,
    memory,
    signIn,
    sessionOf: shownSessionOf,
    openSession,
    loginUrl,
    now,
  });
  const brandOf = (app: App) => providerOfApp(config, app).brand;
  const relay = createRelay({ loginUrl, public: config.public, transactions, brandOf, tenants, now });
  const logout = createLogout(providerOf, reader, store, memory, {
    notRevoked: (issuer, cause) =>
      log.warned('tokens of an ended session were not revoked', { kind: 'revocation-failed', issuer, cause }),
    failed: (error) => log.failed(error),
  });
  const backchannelLogout = createBackchannelLogout({
    kept,
    configOf: (app) => providerOfApp(config, app),
    keysOf: providers.keysOf,
    clockTolerance: config.clockTolerance,
    now,
  });
  const clientOf = (app: App): string => providerOfApp(config, app).clientId;
  const pages = createOwnPages({
    signIn,
    callback,
    relay,
    logout,
    backchannelLogout,
    public: config.public,
    loginUrl,
    issuersOf: (app) => [providerOfApp(config, app).issuer, ...app.issuers],
    assertionKeys: JSON.stringify(assertions.jwks),
    account: { sessionOf: shownSessionOf, clientOf, idle: config.session.idle, public: config.public, now },
  });

  const visits = createVisits(config, rules, cookiesOf, brandOf, tenants);
  const basePath = segmentsOf(config.basePath);
  const renewals =
    kept === undefined || !config.session.refresh
      ? undefined
      : createRenewals({
          ...{ store: kept, providerOf, trustsOf, readFresh, now },
          onRefresh: (provider, outcome, cause) => {
            metrics.refreshed(configuredName(provider), outcome);
            if (cause !== undefined)
              log.warned('a session was not refreshed', { kind: 'refresh-failed', provider, outcome, cause });
          },
          onFailure: (error) => log.failed(error),
        });
  const credentials = createCredentials({
    sessionOf,
    renew: renewals?.renew,
    ...broker,
    trustsOf,
    clockTolerance: config.clockTolerance,
    now,
  });
  const answers = createAnswers(signIn, memory, config.public, createAssertionFor(assertions), entries);
  const check = createCheck({ visits, basePath, tenantsInPath, pages, credentials, answers, now });

  const metrics = createMetrics({
    rules: inForce.state,
    appsInReportMode: () => rules().apps.filter(({ mode }) => mode === 'report').length,
    keySets: () => providers.keySets(rules()),
    providers: providers.ready,
    secrets: clientSecrets.expiring,
    warmSessions: reader.warm,
    store: () => ({ name: config.session.store, reachable: configured.down() === undefined }),
  });

  let stopping = false;
  const health = createHealth(
    () => [
      ...(stopping ? ['stopping'] : []),
      ...providers.missing(),
      ...(configured.wasReached() ? [] : ['session store: it was not reached yet']),
    ],
    inForce.state,
    () => ({ name: config.session.store, down: configured.down() }),
    providers.ready,
  );

  const handlers: Readonly<Record<keyof Gateway['addresses'], Handler>> = {
    listen: createCheckHandler(
      createTrustedPeers(config.trustedProxies),
      createDoors(config.endpoints),
      check,
      health,
      metrics,
      log,
    ),
    pagesListen: createPagesApp(visits, basePath, pages, metrics, log, tenantsInPath),
    adminListen: createAdminHandler(config.adminListen, health, metrics, log),
  };
  const listeners: Listener[] = [];
  const open = async (name: keyof Gateway['addresses']): Promise<string> => {
    const listener = await listen(handlers[name], config[name]).catch((error: NodeJS.ErrnoException) => {
      error.message = `${name}: ${error.message}`;
      throw error;
    });
    listeners.push(listener);
    return text({ host: listener.address.address, port: listener.address.port });
  };
  const drain = (why: string): void => {
    if (!stopping) log.stopping(why);
    stopping = true;
    for (const listener of listeners) listener.drain();
  };
  const stop = async (): Promise<void> => {
    drain('closed');
    inForce.close();
    clientSecrets.close();
    tenantList.close();
    providers.stop();
    await Promise.all(listeners.map((listener) => listener.stop()));
    // What a provider is about to give must reach the store: the refresh token before it is spent.
    if (renewals !== undefined) await withDeadline(LAST_RENEWALS, renewals.settled(), () => undefined);
    configured.stop();
  };
  try {
    await configured.start();
    const addresses = {
      listen: await open('listen'),
      pagesListen: await open('pagesListen'),
      adminListen: await open('adminListen'),
    };
    providers.start();
    log.started(addresses, { version: ruleSet.version, apps: ruleSet.apps.length });
    const reload = (): Promise<void> => {
      clientSecrets.reload();
      tenantList.reload();
      return inForce.reload();
    };
    const follow = (): Promise<void> => {
      clientSecrets.follow();
      tenantList.follow();
      return inForce.follow();
    };
    return { addresses, reload, follow, drain, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const text = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
