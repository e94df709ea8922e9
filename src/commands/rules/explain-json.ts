import { writtenPath } from '../../review/explanation.ts';
import { checkNeed } from '../../review/need-check.ts';
import { needText } from '../../review/need-text.ts';
import { missingOf } from '../../review/run-tests.ts';
import { testLine } from '../../review/test-line.ts';
import type { App } from '../../rules/rule-set.ts';
import type { Told } from './explain.ts';

/** The explanation for programs. */
export function explanationJson({ caller, evaluation, explanation, answers, notes, now }: Told) {
  const { asked, request, app, readings, rule, token, reason, outcome } = evaluation;
  const refusal = caller.kind === 'refused' ? caller.refusal : undefined;
  const stopsAtToken = refusal !== undefined && rule?.need.kind === 'token';
  return {
    request: { ...asked, canonicalHost: request?.host.name ?? null, paths: readings },
    app:
      app === undefined
        ? null
        : {
            name: app.name,
            hostPattern: explanation.hostPattern,
            tenant: app.tenant || null,
            mode: app.mode,
          },
    otherApps: explanation.otherApps.map((other) => ({
      name: other.app.name,
      hostPattern: other.hostPattern,
    })),
    rule:
      rule === undefined
        ? null
        : {
            path: rule.path,
            method: rule.method ?? null,
            need: needText(rule.need, app?.audiences ?? []),
            place: rule.id,
          },
    winner: explanation.winner === undefined ? null : writtenPath(explanation.winner),
    losers: explanation.losers,
    caller: callerJson(caller, app),
    check: rule?.need.kind === 'token' ? checkNeed(rule.need, token, now) : [],
    outcome: stopsAtToken ? 'forbidden' : outcome,
    reason: stopsAtToken ? refusal.reason : reason,
    missing: missingOf(evaluation),
    answers: answers.map(({ who, reply }) => ({
      who,
      status: reply.status,
      reason: reply.reason,
      headers: reply.headers,
    })),
    notes,
    test: caller.kind === 'refused' ? null : (testLine(evaluation, caller) ?? null),
  };
}

function callerJson(caller: Told['caller'], app: App | undefined) {
  if (caller.kind === 'refused') return { kind: caller.kind, ...caller.refusal };
  if (caller.kind === 'supposed')
    return { ...caller, audiences: caller.audiences ?? app?.audiences.slice(0, 1) ?? [] };
  if (caller.kind === 'anonymous') return caller;
  const { issuer, subject, client, audiences, scopes, expiresAt, acr } = caller.token;
  return {
    kind: caller.kind,
    issuer,
    subject,
    client,
    audiences,
    scopes: [...scopes],
    expiresAt,
    acr: acr ?? null,
  };
}
