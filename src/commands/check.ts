import type { Address } from '../config/config.ts';
import { notesOn } from '../config/notes.ts';
import { formatProblems } from '../document/format.ts';
import { lint } from '../review/lint.ts';
import type { Remark } from '../review/remark.ts';
import { runTests, type TestResult } from '../review/run-tests.ts';
import type { App } from '../rules/rule-set.ts';
import { type ExitCode, type Invocation, printJson } from './command.ts';
import { columns, paragraph, plural } from './layout.ts';
import { type Loaded, loadAll, segmentsOf } from './load-all.ts';
import { findingLines, reviewLines } from './review-text.ts';
import { failureLines, testsJson } from './rules/test.ts';

/**
 * Loads everything offline, runs the tests of the rules, and prints how it all was understood, presets as resolved, and what
 * is worth a second look; or every problem with its place.
 */
export async function check(invocation: Invocation): Promise<ExitCode> {
  const loaded = await loadAll(invocation);
  if ('problems' in loaded) {
    if (invocation.json) printJson(invocation, { ok: false, problems: loaded.problems });
    else invocation.err(`${formatProblems(loaded.problems)}\n`);
    return 1;
  }
  const { config, ruleSet, configFile } = loaded;
  const results = runTests(ruleSet, segmentsOf(config.basePath), Math.floor(Date.now() / 1000));
  const remarks = lint(ruleSet, results);
  const isGood =
    results.every(({ failure }) => failure === undefined) && remarks.every(({ level }) => level === 'review');
  if (invocation.json) {
    const providers = Object.fromEntries(config.providers);
    const apps = ruleSet.apps.map(({ name, hosts, audiences }) => ({ name, hosts, audiences }));
    const untested = ruleSet.written.filter(({ tests }) => tests.length === 0).map(({ app }) => app.name);
    printJson(invocation, {
      ok: isGood,
      config: { ...config, providers },
      configFile,
      notes: notesOn(config),
      rules: { version: ruleSet.version, apps },
      tests: testsJson(results, untested),
      findings: remarks.filter(({ level }) => level === 'finding'),
      review: remarks.filter(({ level }) => level === 'review'),
    });
  } else {
    invocation.out(
      [
        ...description(loaded, results),
        ...reviewLines(remarks, invocation.cwd),
        ...failureLines(results, invocation.cwd),
        ...findingLines(remarks, invocation.cwd),
        closing(results, remarks),
        '',
      ].join('\n'),
    );
  }
  return isGood ? 0 : 1;
}

function description(
  { config, ruleSet, configFile }: Loaded,
  results: readonly TestResult[],
): readonly string[] {
  const passed = results.filter(({ failure }) => failure === undefined).length;
  const tests =
    results.length === 0
      ? 'none: see rules/README.md'
      : `${passed} of ${plural(results.length, 'test')} passed`;
  const listeners = `${text(config.listen)} for ${config.trustedProxies.join(', ')}: ${config.endpoints.join(', ')}`;
  const lines = [
    ...columns([
      ['configuration', configFile ?? 'environment only'],
      ['rules', `${config.rules} (version ${ruleSet.version})`],
      ['tests', tests],
      ['listen', listeners],
      ['pagesListen', text(config.pagesListen)],
      ['adminListen', text(config.adminListen)],
      ['sessions', config.session.store],
    ]),
    ...notesOn(config).flatMap((note) => paragraph(note, 'note: ', '  ')),
    '',
  ];
  for (const provider of config.providers.values()) {
    const { name, kind, issuer, clientId, clientAuth, audienceParameter, tokens } = provider;
    lines.push(
      `provider ${name} (${kind})`,
      ...columns(
        [
          ['issuer', issuer],
          ['clientId', clientId],
          ['clientAuth', clientAuth],
          ['audienceParameter', audienceParameter],
          ['tokens', `${tokens.profile}, ${tokens.scopeClaim}, ${tokens.algorithms.join(' ')}`],
        ],
        '  ',
      ),
      '',
    );
  }
  for (const app of ruleSet.apps)
    lines.push(
      ...paragraph(`app ${app.name}: ${app.hosts.join(', ')}`, '', '  '),
      ...columns(askedRows(app), '  '),
      '',
    );
  return lines;
}

const text = ({ host, port }: Address): string =>
  `${host === '' ? 'every interface' : host.includes(':') ? `[${host}]` : host}:${port}`;

/** What a login of the app asks the provider for. */
const askedRows = (app: App): readonly (readonly string[])[] => [
  ['audience', app.audiences.join(', ') || 'none'],
  ...[...app.scopesByAudience].map(([audience, scopes]) => [
    'scopes',
    `${scopes.join(' ') || 'none'} (${audience})`,
  ]),
];

function closing(results: readonly TestResult[], remarks: readonly Remark[]): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const findings = remarks.filter(({ level }) => level === 'finding').length;
  if (failed + findings === 0) return 'Everything loads. Start it with: postern serve';
  const parts = [
    ...(failed === 0 ? [] : [`${plural(failed, 'test')} failed`]),
    ...(findings === 0 ? [] : [plural(findings, 'finding')]),
  ];
  return `Everything loads, but: ${parts.join(', ')}.`;
}
