import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { ownPage, segmentsOf } from '../forwarded/own-path.ts';
import type { PublicOrigin } from '../forwarded/public-origin.ts';
import type { RequestKind } from '../forwarded/request-kind.ts';
import type { Brand } from '../pages/page.ts';
import type { Reason } from '../reason.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { Cookies } from '../session/cookies.ts';
import type { SplitCookies } from '../session/own-cookies.ts';

/** A forwarded request with what follows from it and from the configuration; every answer is shaped by it. */
export interface Visit {
  readonly request: ForwardedRequest;
  /** The rule set in force when the request came: it is finished by this one, whatever is swapped in meanwhile. */
  readonly rules: RuleSet;
  readonly kind: RequestKind;
  /** `check`: a proxy asks and relays anything but 2xx. `direct`: the person's own request. */
  readonly door: 'check' | 'direct';
  readonly origin: PublicOrigin;
  /** The app of the host, as the tenant has it; undefined when no app has it, or its label is no tenant. */
  readonly app: App | undefined;
  /** Why there is no app. */
  readonly stranger: Extract<Reason, 'unknown-host' | 'tenant-unknown'>;
  /** Whose part of the app was asked for; empty where there is none. */
  readonly tenant: string;
  /** The app tells tenants apart by the path, and this one names none: nothing but what is public is there for it. */
  readonly lacksTenant: boolean;
  /** Where the app begins for people: the public origin, and with `tenants.in: path` the tenant's segment behind it. */
  readonly home: string;
  readonly cookies: Cookies;
  readonly split: SplitCookies;
  /** In the answer and in the log. */
  readonly requestId: string;
  readonly basePath: string;
  /** What pages show of the app's client. */
  readonly brand: Brand;
  /**
   * The same visit as one of this tenant, where the path does not say whose it is.
   * @returns undefined where the app has no such tenant, or its host says who it is
   */
  atTenant(tenant: string): AppVisit | undefined;
}

/** A visit to a host that an app has. */
export type AppVisit = Visit & { readonly app: App };

export const hasApp = (visit: Visit): visit is AppVisit => visit.app !== undefined;

/**
 * @returns the address that was asked for, where a page load can come back to it; else the app's root. A page of the
 * gateway's own is nothing to come back to: a spent callback would only fail again.
 */
export const here = ({ request, kind, origin, basePath, home }: Visit): string =>
  kind === 'page-load' &&
  request.path !== undefined &&
  ownPage(request.path, segmentsOf(basePath), home !== origin.origin) === undefined
    ? `${origin.origin}${request.target}`
    : `${home}/`;

/** @returns whether a page of the gateway's own was asked for below a first segment that should be a tenant. */
export const isBelowSegment = ({ request, basePath }: Visit): boolean =>
  request.path !== undefined && ownPage(request.path, segmentsOf(basePath)) === undefined;

/** @returns the target of the app's start page, on the host that was asked. */
export const startTarget = ({ home, origin }: Visit): string => `${home.slice(origin.origin.length)}/`;

/** @returns the further origins whose pages may act here with a cookie; `origins: upstream` names none. */
export const allowedOrigins = ({ app }: AppVisit): readonly string[] =>
  app.origins === 'upstream' ? [] : app.origins;

/** What the log says of the tenant, where there is one. */
export const tenantFact = ({ tenant }: Visit): { tenant?: string } => (tenant === '' ? {} : { tenant });
