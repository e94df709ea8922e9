import type { RuleSet } from '../rules/rule-set.ts';
import type { RuleTest } from '../rules/rule-tests.ts';
import { type Evaluation, evaluate } from './evaluate.ts';

/** What a test found. */
export interface TestResult {
  readonly app: string;
  readonly test: RuleTest;
  /** The request and the caller in one line. */
  readonly title: string;
  readonly evaluation: Evaluation;
  /** Undefined when the test passed. */
  readonly failure: TestFailure | undefined;
}

export interface TestFailure {
  /** One sentence. */
  readonly summary: string;
  /** Name and text in turn, for people: expected, got, and why. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

/**
 * Runs the `tests` of every app, each against the evaluator that the check shares. Pure.
 * @param basePath segments of the configured base path
 * @param now Unix seconds
 */
export const runTests = (ruleSet: RuleSet, basePath: readonly string[], now: number): readonly TestResult[] =>
  ruleSet.written.flatMap(({ app, tests }) =>
    tests.map((test) => {
      const evaluation = evaluate(ruleSet, basePath, test, callerOf(test), now);
      return { app: app.name, test, title: titleOf(test), evaluation, failure: failureOf(test, evaluation) };
    }),
  );

/** The tests that fail: while there is one, a reload leaves the old rules in force. */
export const failedTests = (
  ruleSet: RuleSet,
  basePath: readonly string[],
  now: number,
): readonly TestResult[] => runTests(ruleSet, basePath, now).filter(({ failure }) => failure !== undefined);

const callerOf = ({ scopes, audience, acr }: RuleTest): Parameters<typeof evaluate>[3] =>
  scopes === undefined
    ? { kind: 'anonymous' }
    : { kind: 'supposed', scopes, acr, ...(audience === undefined ? {} : { audiences: [audience] }) };

const titleOf = ({ method, host, target, scopes, audience, acr }: RuleTest): string =>
  [
    `${method} ${host}${target}`,
    scopes === undefined ? 'anonymous' : `with ${scopes.length === 0 ? 'no scopes' : scopes.join(' ')}`,
    ...(audience === undefined ? [] : [`for ${audience}`]),
    ...(acr === undefined ? [] : [`acr ${acr}`]),
  ].join(', ');

function failureOf(test: RuleTest, evaluation: Evaluation): TestFailure | undefined {
  const { outcome, reason, rule } = evaluation;
  const missing = missingOf(evaluation);
  const sameMissing = test.missing === undefined || isSame(test.missing, missing);
  if (test.expect === outcome && sameMissing) return undefined;
  const saysMissing = test.missing !== undefined || missing.length > 0;
  return {
    summary:
      test.expect === outcome
        ? `expected to miss ${listText(test.missing ?? [])}, misses ${listText(missing)}`
        : `expected ${test.expect}, got ${outcome}`,
    facts: [
      ['expected', withMissing(test.expect, saysMissing ? test.missing : undefined)],
      ['got', withMissing(outcome, outcome === 'forbidden' ? missing : undefined)],
      ['reason', reason],
      ...(rule === undefined ? [] : [['rule', `${ruleText(rule)} (${rule.id})`] as const]),
    ],
  };
}

/** @returns the scopes that the caller lacks. */
export const missingOf = ({ decision }: Evaluation): readonly string[] =>
  decision === undefined || decision.permit ? [] : decision.missing;

const ruleText = ({ method, path }: { method: string | undefined; path: string }): string =>
  method === undefined ? path : `${method} ${path}`;

const withMissing = (outcome: string, missing: readonly string[] | undefined): string =>
  missing === undefined ? outcome : `${outcome}, missing ${listText(missing)}`;

const listText = (scopes: readonly string[]): string => (scopes.length === 0 ? 'nothing' : scopes.join(' '));

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((member) => b.includes(member));
