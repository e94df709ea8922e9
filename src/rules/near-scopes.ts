import { nearestWord } from '../document/nearest-word.ts';
import type { Need } from './rule.ts';
import { type AppRules, everyRule, type PathRules } from './rule-set.ts';

/** A scope that is probably misspelled. */
export interface NearScope {
  readonly scope: string;
  /** The scope that was probably meant: the rules name it more often. */
  readonly near: string;
  /** `file:line` of the rule that names it. */
  readonly id: string;
}

/** In shorter scopes every other one is near. */
const MIN_LENGTH = 5;

/**
 * Finds scopes that the rules of an app name in one need only, and that are a slip away from one that they name in more:
 * `order:read` beside `orders:read`. A hint for reviews, never an error: both may exist. Scopes that differ by digits only
 * (`tier1:read`, `tier2:read`) are taken for different ones.
 */
export function nearScopes({ paths }: Pick<AppRules, 'paths'>): readonly NearScope[] {
  const uses = new Map<string, { count: number; id: string }>();
  for (const { id, need } of paths.flatMap(needsOf)) {
    if (need.kind !== 'token') continue;
    for (const scope of new Set([...need.allOf, ...need.anyOf])) {
      const use = uses.get(scope);
      if (use === undefined) uses.set(scope, { count: 1, id });
      else use.count++;
    }
  }
  const common = [...uses].flatMap(([scope, { count }]) => (count > 1 ? [scope] : []));
  return [...uses].flatMap(([scope, { count, id }]) => {
    if (count > 1 || scope.length < MIN_LENGTH) return [];
    const candidates = common.filter((other) => withoutDigits(other) !== withoutDigits(scope));
    const near = nearestWord(scope, candidates);
    return near === undefined ? [] : [{ scope, near, id }];
  });
}

const withoutDigits = (scope: string): string => scope.replaceAll(/[0-9]+/g, '0');

/** Each need once: the methods of one key share theirs. */
function needsOf(path: PathRules): readonly { readonly id: string; readonly need: Need }[] {
  return [...new Map(everyRule(path).map((rule) => [rule.need, rule])).values()];
}
