import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import { type OwnPage, ownPage } from '../forwarded/own-path.ts';
import { isPreflight } from '../forwarded/request-kind.ts';
import { isForeignAction } from '../forwarded/same-site.ts';
import { configuredNames } from '../outcome/permit.ts';
import { refuse } from '../outcome/refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { type AppVisit, allowedOrigins, type Visit } from '../outcome/visit.ts';
import { decide } from '../rules/decide.ts';
import type { Rule } from '../rules/rule.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import type { Answers } from './answers.ts';
import type { Credentials } from './credentials.ts';
import type { Visits } from './visits.ts';

/** Answers "may this request pass?" for a forwarded request. */
export type Check = (request: ForwardedRequest) => Promise<Reply>;

export interface CheckParts {
  readonly visits: Visits;
  readonly rules: () => RuleSet;
  /** Segments of the configured base path. */
  readonly basePath: readonly string[];
  readonly pages: (page: OwnPage, visit: Visit) => Promise<Reply>;
  readonly credentials: Credentials;
  readonly answers: Answers;
}

/**
 * The straight path: forwarded request → own paths → host → aliases → path → rule → credential → access token →
 * decision → answer. Host, method and path alone choose the rule; the rule says which token is wanted.
 */
export function createCheck({ visits, rules, basePath, pages, credentials, answers }: CheckParts): Check {
  return async (request) => {
    const visit = visits(request, 'check');

    // INVARIANT: a path of the gateway's own never yields 2xx here, whatever the host and the method.
    const page = request.path === undefined ? undefined : ownPage(request.path, basePath);
    if (page !== undefined) return pages(page, visit);

    if (!hasApp(visit)) return refuse(visit, 'unknown-host');
    if (imitatesHeader(visit)) return refuse(visit, 'header-alias');
    if (request.path === undefined) return refuse(visit, 'path-ambiguous');
    if (request.headers.authorization.length > 1) return refuse(visit, 'authorization-repeated');
    if (mayPreflight(visit, rules(), request.path)) return answers.preflight(visit);

    const match = rules().match(visit.app, request.method, request.path);
    if (match.kind === 'none') return refuse(visit, match.reason);
    const { rule } = match;
    if (rule.need.kind === 'deny') return refuse(visit, 'rule-deny', { facts: { rule: rule.id } });
    // A page of a foreign origin may act on a public path, but not in the name of the person whose cookie comes along.
    if (rule.need.kind === 'public')
      return answers.open(visit, rule, await credentials.known(visit, !isForeign(visit)));

    const credential = await credentials.open(visit, rule.need);
    if (credential.kind === 'refused') {
      const { reason, cause } = credential;
      return refuse(visit, reason, { facts: { rule: rule.id, ...(cause === undefined ? {} : { cause }) } });
    }
    if (credential.kind === 'session' && isForeign(visit)) {
      return refuse(visit, 'cross-site', { facts: { rule: rule.id } });
    }
    const decision = decide(rule, bestToken(rule, credential.tokens));
    return decision.permit
      ? answers.permitted(visit, decision, credential)
      : answers.refused(visit, decision, credential);
  };
}

const hasApp = (visit: Visit): visit is AppVisit => visit.app !== undefined;

/** One need is met by one token: of several for the audience, one that satisfies it, else any. */
const bestToken = <T extends Parameters<typeof decide>[1]>(rule: Rule, tokens: readonly T[]): T | undefined =>
  tokens.find((token) => decide(rule, token).permit) ?? tokens[0];

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
function mayPreflight(visit: AppVisit, rules: RuleSet, path: readonly string[]): boolean {
  const { request, app, origin } = visit;
  if (!isPreflight(request) || (app.origins !== 'upstream' && app.origins.length === 0)) return false;
  const from = request.headers.origin ?? '';
  if (app.origins !== 'upstream' && from !== origin.origin && !app.origins.includes(from)) return false;
  const match = rules.match(app, request.headers.accessControlRequestMethod ?? '', path);
  return match.kind === 'rule' && match.rule.need.kind !== 'deny';
}
