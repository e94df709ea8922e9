import type { RuleSet } from '../rules/rule-set.ts';
import type { RuleTest } from '../rules/rule-tests.ts';
import { anyTenants, type TenantTerms } from '../rules/tenancy.ts';
import type { AccessToken } from '../token/access-token.ts';
import { type Evaluation, evaluate } from './evaluate.ts';
import { checkNeed, type NeedPart } from './need-check.ts';
import { durationText } from './need-text.ts';

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
 * Runs the `tests` of every app, each against the evaluator that the check shares. Pure. Every text that can be a tenant is
 * one: whoever is listed today, the rules stay right or wrong.
 * @param basePath segments of the configured base path
 * @param now Unix seconds
 * @param terms where tenants are; undefined where the configuration is not known, or has none
 */
export const runTests = (
  ruleSet: RuleSet,
  basePath: readonly string[],
  now: number,
  terms?: TenantTerms,
): readonly TestResult[] =>
  ruleSet.written.flatMap(({ app, tests }) =>
    tests.map((test) => {
      const evaluation = evaluate(ruleSet, basePath, test, callerOf(test), now, anyTenants(terms));
      return {
        app: app.name,
        test,
        title: titleOf(test),
        evaluation,
        failure: failureOf(test, evaluation, now),
      };
    }),
  );

/** The tests that fail: while there is one, a reload leaves the old rules in force. */
export const failedTests = (
  ruleSet: RuleSet,
  basePath: readonly string[],
  now: number,
  terms?: TenantTerms,
): readonly TestResult[] =>
  runTests(ruleSet, basePath, now, terms).filter(({ failure }) => failure !== undefined);

const callerOf = ({ scopes, audience, acr, loginAge }: RuleTest): Parameters<typeof evaluate>[3] =>
  scopes === undefined
    ? { kind: 'anonymous' }
    : {
        kind: 'supposed',
        scopes,
        acr,
        loginAge,
        ...(audience === undefined ? {} : { audiences: [audience] }),
      };

const titleOf = ({ method, host, target, scopes, audience, acr, loginAge }: RuleTest): string =>
  [
    `${method} ${host}${target}`,
    scopes === undefined ? 'anonymous' : `with ${scopes.length === 0 ? 'no scopes' : scopes.join(' ')}`,
    ...(audience === undefined ? [] : [`for ${audience}`]),
    ...(acr === undefined ? [] : [`acr ${acr}`]),
    ...(loginAge === undefined ? [] : [`signed in ${durationText(loginAge)} ago`]),
  ].join(', ');

function failureOf(test: RuleTest, evaluation: Evaluation, now: number): TestFailure | undefined {
  const { outcome, reason, rule } = evaluation;
  const missing = missingOf(evaluation);
  const sameMissing = test.missing === undefined || isSame(test.missing, missing);
  if (test.expect === outcome && sameMissing) return undefined;
  const unmet = unmetOf(evaluation, now);
  const why = unmet.map(([part, text]) => `${part} ${text}`).join('; ');
  const saysMissing = test.missing !== undefined || missing.length > 0;
  return {
    summary:
      test.expect === outcome
        ? `expected to miss ${listText(test.missing ?? [])}, misses ${listText(missing)}`
        : `expected ${test.expect}, got ${outcome}${why === '' ? '' : ` (${why})`}`,
    facts: [
      ['expected', withMissing(test.expect, saysMissing ? test.missing : undefined)],
      ['got', withMissing(outcome, outcome === 'forbidden' ? missing : undefined)],
      ['reason', reason],
      ...unmet,
      ...(rule === undefined ? [] : [['rule', `${ruleText(rule)} (${rule.id})`] as const]),
    ],
  };
}

/** @returns what the rule needs beside scopes, and what the token has in its place: only where that is what decided. */
function unmetOf({ reason, rule, token }: Evaluation, now: number): TestFailure['facts'] {
  if (rule?.need.kind !== 'token' || token === undefined) return [];
  const parts = UNMET_PARTS[reason] ?? [];
  return checkNeed(rule.need, token, now)
    .filter(({ part, met }) => !met && parts.includes(part))
    .map(({ part, text }) => [part, `needs ${text}; ${heldText(part, token, now)}`]);
}

const UNMET_PARTS: Partial<Record<Evaluation['reason'], readonly NeedPart['part'][]>> = {
  'token-audience': ['audience'],
  'step-up-needed': ['acr', 'loginWithin'],
};

function heldText(
  part: NeedPart['part'],
  { audiences, acr, authenticatedAt }: AccessToken,
  now: number,
): string {
  if (part === 'audience') return `the token is for ${audiences.join(', ') || 'no audience'}`;
  if (part === 'acr') return acr === undefined ? 'the token names none' : `the token names ${acr}`;
  return authenticatedAt === undefined
    ? 'the token does not say when the person signed in'
    : `the person signed in ${durationText(now - authenticatedAt)} ago`;
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
