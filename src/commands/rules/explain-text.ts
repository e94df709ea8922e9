import { reasonRow } from '../../reason.ts';
import type { Evaluation } from '../../review/evaluate.ts';
import { writtenPath } from '../../review/explanation.ts';
import { inOrder, ruleFor } from '../../review/methods.ts';
import { checkNeed } from '../../review/need-check.ts';
import { needText } from '../../review/need-text.ts';
import { missingOf } from '../../review/run-tests.ts';
import { testLine } from '../../review/test-line.ts';
import { tolerancesFor } from '../../review/tolerances.ts';
import type { Match } from '../../rules/rule-set.ts';
import { columns, paragraph, plural, wholeLine } from '../layout.ts';
import type { Told } from './explain.ts';
import { REPORT_MODE } from './loaded.ts';
import type { Rehearsed } from './rehearsal.ts';

/** The explanation for people: request, rule, losers, caller, check, decision, answers, and what to do next. */
export function explanationLines(told: Told): readonly string[] {
  return [
    ...columns([
      ...requestRows(told),
      ...appRows(told),
      ...ruleRows(told),
      ...callerRows(told),
      ...checkRows(told),
      ['decision', decisionText(told)],
    ]),
    '',
    ...[...Map.groupBy(told.answers, answerKey).values()].flatMap(answerLines),
    ...told.notes.flatMap((note) => [...paragraph(note), '']),
    ...nextStep(told),
  ];
}

type Cells = readonly string[];

function requestRows({ evaluation }: Told): readonly Cells[] {
  const { asked, request, readings } = evaluation;
  const line: Cells = ['request', `${asked.method} ${asked.host}${asked.target}`];
  if (request === undefined) return [line];
  const [path, ...more] = readings;
  const shown = path === undefined ? [] : [['path', segmentsText(path)]];
  return [line, ...shown, ...more.map((reading) => ['or read as', segmentsText(reading)])];
}

/** A canonical path as segments: what a slash in it means can be seen. */
const segmentsText = (path: readonly string[]): string =>
  path.length === 0
    ? '/ (the root)'
    : path.map((segment) => `/ ${segment === '' ? '(empty)' : segment}`).join(' ');

function appRows({ evaluation: { app, request }, explanation }: Told): readonly Cells[] {
  if (app === undefined)
    return request === undefined ? [] : [['app', `none has the host ${request.host.name}`]];
  const others = explanation.otherApps.map(
    ({ app: other, hostPattern }): Cells => [
      '',
      `not ${other.name}: the exact host beats ${hostPattern}, and nothing falls back to it`,
    ],
  );
  const report = app.mode === 'report' ? `; in report mode: ${REPORT_MODE}` : '';
  const { tenant } = app;
  return [
    ['app', `${app.name}, by its host ${explanation.hostPattern ?? ''}${report}`],
    ...(tenant === '' ? [] : [['', `tenant ${tenant}`]]),
    ...others,
  ];
}

function ruleRows({ evaluation, explanation }: Told): readonly Cells[] {
  const { app, rule, reason, request } = evaluation;
  if (app === undefined || reason === 'own-page') return [];
  const losers = explanation.losers.map(
    ({ path, place, why }, at): Cells => [
      at === 0 ? 'lost' : '',
      `${path}: ${why}${place === undefined ? '' : ` (${place})`}`,
    ],
  );
  if (explanation.readings.length > 0 && reason === 'path-ambiguous')
    return explanation.readings.map(
      ({ path, match }, at): Cells => [at === 0 ? 'rules' : '', `${segmentsText(path)}: ${matchText(match)}`],
    );
  if (rule !== undefined) {
    const method = rule.method === undefined ? '' : `${rule.method} `;
    const text = `${method}${rule.path}: ${needText(rule.need, app.audiences)} (${rule.id})`;
    return [['rule', text], ...losers];
  }
  const { winner } = explanation;
  if (reason === 'method-not-listed' && winner !== undefined && request !== undefined) {
    const named = inOrder(winner.byMethod.keys()).join(' ');
    const [first] = winner.byMethod.values();
    const place = first ?? ruleFor(winner, 'GET');
    const why = named === '' ? 'covers the common methods only' : `names ${named}`;
    const text = `${writtenPath(winner)} ${why}${place === undefined ? '' : ` (${place.id})`}`;
    return [['rule', text], ...losers];
  }
  return [['rule', reason === 'no-rule' ? 'none covers this path' : 'none is looked up']];
}

const matchText = (match: Match): string =>
  match.kind === 'none'
    ? match.reason
    : `${match.rule.path}, ${needText(match.rule.need, match.app.audiences)} (${match.rule.id})`;

function callerRows({ caller, now, evaluation: { app } }: Told): readonly Cells[] {
  switch (caller.kind) {
    case 'anonymous':
      return [['caller', 'nobody known']];
    case 'refused':
      return [['caller', `a token that is refused, ${caller.refusal.reason}: ${caller.refusal.detail}`]];
    case 'supposed': {
      const audiences = caller.audiences ?? app?.audiences.slice(0, 1) ?? [];
      return [
        [
          'caller',
          `a token for ${audiences.join(', ') || 'no audience'} with ${scopesText(caller.scopes)} (supposed)`,
        ],
      ];
    }
    case 'token': {
      const { issuer, subject, client, audiences, scopes, expiresAt } = caller.token;
      return [
        [
          'caller',
          `a valid token of ${issuer}, for ${audiences.join(', ')}, with ${scopesText([...scopes])}`,
        ],
        [
          '',
          `sub ${subject}, client ${client}, expires in ${plural(Math.max(0, expiresAt - now), 'second')}`,
        ],
      ];
    }
  }
}

const scopesText = (scopes: readonly string[]): string =>
  scopes.length === 0 ? 'no scopes' : scopes.join(' ');

function checkRows({ evaluation, caller, now }: Told): readonly Cells[] {
  const { rule, token } = evaluation;
  if (rule?.need.kind !== 'token' || caller.kind === 'anonymous' || caller.kind === 'refused') return [];
  return checkNeed(rule.need, token, now).map(
    ({ part, text, met }, at): Cells => [
      at === 0 ? 'check' : '',
      `${met ? 'yes' : 'NO '}  ${PARTS[part]} ${text}`,
    ],
  );
}

const PARTS = {
  audience: 'audience',
  all: 'scope',
  any: 'one of the scopes',
  acr: 'authentication class',
  loginWithin: 'signed in within',
} as const;

function decisionText({ evaluation, caller }: Told): string {
  const { outcome, reason, rule } = evaluation;
  if (caller.kind === 'refused' && rule?.need.kind === 'token') return `forbidden (${caller.refusal.reason})`;
  const missing = missingOf(evaluation);
  return `${outcome} (${reason}${missing.length === 0 ? '' : `: ${missing.join(' ')}`})`;
}

/** Set by every answer and of no interest here. */
const USUAL = new Set([
  'content-length',
  'content-type',
  'cache-control',
  'x-content-type-options',
  'referrer-policy',
  'content-security-policy',
  'permissions-policy',
  'x-frame-options',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'vary',
]);

const shownHeaders = ({ reply }: Rehearsed): Rehearsed['reply']['headers'] =>
  reply.headers.filter(([name]) => !USUAL.has(name.toLowerCase()));

/** Callers who get the same are told of together. */
const answerKey = (answer: Rehearsed): string =>
  JSON.stringify([answer.reply.status, answer.reply.reason, shownHeaders(answer)]);

function answerLines(same: readonly Rehearsed[]): readonly string[] {
  const [first] = same as readonly [Rehearsed];
  const { status, reason } = first.reply;
  const title = status === 200 ? '' : `: ${reasonRow(reason).title}`;
  const lines = columns(
    shownHeaders(first).map(([name, value]) => [name, value === '' ? '(empty)' : value]),
    '  ',
  );
  return [
    ...paragraph(`${same.map(({ who }) => who).join('; ')} -> ${status} ${reason}${title}`),
    ...lines,
    '',
  ];
}

/** What to do with what was learnt. */
function nextStep({ evaluation, caller, loaded }: Told): readonly string[] {
  const { outcome, app, reason, request, rule } = evaluation;
  const step = (text: string): readonly string[] => paragraph(text, '-> ', '   ');
  if (reason === 'unknown-host') {
    const known = loaded.ruleSet.apps.flatMap(({ hosts }) => hosts).join(', ');
    return step(`add ${request?.host.name ?? ''} to the \`hosts\` of an app; known are ${known}`);
  }
  if (outcome === 'own-page')
    return step("this is a page of the gateway's own: no rule applies, and it never reaches an app");
  if (outcome === 'bad-request') return step(tolerateText(evaluation));
  if (caller.kind === 'refused' || app === undefined) return [];
  const line = testLine(evaluation, caller);
  if (line === undefined) return [];
  const file = rule === undefined ? `the file of ${app.name}` : rule.id.replace(/:\d+$/, '');
  return [...step(`keep it so, by a test in ${file}:`), ...wholeLine(`- ${line}`, '   ')];
}

function tolerateText({ asked, reason, app, readings }: Evaluation): string {
  if (reason === 'path-ambiguous' && readings.length > 0)
    return 'its readings choose different rules, so it stays refused: give them one rule, or leave it so';
  const needed = reason === 'path-ambiguous' ? tolerancesFor(asked.target) : undefined;
  return needed === undefined
    ? 'no app can be made to let such a request through'
    : `if ${app?.name ?? 'the app'} needs such paths, write \`tolerate: [${needed.join(', ')}]\` in its file`;
}
