import { LRUCache } from 'lru-cache';
import type { Config, ProviderConfig } from './config/config.ts';
import { fillTenant, holdsTenant } from './document/tenant-text.ts';
import type { App } from './rules/rule-set.ts';
import { type TenantTerms, tenantPlace } from './rules/tenancy.ts';
import type { KeySet } from './token/key-set.ts';
import type { IssuerTrusts } from './token/token-reader.ts';
import type { IssuerTrust } from './token/validate-access-token.ts';

/** Which issuers' access tokens an app accepts, and on what terms. */
export interface Trusts {
  of(app: App): IssuerTrusts;
  /** The same with the keys that are at hand: no network call is ever made for them. */
  offlineOf(app: App): IssuerTrusts;
}

/**
 * @returns the provider of an app, and of its tenant where each has an issuer of its own; the rule set was checked against the
 * configuration when it was loaded.
 */
export function providerOfApp(config: Pick<Config, 'providers'>, app: App): ProviderConfig {
  const [first] = config.providers.values();
  const provider = app.provider === undefined ? first : config.providers.get(app.provider);
  if (provider === undefined) throw new TypeError(`the app ${app.name} has no provider`);
  return app.tenant === '' ? provider : providerOfTenant(provider, app.tenant);
}

/** @returns the name of the provider of one tenant: no provider of a configuration has a slash in its own. */
export const nameOfTenant = ({ name }: Pick<ProviderConfig, 'name'>, tenant: string): string =>
  `${name}/${tenant}`;

/** @returns the name that the configuration has for a provider, or for that of a tenant. */
export const configuredName = (name: string): string => name.split('/', 1)[0] ?? name;

/** Providers of tenants that are kept at hand. */
const TENANTS = 1000;
const providersOfTenants = new WeakMap<ProviderConfig, LRUCache<string, ProviderConfig>>();

/**
 * The provider of a tenant that has an issuer of its own. It has a name of its own, too: a subject, a session of the provider and
 * a login under way are one issuer's alone.
 */
function providerOfTenant(provider: ProviderConfig, tenant: string): ProviderConfig {
  if (!holdsTenant(provider.issuer)) return provider;
  const known = providersOfTenants.get(provider) ?? new LRUCache({ max: TENANTS });
  providersOfTenants.set(provider, known);
  const before = known.get(tenant);
  if (before !== undefined) return before;
  const issuer = fillTenant(provider.issuer, tenant);
  const own = Object.freeze({ ...provider, issuer, name: nameOfTenant(provider, tenant) });
  known.set(tenant, own);
  return own;
}

/** @returns where tenants are, by this configuration; undefined when it has none. */
export function tenantTermsOf({ tenants, providers }: Config): TenantTerms | undefined {
  if (tenants === undefined) return undefined;
  const all = [...providers.values()];
  const withTenants = all.filter(
    ({ issuer, redirectUri = '', acrValues = '' }) =>
      tenants.claim !== undefined || [issuer, redirectUri, acrValues].some(holdsTenant),
  );
  const [only, second] = all;
  return {
    in: tenants.in,
    providers: withTenants.map(({ name }) => name),
    onlyProvider: second === undefined ? only?.name : undefined,
  };
}

/**
 * An app accepts its provider's issuer, and the `issuers` that its rules file lists, on the provider's terms. An app that tells
 * tenants apart by the path accepts nobody's where the path names none.
 * @param keysOf the key set of a provider, which may be a tenant's, or of a further issuer
 */
export function createTrusts(
  config: Config,
  keysOf: { provider(provider: ProviderConfig): KeySet; issuer(issuer: string): KeySet },
): Trusts {
  const ownClientIds = new Set([...config.providers.values()].map(({ clientId }) => clientId));
  const known = new WeakMap<App, { readonly online: IssuerTrusts; readonly offline: IssuerTrusts }>();
  const terms = tenantTermsOf(config);
  const claim = config.tenants?.claim;

  function build(app: App): { readonly online: IssuerTrusts; readonly offline: IssuerTrusts } {
    const online = new Map<string, IssuerTrust>();
    if (terms !== undefined && app.tenant === '' && tenantPlace(app, terms) === 'path')
      return { online, offline: online };
    const provider = providerOfApp(config, app);
    const tenant = claim === undefined || app.tenant === '' ? undefined : { claim, value: app.tenant };
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
        ...(tenant === undefined ? {} : { tenant }),
        clockTolerance,
      });
    };
    for (const issuer of app.issuers) if (!holdsTenant(issuer)) add(issuer, keysOf.issuer(issuer));
    if (!holdsTenant(provider.issuer)) add(provider.issuer, keysOf.provider(provider));
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
