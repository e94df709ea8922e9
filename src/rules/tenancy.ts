import { fitsForm, isTenantKey, type TenantForm } from '../document/tenant-text.ts';
import type { CanonicalPath } from '../forwarded/canonical-path.ts';
import type { App } from './rule-set.ts';

/** What the configuration says of where tenants are. Plain values: they pass between threads. */
export interface TenantTerms {
  readonly in: 'host' | 'path';
  /** Providers (by name) whose issuer, redirect URI or `acr_values` has the tenant, or whose tokens are compared with it. */
  readonly providers: readonly string[];
  /** The only provider there is; undefined when there are several. */
  readonly onlyProvider: string | undefined;
}

/** Where a request to an app says its tenant; undefined for an app without tenants. */
export type TenantPlace = 'host' | 'path' | undefined;

/** Who the tenants are, and which apps have them. */
export interface Tenants {
  /** Whether the gateway's own pages are below a tenant's segment as well. */
  readonly inPath: boolean;
  place(app: App): TenantPlace;
  /** Whether it is one. */
  has(tenant: string): boolean;
}

/** Tenants of a configuration, whose list can be exchanged. */
export interface ListedTenants extends Tenants {
  /** Those of the list in force; undefined where the form alone says who is one. */
  list(): ReadonlySet<string> | undefined;
  replace(list: readonly string[]): void;
}

/** @param terms those of the configuration; undefined when it is not known: then the rules say what they can */
export function tenantPlace(app: App, terms: TenantTerms | undefined): TenantPlace {
  if (app.hosts.some((host) => host.startsWith('{tenant}.'))) return 'host';
  if (terms === undefined) return app.usesTenant ? 'path' : undefined;
  if (terms.in === 'host') return undefined;
  const provider = app.provider ?? terms.onlyProvider;
  return app.usesTenant || (provider !== undefined && terms.providers.includes(provider))
    ? 'path'
    : undefined;
}

/** For a review of rules: every text that can be a tenant is one, whoever is listed today. */
export const anyTenants = (terms: TenantTerms | undefined): Tenants => ({
  inPath: terms?.in === 'path',
  place: (app) => tenantPlace(app, terms),
  has: isTenantKey,
});

/** @param list the only ones there are; undefined: every text of the form */
export function createTenants(
  terms: TenantTerms,
  { list, form }: { readonly list: readonly string[] | undefined; readonly form: TenantForm | undefined },
): ListedTenants {
  const places = new WeakMap<App, { readonly place: TenantPlace }>();
  let listed = list === undefined ? undefined : new Set(list);
  return {
    inPath: terms.in === 'path',
    place(app) {
      const known = places.get(app) ?? { place: tenantPlace(app, terms) };
      places.set(app, known);
      return known.place;
    },
    has: (tenant) =>
      listed === undefined
        ? isTenantKey(tenant) && (form === undefined || fitsForm(form, tenant))
        : listed.has(tenant),
    list: () => listed,
    replace(next) {
      listed = new Set(next);
    },
  };
}

/**
 * The tenant that a path names: its first segment, in lower case.
 * @param readings every way in which the path is read: where they differ in it, there is none
 * @returns empty when it names none. Does *not* know who the tenants are.
 */
export function tenantOfPath(readings: readonly CanonicalPath[]): string {
  const [first, ...others] = readings;
  const segment = first?.[0];
  if (segment === undefined || others.some((reading) => reading[0] !== segment)) return '';
  // ASCII alone: lower-casing makes a plain `k` of a Kelvin sign.
  const tenant = /^[A-Za-z0-9-]+$/.test(segment) ? segment.toLowerCase() : '';
  return isTenantKey(tenant) ? tenant : '';
}
