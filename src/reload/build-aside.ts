import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { RulesRead } from '../rules/read-rules.ts';
import { type BuildOptions, type Built, buildRules } from './build-rules.ts';
import type { BuildAnswer, BuildTask } from './build-worker.ts';
import { readRuleSet } from './rule-set-text.ts';

// The sources run as they are, and so does what is built of them.
const WORKER = new URL(`./build-worker${extname(import.meta.filename)}`, import.meta.url);

/** Characters of rules (some hundred of them) that are built within the time of a few checks: a thread would cost more. */
const SMALL = 32 * 1024;

/** Builds a rule set: a small one at once, a large one aside. @throws as `buildAside` */
export const buildSet = async (read: RulesRead, options: BuildOptions): Promise<Built> =>
  read.files.reduce((sum, { text }) => sum + text.length, 0) <= SMALL
    ? buildRules(read, options)
    : buildAside(read, options);

/**
 * Builds a rule set in a thread of its own: a hundred thousand rules take seconds, and checks are answered meanwhile.
 * The thread is given texts, no environment and no secrets, and ends with its work.
 * @throws what ended the thread, a lack of memory for one
 */
export async function buildAside(read: RulesRead, options: BuildOptions): Promise<Built> {
  const task: BuildTask = { read, options };
  const answer = await new Promise<BuildAnswer>((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: task, env: {}, execArgv: [] });
    worker.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the thread that builds rules ended with ${code}`)));
  });
  return 'problems' in answer ? answer : { ruleSet: await readRuleSet(answer, setImmediate) };
}
