import { ANY_SEGMENT, type PathPattern } from '../rules/path-pattern.ts';
import type { PathRules } from '../rules/rule-set.ts';

/** Patterns that begin alike. */
interface Branch {
  readonly children: Map<string | typeof ANY_SEGMENT, Branch>;
  end: PathRules | undefined;
  below: PathRules | undefined;
}

/**
 * Finds, of an app's paths, those that have a request path in common with a pattern. A tree, so that a review of many
 * rules does not compare each with every other.
 */
export function createOverlaps(paths: readonly PathRules[]): (pattern: PathPattern) => readonly PathRules[] {
  const root = newBranch();
  for (const rules of paths) {
    let branch = root;
    for (const segment of rules.pattern.segments) {
      const next = branch.children.get(segment) ?? newBranch();
      branch.children.set(segment, next);
      branch = next;
    }
    if (rules.pattern.below) branch.below = rules;
    else branch.end = rules;
  }
  return (pattern) => [...meeting(root, pattern, 0)];
}

function* meeting(branch: Branch, pattern: PathPattern, depth: number): Generator<PathRules> {
  if (branch.below !== undefined) yield branch.below;
  const segment = pattern.segments[depth];
  const isOver = depth >= pattern.segments.length;
  if (branch.end !== undefined && isOver) yield branch.end;
  if (isOver && !pattern.below) return;
  for (const [own, next] of branch.children)
    if (isOver || segment === ANY_SEGMENT || own === ANY_SEGMENT || own === segment)
      yield* meeting(next, pattern, depth + 1);
}

/** @returns a path that both patterns match; they must have one in common. */
export function commonPath(a: PathPattern, b: PathPattern): readonly string[] {
  const length = Math.max(a.segments.length, b.segments.length);
  return Array.from({ length }, (_, index) => {
    const [one, other] = [a.segments[index], b.segments[index]];
    return typeof one === 'string' ? one : typeof other === 'string' ? other : 'x';
  });
}

const newBranch = (): Branch => ({ children: new Map(), end: undefined, below: undefined });
