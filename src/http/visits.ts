import { randomUUID } from 'node:crypto';
import type { LoginUrl } from '../config/config.ts';
import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { pathReadings } from '../forwarded/path-readings.ts';
import { type PublicAddress, publicOrigin } from '../forwarded/public-origin.ts';
import { type RequestKind, requestKind } from '../forwarded/request-kind.ts';
import { pathOf } from '../forwarded/request-target.ts';
import { type AppVisit, hasApp, type Visit } from '../outcome/visit.ts';
import type { Brand } from '../pages/page.ts';
import { tenantIn } from '../rules/host-pattern.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { type Tenants, tenantOfPath } from '../rules/tenancy.ts';
import type { Cookies } from '../session/cookies.ts';

export type Visits = (request: ForwardedRequest, door: Visit['door']) => Visit;

/**
 * @param rules the rule set in force: asked at every visit, so that a swap takes effect at once
 * @param tenants undefined where none are configured
 */
export function createVisits(
  settings: {
    readonly public: PublicAddress | undefined;
    readonly basePath: string;
    readonly loginUrl?: LoginUrl | undefined;
  },
  rules: () => RuleSet,
  cookiesOf: (scheme: 'http' | 'https') => Cookies,
  brandOf: (app: App) => Brand,
  tenants?: Tenants,
): Visits {
  return (request, door) => {
    // The login host may be reached at another scheme or port than the apps: its own URL says so.
    const isLogin = request.host.name === settings.loginUrl?.host;
    const origin = publicOrigin(request.host, isLogin ? settings.loginUrl : settings.public);
    const cookies = cookiesOf(origin.scheme);
    const set = rules();
    const app = set.appFor(request.host.name);
    const parts: Parts = {
      request,
      rules: tenants === undefined ? set : withoutStrangers(set, tenants),
      door,
      origin,
      cookies,
      app,
      split: cookies.split(request.headers.cookie),
      basePath: settings.basePath,
      brandOf,
      tenants,
      stranger: 'unknown-host',
      tenant: '',
      lacksTenant: false,
      home: origin.origin,
    };
    return new OneVisit(tenants === undefined || app === undefined ? parts : ofTenant(parts, app, tenants));
  };
}

const views = new WeakMap<RuleSet, RuleSet>();

/** The rules as answers see them: a host whose label is no tenant is none, so nobody is sent there either. */
function withoutStrangers(set: RuleSet, tenants: Tenants): RuleSet {
  const known = views.get(set);
  if (known !== undefined) return known;
  const view: RuleSet = Object.freeze({
    ...set,
    appFor(host: string) {
      const app = set.appFor(host);
      if (app === undefined || tenants.place(app) !== 'host') return app;
      const tenant = tenantIn(app, host);
      return tenant === '' || tenants.has(tenant) ? app : undefined;
    },
  });
  views.set(set, view);
  return view;
}

/** What is not made on demand, and what that is made with. */
type Parts = Omit<Visit, 'kind' | 'requestId' | 'brand' | 'atTenant'> & {
  readonly brandOf: (app: App) => Brand;
  readonly tenants: Tenants | undefined;
};

/** The visit as the tenant has it that it names. */
function ofTenant(parts: Parts, app: App, tenants: Tenants): Parts {
  const { request } = parts;
  const place = tenants.place(app);
  if (place === undefined) return parts;
  if (place === 'host') {
    const tenant = tenantIn(app, request.host.name);
    if (tenant === '') return parts;
    return tenants.has(tenant)
      ? at(parts, app, tenant, false)
      : { ...parts, app: undefined, stranger: 'tenant-unknown' };
  }
  const readings =
    request.path === undefined ? pathReadings(pathOf(request.target), app.tolerate) : [request.path];
  const tenant = tenantOfPath(readings);
  return tenant !== '' && tenants.has(tenant)
    ? at(parts, app, tenant, true)
    : { ...parts, stranger: 'tenant-unknown', lacksTenant: true };
}

const at = (parts: Parts, app: App, tenant: string, isShared: boolean): Parts => ({
  ...parts,
  app: parts.rules.forTenant(app, tenant),
  tenant,
  lacksTenant: false,
  cookies: parts.cookies.forTenant(tenant, isShared),
  home: isShared ? `${parts.origin.origin}/${tenant}` : parts.origin.origin,
});

/** Makes what permits seldom ask for, the kind, the id and the brand, when it is asked for. */
class OneVisit implements Visit {
  readonly request: Visit['request'];
  readonly rules: Visit['rules'];
  readonly door: Visit['door'];
  readonly origin: Visit['origin'];
  readonly cookies: Visit['cookies'];
  readonly app: Visit['app'];
  readonly stranger: Visit['stranger'];
  readonly tenant: Visit['tenant'];
  readonly lacksTenant: Visit['lacksTenant'];
  readonly home: Visit['home'];
  readonly split: Visit['split'];
  readonly basePath: Visit['basePath'];
  readonly #parts: Parts;
  #kind: RequestKind | undefined;
  #requestId: string | undefined;

  constructor(parts: Parts, requestId?: string) {
    this.request = parts.request;
    this.rules = parts.rules;
    this.door = parts.door;
    this.origin = parts.origin;
    this.cookies = parts.cookies;
    this.app = parts.app;
    this.stranger = parts.stranger;
    this.tenant = parts.tenant;
    this.lacksTenant = parts.lacksTenant;
    this.home = parts.home;
    this.split = parts.split;
    this.basePath = parts.basePath;
    this.#parts = parts;
    this.#requestId = requestId;
  }

  get kind(): RequestKind {
    this.#kind ??= requestKind(this.request);
    return this.#kind;
  }

  get brand(): Brand {
    return this.app === undefined ? {} : this.#parts.brandOf(this.app);
  }

  get requestId(): string {
    this.#requestId ??= randomUUID();
    return this.#requestId;
  }

  atTenant(tenant: string): AppVisit | undefined {
    const { app, tenants } = this.#parts;
    if (app === undefined || !this.lacksTenant || tenants?.has(tenant) !== true) return undefined;
    const visit: Visit = new OneVisit(at(this.#parts, app, tenant, true), this.requestId);
    return hasApp(visit) ? visit : undefined;
  }
}
