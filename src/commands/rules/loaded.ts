import { formatProblems } from '../../document/format.ts';
import type { Problem } from '../../document/problem.ts';
import { pathFrom, printJson, type RulesInvocation } from '../command.ts';
import { plural } from '../layout.ts';
import { type LoadedRules, loadForReview } from '../load-all.ts';

/** Loads the rules of a review, or prints what is wrong with them. @returns undefined when they have problems. */
export async function loadOrReport(invocation: RulesInvocation): Promise<LoadedRules | undefined> {
  const loaded = await loadForReview(invocation);
  if ('problems' in loaded) {
    reportProblems(invocation, loaded.problems);
    return undefined;
  }
  const { otherProblems, path } = loaded;
  if (otherProblems.length > 0 && !invocation.json)
    invocation.err(
      `postern: note: the configuration has ${plural(otherProblems.length, 'problem')}, see postern check; the rules of ${pathFrom(invocation.cwd, path)} are read all the same\n`,
    );
  return loaded;
}

/** Prints problems of configuration or rules. */
export function reportProblems(invocation: RulesInvocation, problems: readonly Problem[]): void {
  if (invocation.json) printJson(invocation, { ok: false, problems });
  else invocation.err(formatProblems(problems));
}
