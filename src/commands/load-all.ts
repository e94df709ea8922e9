import type { Config, Secrets } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import type { Problem } from '../document/problem.ts';
import { loadRuleSet } from '../rules/load.ts';
import { readRuleFiles } from '../rules/read-rules.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { missingProviders } from '../trust.ts';
import { type Invocation, readTextFile } from './command.ts';

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
  const missing = missingProviders(config, rules.ruleSet).map(
    (message): Problem => ({
      file: config.rules,
      line: 0,
      column: 0,
      message,
      wayOut: 'name one of the providers of the configuration in the rules file',
    }),
  );
  return missing.length > 0
    ? { problems: missing }
    : { config, secrets, ruleSet: rules.ruleSet, configFile: sources.file };
}

async function loadRules(
  path: string,
  basePath?: string,
): Promise<{ ruleSet: RuleSet } | { problems: readonly Problem[] }> {
  const { files, problems } = await readRuleFiles(path);
  // Where no file can be read, that is what is wrong, and not that there is no app.
  if (files.length === 0 && problems.length > 0) return { problems };
  const loaded = loadRuleSet(files, basePath === undefined ? {} : { basePath });
  const found = [...problems, ...('problems' in loaded ? loaded.problems : [])];
  return 'ruleSet' in loaded && found.length === 0 ? loaded : { problems: found };
}
