import type { RuleSet } from '../rules/rule-set.ts';
import { type AppChange, diffApps } from './diff-apps.ts';
import { classesOf, type PathClassChange } from './diff-classes.ts';
import { type HostClass, type HostPairing, pairHosts } from './diff-hosts.ts';
import { diffPaths, targetOf } from './diff-paths.ts';
import { diffSpellings } from './diff-spellings.ts';
import { CHANGE_KINDS, OPENING } from './diff-verdict.ts';
import { rulesOfApp } from './explanation.ts';
import { classText } from './path-class.ts';
import { type Budget, TooManyCells } from './refinement.ts';

/** A class of requests for which the two sets differ. */
export interface ClassChange extends PathClassChange {
  readonly apps: { readonly before: string | undefined; readonly after: string | undefined };
  readonly hosts: readonly HostClass[];
  /** A request that shows the change. */
  readonly request: { readonly method: string; readonly url: string };
}

export interface RulesDiff {
  /** What opens most first. */
  readonly classes: readonly ClassChange[];
  readonly apps: readonly AppChange[];
  /** Whether some caller passes somewhere who did not pass before. */
  readonly opens: boolean;
}

/** Kinds of path that one comparison looks at, at most: minutes, and not hours. */
const MAX_CELLS = 2_000_000;

/**
 * Compares two rule sets over all requests: hosts, methods and paths are cut into classes whose members each set treats
 * alike, so nothing is sampled. Sessions are compared on their own where the new app is in report mode. A spelling that an app
 * tolerates is decided as the paths that it can be read as; where rules that readings chose are merged, a line of the app says
 * that such spellings may pass now (`diffSpellings`). Does *not* know the configuration: what a provider's tokens hold, or which
 * tenants there are.
 * @returns the number of kinds of path that were too many to look at
 */
export function diffRuleSets(before: RuleSet, after: RuleSet, maxCells = MAX_CELLS): RulesDiff | number {
  const budget: Budget = { limit: maxCells, left: maxCells };
  const pairs = pairHosts(before, after);
  try {
    const compared = pairs.map((pair) => comparePair(before, after, pair, budget));
    const classes = compared.flatMap((one) => one.classes);
    const apps = compared.flatMap((one) => one.apps);
    return {
      classes: classes.toSorted(inReportOrder),
      apps,
      opens:
        classes.some(({ change }) => OPENING.has(change.kind)) ||
        apps.some(({ effect }) => effect === 'opens'),
    };
  } catch (error) {
    if (error instanceof TooManyCells) return maxCells;
    throw error;
  }
}

function comparePair(
  before: RuleSet,
  after: RuleSet,
  pair: HostPairing,
  budget: Budget,
): Pick<RulesDiff, 'classes' | 'apps'> {
  const { hosts } = pair;
  const diff = diffPaths({ ruleSet: before, app: pair.before }, { ruleSet: after, app: pair.after }, budget);
  const classes = classesOf(diff, budget).map((one) => ({
    ...one,
    apps: { before: pair.before?.name, after: pair.after?.name },
    hosts,
    request: {
      method: one.change.methods[0] ?? '',
      url: `https://${hosts[0]?.sample}${targetOf(one.sample)}`,
    },
  }));
  if (pair.before === undefined || pair.after === undefined) return { classes, apps: [] };
  const spellings = diffSpellings(
    rulesOfApp(before, pair.before),
    rulesOfApp(after, pair.after),
    diff.pairings,
  );
  return { classes, apps: [...diffApps(pair.before, pair.after), ...spellings] };
}

const inReportOrder = (a: ClassChange, b: ClassChange): number =>
  CHANGE_KINDS.indexOf(a.change.kind) - CHANGE_KINDS.indexOf(b.change.kind) || compare(keyOf(a), keyOf(b));

const keyOf = ({ hosts, paths, change }: ClassChange): string =>
  JSON.stringify([hosts.map(({ host }) => host), classText(paths), change.methods, change.callers]);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
