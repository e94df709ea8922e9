import { nearScopes } from '../rules/near-scopes.ts';
import type { Rule } from '../rules/rule.ts';
import type { AppRules, RuleSet } from '../rules/rule-set.ts';
import { ruleAsWritten } from '../rules/tenant-app.ts';
import { reachableInOtherCase } from './case-variants.ts';
import { deniesBeaten } from './deny-beaten.ts';
import { listed } from './listed.ts';
import type { Remark } from './remark.ts';
import type { TestResult } from './run-tests.ts';

/**
 * Reviews a rule set that has no problems: what is most likely a mistake, and what a person should have looked at.
 * @param results of the set's own tests: what they ask for and find open is known to be meant
 */
export function lint(ruleSet: RuleSet, results: readonly TestResult[]): readonly Remark[] {
  const opened = new Map<Rule, (readonly string[])[]>();
  for (const { evaluation, failure } of results) {
    const { rule, readings } = evaluation;
    if (failure !== undefined || rule === undefined || rule.need.kind === 'deny') continue;
    const written = ruleAsWritten(rule);
    opened.set(written, [...(opened.get(written) ?? []), ...readings]);
  }
  return ruleSet.written.flatMap((rules) => [
    ...deniesBeaten(rules, opened),
    ...scopesMisspelled(rules),
    ...listed(rules),
    ...reachableInOtherCase(ruleSet, rules),
  ]);
}

const scopesMisspelled = (rules: AppRules): readonly Remark[] =>
  nearScopes(rules).map(({ scope, near, id }) => ({
    topic: 'near-scope',
    level: 'review',
    app: rules.app.name,
    place: id,
    subject: scope,
    message: `did you mean \`${near}\`, as elsewhere in this app?`,
  }));
