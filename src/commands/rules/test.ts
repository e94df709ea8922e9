import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { evaluate } from '../../review/evaluate.ts';
import { junitXml } from '../../review/junit.ts';
import { missingOf, runTests, type TestResult } from '../../review/run-tests.ts';
import { testLine } from '../../review/test-line.ts';
import type { App } from '../../rules/rule-set.ts';
import { usualHost } from '../../rules/rule-tests.ts';
import { type ExitCode, misuse, pathFrom, printJson, type RulesInvocation } from '../command.ts';
import { columns, paragraph, plural } from '../layout.ts';
import type { LoadedRules } from '../load-all.ts';
import { loadOrReport } from './loaded.ts';

/** `postern rules test`: runs the tests of all apps on the evaluator that the check shares. */
export async function rulesTest(invocation: RulesInvocation): Promise<ExitCode> {
  const { cwd, json, out, values } = invocation;
  const [word] = invocation.words;
  if (word !== undefined)
    return misuse(invocation, `"${word}" is one word too many`, `write postern rules test --rules ${word}`);
  const loaded = await loadOrReport(invocation);
  if (loaded === undefined) return 1;
  const results = runTests(loaded.ruleSet, loaded.basePath, Math.floor(Date.now() / 1000));
  const untested = loaded.ruleSet.written.filter(({ tests }) => tests.length === 0).map(({ app }) => app);
  if (values.junit !== undefined) {
    try {
      writeFileSync(
        resolve(cwd, values.junit),
        junitXml(results, (place) => pathFrom(cwd, place)),
      );
    } catch (error) {
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      return misuse(
        invocation,
        `${values.junit} cannot be written (${code})`,
        'name a file in a folder that exists',
      );
    }
  }
  const failed = results.filter(({ failure }) => failure !== undefined);
  if (json)
    printJson(
      invocation,
      testsJson(
        results,
        untested.map(({ name }) => name),
      ),
    );
  else out(`${testLines(results, untested, loaded, cwd).join('\n')}\n`);
  return failed.length === 0 ? 0 : 1;
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
  cwd: string,
): readonly string[] {
  const perApp = [...Map.groupBy(results, ({ app }) => app)].map(([app, tests]) => {
    const passed = tests.filter(({ failure }) => failure === undefined).length;
    return [passed === tests.length ? 'ok' : 'FAILED', app, `${passed} of ${plural(tests.length, 'test')}`];
  });
  return [
    ...failureLines(results, cwd),
    ...columns([...perApp, ...untested.map(({ name }) => ['-', name, 'no tests'])]),
    '',
    ...closing(results, untested[0], loaded),
  ];
}

function closing(
  results: readonly TestResult[],
  untested: App | undefined,
  { ruleSet, basePath }: LoadedRules,
): readonly string[] {
  const failures = results.filter(({ failure }) => failure !== undefined);
  const [first] = failures;
  if (first !== undefined) {
    const { method, host, target, scopes } = first.test;
    const caller = scopes === undefined ? '' : ` --scopes '${scopes.join(' ')}'`;
    return [
      `${failures.length} of ${plural(results.length, 'test')} failed.`,
      ...paragraph(
        `why: postern rules explain ${method} 'https://${host}${target}'${caller}`,
        '  -> ',
        '     ',
      ),
    ];
  }
  const passed = results.length === 0 ? 'There are no tests.' : `${plural(results.length, 'test')} passed.`;
  const host = untested === undefined ? undefined : usualHost(untested.hosts);
  if (untested === undefined || host === undefined) return [passed];
  const anonymous = { kind: 'anonymous' } as const;
  const example = evaluate(ruleSet, basePath, { method: 'GET', host, target: '/' }, anonymous, 0);
  const hint = `begin with the file of ${untested.name}: tests: [${testLine(example, anonymous)}]`;
  return [passed, ...paragraph(hint, '  -> ', '     ')];
}

/** Each failed test: place and request, then what was expected and what came. */
export const failureLines = (results: readonly TestResult[], cwd: string): readonly string[] =>
  results.flatMap(({ test, title, failure }) =>
    failure === undefined
      ? []
      : [
          ...paragraph(`${pathFrom(cwd, test.id)}: ${title}`, '', '    '),
          ...columns(
            failure.facts.map(([name, text]) => [
              name,
              name === 'rule' ? text.replace(/\((.*)\)$/, (_, id) => `(${pathFrom(cwd, id)})`) : text,
            ]),
            '    ',
          ),
          '',
        ],
  );
