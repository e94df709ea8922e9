import { renderJsonSchema } from '../config/reference.ts';
import { renderRulesSchema } from '../rules/reference.ts';
import type { ExitCode, Invocation } from './command.ts';

/** Prints the JSON Schema of a rules file, or of the configuration: for editors, and for checks without this program. */
export async function schema({
  out,
  err,
  words,
}: Invocation & { words: readonly string[] }): Promise<ExitCode> {
  const [which = 'rules', ...more] = words;
  if (more.length > 0 || (which !== 'rules' && which !== 'config')) {
    err(`postern: "${more[0] ?? which}" is none of rules and config\n  -> see postern --help\n`);
    return 2;
  }
  out(which === 'rules' ? renderRulesSchema() : renderJsonSchema());
  return 0;
}
