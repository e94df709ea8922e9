import { parentPort, workerData } from 'node:worker_threads';
import type { Problem } from '../document/problem.ts';
import type { RulesRead } from '../rules/read-rules.ts';
import { type BuildOptions, buildRules } from './build-rules.ts';
import { type RuleSetText, writeRuleSet } from './rule-set-text.ts';

/** What the worker is given. */
export interface BuildTask {
  readonly read: RulesRead;
  readonly options: BuildOptions;
}

/** What it answers, once. */
export type BuildAnswer = RuleSetText | { readonly problems: readonly Problem[] };

const { read, options } = workerData as BuildTask;
const built = buildRules(read, options);
const answer: BuildAnswer = 'problems' in built ? built : writeRuleSet(built.ruleSet);
parentPort?.postMessage(answer);
