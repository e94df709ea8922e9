import type { Config, Secrets } from '../config/config.ts';
import type { AppProvider } from '../login/sign-in.ts';
import { countCalls } from '../oidc/count-calls.ts';
import { createIssuerKeys, createProvider, type Provider, type ProviderEvent } from '../oidc/provider.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import type { KeySet } from '../token/key-set.ts';
import { createTrusts, providerOfApp, type Trusts } from '../trust.ts';

/** The providers of the configuration, and the further issuers that rules name. */
export interface Providers {
  readonly trusts: Trusts;
  /** The provider that signs an app's people in. */
  providerOf(app: App): AppProvider;
  /** The keys that sign what this provider issues. */
  keysOf(app: App): KeySet;
  /** Whether discovery has succeeded, by name. */
  ready(): readonly (readonly [string, boolean])[];
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
}

/** Builds every provider. Nothing is fetched before `start` or the first use; one that is down concerns its own apps only. */
export function createProviders(
  config: Config,
  secrets: Secrets,
  { now, fetch, onCall, onEvent }: Surroundings,
): Providers {
  const callsOf = (provider: string) => ({
    now,
    fetch: countCalls(fetch, (outcome) => onCall(provider, outcome)),
    log: onEvent,
  });
  const providers = new Map<string, Provider>();
  for (const [name, provider] of config.providers) {
    const options = {
      config: provider,
      secrets: secrets.clients.get(name) ?? [],
      refresh: config.session.refresh,
      clockTolerance: config.clockTolerance,
    };
    providers.set(name, createProvider({ ...options, ...callsOf(name) }));
  }
  const named = (name: string): Provider => {
    const provider = providers.get(name);
    if (provider === undefined) throw new TypeError(`no provider ${name}`);
    return provider;
  };
  const further = new Map<string, KeySet>();
  const keysOfIssuer = (issuer: string): KeySet => {
    const keys = further.get(issuer) ?? createIssuerKeys(issuer, callsOf(issuer));
    further.set(issuer, keys);
    return keys;
  };

  return {
    trusts: createTrusts(config, { provider: (name) => named(name).keySet, issuer: keysOfIssuer }),
    providerOf(app) {
      const provider = providerOfApp(config, app);
      return { config: provider, identityProvider: named(provider.name).identityProvider };
    },
    keysOf: (app) => named(providerOfApp(config, app).name).keySet,
    ready: () => [...providers].map(([name, { identityProvider }]) => [name, identityProvider.ready()]),
    keySets: (rules) => [
      ...[...providers.values()].map(
        ({ identityProvider, keySet }) => [identityProvider.issuer, keySet.age()] as const,
      ),
      ...[...further]
        .filter(([issuer]) => rules.apps.some(({ issuers }) => issuers.includes(issuer)))
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
