import { formatProblems } from '../../document/format.ts';
import type { Problem } from '../../document/problem.ts';
import { type Invocation, nearFiles, pathFrom, printJson, type RulesInvocation } from '../command.ts';
import { paragraph, plural } from '../layout.ts';
import { defaultsNote, type LoadedRules, loadForReview, type NotLoaded } from '../load-all.ts';

/** What `mode: report` does, for the heading of an app. */
export const REPORT_MODE =
  'a session that lacks scopes or a step-up, or meets no rule, passes and is only logged';

/**
 * Loads the rules of a review, or prints what is wrong with them.
 * @returns undefined when they have problems
 */
export async function loadOrReport(invocation: RulesInvocation): Promise<LoadedRules | undefined> {
  const loaded = await loadForReview(invocation);
  await reportLoading(invocation, loaded);
  return 'ruleSet' in loaded ? loaded : undefined;
}

/** Prints problems of rules that do not load; else what there is to know of where they come from. */
export async function reportLoading(
  invocation: Omit<RulesInvocation, 'words' | 'stdin'>,
  loaded: LoadedRules | NotLoaded,
): Promise<void> {
  if (loaded.path !== undefined) await noteDefaults(invocation, loaded.path);
  if (!('ruleSet' in loaded)) return reportProblems(invocation, loaded.problems);
  const { otherProblems, path } = loaded;
  if (otherProblems.length === 0) return;
  note(
    invocation,
    `the configuration has ${plural(otherProblems.length, 'problem')}, see postern check; the rules of ${pathFrom(invocation.cwd, path)} are read all the same`,
  );
}

/** Says that the defaults beside a single file are not read with it. */
export async function noteDefaults(invocation: Invocation, path: string): Promise<void> {
  const text = await defaultsNote(invocation.cwd, path);
  if (text !== undefined) note(invocation, text);
}

function note({ json, err }: Invocation, text: string): void {
  if (!json) err(`${paragraph(text, 'postern: note: ', '  ').join('\n')}\n`);
}

/** Prints problems of configuration or rules. */
export function reportProblems(invocation: Invocation, problems: readonly Problem[]): void {
  const near = nearFiles(invocation.cwd, problems);
  if (invocation.json) printJson(invocation, { ok: false, problems: near });
  else invocation.err(formatProblems(near));
}
