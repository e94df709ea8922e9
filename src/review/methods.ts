import { COMMON_METHODS } from '../rules/method.ts';
import type { Rule } from '../rules/rule.ts';
import { everyRule, type PathRules } from '../rules/rule-set.ts';

/** @returns what a path says of a method; undefined when it denies it by not naming it. */
export const ruleFor = ({ byMethod, rest }: PathRules, method: string): Rule | undefined =>
  byMethod.get(method) ?? (COMMON_METHODS.has(method) ? rest : undefined);

/** @returns every method that any of the paths could permit: the common ones, and those that are named. */
export const methodsOf = (...paths: readonly PathRules[]): readonly string[] =>
  inOrder(new Set([...COMMON_METHODS, ...paths.flatMap(({ byMethod }) => [...byMethod.keys()])]));

/** @returns the methods that a path denies by naming others; a preflight that `origins` lets pass never asks for a rule. */
export const unnamedMethods = (path: PathRules): readonly string[] =>
  path.byMethod.size === 0 || path.rest !== undefined
    ? []
    : [...COMMON_METHODS].filter((method) => !path.byMethod.has(method));

/** Sorts methods as people say them: the common ones first. */
export function inOrder(methods: Iterable<string>): readonly string[] {
  const common = [...COMMON_METHODS];
  const rank = (method: string): number => (common.includes(method) ? common.indexOf(method) : common.length);
  return [...methods].toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** @returns every rule of a path once. */
export const rulesOf = (path: PathRules): readonly Rule[] => [...new Set(everyRule(path))];

/** A need of a path, and the methods that it holds for. */
export interface NeedOfPath {
  readonly rule: Rule;
  readonly methods: readonly string[];
}

/** @returns the different needs of a path; methods that were written together share one. */
export function needsOf(path: PathRules): readonly NeedOfPath[] {
  const groups = Map.groupBy(methodsOf(path), (method) => ruleFor(path, method)?.need);
  return [...groups.values()].flatMap((methods) => {
    const rule = ruleFor(path, methods[0] ?? '');
    return rule === undefined ? [] : [{ rule, methods }];
  });
}

/** @returns methods as a review names them: `any` for the common ones of a path without methods, `others` for the unnamed. */
export function methodsText({ byMethod }: PathRules, methods: readonly string[]): string {
  if (methods.some((method) => byMethod.has(method))) return methods.join(' ');
  return byMethod.size === 0 ? 'any' : 'others';
}
