import type { CanonicalPath } from '../forwarded/canonical-path.ts';
import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { type OwnPage, ownPage } from '../forwarded/own-path.ts';
import { pathReadings } from '../forwarded/path-readings.ts';
import { isPreflight } from '../forwarded/request-kind.ts';
import { pathOf } from '../forwarded/request-target.ts';
import { isForeignAction } from '../forwarded/same-site.ts';
import { configuredNames } from '../outcome/permit.ts';
import { refuse } from '../outcome/refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { type AppVisit, allowedOrigins, hasApp, type Visit } from '../outcome/visit.ts';
import { REASONS } from '../reason.ts';
import { decide } from '../rules/decide.ts';
import { matchReadings } from '../rules/match-readings.ts';
import { passesReported, reportedRule } from '../rules/report-mode.ts';
import type { Rule, TokenNeed } from '../rules/rule.ts';
import type { App, Match } from '../rules/rule-set.ts';
import type { AccessToken } from '../token/access-token.ts';
import { withDeadline } from '../token/deadline.ts';
import type { Answers } from './answers.ts';
import type { Credentials } from './credentials.ts';
import { type Eventual, isPromise, whenThere } from './eventual.ts';
import type { Visits } from './visits.ts';

/** Answers "may this request pass?" for a forwarded request. */
export type Check = (request: ForwardedRequest) => Eventual<Reply>;

export interface CheckParts {
  readonly visits: Visits;
  /** Segments of the configured base path. */
  readonly basePath: readonly string[];
  /** Whether the gateway's own pages are below a tenant's segment as well. */
  readonly tenantsInPath?: boolean;
  readonly pages: (page: OwnPage, visit: Visit) => Promise<Reply>;
  readonly credentials: Credentials;
  readonly answers: Answers;
  /** Unix seconds. */
  readonly now: () => number;
}

/**
 * The straight path: forwarded request → own paths → host → aliases → path → rule → credential → access token →
 * decision → answer. Host, method and path alone choose the rule; the rule says which token is wanted.
 */
export function createCheck(parts: CheckParts): Check {
  const { visits, pages, credentials, answers, now } = parts;
  const ownPageAt = (path: CanonicalPath): OwnPage | undefined =>
    ownPage(path, parts.basePath, parts.tenantsInPath);
  return (request) => {
    const visit = visits(request, 'check');

    // INVARIANT: a path of the gateway's own never yields 2xx here, whatever the host and the method.
    const page = request.path === undefined ? undefined : ownPageAt(request.path);
    if (page !== undefined) return pages(page, visit);

    if (!hasApp(visit)) return refuse(visit, visit.stranger);
    if (imitatesHeader(visit)) return refuse(visit, 'header-alias');
    const paths = request.path === undefined ? tolerated(visit, ownPageAt) : [request.path];
    if (paths.length === 0) return refuse(visit, 'path-ambiguous');
    if (request.headers.authorization.length > 1) return refuse(visit, 'authorization-repeated');
    if (mayPreflight(visit, paths)) return answers.preflight(visit);

    const match = matchPaths(visit, request.method, paths);
    if (visit.lacksTenant && (match.kind === 'none' || match.rule.need.kind !== 'public'))
      return refuse(visit, 'tenant-unknown');
    if (match.kind === 'none') return unmatched(visit, match.reason);
    const { rule } = match;
    const { need } = rule;
    if (need.kind === 'deny') return refuse(visit, 'rule-deny', { facts: { rule: rule.id } });
    // A page of a foreign origin may act on a public path, but not in the name of the person whose cookie comes along.
    if (need.kind === 'public') {
      const known = credentials.known(visit, !isForeign(visit));
      return whenThere(known, (caller) => answers.open(visit, rule, caller));
    }

    return inTime(visit, rule, decided(visit, rule, need));
  };

  /** Opens the credential, decides by it, and answers. */
  function decided(visit: AppVisit, rule: Rule, need: TokenNeed): Eventual<Reply> {
    return whenThere(credentials.open(visit, need), (credential) => {
      if (credential.kind === 'refused') {
        const { reason, cause, client } = credential;
        const scopes = reason === 'scope-missing' ? [...need.allOf, ...need.anyOf] : [];
        return refuse(visit, reason, {
          audience: need.audiences[0],
          ...(scopes.length === 0 ? {} : { scopes, missing: scopes }),
          facts: {
            rule: rule.id,
            ...(cause === undefined ? {} : { cause }),
            ...(client === undefined ? {} : { client }),
          },
        });
      }
      // Browsers keep Basic credentials, and send them like cookies.
      if ((credential.kind === 'session' || credential.kind === 'basic') && isForeign(visit)) {
        return refuse(visit, 'cross-site', { facts: { rule: rule.id } });
      }
      const at = now();
      const token = bestToken(rule, credential.tokens, at);
      const decision = decide(rule, token, at);
      if (decision.permit) return answers.permitted(visit, decision, credential, token);
      return credential.kind === 'session' && passesReported(visit.app, decision, token)
        ? answers.reported(visit, rule, credential, token, [decision.reason, ...decision.missing].join(' '))
        : answers.refused(visit, decision, credential, token);
    });
  }

  /** No rule covers the path: nobody passes, but for sessions of an app in report mode. */
  function unmatched(visit: AppVisit, reason: Extract<Match, { kind: 'none' }>['reason']): Eventual<Reply> {
    const rule = reportedRule(visit.app, visit.request.method, reason);
    if (rule === undefined || isForeign(visit)) return refuse(visit, reason);
    return whenThere(credentials.open(visit, rule.need), (credential) => {
      if (credential.kind === 'session' && credential.tokens.length > 0)
        return answers.reported(visit, rule, credential, credential.tokens[0], reason);
      // What could not be known is not taken for a session that lacks something.
      const unknown = credential.kind === 'refused' && REASONS[credential.reason].status >= 500;
      return refuse(visit, unknown ? credential.reason : reason);
    });
  }
}

/** Milliseconds: whatever store and providers do one after the other, a check is answered within five seconds. */
const LONGEST = 4_600;

/** What is under way goes on, for those who ask next; this answer does not wait for it. */
const inTime = (visit: AppVisit, rule: Rule, reply: Eventual<Reply>): Eventual<Reply> =>
  isPromise(reply)
    ? withDeadline(LONGEST, reply, () =>
        refuse(visit, 'provider-unavailable', {
          facts: { rule: rule.id, cause: `the check takes longer than ${LONGEST} ms` },
        }),
      )
    : reply;

/** One need is met by one token: of several for the audience, one that satisfies it, else the first. */
const bestToken = (rule: Rule, tokens: readonly AccessToken[], at: number): AccessToken | undefined =>
  (tokens.length > 1 ? tokens.find((token) => decide(rule, token, at).permit) : undefined) ?? tokens[0];

/**
 * The readings of a path that is not canonical, as far as the app tolerates its spelling. INVARIANT: none when any of
 * them is a path of the gateway's own, which an upstream must not be asked for in its place.
 */
function tolerated(
  { request, app }: AppVisit,
  ownPageAt: (path: CanonicalPath) => OwnPage | undefined,
): readonly CanonicalPath[] {
  if (app.tolerate.length === 0) return [];
  const readings = pathReadings(pathOf(request.target), app.tolerate);
  return readings.some((reading) => ownPageAt(reading) !== undefined) ? [] : readings;
}

/** Which rule a method meets here; every reading of the path must meet the same. */
const matchPaths = (
  { app, rules, request }: AppVisit,
  method: string,
  paths: readonly CanonicalPath[],
): Match =>
  request.path === undefined
    ? matchReadings(rules, app, method, paths)
    : rules.match(app, method, request.path);

const namesByApp = new WeakMap<App, ReadonlySet<string>>();

/** Some upstreams fold `_` and `.` into `-`: `X_Auth_Subject` would pass for the gateway's own word. */
function imitatesHeader({ request, app }: AppVisit): boolean {
  if (request.headers.foldable.length === 0) return false;
  const names = namesByApp.get(app) ?? configuredNames(app);
  namesByApp.set(app, names);
  return request.headers.foldable.some((name) => names.has(name.replaceAll(/[_.]/g, '-')));
}

const isForeign = (visit: AppVisit): boolean =>
  isForeignAction(visit.request, visit.origin.origin, allowedOrigins(visit));

/**
 * Whether a true preflight passes to the upstream: its origin is allowed (or all preflights are), and the method it
 * asks for has a rule that could permit it. A preflight carries no credentials by definition (Fetch standard).
 */
function mayPreflight(visit: AppVisit, paths: readonly CanonicalPath[]): boolean {
  const { request, app, origin } = visit;
  if (!isPreflight(request) || (app.origins !== 'upstream' && app.origins.length === 0)) return false;
  const from = request.headers.origin ?? '';
  if (app.origins !== 'upstream' && from !== origin.origin && !app.origins.includes(from)) return false;
  const match = matchPaths(visit, request.headers.accessControlRequestMethod ?? '', paths);
  if (match.kind !== 'rule' || match.rule.need.kind === 'deny') return false;
  if (visit.lacksTenant && match.rule.need.kind !== 'public') return false;
  // Whoever denies OPTIONS by name means preflights too.
  const own = matchPaths(visit, request.method, paths);
  return own.kind !== 'rule' || own.rule.method !== 'OPTIONS' || own.rule.need.kind !== 'deny';
}
