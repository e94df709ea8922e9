import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { formatProblems } from '../../document/format.ts';
import { evaluate } from '../../review/evaluate.ts';
import { junitError, junitXml } from '../../review/junit.ts';
import { missingOf, runTests, type TestResult } from '../../review/run-tests.ts';
import { testLine } from '../../review/test-line.ts';
import type { App } from '../../rules/rule-set.ts';
import { usualHost } from '../../rules/rule-tests.ts';
import { tenantTermsOf } from '../../trust.ts';
import { type ExitCode, misuse, printJson, type RulesInvocation } from '../command.ts';
import { columns, paragraph, plural, wholeLine } from '../layout.ts';
import { type LoadedRules, loadForReview } from '../load-all.ts';
import { explainLine, type Named } from '../shell-line.ts';
import { reportLoading } from './loaded.ts';

/** `postern rules test`: runs the tests of all apps on the evaluator that the check shares. */
export async function rulesTest(invocation: RulesInvocation): Promise<ExitCode> {
  const { json, out } = invocation;
  const [word] = invocation.words;
  if (word !== undefined)
    return misuse(invocation, `"${word}" is one word too many`, `write postern rules test --rules ${word}`);
  const loaded = await loadForReview(invocation);
  if (!('ruleSet' in loaded)) {
    const { problems } = loaded;
    const unwritten = writeJunit(
      invocation,
      junitError(`${plural(problems.length, 'problem')}: no test ran`, formatProblems(problems)),
    );
    if (unwritten !== undefined) return unwritten;
    await reportLoading(invocation, loaded);
    return 1;
  }
  await reportLoading(invocation, loaded);
  const { config } = loaded;
  const terms = config === undefined ? undefined : tenantTermsOf(config);
  const results = runTests(loaded.ruleSet, loaded.basePath, Math.floor(Date.now() / 1000), terms);
  const untested = loaded.ruleSet.written.filter(({ tests }) => tests.length === 0).map(({ app }) => app);
  const unwritten = writeJunit(invocation, junitXml(results));
  if (unwritten !== undefined) return unwritten;
  const names = untested.map(({ name }) => name);
  if (json) printJson(invocation, testsJson(results, names));
  else out(`${testLines(results, untested, loaded, invocation).join('\n')}\n`);
  return results.every(({ failure }) => failure === undefined) ? 0 : 1;
}

/** @returns the exit code of a wrong call, when the file cannot be written. */
function writeJunit(invocation: RulesInvocation, xml: string): ExitCode | undefined {
  const { cwd, values } = invocation;
  if (values.junit === undefined) return undefined;
  try {
    writeFileSync(resolve(cwd, values.junit), xml);
    return undefined;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const message = `${values.junit} cannot be written (${code})`;
    return misuse(invocation, message, 'name a file in a folder that exists');
  }
}

/** The results for programs. */
export const testsJson = (results: readonly TestResult[], untested: readonly string[]) => ({
  ok: results.every(({ failure }) => failure === undefined),
  tests: results.length,
  failures: results.filter(({ failure }) => failure !== undefined).length,
  untestedApps: untested,
  results: results.map(({ app, test, title, evaluation, failure }) => ({
    app,
    place: test.id,
    title,
    ok: failure === undefined,
    expected: { outcome: test.expect, ...(test.missing === undefined ? {} : { missing: test.missing }) },
    got: {
      outcome: evaluation.outcome,
      reason: evaluation.reason,
      missing: missingOf(evaluation),
      ...(evaluation.rule === undefined ? {} : { rule: evaluation.rule.id }),
    },
  })),
});

function testLines(
  results: readonly TestResult[],
  untested: readonly App[],
  loaded: LoadedRules,
  named: Named,
): readonly string[] {
  const perApp = [...Map.groupBy(results, ({ app }) => app)].map(([app, tests]) => {
    const passed = tests.filter(({ failure }) => failure === undefined).length;
    return [passed === tests.length ? 'ok' : 'FAILED', app, `${passed} of ${plural(tests.length, 'test')}`];
  });
  return [
    ...failureLines(results),
    ...columns([...perApp, ...untested.map(({ name }) => ['-', name, 'no tests'])]),
    '',
    ...closing(results, untested[0], loaded, named),
  ];
}

function closing(
  results: readonly TestResult[],
  untested: App | undefined,
  { ruleSet, basePath }: LoadedRules,
  named: Named,
): readonly string[] {
  const failures = results.filter(({ failure }) => failure !== undefined);
  if (failures.length > 0)
    return [`${failures.length} of ${plural(results.length, 'test')} failed.`, ...whyLines(results, named)];
  const passed = results.length === 0 ? 'There are no tests.' : `${plural(results.length, 'test')} passed.`;
  const host = untested === undefined ? undefined : usualHost(untested.hosts);
  if (untested === undefined || host === undefined) return [passed];
  const anonymous = { kind: 'anonymous' } as const;
  const example = evaluate(ruleSet, basePath, { method: 'GET', host, target: '/' }, anonymous, 0);
  const hint = `begin with the file of ${untested.name}: tests: [${testLine(example, anonymous)}]`;
  return [passed, ...wholeLine(hint, '  -> ')];
}

/** The command that tells why the first of the failed tests failed. */
export function whyLines(results: readonly TestResult[], named: Named): readonly string[] {
  const first = results.find(({ failure }) => failure !== undefined);
  return first === undefined ? [] : wholeLine(`why: ${explainLine(first.test, named)}`, '  -> ');
}

/** Each failed test: place and request, then what was expected and what came. */
export const failureLines = (results: readonly TestResult[]): readonly string[] =>
  results.flatMap(({ test, title, failure }) =>
    failure === undefined
      ? []
      : [...paragraph(`${test.id}: ${title}`, '', '    '), ...columns(failure.facts, '    '), ''],
  );
