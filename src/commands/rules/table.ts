import { needText } from '../../review/need-text.ts';
import { tableOf } from '../../review/table.ts';
import type { AppRules } from '../../rules/rule-set.ts';
import { type ExitCode, misuse, printJson, type RulesInvocation } from '../command.ts';
import { columns, paragraph } from '../layout.ts';
import { loadOrReport, REPORT_MODE } from './loaded.ts';

/** `postern rules table`: every rule in the order of precedence, for a review. */
export async function rulesTable(invocation: RulesInvocation): Promise<ExitCode> {
  const { json, out } = invocation;
  const [word] = invocation.words;
  if (word !== undefined)
    return misuse(invocation, `"${word}" is one word too many`, `write postern rules table --rules ${word}`);
  const loaded = await loadOrReport(invocation);
  if (loaded === undefined) return 1;
  const { written, version } = loaded.ruleSet;
  if (json) printJson(invocation, { ok: true, version, apps: written.map(tableJson) });
  else out(`${[...written.flatMap((app) => tableLines(app)), ...LEGEND].join('\n')}\n`);
  return 0;
}

const tableJson = (rules: AppRules) => ({
  app: rules.app.name,
  hosts: rules.app.hosts,
  audiences: rules.app.audiences,
  mode: rules.app.mode,
  ignoreCase: rules.app.ignoreCase,
  tolerate: rules.app.tolerate,
  rules: tableOf(rules).map(({ methods, path, need, place }) => ({
    hosts: rules.app.hosts,
    methods,
    path,
    need: needText(need, rules.app.audiences),
    place: place ?? null,
  })),
});

function tableLines(rules: AppRules): readonly string[] {
  const { app } = rules;
  const facts = [
    app.audiences.length === 0 ? 'no audience' : `audience ${app.audiences.join(', ')}`,
    ...(app.mode === 'report' ? [`mode report: ${REPORT_MODE}`] : []),
    ...(app.ignoreCase ? ['case does not count'] : []),
    ...(app.tolerate.length === 0 ? [] : [`tolerates ${app.tolerate.join(', ')}`]),
  ];
  const rows = tableOf(rules).map(({ methods, path, need, place }) => [
    methods.join(' '),
    path,
    needText(need, app.audiences),
    place ?? 'not written',
  ]);
  return [
    ...paragraph(`app ${app.name}: ${app.hosts.join(', ')}`, '', '  '),
    ...paragraph(facts.join('; '), '  '),
    '',
    ...columns(rows, '  '),
    '',
  ];
}

const LEGEND = [
  'any        GET HEAD POST PUT PATCH DELETE OPTIONS; every other method is denied unless it is named',
  'others     those of them that the path does not name; without such a line they are denied',
  'otherwise  paths that no line matches',
];
