import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { ownPage, segmentsOf } from '../forwarded/own-path.ts';
import type { PublicOrigin } from '../forwarded/public-origin.ts';
import type { RequestKind } from '../forwarded/request-kind.ts';
import type { Brand } from '../pages/page.ts';
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
  /** The app of the host; undefined when no app has it. */
  readonly app: App | undefined;
  readonly cookies: Cookies;
  readonly split: SplitCookies;
  /** In the answer and in the log. */
  readonly requestId: string;
  readonly basePath: string;
  /** What pages show of the app's client. */
  readonly brand: Brand;
}

/** A visit to a host that an app has. */
export type AppVisit = Visit & { readonly app: App };

export const hasApp = (visit: Visit): visit is AppVisit => visit.app !== undefined;

/**
 * @returns the address that was asked for, where a page load can come back to it; else the app's root. A page of the
 * gateway's own is nothing to come back to: a spent callback would only fail again.
 */
export const here = ({ request, kind, origin, basePath }: Visit): string =>
  kind === 'page-load' &&
  request.path !== undefined &&
  ownPage(request.path, segmentsOf(basePath)) === undefined
    ? `${origin.origin}${request.target}`
    : `${origin.origin}/`;

/** @returns the further origins whose pages may act here with a cookie; `origins: upstream` names none. */
export const allowedOrigins = ({ app }: AppVisit): readonly string[] =>
  app.origins === 'upstream' ? [] : app.origins;
