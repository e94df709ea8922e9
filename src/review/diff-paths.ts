import { canonicalPath } from '../forwarded/canonical-path.ts';
import type { Rule } from '../rules/rule.ts';
import { type App, type AppRules, type PathRules, type RuleSet, writtenFor } from '../rules/rule-set.ts';
import { comparesSessions, sessionChangeOf, sessionText } from './diff-sessions.ts';
import { type ChangeKind, changeOf, OPENING, type Verdict, verdictOf, verdictText } from './diff-verdict.ts';
import { methodsOf, rulesOf } from './methods.ts';
import { classOf, EVERY_PATH, intersection, type PathClass } from './path-class.ts';
import { type Budget, type Refinement, refine } from './refinement.ts';

/** One of the two rule sets, as one host sees it. */
export interface Side {
  readonly ruleSet: RuleSet;
  /** Undefined when the set does not know the host. */
  readonly app: App | undefined;
}

/** All paths that choose one path of the old app and one of the new. */
export interface Pairing {
  /** Paths that both match. Those that a more literal path of either app takes are among them, and are no part of this. */
  readonly space: PathClass;
  /** One path that is a part of this. */
  readonly path: readonly string[];
  /** The patterns that are chosen; undefined where none is. */
  readonly before: PathRules | undefined;
  readonly after: PathRules | undefined;
}

/** Whom a change is for: everybody, sessions in report mode alone, or all but these. */
export type Callers = 'everybody' | 'sessions' | 'others';

/** A pairing whose verdict changes for these methods, and from what to what. */
export interface PathChange {
  readonly pairing: Pairing;
  readonly methods: readonly string[];
  readonly kind: ChangeKind;
  readonly callers: Callers;
  readonly before: Verdict;
  readonly after: Verdict;
  readonly beforeText: string;
  readonly afterText: string;
}

export interface PathDiff {
  readonly changes: readonly PathChange[];
  readonly pairings: readonly Pairing[];
  readonly refinement: Refinement;
  /** @returns what a path is a part of; undefined for a path that no request can have. */
  pairingAt(path: readonly string[]): Pairing | undefined;
}

/**
 * Compares two apps path by path, for all paths there are.
 * @throws TooManyCells
 */
export function diffPaths(before: Side, after: Side, budget: Budget): PathDiff {
  const [old, now] = [lookupOf(before), lookupOf(after)];
  const pairings = new Map<PathRules | undefined, Map<PathRules | undefined, Pairing>>();
  const refinement = refine([old.written, now.written]);
  const pairingAt = (path: readonly string[]): Pairing | undefined => {
    const [from, to] = [old.chosen(path), now.chosen(path)];
    const known = pairings.get(from)?.get(to);
    if (known !== undefined) return known;
    if (canonicalPath(targetOf(path)) === undefined) return undefined;
    const space = intersection(old.spaceOf(from), now.spaceOf(to));
    if (space === undefined) throw new TypeError('two patterns that match one path have it in common');
    const pairing = { space, path, before: from, after: to };
    pairings.set(from, (pairings.get(from) ?? new Map()).set(to, pairing));
    return pairing;
  };
  refinement.visit((path) => void pairingAt(path), budget);
  const methods = methodsOf(...(old.written?.paths ?? []), ...(now.written?.paths ?? []));
  const all = [...pairings.values()].flatMap((some) => [...some.values()]);
  return {
    changes: all.flatMap((pairing) => changesOf(pairing, methods, before, after)),
    pairings: all,
    refinement,
    pairingAt,
  };
}

/** @returns the request target of a path, with everything escaped that has to be. */
export const targetOf = (path: readonly string[]): string => `/${path.map(encodeURIComponent).join('/')}`;

/**
 * A method that neither app names, and that is not common, needs no look: both deny it everywhere.
 */
function changesOf(
  pairing: Pairing,
  methods: readonly string[],
  before: Side,
  after: Side,
): readonly PathChange[] {
  const audiences = sameTexts(before.app?.audiences, after.app?.audiences)
    ? ((after.app ?? before.app)?.audiences ?? [])
    : [];
  const changes = methods.flatMap((method): PathChange[] => {
    const [from, to] = [before, after].map(({ ruleSet, app }) =>
      verdictOf(ruleSet, app, method, pairing.path),
    ) as [Verdict, Verdict];
    const common = { pairing, methods: [method], before: from, after: to };
    const [kind, forSessions] = [
      changeOf(from, to),
      sessionKind([from, to], [before.app, after.app], method),
    ];
    const differs = forSessions !== undefined && !isAlike(kind, forSessions.kind);
    const general: PathChange[] =
      kind === undefined
        ? []
        : [
            {
              ...common,
              kind,
              callers: differs && before.app?.mode === 'report' ? 'others' : 'everybody',
              beforeText: verdictText(from, audiences),
              afterText: verdictText(to, audiences),
            },
          ];
    if (!differs || forSessions.kind === undefined) return general;
    return [
      ...general,
      {
        ...common,
        kind: forSessions.kind,
        callers: 'sessions',
        beforeText: sessionText(from, before.app, method, audiences),
        afterText: sessionText(to, after.app, method, audiences),
      },
    ];
  });
  return [...Map.groupBy(changes, likeness).values()].map((alike) => ({
    ...(alike[0] as PathChange),
    methods: alike.flatMap((change) => change.methods),
  }));
}

/** What becomes of sessions, where they are compared on their own. */
const sessionKind = (
  verdicts: readonly [Verdict, Verdict],
  apps: readonly [App | undefined, App | undefined],
  method: string,
): { readonly kind: ChangeKind | undefined } | undefined =>
  comparesSessions(apps[1]) ? { kind: sessionChangeOf(verdicts, apps, method) } : undefined;

/** Whether one line says enough: both let further callers pass, or both only turn some away. */
const isAlike = (kind: ChangeKind | undefined, forSessions: ChangeKind | undefined): boolean =>
  kind === undefined || forSessions === undefined
    ? kind === forSessions
    : OPENING.has(kind) === OPENING.has(forSessions);

const likeness = ({ kind, callers, before, after, beforeText, afterText }: PathChange): string =>
  JSON.stringify([kind, callers, beforeText, afterText, placeOf(before), placeOf(after)]);

/** @returns `file:line` of the need; undefined where no rule says so. */
export const placeOf = (verdict: Verdict): string | undefined =>
  verdict.need === undefined ? undefined : verdict.place;

/** An app not known denies everything, as one without rules. */
function lookupOf({ ruleSet, app }: Side): {
  readonly written: AppRules | undefined;
  chosen(path: readonly string[]): PathRules | undefined;
  spaceOf(path: PathRules | undefined): PathClass;
} {
  const written = writtenFor(ruleSet, app);
  const owners = new Map<Rule, PathRules>(
    written?.paths.flatMap((path) => rulesOf(path).map((rule) => [rule, path] as const)),
  );
  const methods = methodsOf(...(written?.paths ?? []));
  return {
    written,
    chosen(path) {
      if (app === undefined) return undefined;
      for (const method of methods) {
        const match = ruleSet.match(app, method, path);
        if (match.kind === 'rule') return owners.get(match.rule);
        if (match.reason === 'no-rule') return undefined;
      }
      return undefined; // the app's own `otherwise` names no method
    },
    spaceOf: (path) => (path === undefined ? EVERY_PATH : classOf(path.pattern, app?.ignoreCase === true)),
  };
}

const sameTexts = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === undefined || b === undefined || a.join(' ') === b.join(' ');
