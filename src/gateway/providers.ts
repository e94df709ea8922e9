import { LRUCache } from 'lru-cache';
import type { Exchanger } from '../broker/exchanges.ts';
import type { Introspecting } from '../broker/introspection.ts';
import type { Config, ExchangeConfig, ProviderConfig } from '../config/config.ts';
import { holdsTenant } from '../document/tenant-text.ts';
import type { AppProvider } from '../login/sign-in.ts';
import { countCalls } from '../oidc/count-calls.ts';
import {
  createIssuerKeys,
  createProvider,
  fetchFor,
  type Provider,
  type ProviderEvent,
} from '../oidc/provider.ts';
import type { TokenService } from '../oidc/token-service.ts';
import type { ClientSecrets } from '../reload/client-secrets.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import type { KeySet } from '../token/key-set.ts';
import { configuredName, createTrusts, providerOfApp, type Trusts } from '../trust.ts';

/** The providers of the configuration, and the further issuers that rules name. */
export interface Providers {
  readonly trusts: Trusts;
  /** The provider that signs an app's people in. */
  providerOf(app: App): AppProvider;
  /** What the provider of an app does about tokens, and its name. */
  serviceOf(app: App): { readonly provider: string; readonly service: TokenService };
  /** The client by which an exchange of an app is made. */
  exchangerOf(app: App, entry: ExchangeConfig): Exchanger;
  /** The keys of an issuer that is none of our providers. */
  keysOfIssuer(issuer: string): KeySet;
  /** Undefined where the provider of the app is not asked about opaque tokens. */
  introspectingOf(app: App): Introspecting | undefined;
  /** The keys that sign what this provider issues. */
  keysOf(app: App): KeySet;
  /** Whether discovery has succeeded, by name. */
  ready(): readonly (readonly [string, boolean])[];
  /** What keeps the process from being ready: one of several that is down does not, it concerns its own apps. */
  missing(): readonly string[];
  /** Issuers and the age of their keys in seconds, without those that only former rules named. */
  keySets(rules: RuleSet): readonly (readonly [string, number | undefined])[];
  /** Begins to fetch what is missing. */
  start(): void;
  stop(): void;
}

interface Surroundings {
  /** Unix seconds. */
  readonly now: () => number;
  readonly fetch: Fetch;
  readonly onCall: (provider: string, outcome: Parameters<Parameters<typeof countCalls>[1]>[0]) => void;
  readonly onEvent: (event: ProviderEvent) => void;
  /** A provider refused a client secret, and took the one at this place of the list, counted from 1. */
  readonly onFallback: (provider: string, place: number) => void;
}

/** Tenants with an issuer of their own whose provider is kept at hand. */
const TENANTS = 1000;

/** Builds every provider. Nothing is fetched before `start` or the first use; one that is down concerns its own apps only. */
export function createProviders(
  config: Config,
  secrets: Pick<ClientSecrets, 'of'>,
  { now, fetch, onCall, onEvent, onFallback }: Surroundings,
): Providers {
  const callsOf = (provider: string, by: Fetch = fetch) => ({
    now,
    fetch: countCalls(by, (outcome) => onCall(provider, outcome)),
    log: onEvent,
  });
  const providers = new Map<string, Provider>();
  /** @param name the provider's as configured: secrets and numbers are not a tenant's own */
  const create = (name: string, provider: ProviderConfig): Provider =>
    createProvider({
      config: provider,
      secrets: secrets.of(name),
      onFallback: (place) => onFallback(name, place),
      refresh: config.session.refresh,
      clockTolerance: config.clockTolerance,
      ...callsOf(name, fetchFor(provider, fetch)),
    });
  // One whose issuer has `{tenant}` is no provider yet: each tenant's is made when it is first needed.
  for (const [name, provider] of config.providers)
    if (!holdsTenant(provider.issuer)) providers.set(name, create(name, provider));
  const ofTenants = new LRUCache<string, Provider>({ max: TENANTS });
  const of = (provider: ProviderConfig): Provider => {
    const known = providers.get(provider.name) ?? ofTenants.get(provider.name);
    if (known !== undefined) return known;
    // INVARIANT: only a tenant that exists fills it, so nobody's request chooses whom we ask.
    if (holdsTenant(provider.issuer)) throw new TypeError(`no tenant of the provider ${provider.name}`);
    const made = create(configuredName(provider.name), provider);
    ofTenants.set(provider.name, made);
    return made;
  };
  const further = new Map<string, KeySet>();
  const keysOfIssuer = (issuer: string): KeySet => {
    const keys = further.get(issuer) ?? createIssuerKeys(issuer, callsOf(issuer));
    further.set(issuer, keys);
    return keys;
  };

  const ready = (): readonly (readonly [string, boolean])[] =>
    [...providers].map(([name, { identityProvider }]) => [name, identityProvider.ready()]);

  const trusts = createTrusts(config, {
    provider: (provider) => of(provider).keySet,
    issuer: keysOfIssuer,
  });
  return {
    trusts,
    providerOf(app) {
      const provider = providerOfApp(config, app);
      return { config: provider, identityProvider: of(provider).identityProvider };
    },
    serviceOf(app) {
      const provider = providerOfApp(config, app);
      return { provider: provider.name, service: of(provider).tokenService };
    },
    exchangerOf(app, entry) {
      const provider = providerOfApp(config, { ...app, provider: entry.provider ?? app.provider });
      return { provider: provider.name, service: of(provider).tokenService };
    },
    keysOfIssuer,
    introspectingOf(app) {
      const provider = providerOfApp(config, app);
      if (!provider.introspection) return undefined;
      const trust = trusts.of(app).get(provider.issuer);
      return trust && { provider: provider.name, service: of(provider).tokenService, trust };
    },
    keysOf: (app) => of(providerOfApp(config, app)).keySet,
    ready,
    missing: () =>
      ready().some(([, isReady]) => isReady)
        ? []
        : ready().map(([name]) => `provider ${name}: discovery has not succeeded yet`),
    keySets: (rules) => [
      ...[...providers.values(), ...ofTenants.values()].map(
        ({ identityProvider, keySet }) => [identityProvider.issuer, keySet.age()] as const,
      ),
      ...[...further]
        .filter(
          ([issuer]) =>
            rules.apps.some(({ issuers }) => issuers.includes(issuer)) ||
            config.federation.some((one) => one.issuer === issuer),
        )
        .map(([issuer, keySet]) => [issuer, keySet.age()] as const),
    ],
    start() {
      for (const provider of providers.values()) provider.start();
    },
    stop() {
      for (const provider of providers.values()) provider.stop();
    },
  };
}
