import { LRUCache } from 'lru-cache';
import { hostKey, wildcardFor } from './host-pattern.ts';
import { COMMON_METHODS } from './method.ts';
import { ANY_SEGMENT, foldPattern, foldSegment } from './path-pattern.ts';
import type { Rule } from './rule.ts';
import type { App, AppRules, Match, PathRules, RuleSet } from './rule-set.ts';
import { asWritten, fillApp, fillRule } from './tenant-app.ts';

/** Tenants of a rule set that are kept filled in, one for each app that they have. */
const TENANTS = 10_000;

/** Paths that begin with the same segments. Every node is reached by one way only. Most have one child, so no map. */
interface Node {
  /** A literal segment and what follows it. */
  literal: string | undefined;
  next: Node | undefined;
  /** Every further literal segment, once there is one. */
  literals: Map<string, Node> | undefined;
  any: Node | undefined;
  /** Rules of the path that ends here, and of everything from here on. */
  end: PathRules | undefined;
  below: PathRules | undefined;
}

/**
 * Builds the immutable rule set. Precedence: an exact host beats a wildcard host; within the app the path that is most
 * literal, read segment by segment from the left, wins (literal over `*` over `/**`; the end of a path is literal, so `/x` beats
 * `/x/**`); then the need for the method, or the path's own `otherwise`.
 * Does *not* look for ties: the apps' hosts differ, and so do the patterns of an app (`loadRuleSet` refuses others).
 */
export function compile(version: string, apps: readonly AppRules[]): RuleSet {
  const byHost = new Map(apps.flatMap(({ app }) => app.hosts.map((host) => [hostKey(host), app] as const)));
  const byApp = new Map(
    apps.map(({ app, paths, otherwise }) => [
      app,
      { root: grow(paths, app.ignoreCase), fold: app.ignoreCase, otherwise },
    ]),
  );
  let filled: LRUCache<string, TenantApp> | undefined;
  const tenants = new WeakMap<App, TenantApp>();
  /** A tenant's own rules; each is filled in when it first matches. */
  const ofTenant = (app: App, match: Match): Match => {
    const known = tenants.get(app);
    if (match.kind === 'none' || known === undefined) return { ...match, app };
    const before = known.matches.get(match.rule);
    if (before !== undefined) return before;
    const own: Match = { kind: 'rule', app, rule: fillRule(match.rule, app.tenant) };
    known.matches.set(match.rule, own);
    return own;
  };
  const matchWritten = (app: App, method: string, path: readonly string[]): Match => {
    const compiled = byApp.get(app);
    if (compiled === undefined) return { kind: 'none', app, reason: 'no-rule' };
    const found = find(compiled.root, compiled.fold ? path.map(foldSegment) : path, 0);
    if (found !== undefined) return pick(app, method, found.byMethod.get(method), found.rest);
    if (compiled.otherwise === undefined) return { kind: 'none', app, reason: 'no-rule' };
    return pick(app, method, undefined, compiled.otherwise);
  };
  return Object.freeze<RuleSet>({
    version,
    apps: apps.map(({ app }) => app),
    written: apps.map(({ app, paths, otherwise, tests, providerPlace, tenantPlace, exchangePlace }) => ({
      app,
      paths,
      otherwise,
      tests,
      providerPlace,
      tenantPlace,
      exchangePlace,
    })),
    appFor(host) {
      const exact = byHost.get(host);
      if (exact !== undefined) return exact;
      const pattern = wildcardFor(host);
      return pattern === undefined ? undefined : byHost.get(pattern);
    },
    forTenant(app, tenant) {
      const written = asWritten(app);
      if (tenant === '') return written;
      filled ??= new LRUCache({ max: TENANTS });
      const key = `${tenant} ${written.name}`;
      const known = filled.get(key);
      if (known !== undefined) return known.app;
      const made: TenantApp = { app: fillApp(written, tenant), matches: new Map() };
      filled.set(key, made);
      tenants.set(made.app, made);
      return made.app;
    },
    match: (app, method, path) =>
      app.tenant === ''
        ? matchWritten(app, method, path)
        : ofTenant(app, matchWritten(asWritten(app), method, path)),
  });
}

/** An app as a tenant has it, and what matched of its rules so far. */
interface TenantApp {
  readonly app: App;
  readonly matches: Map<Rule, Match>;
}

function pick(app: App, method: string, named: Rule | undefined, rest: Rule | undefined): Match {
  const rule = named ?? (COMMON_METHODS.has(method) ? rest : undefined);
  return rule === undefined
    ? { kind: 'none', app, reason: 'method-not-listed' }
    : { kind: 'rule', app, rule };
}

/**
 * Depth first, the more literal branch first, so that the first find is the winner; a branch that leads nowhere is left again.
 * The cost is at most the path's length times the number of arrangements of `*` in the app (limited by `loadRuleSet`): only
 * the choice between a literal and a `*` ever branches. The depth is that of the deepest rule, not of the request.
 */
function find(node: Node, path: readonly string[], depth: number): PathRules | undefined {
  const segment = path[depth];
  if (segment === undefined) return node.end ?? node.below;
  const literal = node.literal === segment ? node.next : node.literals?.get(segment);
  const found = literal === undefined ? undefined : find(literal, path, depth + 1);
  if (found !== undefined) return found;
  // Only a tolerated reading has empty segments; no `*` stands for one.
  const any = node.any === undefined || segment === '' ? undefined : find(node.any, path, depth + 1);
  return any ?? node.below;
}

function grow(paths: readonly PathRules[], fold: boolean): Node {
  const root = emptyNode();
  for (const rules of paths) {
    const { segments, below } = fold ? foldPattern(rules.pattern) : rules.pattern;
    let node = root;
    for (const segment of segments) node = child(node, segment);
    if (below) node.below = rules;
    else node.end = rules;
  }
  return root;
}

function child(node: Node, segment: string | typeof ANY_SEGMENT): Node {
  if (segment === ANY_SEGMENT) {
    node.any ??= emptyNode();
    return node.any;
  }
  if (node.literal === segment && node.next !== undefined) return node.next;
  const known = node.literals?.get(segment);
  if (known !== undefined) return known;
  const fresh = emptyNode();
  if (node.literal === undefined) [node.literal, node.next] = [segment, fresh];
  else {
    node.literals ??= new Map();
    node.literals.set(segment, fresh);
  }
  return fresh;
}

const emptyNode = (): Node => ({
  literal: undefined,
  next: undefined,
  literals: undefined,
  any: undefined,
  end: undefined,
  below: undefined,
});
