import { disagreements } from '../agreement.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../document/problem.ts';
import type { Log } from '../log.ts';
import type { ReloadOutcome } from '../metrics/metrics.ts';
import { versionOf } from '../rules/load.ts';
import { type RulesRead, readRuleFiles } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { tenantTermsOf } from '../trust.ts';
import { buildSet } from './build-aside.ts';
import type { Built } from './build-rules.ts';
import { lookAt } from './folder-look.ts';
import { createFolderWatch, type FolderWatch } from './folder-watch.ts';
import { createReloader, type Refusal } from './reloader.ts';

/** The one reference to the rule set in force, and what keeps it the one on disk. */
export interface RulesInForce {
  /** One request asks once: between two answers the set may be swapped. */
  readonly ruleSet: () => RuleSet;
  readonly state: () => RulesState;
  /** Reads the rules on disk now. @returns when they are in force or refused; never rejects */
  readonly reload: () => Promise<void>;
  /** Does so whenever they change, from now on. @returns when what changed since the start is made up for */
  readonly follow: () => Promise<void>;
  readonly close: () => void;
}

export interface RulesState {
  readonly version: string;
  /** Unix seconds. */
  readonly loadedAt: number;
  /** What is on disk and was refused; undefined while the set in force is what is on disk. */
  readonly refusal: Refusal | undefined;
}

export interface RulesInForceParts {
  readonly log: Log;
  readonly reloaded: (outcome: ReloadOutcome) => void;
  /** Unix seconds. */
  readonly now: () => number;
  /** Default: at once where it is small, else in a thread. */
  readonly build?: typeof buildSet;
}

/** @param first loaded at the start, from the same place and under the same configuration */
export function createRulesInForce(
  config: Config,
  first: RuleSet,
  { log, reloaded, now, build: buildRuleSet = buildSet }: RulesInForceParts,
): RulesInForce {
  let current = { ruleSet: first, loadedAt: now() };
  let watching: FolderWatch | undefined;
  const closing = new AbortController();
  const version = (): string => current.ruleSet.version;

  async function build(read: RulesRead): Promise<Built> {
    try {
      const { basePath } = config;
      const options = { basePath, now: now(), tenants: tenantTermsOf(config) };
      const built = await buildRuleSet(read, options, closing.signal);
      const problems = 'problems' in built ? built.problems : disagreements(config, built.ruleSet);
      return problems.length > 0 ? { problems } : built;
    } catch (error) {
      if (!closing.signal.aborted) log.failed(error);
      const wayOut = 'look for the `failed` line of the log, and send SIGHUP to try again';
      return { problems: [problemOf(config, 'The rules cannot be built.', wayOut)] };
    }
  }

  const reloader = createReloader({
    look: () => lookAt(config.rules),
    read: () => readRuleFiles(config.rules),
    versionOf: ({ files }) => versionOf(files),
    build,
    inForce: version,
    swap: (ruleSet) => {
      current = { ruleSet, loadedAt: now() };
    },
    told: {
      looked: ({ places }) => watching?.follow(places),
      swapped(before) {
        reloaded('swapped');
        log.rulesReloaded(before, current.ruleSet);
      },
      unchanged(wasRefused) {
        reloaded('unchanged');
        if (wasRefused) log.rulesReloaded(version(), current.ruleSet);
      },
      refused(problems) {
        reloaded('refused');
        for (const problem of problems) log.rulesRefused(problem);
      },
      failed: log.failed,
    },
    now,
  });

  const unwatched = (folder: string, { message }: Error): void =>
    log.warned(`${folder} cannot be watched, so changes in it are found only every few seconds: ${message}`);
  return {
    ruleSet: () => current.ruleSet,
    state: () => ({ version: version(), loadedAt: current.loadedAt, refusal: reloader.refusal() }),
    reload: reloader.reload,
    follow() {
      watching ??= createFolderWatch({ hint: () => void reloader.hint(), unwatched });
      return reloader.hint();
    },
    close() {
      reloader.close();
      closing.abort();
      watching?.close();
    },
  };
}

const problemOf = ({ rules }: Config, message: string, wayOut: string): Problem => ({
  file: rules,
  line: 0,
  column: 0,
  message,
  wayOut,
});
