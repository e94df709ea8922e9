import { type Problem, shortSentence } from '../document/problem.ts';
import { segmentsOf } from '../forwarded/own-path.ts';
import { failedTests, type TestResult } from '../review/run-tests.ts';
import { assembleRuleSet } from '../rules/load.ts';
import type { RulesRead } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import type { TenantTerms } from '../rules/tenancy.ts';

/** A whole rule set, or everything that stands in its way. */
export type Built = { readonly ruleSet: RuleSet } | { readonly problems: readonly Problem[] };

export interface BuildOptions {
  readonly basePath: string;
  /** Unix seconds, for tests whose tokens have an age. */
  readonly now: number;
  /** Where tenants are; undefined where there are none. */
  readonly tenants?: TenantTerms | undefined;
}

/** Makes a rule set of what was read and runs its tests: the same for the start and for every reload. Pure. */
export function buildRules(read: RulesRead, options: BuildOptions): Built {
  const loaded = assembleRuleSet(read, { basePath: options.basePath });
  if ('problems' in loaded) return loaded;
  const failed = testProblems(loaded.ruleSet, options);
  return failed.length > 0 ? { problems: failed } : loaded;
}

/** Runs the tests of a rule set. @returns a problem for each that fails */
export const testProblems = (
  ruleSet: RuleSet,
  { basePath, now, tenants }: BuildOptions,
): readonly Problem[] => failedTests(ruleSet, segmentsOf(basePath), now, tenants).map(problemOf);

function problemOf({ title, test: { id }, failure }: TestResult): Problem {
  const colon = id.lastIndexOf(':');
  return {
    file: id.slice(0, colon),
    line: Number(id.slice(colon + 1)),
    column: 1,
    message: shortSentence(`The test \`${title}\` fails: ${failure?.summary}.`),
    wayOut:
      'change the rule, or what the test expects; `postern rules explain` shows how the request is decided',
  };
}
