import { renderJsonSchema } from '../config/reference.ts';
import { renderDefaultsSchema, renderRulesSchema } from '../rules/reference.ts';
import { type ExitCode, type Invocation, misuse } from './command.ts';

const SCHEMAS: Readonly<Record<string, () => string>> = {
  rules: renderRulesSchema,
  defaults: renderDefaultsSchema,
  config: renderJsonSchema,
};

/** Prints a JSON Schema, of a rules file unless said otherwise: for editors, and for checks without this program. */
export async function schema(invocation: Invocation & { words: readonly string[] }): Promise<ExitCode> {
  const [which = 'rules', more] = invocation.words;
  const render = Object.hasOwn(SCHEMAS, which) ? SCHEMAS[which] : undefined;
  if (render === undefined || more !== undefined)
    return misuse(
      invocation,
      `"${more ?? which}" is none of ${Object.keys(SCHEMAS).join(', ')}`,
      'write postern schema rules > rules.schema.json',
    );
  invocation.out(render());
  return 0;
}
