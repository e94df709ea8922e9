import { COMMON_METHODS } from '../rules/method.ts';
import { ANY_SEGMENT, foldSegment } from '../rules/path-pattern.ts';
import type { AppRules, PathRules } from '../rules/rule-set.ts';
import type { AppChange } from './diff-apps.ts';
import type { Pairing } from './diff-paths.ts';
import { comparesSessions } from './diff-sessions.ts';
import { writtenPath } from './explanation.ts';
import { methodsOf, ruleFor } from './methods.ts';

/** Patterns that one line names. */
const SHOWN = 3;

/**
 * Finds rules that were several and are one now: a tolerated spelling with a reading in each was a 400, and may pass now,
 * though no path changes. Says so where a spelling could have such readings, whether or not one is ever sent.
 */
export function diffSpellings(
  before: AppRules,
  after: AppRules,
  pairings: readonly Pairing[],
): readonly AppChange[] {
  const { tolerate } = after.app;
  if (tolerate.length === 0) return [];
  const folds = before.app.ignoreCase || after.app.ignoreCase;
  const methods = methodsOf(...before.paths, ...after.paths);
  // What holds for paths with an empty segment may hold for no other.
  const emptiesCount = tolerate.includes('empty-segment');
  const hidden = emptiesCount ? before.paths.filter(({ pattern }) => pattern.below) : [];
  const merged = Map.groupBy(pairings, (pairing) => pairing.after);
  return [...merged].flatMap(([target, group]) => {
    const sources = [...new Set(group.map((pairing) => pairing.before))];
    const open = methods.filter((method) => mayPass(after, target, method));
    const meets = (one: PathRules | undefined, other: PathRules | undefined): boolean =>
      one !== other &&
      mayBeOneSpelling(one, other, folds) &&
      open.some((method) => differ(before, one, other, method));
    const met = new Set(sources.filter((one) => sources.some((other) => meets(one, other))));
    for (const one of sources) {
      const others = hidden.filter((other) => emptyMakes(one, other, target) && meets(one, other));
      if (others.length > 0) for (const path of [one, ...others]) met.add(path);
      else if (emptiesCount && emptyMakes(one, undefined, target) && meets(one, undefined))
        met.add(one).add(undefined);
    }
    return met.size === 0
      ? []
      : [
          {
            before: before.app.name,
            after: after.app.name,
            key: 'tolerate' as const,
            effect: 'opens' as const,
            beforeText: `readings in ${some([...met].map(nameOf))} choose different rules`,
            afterText: `all choose ${nameOf(target)}`,
            meaning: 'spellings that were refused may now pass',
          },
        ];
  });
}

const mayPass = ({ app, otherwise }: AppRules, path: PathRules | undefined, method: string): boolean => {
  const rule = path === undefined ? restFor(otherwise, method) : ruleFor(path, method);
  if (rule !== undefined) return rule.need.kind !== 'deny';
  return path === undefined && COMMON_METHODS.has(method) && comparesSessions(app);
};

/** Whether readings that choose these are a 400: two rules, a rule and none, or none for different reasons. */
function differ(
  { otherwise }: AppRules,
  one: PathRules | undefined,
  other: PathRules | undefined,
  method: string,
): boolean {
  const chosen = [one, other].map((path) =>
    path === undefined
      ? (restFor(otherwise, method) ?? 'no-rule')
      : (ruleFor(path, method) ?? 'method-not-listed'),
  );
  return chosen[0] !== chosen[1];
}

const restFor = (otherwise: AppRules['otherwise'], method: string): AppRules['otherwise'] =>
  COMMON_METHODS.has(method) ? otherwise : undefined;

/**
 * Readings of one spelling are alike up to its first odd segment, and one of them keeps that segment as it is: text that only
 * `*` or `/**` matches.
 */
function mayBeOneSpelling(one: PathRules | undefined, other: PathRules | undefined, folds: boolean): boolean {
  if (one === undefined || other === undefined) return true;
  const plain = (segment: string): string => (folds ? foldSegment(segment) : segment);
  for (let at = 0; ; at++) {
    if (takesAnyText(one, at) || takesAnyText(other, at)) return true;
    const [a, b] = [one.pattern.segments[at], other.pattern.segments[at]];
    if (typeof a !== 'string' || typeof b !== 'string' || plain(a) !== plain(b)) return false;
  }
}

/**
 * Whether an empty segment, which no `*` matches, makes another pattern of what would be the first one without it, while the
 * target takes both.
 */
function emptyMakes(
  one: PathRules | undefined,
  other: PathRules | undefined,
  target: PathRules | undefined,
): boolean {
  const takesBelow = (path: PathRules | undefined, at: number): boolean =>
    path === undefined || (path.pattern.below && path.pattern.segments.length <= at);
  const lastAny = one?.pattern.segments.lastIndexOf(ANY_SEGMENT) ?? -1;
  return lastAny > 0 && takesBelow(other, lastAny) && takesBelow(target, lastAny);
}

const takesAnyText = ({ pattern: { segments, below } }: PathRules, at: number): boolean =>
  segments[at] === ANY_SEGMENT || (below && at >= segments.length);

const nameOf = (path: PathRules | undefined): string =>
  path === undefined ? 'the rest of the app' : writtenPath(path);

function some(texts: readonly string[]): string {
  const more = texts.length - SHOWN;
  const last = more > 1 ? `${more} more` : texts.at(-1);
  return `${texts.slice(0, more > 1 ? SHOWN : -1).join(', ')} and ${last}`;
}
