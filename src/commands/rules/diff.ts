import { resolve } from 'node:path';
import type { Problem } from '../../document/problem.ts';
import { diffRuleSets } from '../../review/diff.ts';
import { assembleRuleSet } from '../../rules/load.ts';
import type { RuleSet } from '../../rules/rule-set.ts';
import { type ExitCode, type Invocation, misuse, printJson, type RulesInvocation } from '../command.ts';
import { configurationOf } from '../load-all.ts';
import { diffJson, diffText } from './diff-report.ts';
import { reportProblems } from './loaded.ts';
import { impliedPaths, type NoSource, readSource } from './rules-source.ts';

/**
 * `postern rules diff OLD NEW`: which requests become public, open, need less, need something else, need more or close. Exit
 * code 1 when anything opens; 2 for a wrong call, and for rules that do not load.
 */
export async function rulesDiff(invocation: RulesInvocation): Promise<ExitCode> {
  const { words, json, out } = invocation;
  const [before, after, more] = words;
  if (before === undefined || after === undefined || more !== undefined)
    return misuse(
      invocation,
      more === undefined ? 'two sets of rules are compared' : `"${more}" is one word too many`,
      'write postern rules diff OLD NEW: folders, files, or revisions such as HEAD~1',
    );
  const where = configured(invocation);
  const { cwd } = invocation;
  const read = (word: string, other: string) =>
    load(word, invocation, impliedPaths(other, cwd, where.rules), where.basePath);
  const [old, now] = [await read(before, after), await read(after, before)];
  for (const set of [old, now]) if ('message' in set) return misuse(invocation, set.message, set.wayOut);
  const problems = [old, now].flatMap((set) => ('problems' in set ? set.problems : []));
  if (!('version' in old) || !('version' in now)) {
    reportProblems(invocation, problems);
    return 2;
  }
  const diff = diffRuleSets(old, now);
  if (typeof diff === 'number')
    return misuse(
      invocation,
      `the two sets cut paths into more than ${diff} kinds, too many to compare`,
      'use fewer `*`, or compare the files of single apps',
    );
  if (json) printJson(invocation, diffJson(diff, { before, after }));
  else out(diffText(diff, { before, after }));
  return diff.opens ? 1 : 0;
}

/** Where the rules and our own pages are; a configuration with problems, such as a missing secret, will do. */
interface Where {
  readonly rules: string;
  readonly basePath: string | undefined;
}

function configured(invocation: Invocation): Where {
  const loaded = configurationOf(invocation);
  const { rules, basePath } = 'config' in loaded ? loaded.config : loaded;
  return { rules: rules ?? resolve(invocation.cwd, 'rules'), basePath };
}

async function load(
  word: string,
  invocation: Invocation,
  implied: readonly string[],
  basePath: string | undefined,
): Promise<RuleSet | NoSource | { readonly problems: readonly Problem[] }> {
  const source = await readSource(word, invocation, implied);
  if ('message' in source) return source;
  const loaded = assembleRuleSet(source, basePath === undefined ? {} : { basePath });
  return 'problems' in loaded ? loaded : loaded.ruleSet;
}
