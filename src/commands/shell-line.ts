import { durationText } from '../review/need-text.ts';
import type { RuleTest } from '../rules/rule-tests.ts';
import type { RulesInvocation } from './command.ts';

/** @returns a word as a POSIX shell has to be given it: quoted unless it plainly needs no quotes. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_./@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** How the rules were named, so that a further command reads the same ones. */
export type Named = Pick<RulesInvocation, 'configPath'> & {
  readonly values: Pick<RulesInvocation['values'], 'rules'>;
};

/** The options that name the same rules again, with a blank before each. */
export const sameRules = ({ configPath, values: { rules } }: Named): string =>
  [
    ...(rules === undefined ? [] : [` --rules ${shellWord(rules)}`]),
    ...(configPath === undefined ? [] : [` --config ${shellWord(configPath)}`]),
  ].join('');

/** The command that explains what a test asks for, as one line for a shell. */
export function explainLine(test: RuleTest, named: Named): string {
  const { method, host, target, scopes, audience, acr, loginAge } = test;
  const path = target.startsWith('/') ? target : `/${target}`;
  const caller = [
    ...(scopes === undefined ? [] : [`--scopes ${quoted(scopes.join(' '))}`]),
    ...(audience === undefined ? [] : [`--audience ${quoted(audience)}`]),
    ...(acr === undefined ? [] : [`--acr ${shellWord(acr)}`]),
    ...(loginAge === undefined ? [] : [`--login-age ${durationText(loginAge)}`]),
  ];
  const words = ['postern rules explain', shellWord(method), quoted(`https://${host}${path}`), ...caller];
  return `${words.join(' ')}${sameRules(named)}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
