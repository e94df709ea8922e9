import { type Pairing, type PathChange, type PathDiff, placeOf } from './diff-paths.ts';
import { classText, contains, intersection, isInside, type PathClass } from './path-class.ts';
import { type Budget, TooManyCells } from './refinement.ts';

/** Changes that are alike, as one class of paths. */
export interface PathClassChange {
  readonly change: PathChange;
  readonly paths: PathClass;
  /** Paths of the class that are none of it; they may stand in another line. */
  readonly except: readonly PathClass[];
  /** One path that shows the change. */
  readonly sample: readonly string[];
  /** `file:line` of every need that takes part, the first one first. */
  readonly beforePlaces: readonly string[];
  readonly afterPlaces: readonly string[];
}

// Beyond these, a report has more lines than it could have, and is as right as before.
const MAX_ALIKE = 5000;
const MAX_COVERS = 40;

/**
 * Says changes with few classes: one for each pairing, or one that covers several pairings that change alike.
 * @throws TooManyCells
 */
export function classesOf(diff: PathDiff, budget: Budget): readonly PathClassChange[] {
  const alike = Map.groupBy(diff.changes, ({ kind, callers, methods, beforeText, afterText }) =>
    JSON.stringify([kind, callers, methods, beforeText, afterText]),
  );
  const covering: Budget = { ...budget };
  return [...alike.values()].flatMap((changes) => {
    const [covers, rest] = coverAlike(diff, changes, covering);
    return [...covers, ...rest.map((change) => single(diff, change, budget))];
  });
}

/** The class of one pairing: what both patterns match, without what a more literal one takes. */
function single(diff: PathDiff, change: PathChange, budget: Budget): PathClassChange {
  const { pairing } = change;
  const others = pairingsIn(diff, pairing.space, budget);
  others.delete(pairing);
  return {
    change,
    paths: pairing.space,
    except: common(others.keys(), pairing.space),
    sample: pairing.path,
    beforePlaces: placesOf([change], 'before'),
    afterPlaces: placesOf([change], 'after'),
  };
}

/**
 * Finds classes `…/**` that hold several of the changes whole, and so few other paths that naming those is shorter.
 * @returns these classes, and the changes that are in none
 */
function coverAlike(
  diff: PathDiff,
  changes: readonly PathChange[],
  budget: Budget,
): readonly [readonly PathClassChange[], readonly PathChange[]] {
  let rest = changes;
  const found: PathClassChange[] = [];
  if (changes.length > MAX_ALIKE) return [found, rest];
  for (const paths of coversOf(changes)) {
    const cover = coverWith(diff, paths, rest, budget);
    if (cover === undefined) continue;
    found.push(cover.change);
    rest = rest.filter((change) => !cover.covered.has(change.pairing));
  }
  return [found, rest];
}

/** @returns classes that hold more than one of the changes, the widest first. */
function coversOf(changes: readonly PathChange[]): readonly PathClass[] {
  const covers = new Map<string, { paths: PathClass; count: number }>();
  for (const { pairing } of changes)
    for (let length = pairing.space.steps.length; length >= 0; length--) {
      const paths: PathClass = { steps: pairing.space.steps.slice(0, length), below: true };
      const text = classText(paths);
      const known = covers.get(text) ?? { paths, count: 0 };
      known.count += 1;
      covers.set(text, known);
    }
  return [...covers.values()]
    .filter(({ count }) => count > 1)
    .map(({ paths }) => paths)
    .toSorted((a, b) => a.steps.length - b.steps.length)
    .slice(0, MAX_COVERS);
}

function coverWith(
  diff: PathDiff,
  paths: PathClass,
  changes: readonly PathChange[],
  budget: Budget,
): { readonly change: PathClassChange; readonly covered: ReadonlySet<Pairing> } | undefined {
  const own = new Map(changes.map((change) => [change.pairing, change]));
  const cells = cellsIn(diff, paths, budget);
  if (cells === undefined) return undefined;
  const except = common(
    [...cells.keys()].filter((pairing) => !own.has(pairing)),
    paths,
  );
  const covered = [...cells].filter(
    ([pairing, within]) =>
      own.has(pairing) &&
      isInside(pairing.space, paths) &&
      !within.some((path) => except.some((other) => contains(other, path))),
  );
  const [first, second] = covered;
  if (first === undefined || second === undefined || except.length >= covered.length) return undefined;
  const members = covered.flatMap(([pairing]) => own.get(pairing) ?? []);
  return {
    change: {
      change: own.get(first[0]) as PathChange,
      paths,
      except,
      sample: first[0].path,
      beforePlaces: placesOf(members, 'before'),
      afterPlaces: placesOf(members, 'after'),
    },
    covered: new Set(covered.map(([pairing]) => pairing)),
  };
}

/** @returns undefined when looking would cost too much; then nothing is covered. */
function cellsIn(
  diff: PathDiff,
  paths: PathClass,
  budget: Budget,
): ReturnType<typeof pairingsIn> | undefined {
  try {
    return pairingsIn(diff, paths, budget);
  } catch (error) {
    if (error instanceof TooManyCells) return undefined;
    throw error;
  }
}

/** @returns the pairings that have a path in the class, each with one path of every cell there. */
function pairingsIn(diff: PathDiff, paths: PathClass, budget: Budget): Map<Pairing, (readonly string[])[]> {
  const found = new Map<Pairing, (readonly string[])[]>();
  diff.refinement.visit(
    (path) => {
      const pairing = diff.pairingAt(path);
      if (pairing === undefined) return;
      const cells = found.get(pairing);
      if (cells === undefined) found.set(pairing, [path]);
      else cells.push(path);
    },
    budget,
    paths,
  );
  return found;
}

/** @returns what the pairings' spaces have in common with a class, without those that others hold. */
function common(pairings: Iterable<Pairing>, paths: PathClass): readonly PathClass[] {
  const widest: PathClass[] = [];
  const shared = [...pairings].flatMap(({ space }) => intersection(space, paths) ?? []);
  for (const one of shared.toSorted(
    (a, b) => a.steps.length - b.steps.length || Number(b.below) - Number(a.below),
  ))
    if (shared.length > MAX_ALIKE || !widest.some((other) => isInside(one, other))) widest.push(one);
  return widest;
}

const placesOf = (changes: readonly PathChange[], side: 'before' | 'after'): readonly string[] => [
  ...new Set(changes.flatMap((change) => placeOf(change[side]) ?? [])),
];
