import { holdsTenant } from '../document/tenant-text.ts';
import { type CanonicalPath, canonicalPath } from '../forwarded/canonical-path.ts';
import { isLoopbackName } from '../forwarded/host.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { AppVisit } from './visit.ts';

/** A protected resource that has metadata (RFC 9728): an audience that is a URL on a host of its app. */
export interface ProtectedResource {
  /** The audience, byte for byte: the identifier that the address is made from. */
  readonly audience: string;
  /** Canonical host name. */
  readonly host: string;
  /** Of the identifier. */
  readonly path: CanonicalPath;
  /** Where its metadata is. */
  readonly address: string;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

const byApp = new WeakMap<App, readonly ProtectedResource[]>();

/**
 * The protected resources of an app that takes access tokens of its callers. INVARIANT: made of rules alone, never of what a
 * request says.
 */
export function protectedResources(app: App, rules: RuleSet): readonly ProtectedResource[] {
  const known = byApp.get(app);
  if (known !== undefined) return known;
  const audiences = app.credentials.includes('bearer')
    ? new Set([...app.audiences, ...app.scopesByAudience.keys()])
    : [];
  const found = [...audiences].flatMap((audience) => resourceOf(audience, app, rules) ?? []);
  byApp.set(app, found);
  return found;
}

function resourceOf(audience: string, app: App, rules: RuleSet): ProtectedResource | undefined {
  const url = URL.parse(audience);
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') return undefined;
  // A spelling that no request can have names nothing that could be asked for.
  const path = canonicalPath(url.pathname);
  // Of a template there is no resource until a tenant is filled in.
  if (path === undefined || holdsTenant(audience)) return undefined;
  const isOurs = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname));
  if (!isOurs || rules.appFor(url.hostname)?.name !== app.name) return undefined;
  // RFC 9728 section 3.1: between the host and the path.
  const address = `${url.origin}${WELL_KNOWN}${url.pathname.replace(/\/$/, '')}`;
  return { audience, host: url.hostname, path, address };
}

/** @returns where a client that was refused finds out how to get a token (RFC 9728 section 5.1). */
export const metadataAddress = ({ app, rules }: AppVisit, audience: string | undefined): string | undefined =>
  protectedResources(app, rules).find((one) => one.audience === (audience ?? app.audiences[0]))?.address;

/**
 * The metadata of the resource that an address names (RFC 9728 section 2).
 * @param issuers who issues tokens for it; the one of the provider first
 * @returns undefined where there is none
 */
export function resourceMetadata(
  { app, rules, request }: AppVisit,
  issuers: readonly string[],
): Readonly<Record<string, unknown>> | undefined {
  const asked = request.path?.slice(2);
  const resource = protectedResources(app, rules).find(
    ({ host, path }) =>
      host === request.host.name &&
      path.length === asked?.length &&
      path.every((segment, at) => segment === asked[at]),
  );
  if (resource === undefined) return undefined;
  const scopes = (app.scopesByAudience.get(resource.audience) ?? []).filter(
    (one) => one !== 'offline_access',
  );
  return {
    resource: resource.audience,
    resource_name: app.title,
    authorization_servers: issuers.filter((issuer) => !holdsTenant(issuer)),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
  };
}
