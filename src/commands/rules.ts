import { nearestWord } from '../document/nearest-word.ts';
import { type ExitCode, misuse, type RulesInvocation, type RulesValues } from './command.ts';
import { rulesDiff } from './rules/diff.ts';
import { rulesExplain } from './rules/explain.ts';
import { rulesImport } from './rules/import.ts';
import { rulesTable } from './rules/table.ts';
import { rulesTest } from './rules/test.ts';

/** Answers one of `postern rules …`; its words are those behind the name. */
type RulesCommand = (invocation: RulesInvocation) => Promise<ExitCode>;

interface Row {
  readonly command: RulesCommand;
  readonly options: readonly (keyof RulesValues)[];
}

const ROWS: Readonly<Record<string, Row>> = {
  test: { command: rulesTest, options: ['rules', 'junit'] },
  explain: {
    command: rulesExplain,
    options: ['rules', 'scopes', 'audience', 'acr', 'login-age', 'token'],
  },
  table: { command: rulesTable, options: ['rules'] },
  diff: { command: rulesDiff, options: [] },
  import: { command: rulesImport, options: ['out'] },
};

/** The options of each command, by its whole name. */
export const RULES_OPTIONS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(ROWS).map(([name, { options }]) => [`rules ${name}`, options]),
);

/** `postern rules …`: what is done with rules offline. */
export async function rules(invocation: RulesInvocation): Promise<ExitCode> {
  const [name = '', ...words] = invocation.words;
  const row = Object.hasOwn(ROWS, name) ? ROWS[name] : undefined;
  if (row !== undefined) return row.command({ ...invocation, words });
  const near = nearestWord(name, Object.keys(ROWS));
  return misuse(
    invocation,
    name === '' ? 'what about the rules?' : `there is no command "rules ${name}"`,
    near === undefined
      ? `write one of: postern rules ${Object.keys(ROWS).join('|')}`
      : `did you mean "rules ${near}"?`,
  );
}
