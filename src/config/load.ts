import { resolve } from 'node:path';
import type { Problem } from '../document/problem.ts';
import type { ClientSecret, Config, ProviderConfig, Secrets } from './config.ts';
import { readConfigFile } from './config-file.ts';
import { durationBetween } from './duration-between.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { checkMoreByExchange, readExchanges, readFederation } from './exchange.ts';
import { Findings } from './findings.ts';
import { deepFreeze } from './freeze.ts';
import { pathText } from './key.ts';
import { readListeners } from './listeners.ts';
import { readLoginUrl } from './login-url.ts';
import { overlay } from './overlay.ts';
import { parseConfig } from './parse.ts';
import { checkMoreAudiences, checkProvidersDiffer, namedProviders, readProvider } from './providers.ts';
import { readPublicOrigin } from './public-origin.ts';
import { checkTemplates } from './redirect-template.ts';
import type { RawConfig } from './schema.ts';
import type { SecretSources } from './secret.ts';
import { readClientSecrets, readRedisPasswords, readSessionSecrets } from './secrets.ts';
import { readSession } from './session.ts';
import { readTenants } from './tenants.ts';

/** Everything that loading needs of the world. */
export interface ConfigInput {
  /** What `--config` names. */
  readonly path: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** @returns undefined when the file cannot be read. */
  readonly readFile: (path: string) => string | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** Where the configuration came from. */
export interface ConfigSources {
  /** As it was named; undefined when the environment was enough. */
  readonly file: string | undefined;
  /** The variables that set a key, by the key: `provider.clientId`. */
  readonly variables: ReadonlyMap<string, string>;
  /** Files that were read, secrets among them, or looked for. */
  readonly files: readonly string[];
}

/** A whole configuration, or everything that is wrong with it. */
export type ConfigResult =
  | { readonly config: Config; readonly secrets: Secrets; readonly sources: ConfigSources }
  | {
      readonly problems: readonly Problem[];
      /** Where the rules and our own pages are, if that much is known: the rules may have problems of their own. */
      readonly rules?: string;
      readonly basePath?: string;
    };

/**
 * Loads the configuration from file and environment; the environment wins. All problems are found at once. Does *not*
 * read the rules and asks nobody on the network. Never throws for what an operator wrote.
 */
export function loadConfig(input: ConfigInput): ConfigResult {
  const { env, cwd, now } = input;
  const files = new Set<string>();
  const readFile = (path: string): string | undefined => {
    files.add(path);
    return input.readFile(path);
  };
  const file = readConfigFile(input.path, env, cwd, readFile);
  const environment = readEnvironment(env, cwd, file.document?.value);
  const { value, variables, problems } = overlay(file.document?.value, environment.settings);
  const findings = new Findings(file.document, variables);
  findings.problems.push(...file.problems, ...environment.problems, ...problems);

  // What a file that is not there or not YAML would have held is unknown: nothing is missing yet.
  const unreadable =
    file.problems.length > 0 || (file.document !== undefined && file.document.value === undefined);
  const raw = unreadable ? undefined : parseConfig(value, findings);
  if (raw === undefined) return { problems: findings.problems };

  const baseOf = (key: string): string => (variables.has(key) ? cwd : file.base);
  const [config, secrets] = resolveConfig(raw, baseOf, { env, readFile, base: file.base }, now, findings);
  if (findings.problems.length > 0)
    return { problems: findings.problems, rules: config.rules, basePath: config.basePath };
  return deepFreeze({
    config,
    secrets,
    sources: { file: file.document?.file, variables, files: [...files] },
  });
}

function resolveConfig(
  raw: RawConfig,
  baseOf: (key: string) => string,
  sources: SecretSources,
  now: number,
  findings: Findings,
): [Config, Secrets] {
  const session = readSessionSecrets(raw, sources, findings);
  const named = namedProviders(raw, findings);
  const providers = new Map<string, ProviderConfig>();
  const clients = new Map<string, readonly ClientSecret[]>();
  for (const one of named) {
    const client = readClientSecrets(one, sources, now, findings);
    clients.set(one.name, client);
    const provider = readProvider(
      one,
      client,
      raw.insecureHttp,
      (ca) => sources.readFile(resolve(baseOf(pathText([...one.path, 'ca'])), ca)),
      findings,
    );
    checkMoreAudiences(one, provider, raw.session.refresh, findings);
    providers.set(one.name, provider);
  }
  checkProvidersDiffer(named, findings);
  const exchanges = readExchanges(raw, providers, findings);
  for (const { name, path } of named) {
    const provider = providers.get(name);
    if (provider !== undefined) checkMoreByExchange(path, provider, exchanges, findings);
  }
  const tenants = readTenants(
    raw,
    (file) => resolve(baseOf('tenants.list'), file),
    sources.readFile,
    findings,
  );
  const { loginUrl } = readLoginUrl(raw, findings);
  const origin = readPublicOrigin(raw, findings);
  const { insecureHttp } = raw;
  for (const one of named)
    checkTemplates(one, { tenants, loginUrl, basePath: origin.basePath, insecureHttp }, findings);
  const config: Config = {
    ...readListeners(raw, findings),
    ...origin,
    loginUrl,
    tenants,
    endpoints: raw.endpoints,
    insecureHttp: raw.insecureHttp,
    rules: resolve(baseOf('rules'), raw.rules),
    providers,
    session: readSession(raw, (ca) => sources.readFile(resolve(baseOf('session.redis.ca'), ca)), findings),
    exchanges,
    federation: readFederation(raw, exchanges, providers, findings),
    clockTolerance: durationBetween(raw.clockTolerance, ['clockTolerance'], ['0s', '60s'], findings),
    log: raw.log,
  };
  return [config, { session, clients, redis: readRedisPasswords(raw, sources, findings) }];
}
