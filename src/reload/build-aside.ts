import { dirname, extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Problem } from '../document/problem.ts';
import type { RulesRead } from '../rules/read-rules.ts';
import { type BuildOptions, type Built, buildRules } from './build-rules.ts';
import type { BuildAnswer, BuildTask } from './build-worker.ts';
import { readRuleSet } from './rule-set-text.ts';

// The sources run as they are, and so does what is built of them.
const WORKER = new URL(`./build-worker${extname(import.meta.filename)}`, import.meta.url);

/** Characters of rules (some hundred of them) that are built within the time of a few checks: a thread would cost more. */
const SMALL = 32 * 1024;

/** What a thread may cost; a hundred thousand rules need a few seconds and some hundred megabytes. */
export interface BuildLimits {
  /** Milliseconds. */
  readonly deadline?: number;
  /** Megabytes. */
  readonly memory?: number;
}

/** Builds a rule set: a small one at once, a large one aside. @throws as `buildAside` */
export const buildSet = async (
  read: RulesRead,
  options: BuildOptions,
  ended?: AbortSignal,
): Promise<Built> =>
  read.files.reduce((sum, { text }) => sum + text.length, 0) <= SMALL
    ? buildRules(read, options)
    : buildAside(read, options, ended);

/**
 * Builds a rule set in a thread of its own: a hundred thousand rules take seconds, and checks are answered meanwhile.
 * The thread is given texts, no environment and no secrets, keeps no process alive, and ends with its work. Rules that need
 * more time or memory than the limits are refused.
 * @param ended ends the thread early
 * @throws what else ended the thread
 */
export async function buildAside(
  read: RulesRead,
  options: BuildOptions,
  ended?: AbortSignal,
  { deadline = 120_000, memory = 1024 }: BuildLimits = {},
): Promise<Built> {
  const task: BuildTask = { read, options };
  const worker = new Worker(WORKER, {
    workerData: task,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memory },
  });
  const end = (): void => void worker.terminate();
  let timer: NodeJS.Timeout | undefined;
  try {
    const answer = await new Promise<BuildAnswer>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') reject(error);
        else resolve(refusal(read, `The rules need more than ${memory} MB of memory to be built.`));
      });
      worker.once('exit', (code) => reject(new Error(`the thread that builds rules ended with ${code}`)));
      timer = setTimeout(() => {
        resolve(refusal(read, `The rules need more than ${deadline / 1000} seconds to be built.`));
      }, deadline).unref();
      ended?.addEventListener('abort', end);
      if (ended?.aborted) end();
      worker.unref(); // last, because a listener for messages undoes it
    });
    return 'problems' in answer ? answer : { ruleSet: await readRuleSet(answer, setImmediate) };
  } finally {
    clearTimeout(timer);
    ended?.removeEventListener('abort', end);
    end();
  }
}

function refusal({ files }: RulesRead, message: string): { readonly problems: readonly Problem[] } {
  const [first, second] = files.map(({ file }) => file);
  const file = second === undefined ? (first ?? 'rules') : dirname(second);
  const wayOut =
    'look for a file that is large or written by a machine, and split the app or write fewer rules';
  return { problems: [{ file, line: 0, column: 0, message, wayOut }] };
}
