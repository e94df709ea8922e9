import { fillTenant } from '../document/tenant-text.ts';
import type { CanonicalPath } from '../forwarded/canonical-path.ts';
import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { ownPage } from '../forwarded/own-path.ts';
import { pathReadings } from '../forwarded/path-readings.ts';
import { sortHeaders } from '../forwarded/raw-headers.ts';
import { readRequest } from '../forwarded/read-request.ts';
import { pathOf } from '../forwarded/request-target.ts';
import { type Decision, decide } from '../rules/decide.ts';
import { tenantIn } from '../rules/host-pattern.ts';
import { matchReadings } from '../rules/match-readings.ts';
import type { Rule } from '../rules/rule.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { anyTenants, type Tenants, tenantOfPath } from '../rules/tenancy.ts';
import type { AccessToken } from '../token/access-token.ts';
import { supposeToken } from '../token/supposed-token.ts';
import { type EvaluatedReason, OUTCOMES, type Outcome } from './outcome.ts';

/** A request as a client sends it: byte for byte, nothing normalised. */
export interface AskedRequest {
  readonly method: string;
  /** With a port, if the client names one. */
  readonly host: string;
  /** One char per byte. */
  readonly target: string;
}

/** Who asks. */
export type Caller =
  | { readonly kind: 'anonymous' }
  /** A token that nobody issued. */
  | {
      readonly kind: 'supposed';
      readonly scopes: readonly string[];
      /** Undefined: the app's first audience. */
      readonly audiences?: readonly string[] | undefined;
      readonly acr?: string | undefined;
      /** Seconds since the person signed in; undefined: the token does not say. */
      readonly loginAge?: number | undefined;
    }
  | { readonly kind: 'token'; readonly token: AccessToken };

/** What becomes of a request, and every step to it. What comes after the step that ended it is undefined. */
export interface Evaluation {
  readonly asked: AskedRequest;
  readonly reason: EvaluatedReason;
  readonly outcome: Outcome;
  /** Undefined when method, host or target are malformed. */
  readonly request: ForwardedRequest | undefined;
  /** As the tenant has it that the request names. */
  readonly app: App | undefined;
  /** Every way in which the path is read; more than one where the app tolerates a spelling. */
  readonly readings: readonly CanonicalPath[];
  readonly rule: Rule | undefined;
  /** Undefined for an anonymous caller, and where no token is asked for. */
  readonly token: AccessToken | undefined;
  readonly decision: Decision | undefined;
}

/**
 * Evaluates a request by the functions that the check uses, in the check's order: form, own paths, host, path, rule, token.
 * Pure. It knows no headers and no credentials: cross-site requests, preflights, aliases, expiry and what a session asked
 * for before are *not* part of it; each of them only ever makes the check's answer stricter, save the preflight. Nor is report
 * mode, which lets sessions pass that are denied here.
 * @param basePath segments of the configured base path
 * @param now Unix seconds, for `loginWithin`
 * @param tenants who they are; default: every text that can be one, where the rules say that the app has tenants
 */
export function evaluate(
  ruleSet: RuleSet,
  basePath: readonly string[],
  asked: AskedRequest,
  caller: Caller,
  now: number,
  tenants: Tenants = anyTenants(undefined),
): Evaluation {
  const nothing = { request: undefined, app: undefined, readings: [], rule: undefined, token: undefined };
  const end = (reason: EvaluatedReason, known: Partial<Evaluation> = {}): Evaluation => ({
    ...nothing,
    decision: undefined,
    ...known,
    asked,
    reason,
    outcome: OUTCOMES[reason],
  });

  const request = readRequest(asked.method, asked.host, asked.target, NO_HEADERS);
  if (typeof request === 'string') return end(request as EvaluatedReason);
  const written = ruleSet.appFor(request.host.name);
  const readings = pathReadings(pathOf(request.target), written?.tolerate ?? []);
  const tenant = written === undefined ? '' : tenantAsked(written, request, readings, tenants);
  const app = written === undefined ? undefined : ruleSet.forTenant(written, tenant ?? '');
  const known = { request, app, readings };

  const isOwn = (reading: CanonicalPath): boolean => ownPage(reading, basePath, tenants.inPath) !== undefined;
  if (app === undefined) return end('unknown-host', known);
  const isStranger = tenant === undefined && tenants.place(app) === 'host';
  if (isStranger) return end('tenant-unknown', known);
  if (request.path !== undefined && isOwn(request.path)) return end('own-page', known);
  if (request.path === undefined && readings.some(isOwn)) return end('path-ambiguous', known);
  const match = matchReadings(ruleSet, app, request.method, readings);
  if (tenant === undefined && (match.kind === 'none' || match.rule.need.kind !== 'public'))
    return end('tenant-unknown', known);
  if (match.kind === 'none') return end(match.reason, known);
  const { rule } = match;
  const token = rule.need.kind === 'token' ? callersToken(caller, app, now) : undefined;
  const decision = decide(rule, token, now);
  return end(decision.reason, { ...known, rule, token, decision });
}

/**
 * @param app as written
 * @returns the tenant that a request names; empty where it need not name one, undefined where it should and does not
 */
function tenantAsked(
  app: App,
  { host }: ForwardedRequest,
  readings: readonly CanonicalPath[],
  tenants: Tenants,
): string | undefined {
  const place = tenants.place(app);
  const tenant = place === 'path' ? tenantOfPath(readings) : place === 'host' ? tenantIn(app, host.name) : '';
  return tenants.has(tenant) || (place !== 'path' && tenant === '') ? tenant : undefined;
}

/** @returns the token with which a caller comes to an app; undefined for an anonymous one */
export function callersToken(caller: Caller, app: App, now: number): AccessToken | undefined {
  if (caller.kind === 'anonymous') return undefined;
  if (caller.kind === 'token') return caller.token;
  const { scopes, audiences, acr, loginAge } = caller;
  return supposeToken({
    audiences: (audiences ?? app.audiences.slice(0, 1)).map((one) =>
      app.tenant === '' ? one : fillTenant(one, app.tenant),
    ),
    scopes,
    ...(acr === undefined ? {} : { acr }),
    ...(loginAge === undefined ? {} : { authenticatedAt: now - loginAge }),
  });
}

const NO_HEADERS = sortHeaders([], []).client;
