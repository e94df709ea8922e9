import { ANY_SEGMENT, foldSegment } from '../rules/path-pattern.ts';
import type { AppRules } from '../rules/rule-set.ts';
import { type PathClass, stepFits } from './path-class.ts';

/** Thrown when two apps cut each other's paths into more cells than a review may look at. */
export class TooManyCells extends Error {
  constructor(limit: number) {
    super(`more than ${limit} kinds of path`);
    this.name = 'TooManyCells';
  }
}

/** How many cells may still be looked at. */
export interface Budget {
  readonly limit: number;
  left: number;
}

/**
 * The common refinement of two apps' patterns: all paths, cut into cells so that every pattern of either app contains a cell
 * wholly or not at all. So all paths of a cell choose the same rule in each app, and one of them can speak for it.
 */
export interface Refinement {
  /**
   * Visits one path of every cell, or of those within a class that is made of the apps' own patterns.
   * @throws TooManyCells
   */
  visit(visitor: (path: readonly string[]) => void, budget: Budget, within?: PathClass): void;
}

/** Patterns of one app that begin alike. */
interface Branch {
  readonly texts: Map<string, Branch>;
  any: Branch | undefined;
  /** Whether the texts are in lower case and stand for every case. */
  readonly folds: boolean;
}

export function refine(sides: readonly (AppRules | undefined)[]): Refinement {
  const roots = sides.flatMap((side) => (side === undefined ? [] : [grow(side)]));
  return {
    visit(visitor, budget, within) {
      walk(roots, [], { visitor, budget, within });
    },
  };
}

interface Walk {
  readonly visitor: (path: readonly string[]) => void;
  readonly budget: Budget;
  readonly within: PathClass | undefined;
}

/**
 * @param live the branches of both apps that the path so far may be on: the only combinations that are followed, so the cost is
 * that of the cells there are
 */
function walk(live: readonly Branch[], path: readonly string[], walking: Walk): void {
  const { visitor, budget, within } = walking;
  const step = within?.steps[path.length];
  if (within === undefined || (step === undefined && (path.length === within.steps.length || within.below))) {
    if (budget.left-- <= 0) throw new TooManyCells(budget.limit);
    visitor(path);
  }
  // No pattern goes on from here: this path and all below it are one cell.
  if (live.length === 0 || (within !== undefined && step === undefined && !within.below)) return;
  const only = typeof step === 'string' ? step : undefined;
  for (const segment of only === undefined ? segmentsOf(live) : [only]) {
    if (step !== undefined && !stepFits(step, segment)) continue;
    const next = live.flatMap(({ texts, any, folds }) => {
      const own = texts.get(folds ? foldSegment(segment) : segment);
      return [...(own === undefined ? [] : [own]), ...(any === undefined ? [] : [any])];
    });
    walk(next, [...path, segment], walking);
  }
}

/** One segment for each way to go on: every text that is named, other spellings of those that fold case, and any other. */
function* segmentsOf(live: readonly Branch[]): Generator<string> {
  const exact = new Set<string>();
  const folded = new Set<string>();
  for (const { texts, folds } of live) for (const text of texts.keys()) (folds ? folded : exact).add(text);
  yield* exact;
  for (const text of folded) {
    for (const spelling of spellings(text)) {
      if (exact.has(spelling)) continue;
      yield spelling;
      break;
    }
  }
  for (let number = 1; ; number++) {
    const other = number === 1 ? 'other' : `other-${number}`;
    if (exact.has(other) || folded.has(other)) continue;
    yield other;
    return;
  }
}

/** Every text that folds to this one, itself first. */
function* spellings(text: string): Generator<string> {
  const choices = [...text].map((char) => [char, ...(capitals().get(char) ?? [])]);
  const chosen = choices.map(() => 0);
  for (;;) {
    const spelling = choices.map((chars, at) => chars[chosen[at] ?? 0]).join('');
    if (foldSegment(spelling) === text) yield spelling; // the small sigma depends on its place
    const at = chosen.findIndex((choice, index) => choice + 1 < (choices[index]?.length ?? 0));
    if (at < 0) return;
    chosen.fill(0, 0, at);
    chosen[at] = (chosen[at] ?? 0) + 1;
  }
}

let known: ReadonlyMap<string, readonly string[]> | undefined;

/** By character, the others that fold to it: `K` and the Kelvin sign for `k`. */
function capitals(): ReadonlyMap<string, readonly string[]> {
  if (known !== undefined) return known;
  const found = new Map<string, string[]>();
  for (let code = 0x41; code < 0x20000; code++) {
    const char = String.fromCodePoint(code);
    const folded = foldSegment(char);
    if (folded === char) continue;
    const before = found.get(folded);
    if (before === undefined) found.set(folded, [char]);
    else before.push(char);
  }
  known = found;
  return found;
}

function grow({ app, paths }: AppRules): Branch {
  const fresh = (): Branch => ({ texts: new Map(), any: undefined, folds: app.ignoreCase });
  const root = fresh();
  for (const { pattern } of paths) {
    let branch = root;
    for (const segment of pattern.segments) {
      if (segment === ANY_SEGMENT) {
        branch.any ??= fresh();
        branch = branch.any;
        continue;
      }
      const text = app.ignoreCase ? foldSegment(segment) : segment;
      const next = branch.texts.get(text) ?? fresh();
      branch.texts.set(text, next);
      branch = next;
    }
  }
  return root;
}
