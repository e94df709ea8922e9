import type { App } from '../rules/rule-set.ts';
import { usualHost } from '../rules/rule-tests.ts';
import type { Caller, Evaluation } from './evaluate.ts';
import { durationText } from './need-text.ts';

/**
 * The test that would keep an evaluation as it is, as one line of a rules file.
 * @returns undefined where no test can say the same: a page of the gateway's own, a host of no app, a caller that tests do not know
 */
export function testLine(evaluation: Evaluation, caller: Caller): string | undefined {
  const { app, asked, outcome, request, decision } = evaluation;
  if (app === undefined || request === undefined || outcome === 'own-page') return undefined;
  const who = callerKeys(caller);
  if (who === undefined) return undefined;
  const missing = decision === undefined || decision.permit ? [] : decision.missing;
  const keys = [
    `request: ${plain(`${asked.method} ${asked.target}`)}`,
    ...hostKeys(app, request.host.name),
    ...who,
    `expect: ${outcome}`,
    ...(missing.length === 0 ? [] : [`missing: ${list(missing)}`]),
  ];
  return `{ ${keys.join(', ')} }`;
}

const hostKeys = (app: App, host: string): readonly string[] =>
  host === usualHost(app.hosts) ? [] : [`host: ${plain(host)}`];

function callerKeys(caller: Caller): readonly string[] | undefined {
  if (caller.kind === 'anonymous') return [];
  if (caller.kind === 'token') return undefined;
  const { scopes, audiences = [], acr, loginAge } = caller;
  if (audiences.length > 1) return undefined;
  return [
    `scopes: ${list(scopes)}`,
    ...audiences.map((audience) => `audience: ${plain(audience)}`),
    ...(acr === undefined ? [] : [`acr: ${plain(acr)}`]),
    ...(loginAge === undefined ? [] : [`loginAge: ${durationText(loginAge)}`]),
  ];
}

const list = (texts: readonly string[]): string => `[${texts.map(plain).join(', ')}]`;

/** A text in a flow collection of YAML 1.2: quoted unless it plainly needs no quotes. */
const plain = (text: string): string =>
  /^[A-Za-z][A-Za-z0-9 /.%~=+?&:@!$_-]*$/.test(text) &&
  !/: |:$| $|^(?:true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
