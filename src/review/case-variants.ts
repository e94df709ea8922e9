import { ANY_SEGMENT, type PathPattern } from '../rules/path-pattern.ts';
import type { AppRules, RuleSet } from '../rules/rule-set.ts';
import { implies } from './implies.ts';
import { methodsText, needsOf } from './methods.ts';
import { needText } from './need-text.ts';
import type { Remark } from './remark.ts';

/**
 * Lists rules that an upstream which folds case would be reachable around: `/ADMIN` is another path here, and some wider
 * rule asks less of it.
 */
export function reachableInOtherCase(ruleSet: RuleSet, { app, paths }: AppRules): readonly Remark[] {
  if (app.ignoreCase) return [];
  return paths.flatMap((path) => {
    const variants = variantsOf(path.pattern);
    return needsOf(path).flatMap(({ rule, methods }): readonly Remark[] => {
      if (rule.need.kind === 'public') return [];
      for (const method of methods)
        for (const variant of variants) {
          const match = ruleSet.match(app, method, variant);
          if (match.kind === 'none' || implies(match.rule.need, rule.need)) continue;
          const { need, path: wider } = match.rule;
          return [
            {
              topic: 'case',
              level: 'review',
              app: app.name,
              place: rule.id,
              subject: `${methodsText(path, methods)} ${rule.path}`,
              message: `/${variant.join('/')} meets ${wider}: ${needText(need, app.audiences)}`,
            },
          ];
        }
      return [];
    });
  });
}

/** Paths that the pattern would match if case did not count: each segment in capitals, and all of them. */
function variantsOf({ segments, below }: PathPattern): readonly (readonly string[])[] {
  const written = [
    ...segments.map((segment) => (segment === ANY_SEGMENT ? 'x' : segment)),
    ...(below ? ['x'] : []),
  ];
  const folds = (index: number): boolean =>
    typeof segments[index] === 'string' && otherCase(written[index] as string) !== written[index];
  const foldable = written.map((_, index) => index).filter(folds);
  const variant = (which: readonly number[]): readonly string[] =>
    written.map((segment, index) => (which.includes(index) ? otherCase(segment) : segment));
  return [...foldable.map((index) => variant([index])), ...(foldable.length > 1 ? [variant(foldable)] : [])];
}

const otherCase = (text: string): string =>
  text.toUpperCase() === text ? text.toLowerCase() : text.toUpperCase();
