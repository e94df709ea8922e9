import { resolve } from 'node:path';
import { disagreements } from '../agreement.ts';
import type { Config, Secrets } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../document/problem.ts';
import { segmentsOf } from '../forwarded/own-path.ts';
import { assembleRuleSet } from '../rules/load.ts';
import { readRuleFiles, unreadDefaults } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { type Invocation, nearFiles, pathFrom, type RulesInvocation, readTextFile } from './command.ts';

export interface Loaded {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly ruleSet: RuleSet;
  /** The configuration file; undefined when the environment was enough. */
  readonly configFile: string | undefined;
}

/** Loads the configuration that a command is called with. @param now Unix seconds */
export const configurationOf = (
  { env, cwd, configPath }: Pick<Invocation, 'env' | 'cwd' | 'configPath'>,
  now = Math.floor(Date.now() / 1000),
): ReturnType<typeof loadConfig> => loadConfig({ path: configPath, env, cwd, readFile: readTextFile, now });

/**
 * Loads configuration and rules, offline.
 * @param near the folder that rules files are named from, for somebody who reads along; undefined: as the configuration has it
 * @returns all problems of both at once, when there is any
 */
export async function loadAll(
  { env, cwd, configPath }: Invocation,
  near?: string,
): Promise<Loaded | { problems: readonly Problem[] }> {
  const loaded = configurationOf({ env, cwd, configPath });
  if ('problems' in loaded) {
    const rules = loaded.rules === undefined ? undefined : await loadRules(loaded.rules, { near });
    return {
      problems: [...loaded.problems, ...(rules !== undefined && 'problems' in rules ? rules.problems : [])],
    };
  }
  const { config, secrets, sources } = loaded;
  const rules = await loadRules(config.rules, { basePath: config.basePath, near });
  if ('problems' in rules) return rules;
  const missing = disagreements(config, rules.ruleSet);
  return missing.length > 0
    ? { problems: missing }
    : { config, secrets, ruleSet: rules.ruleSet, configFile: sources.file };
}

/** Rules without the rest of the configuration. Files are named from the working directory. */
export interface LoadedRules {
  readonly ruleSet: RuleSet;
  /** Segments of the base path: the configuration's, else the usual one. */
  readonly basePath: readonly string[];
  /** Undefined when it was not asked for, or is not complete. */
  readonly config: Config | undefined;
  /** Of the configuration: they do not concern the rules. */
  readonly otherProblems: readonly Problem[];
  /** Folder or file, as it was named. */
  readonly path: string;
}

/** What keeps rules from being loaded, and the path that they were looked for at. */
export interface NotLoaded {
  readonly problems: readonly Problem[];
  readonly path: string | undefined;
}

/**
 * Loads rules for a review, which needs no secrets and no provider: those that `--rules` names, else those that the
 * configuration names, be it complete or not.
 */
export async function loadForReview({
  env,
  cwd,
  configPath,
  values,
}: Pick<RulesInvocation, 'env' | 'cwd' | 'configPath'> & {
  readonly values: Pick<RulesInvocation['values'], 'rules'>;
}): Promise<LoadedRules | NotLoaded> {
  if (values.rules !== undefined) {
    const path = values.rules;
    const rules = await loadRules(resolve(cwd, path), { near: cwd });
    const basePath = segmentsOf(USUAL_BASE_PATH);
    return { ...rules, basePath, config: undefined, otherProblems: [], path };
  }
  const loaded = configurationOf({ env, cwd, configPath });
  const complete = 'problems' in loaded ? undefined : loaded.config;
  const otherProblems = 'problems' in loaded ? loaded.problems : [];
  const path = 'problems' in loaded ? loaded.rules : loaded.config.rules;
  if (path === undefined) return { problems: otherProblems, path };
  const basePath = ('problems' in loaded ? loaded.basePath : loaded.config.basePath) ?? USUAL_BASE_PATH;
  const rules = await loadRules(path, { basePath, near: cwd });
  return { ...rules, basePath: segmentsOf(basePath), config: complete, otherProblems, path };
}

/** @returns in words, that the defaults beside a single file are not read with it; undefined where there is nothing to say. */
export async function defaultsNote(cwd: string, path: string): Promise<string | undefined> {
  const unread = await unreadDefaults(resolve(cwd, path));
  return unread === undefined
    ? undefined
    : `${pathFrom(cwd, unread)} is not read for a single file; name the folder to have it read`;
}

const USUAL_BASE_PATH = '/_auth';

/** Reads and loads a folder or a file of rules. */
async function loadRules(
  path: string,
  { basePath, near }: { readonly basePath?: string; readonly near: string | undefined },
): Promise<{ ruleSet: RuleSet } | { problems: readonly Problem[] }> {
  const { files, problems } = await readRuleFiles(path);
  const read =
    near === undefined
      ? { files, problems }
      : { files: nearFiles(near, files), problems: nearFiles(near, problems) };
  return assembleRuleSet(read, basePath === undefined ? {} : { basePath });
}
