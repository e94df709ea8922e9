import type { Address, Config } from '../config/config.ts';
import { notesOn } from '../config/notes.ts';
import { segmentsOf } from '../forwarded/own-path.ts';
import { lint } from '../review/lint.ts';
import type { Remark } from '../review/remark.ts';
import { runTests, type TestResult } from '../review/run-tests.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { tenantTermsOf } from '../trust.ts';
import { type ExitCode, type Invocation, pathFrom, printJson, type RulesValues } from './command.ts';
import { columns, paragraph, plural } from './layout.ts';
import { loadAll, loadForReview } from './load-all.ts';
import { findingLines, reviewLines } from './review-text.ts';
import { noteDefaults, reportProblems } from './rules/loaded.ts';
import { failureLines, testsJson, whyLines } from './rules/test.ts';

export interface CheckInvocation extends Invocation {
  readonly values: Pick<RulesValues, 'rules'>;
}

/** The options that only this command has. */
export const CHECK_OPTIONS: readonly (keyof CheckInvocation['values'])[] = ['rules'];

/** What is checked: all of a gateway, or, with `--rules`, its rules alone. */
interface Checked {
  readonly ruleSet: RuleSet;
  /** Segments. */
  readonly basePath: readonly string[];
  readonly config: Config | undefined;
  readonly configFile: string | undefined;
  /** Of the rules, as it was named. */
  readonly path: string;
}

/**
 * Loads everything offline, runs the tests of the rules, and prints how it all was understood, presets as resolved, and what
 * is worth a second look; or every problem with its place. Exit code 1 for problems, failed tests and findings.
 */
export async function check(invocation: CheckInvocation): Promise<ExitCode> {
  const checked = await loadChecked(invocation);
  if (checked.path !== undefined) await noteDefaults(invocation, checked.path);
  if ('problems' in checked) {
    reportProblems(invocation, checked.problems);
    return 1;
  }
  const results = runTests(
    checked.ruleSet,
    checked.basePath,
    Math.floor(Date.now() / 1000),
    checked.config === undefined ? undefined : tenantTermsOf(checked.config),
  );
  const remarks = lint(checked.ruleSet, results);
  const isGood =
    results.every(({ failure }) => failure === undefined) && remarks.every(({ level }) => level === 'review');
  if (invocation.json) printJson(invocation, { ok: isGood, ...checkJson(checked, results, remarks) });
  else
    invocation.out(
      [
        ...failedLines(results, invocation),
        ...description(checked, results, invocation.cwd),
        ...reviewLines(remarks),
        ...findingLines(remarks),
        closing(results, remarks, checked.config === undefined),
        '',
      ].join('\n'),
    );
  return isGood ? 0 : 1;
}

async function loadChecked(
  invocation: CheckInvocation,
): Promise<
  | Checked
  | (Extract<Awaited<ReturnType<typeof loadAll>>, { problems: unknown }> & { path?: string | undefined })
> {
  if (invocation.values.rules !== undefined) {
    const loaded = await loadForReview(invocation);
    return 'ruleSet' in loaded ? { ...loaded, configFile: undefined } : loaded;
  }
  const loaded = await loadAll(invocation, invocation.cwd);
  if ('problems' in loaded) return loaded;
  const { config, ruleSet, configFile } = loaded;
  return { ruleSet, config, configFile, basePath: segmentsOf(config.basePath), path: config.rules };
}

/** All of it for programs; a failed test is a finding too. */
function checkJson(
  { config, configFile, ruleSet }: Checked,
  results: readonly TestResult[],
  remarks: readonly Remark[],
) {
  const apps = ruleSet.apps.map(({ name, hosts, audiences }) => ({ name, hosts, audiences }));
  const untested = ruleSet.written.filter(({ tests }) => tests.length === 0).map(({ app }) => app.name);
  return {
    config: config === undefined ? null : { ...config, providers: Object.fromEntries(config.providers) },
    configFile: configFile ?? null,
    notes: config === undefined ? [] : notesOn(config),
    rules: { version: ruleSet.version, apps },
    tests: testsJson(results, untested),
    findings: [...results.flatMap(failedTest), ...remarks.filter(({ level }) => level === 'finding')],
    review: remarks.filter(({ level }) => level === 'review'),
  };
}

const failedTest = ({ app, test, title, failure }: TestResult) =>
  failure === undefined
    ? []
    : {
        topic: 'test-failed',
        level: 'finding',
        app,
        place: test.id,
        subject: title,
        message: failure.summary,
        wayOut: 'change the rule, or what the test expects',
      };

/** Failed tests come before everything else: nothing of the rest comes into force with them. */
function failedLines(results: readonly TestResult[], invocation: CheckInvocation): readonly string[] {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  if (failed === 0) return [];
  return [
    ...failureLines(results),
    ...paragraph(
      `${plural(failed, 'test')} failed: with these rules postern serve does not start, and a running gateway keeps the rules that it has.`,
    ),
    ...paragraph('change the rule, or what the test expects', '  -> ', '     '),
    ...whyLines(results, invocation),
    '',
  ];
}

function description(
  { config, ruleSet, configFile, path }: Checked,
  results: readonly TestResult[],
  cwd: string,
): readonly string[] {
  const passed = results.filter(({ failure }) => failure === undefined).length;
  const tests =
    results.length === 0
      ? 'none: see docs/rules.md'
      : `${passed} of ${plural(results.length, 'test')} passed`;
  const rules = `${pathFrom(cwd, path)} (version ${ruleSet.version})`;
  return [
    ...columns([
      ['configuration', configFile ?? (config === undefined ? 'not looked at' : 'environment only')],
      ['rules', rules],
      ['tests', tests],
      ...(config === undefined ? [] : listenerRows(config)),
    ]),
    ...(config === undefined ? [] : notesOn(config).flatMap((note) => paragraph(note, 'note: ', '  '))),
    '',
    ...(config === undefined ? [] : [...providerLines(config), ...exchangeLines(config)]),
    ...ruleSet.apps.flatMap((app) => [
      ...paragraph(`app ${app.name}: ${app.hosts.join(', ')}`, '', '  '),
      ...columns(askedRows(app), '  '),
      '',
    ]),
  ];
}

const listenerRows = (config: Config): readonly (readonly string[])[] => [
  [
    'listen',
    `${text(config.listen)} for ${config.trustedProxies.join(', ')}: ${config.endpoints.join(', ')}`,
  ],
  ['pagesListen', text(config.pagesListen)],
  ['adminListen', text(config.adminListen)],
  ['sessions', config.session.store],
  ...(config.tenants === undefined ? [] : [['tenants', tenantsText(config.tenants)]]),
];

/** Who the tenants are, in a line. */
const tenantsText = ({ in: place, list, file, claim }: NonNullable<Config['tenants']>): string =>
  [
    `in the ${place}`,
    list === undefined
      ? 'every one of the form'
      : `${plural(list.length, 'tenant')}${file === undefined ? '' : ` (${file})`}`,
    ...(claim === undefined ? [] : [`claim ${claim}`]),
  ].join(', ');

function providerLines(config: Config): readonly string[] {
  const lines: string[] = [];
  for (const provider of config.providers.values()) {
    const { name, kind, issuer, clientId, clientAuth, audienceParameter, moreAudiences, tokens } = provider;
    lines.push(
      `provider ${name} (${kind})`,
      ...columns(
        [
          ['issuer', issuer],
          ['clientId', clientId],
          ['clientAuth', clientAuth],
          ['audienceParameter', audienceParameter],
          ['moreAudiences', moreAudiences],
          ...(provider.redirectUri === undefined ? [] : [['redirectUri', provider.redirectUri]]),
          ...(provider.acrValues === undefined ? [] : [['acrValues', provider.acrValues]]),
          ...(provider.scopeTemplate === '{scope}' ? [] : [['scopeTemplate', provider.scopeTemplate]]),
          ...(provider.prompt === undefined ? [] : [['prompt', provider.prompt]]),
          ...(provider.uiLocales === undefined ? [] : [['uiLocales', provider.uiLocales.join(' ')]]),
          ...Object.entries(provider.authorizationParameters),
          ...(provider.enabled ? [] : [['enabled', 'false: nobody can sign in']]),
          ...(config.session.refresh ? [['offlineConsent', String(provider.offlineConsent)]] : []),
          ...(provider.introspection ? [['introspection', 'true']] : []),
          ['tokens', `${tokens.profile}, ${tokens.scopeClaim}, ${tokens.algorithms.join(' ')}`],
          ...Object.entries(provider.metadata).map(([key, value]) => [`metadata.${key}`, value]),
        ],
        '  ',
      ),
      '',
    );
  }
  return lines;
}

/** Which token becomes which, and for whom. */
function exchangeLines({ exchanges, federation }: Config): readonly string[] {
  const lines = exchanges.map(({ name, from, to, bearer, provider }) => [
    `exchange ${name}`,
    `${from.audience} of ${from.issuer} -> ${to.audience} (${to.scopes.join(' ')})${bearer ? ', bearers too' : ''}${provider === undefined ? '' : `, by ${provider}`}`,
  ]);
  const services = federation.map(({ issuer, subject, audience, exchange }) => [
    `federation ${exchange}`,
    `${subject} of ${issuer}, for ${audience}`,
  ]);
  return lines.length === 0 ? [] : [...columns([...lines, ...services], ''), ''];
}

const text = ({ host, port }: Address): string =>
  `${host === '' ? 'every interface' : host.includes(':') ? `[${host}]` : host}:${port}`;

/** What a login of the app asks the provider for, and what else it takes. */
const askedRows = (app: App): readonly (readonly string[])[] => [
  ['audience', app.audiences.join(', ') || 'none'],
  ...[...app.scopesByAudience].map(([audience, scopes]) => [
    'scopes',
    `${scopes.join(' ') || 'none'} (${audience})`,
  ]),
  ...(app.exchange.length === 0 ? [] : [['exchange', app.exchange.join(', ')]]),
  ...(app.credentials.join() === 'session,bearer' ? [] : [['credentials', app.credentials.join(', ')]]),
];

function closing(results: readonly TestResult[], remarks: readonly Remark[], rulesAlone: boolean): string {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const findings = remarks.filter(({ level }) => level === 'finding').length;
  if (failed + findings === 0)
    return rulesAlone ? 'The rules load.' : 'Everything loads. Start it with: postern serve';
  const parts = [
    ...(failed === 0 ? [] : [`${plural(failed, 'test')} failed`]),
    ...(findings === 0 ? [] : [plural(findings, 'finding')]),
  ];
  return `${rulesAlone ? 'The rules load' : 'Everything loads'}, but: ${parts.join(', ')}.`;
}
