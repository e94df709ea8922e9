import { ANY_SEGMENT, foldPattern, foldSegment, type PathPattern } from '../rules/path-pattern.ts';
import type { AppRules, PathRules } from '../rules/rule-set.ts';

/** A segment of a pattern as precedence reads it; behind the last one comes the end, or everything below. */
type Step = { readonly kind: keyof typeof LITERALNESS; readonly text: string };

/** The precedence sentence: literal over `*` over `/**`; the end of a path is literal. */
const LITERALNESS = { end: 0, literal: 0, any: 1, below: 2 } as const;

function stepAt({ segments, below }: PathPattern, index: number): Step {
  const segment = segments[index];
  if (segment === ANY_SEGMENT) return { kind: 'any', text: '*' };
  if (segment !== undefined) return { kind: 'literal', text: segment };
  return below ? { kind: 'below', text: '/**' } : { kind: 'end', text: '' };
}

/**
 * Orders patterns as the lookup tries them: of two that match one path the winner comes first; others by the end of the path,
 * then by their text.
 */
export function byPrecedence(a: PathPattern, b: PathPattern): number {
  const longest = Math.max(a.segments.length, b.segments.length);
  for (let index = 0; index <= longest; index++) {
    const [one, other] = [stepAt(a, index), stepAt(b, index)];
    const rank = LITERALNESS[one.kind] - LITERALNESS[other.kind];
    if (rank !== 0) return rank;
    if (one.text !== other.text) return one.text < other.text ? -1 : 1;
    if (one.kind === 'end' || one.kind === 'below') return 0;
  }
  return 0;
}

/** @returns whether the pattern matches the path: the definition, read aloud. The lookup is `RuleSet.match`. */
export const covers = ({ segments, below }: PathPattern, path: readonly string[]): boolean =>
  (below ? path.length >= segments.length : path.length === segments.length) &&
  segments.every((segment, index) =>
    segment === ANY_SEGMENT ? path[index] !== '' : segment === path[index],
  );

/** @returns the paths of an app with their patterns as they are matched: in lower case where case does not count. */
export const asMatched = ({ app, paths }: AppRules): readonly PathRules[] =>
  app.ignoreCase ? paths.map((rules) => ({ ...rules, pattern: foldPattern(rules.pattern) })) : paths;

/** @returns every path of an app whose pattern matches the request's path, the winner first. */
export function covering(rules: AppRules, path: readonly string[]): readonly PathRules[] {
  const asked = rules.app.ignoreCase ? path.map(foldSegment) : path;
  return asMatched(rules)
    .filter(({ pattern }) => covers(pattern, asked))
    .toSorted((a, b) => byPrecedence(a.pattern, b.pattern));
}

/** @returns in words, why of two patterns that match one path the second lost. */
export function whyLost(winner: PathPattern, loser: PathPattern): string {
  for (let index = 0; index <= winner.segments.length; index++) {
    const [won, lost] = [stepAt(winner, index), stepAt(loser, index)];
    if (won.kind === lost.kind) continue;
    const place = `segment ${index + 1}`;
    const stronger = won.kind === 'end' ? 'the end of the path' : `\`${won.text}\``;
    return `${place}: \`${lost.text}\` is less literal than ${stronger}`;
  }
  return 'it is the same path';
}
