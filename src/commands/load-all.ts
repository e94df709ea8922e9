import { resolve } from 'node:path';
import type { Config, Secrets } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../document/problem.ts';
import { assembleRuleSet } from '../rules/load.ts';
import { readRuleFiles } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { providerProblems } from '../trust.ts';
import { type Invocation, type RulesInvocation, readTextFile } from './command.ts';

export interface Loaded {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly ruleSet: RuleSet;
  /** The configuration file; undefined when the environment was enough. */
  readonly configFile: string | undefined;
}

/** Loads configuration and rules, offline. @returns all problems of both at once, when there is any. */
export async function loadAll({
  env,
  cwd,
  configPath,
}: Invocation): Promise<Loaded | { problems: readonly Problem[] }> {
  const now = Math.floor(Date.now() / 1000);
  const loaded = loadConfig({ path: configPath, env, cwd, readFile: readTextFile, now });
  if ('problems' in loaded) {
    const rules = loaded.rules === undefined ? undefined : await loadRules(loaded.rules);
    return {
      problems: [...loaded.problems, ...(rules !== undefined && 'problems' in rules ? rules.problems : [])],
    };
  }
  const { config, secrets, sources } = loaded;
  const rules = await loadRules(config.rules, config.basePath);
  if ('problems' in rules) return rules;
  const missing = providerProblems(config, rules.ruleSet);
  return missing.length > 0
    ? { problems: missing }
    : { config, secrets, ruleSet: rules.ruleSet, configFile: sources.file };
}

/** Rules without the rest of the configuration. */
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

/**
 * Loads rules for a review, which needs no secrets and no provider: those that `--rules` names, else those that the
 * configuration names, be it complete or not.
 */
export async function loadForReview({
  env,
  cwd,
  configPath,
  values,
}: RulesInvocation): Promise<LoadedRules | { problems: readonly Problem[] }> {
  if (values.rules !== undefined) {
    const rules = await loadRules(resolve(cwd, values.rules));
    const alone = {
      basePath: segmentsOf(USUAL_BASE_PATH),
      config: undefined,
      otherProblems: [],
      path: values.rules,
    };
    return 'problems' in rules ? rules : { ruleSet: rules.ruleSet, ...alone };
  }
  const now = Math.floor(Date.now() / 1000);
  const loaded = loadConfig({ path: configPath, env, cwd, readFile: readTextFile, now });
  const complete = 'problems' in loaded ? undefined : loaded.config;
  const otherProblems = 'problems' in loaded ? loaded.problems : [];
  const path = 'problems' in loaded ? loaded.rules : loaded.config.rules;
  if (path === undefined) return { problems: otherProblems };
  const basePath = ('problems' in loaded ? loaded.basePath : loaded.config.basePath) ?? USUAL_BASE_PATH;
  const rules = await loadRules(path, basePath);
  if ('problems' in rules) return rules;
  return { ruleSet: rules.ruleSet, basePath: segmentsOf(basePath), config: complete, otherProblems, path };
}

const USUAL_BASE_PATH = '/_auth';

/** @returns the segments of a base path, as own pages are recognised by. */
export const segmentsOf = (basePath: string): readonly string[] => basePath.slice(1).split('/');

/** Reads and loads a folder or a file of rules. */
export async function loadRules(
  path: string,
  basePath?: string,
): Promise<{ ruleSet: RuleSet } | { problems: readonly Problem[] }> {
  return assembleRuleSet(await readRuleFiles(path), basePath === undefined ? {} : { basePath });
}
