import { parseDuration } from '../../document/duration.ts';
import { type Caller, callersToken, type Evaluation, evaluate } from '../../review/evaluate.ts';
import { explain } from '../../review/explanation.ts';
import { reportedRule } from '../../rules/report-mode.ts';
import { anyTenants, createTenants, type Tenants } from '../../rules/tenancy.ts';
import type { AccessToken, TokenRefusal } from '../../token/access-token.ts';
import { isScopeToken } from '../../token/scope.ts';
import { isRefusal } from '../../token/validate-access-token.ts';
import { tenantTermsOf } from '../../trust.ts';
import { type ExitCode, misuse, printJson, type RulesInvocation } from '../command.ts';
import type { LoadedRules } from '../load-all.ts';
import { readAsked } from './asked-request.ts';
import { explanationJson } from './explain-json.ts';
import { explanationLines } from './explain-text.ts';
import { loadOrReport, reportProblems } from './loaded.ts';
import { readPresented } from './presented-token.ts';
import { type Presented, type Rehearsed, rehearse } from './rehearsal.ts';

/** All that is told of a request. */
export interface Told {
  readonly loaded: LoadedRules;
  readonly caller: Caller | { readonly kind: 'refused'; readonly refusal: TokenRefusal };
  /** With a refused token: how far the check comes before it looks at it. */
  readonly evaluation: Evaluation;
  readonly explanation: ReturnType<typeof explain>;
  readonly answers: readonly Rehearsed[];
  readonly notes: readonly string[];
  /** Unix seconds. */
  readonly now: number;
}

/** `postern rules explain`: what becomes of a request, and why. An explanation is never a finding, whatever it says. */
export async function rulesExplain(invocation: RulesInvocation): Promise<ExitCode> {
  const { json, out, values } = invocation;
  const typed = readAsked(invocation.words);
  if (!('asked' in typed)) return misuse(invocation, ...typed);
  const wrong = wrongOptions(invocation);
  if (wrong !== undefined) return misuse(invocation, ...wrong);
  const loaded = await loadOrReport(invocation);
  if (loaded === undefined) return 1;

  const now = Math.floor(Date.now() / 1000);
  const { asked, notes } = typed;
  const tenants = tenantsOf(loaded.config);
  let caller: Told['caller'] = supposed(invocation);
  if (values.token !== undefined) {
    const result = await presented(invocation, loaded, asked, tenants, now);
    if (typeof result === 'number') return result;
    caller = isRefusal(result) ? { kind: 'refused', refusal: result } : { kind: 'token', token: result };
  }
  const evaluation = evaluate(
    loaded.ruleSet,
    loaded.basePath,
    asked,
    caller.kind === 'refused' ? { kind: 'anonymous' } : caller,
    now,
    tenants,
  );
  const { ruleSet, basePath, config } = loaded;
  const stage = { ruleSet, basePath, config, tenants, now };
  const answers =
    evaluation.outcome === 'own-page'
      ? []
      : await rehearseAll(presentedBy(caller, evaluation, now), (one) => rehearse(stage, asked, one));
  const told: Told = {
    loaded,
    caller,
    evaluation,
    explanation: explain(loaded.ruleSet, evaluation),
    answers,
    notes: [...notes, ...preflightNotes(evaluation)],
    now,
  };
  checkAgreement(told);
  if (json) printJson(invocation, explanationJson(told));
  else out(`${explanationLines(told).join('\n')}\n`);
  return 0;
}

/** Those of the configuration; without one, every text that can be a tenant is one. */
function tenantsOf(config: LoadedRules['config']): Tenants {
  const terms = config === undefined ? undefined : tenantTermsOf(config);
  return terms === undefined || config?.tenants === undefined
    ? anyTenants(terms)
    : createTenants(terms, config.tenants);
}

/** @returns the sentence and the way out, when options contradict each other. */
function wrongOptions({ values }: RulesInvocation): readonly [string, string] | undefined {
  const { scopes, token, audience, acr, rules } = values;
  const age = values['login-age'];
  if (token !== undefined && token !== '-')
    return [
      'a token on the command line can be read by every user of the machine',
      'write --token - and send it to the standard input',
    ];
  if (token !== undefined && rules !== undefined)
    return ['validating a token needs the configuration, not --rules alone', 'leave out --rules'];
  if (token !== undefined && (scopes ?? audience?.[0] ?? acr ?? age) !== undefined)
    return ['a token says itself what it holds', 'leave out --scopes, --audience, --acr and --login-age'];
  if (scopes === undefined && (audience?.[0] ?? acr ?? age) !== undefined)
    return [
      'without --scopes the caller is anonymous and has no token',
      'write --scopes too; --scopes "" is a token without scopes',
    ];
  const odd = scopesOf(scopes).find((scope) => !isScopeToken(scope));
  if (odd !== undefined)
    return [
      `${JSON.stringify(odd)} is no scope token (RFC 6749 section 3.3)`,
      'write scopes with blanks between them, such as --scopes "orders:read orders:write"',
    ];
  if (age !== undefined && parseDuration(age) === undefined)
    return [`--login-age ${age} is no duration`, 'write a number and a unit, such as --login-age 5m'];
  return undefined;
}

/** A comma separates as well as a blank: both are typed. */
const scopesOf = (text = ''): readonly string[] => text.split(/[\s,]+/).filter((scope) => scope !== '');

function supposed({ values }: RulesInvocation): Caller {
  const { scopes, audience, acr } = values;
  if (scopes === undefined) return { kind: 'anonymous' };
  const age = parseDuration(values['login-age'] ?? '');
  return {
    kind: 'supposed',
    scopes: scopesOf(scopes),
    audiences: audience,
    acr,
    ...(age === undefined ? {} : { loginAge: age }),
  };
}

/** Reads and validates the token on the standard input. It is never printed. */
async function presented(
  invocation: RulesInvocation,
  { ruleSet, basePath, config, otherProblems }: LoadedRules,
  asked: Evaluation['asked'],
  tenants: Tenants,
  now: number,
): Promise<AccessToken | TokenRefusal | ExitCode> {
  if (config === undefined) {
    reportProblems(invocation, otherProblems);
    return 1;
  }
  const raw = (await invocation.stdin()).trim().replace(/^bearer +/i, '');
  if (raw === '') return misuse(invocation, 'the standard input is empty', 'send the access token to it');
  const { app } = evaluate(ruleSet, basePath, asked, { kind: 'anonymous' }, now, tenants);
  if (app === undefined)
    return misuse(
      invocation,
      `no app has the host ${asked.host}, so nobody can say whose tokens hold there`,
      `hosts are ${ruleSet.apps.flatMap(({ hosts }) => hosts).join(', ')}`,
    );
  return readPresented(config, app, raw, { now: () => now });
}

/** What the caller brings; and, where report mode lets sessions pass that meet no rule, what such a session brings. */
function presentedBy(
  caller: Told['caller'],
  { app, token, reason, request }: Evaluation,
  now: number,
): readonly Presented[] {
  if (caller.kind === 'refused') return [{ refused: caller.refusal }];
  if (caller.kind === 'token') return [caller.token];
  if (app === undefined) return [undefined];
  const isReported = reportedRule(app, request?.method ?? '', reason) !== undefined;
  const anybody: Caller = { kind: 'supposed', scopes: [] };
  if (caller.kind === 'anonymous')
    return isReported ? [undefined, callersToken(anybody, app, now)] : [undefined];
  return [isReported ? callersToken(caller, app, now) : token];
}

async function rehearseAll(
  all: readonly Presented[],
  rehearsal: (presented: Presented) => Promise<readonly Rehearsed[]>,
): Promise<readonly Rehearsed[]> {
  const answers: Rehearsed[] = [];
  for (const one of all) answers.push(...(await rehearsal(one)));
  return answers;
}

/** A rehearsed request is no true preflight: it names no origin, and no method that it asks for. */
function preflightNotes({ app, request, rule }: Evaluation): readonly string[] {
  if (app === undefined || request?.method !== 'OPTIONS' || app.origins.length === 0) return [];
  if (rule?.method === 'OPTIONS' && rule.need.kind === 'deny') return [];
  const from = app.origins === 'upstream' ? 'any origin' : `${app.origins.join(', ')} and its own origin`;
  return [
    `True preflights from ${from} pass all the same, where the method that they ask for may, unless a rule denies OPTIONS by name.`,
  ];
}

/**
 * INVARIANT: an explanation that calls something denied which the check would let through is never shown. Only an app in
 * report mode lets through what it calls denied.
 */
function checkAgreement({ evaluation: { app, outcome, reason }, caller, answers }: Told): void {
  if (caller.kind === 'refused' || outcome === 'public' || outcome === 'permit' || app?.mode === 'report')
    return;
  const passed = answers.find(({ reply }) => reply.status === 200);
  if (passed !== undefined)
    throw new Error(`the explanation says ${reason}, and the check ${passed.reply.reason}`);
}
