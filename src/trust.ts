import type { Config, ProviderConfig } from './config/config.ts';
import { nearestWord } from './document/nearest-word.ts';
import type { Problem } from './document/problem.ts';
import type { App, RuleSet } from './rules/rule-set.ts';
import type { KeySet } from './token/key-set.ts';
import type { IssuerTrusts } from './token/token-reader.ts';
import type { IssuerTrust } from './token/validate-access-token.ts';

/** Which issuers' access tokens an app accepts, and on what terms. */
export interface Trusts {
  of(app: App): IssuerTrusts;
  /** The same with the keys that are at hand: no network call is ever made for them. */
  offlineOf(app: App): IssuerTrusts;
}

/** @returns the provider of an app; the rule set was checked against the configuration when it was loaded. */
export function providerOfApp(config: Config, app: App): ProviderConfig {
  const [first] = config.providers.values();
  const provider = app.provider === undefined ? first : config.providers.get(app.provider);
  if (provider === undefined) throw new TypeError(`the app ${app.name} has no provider`);
  return provider;
}

/**
 * An app accepts its provider's issuer, and the `issuers` that its rules file lists, on the provider's terms.
 * @param keysOf the key set of a provider (by name) or of a further issuer
 */
export function createTrusts(
  config: Config,
  keysOf: { provider(name: string): KeySet; issuer(issuer: string): KeySet },
): Trusts {
  const ownClientIds = new Set([...config.providers.values()].map(({ clientId }) => clientId));
  const known = new WeakMap<App, { readonly online: IssuerTrusts; readonly offline: IssuerTrusts }>();

  function build(app: App): { readonly online: IssuerTrusts; readonly offline: IssuerTrusts } {
    const provider = providerOfApp(config, app);
    const online = new Map<string, IssuerTrust>();
    const add = (issuer: string, keys: KeySet): void => {
      const { profile, algorithms, scopeClaim, audienceIsClient } = provider.tokens;
      const { clockTolerance } = config;
      online.set(issuer, {
        issuer,
        keys,
        profile,
        algorithms,
        scopeClaim,
        ownClientIds,
        audienceIsClient,
        clockTolerance,
      });
    };
    for (const issuer of app.issuers) add(issuer, keysOf.issuer(issuer));
    add(provider.issuer, keysOf.provider(provider.name));
    const offline = new Map(
      [...online].map(([issuer, trust]) => [issuer, { ...trust, keys: trust.keys.offline() }]),
    );
    return { online, offline };
  }
  const of = (app: App): { readonly online: IssuerTrusts; readonly offline: IssuerTrusts } => {
    const before = known.get(app);
    if (before !== undefined) return before;
    const built = build(app);
    known.set(app, built);
    return built;
  };
  return { of: (app) => of(app).online, offlineOf: (app) => of(app).offline };
}

/** What rules want of the configuration that it does not have: a provider, where an app names none or an unknown one. */
export const providerProblems = (config: Config, rules: RuleSet): readonly Problem[] =>
  rules.written.flatMap(({ app, providerPlace }) => {
    const { name, provider } = app;
    const names = [...config.providers.keys()];
    if (provider === undefined && names.length !== 1)
      return {
        ...providerPlace,
        message: `The app \`${name}\` names no provider, and the configuration has ${names.length}.`,
        wayOut: `write \`provider:\` in its rules file, with one of ${names.join(', ')}`,
      };
    if (provider === undefined || config.providers.has(provider)) return [];
    const near = nearestWord(provider, names);
    return {
      ...providerPlace,
      message: `The configuration has no provider \`${provider}\`.`,
      wayOut: near === undefined ? `write one of ${names.join(', ')}` : `did you mean \`${near}\`?`,
    };
  });
