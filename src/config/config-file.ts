import { dirname, resolve } from 'node:path';
import type { Problem } from '../document/problem.ts';
import { readYaml, type YamlDocument } from '../document/yaml-document.ts';
import type { Environment } from './environment.ts';

/** Where the configuration file is looked for when nothing names one. */
export const USUAL_PLACES = ['./postern.yaml', '/etc/postern/postern.yaml'] as const;

/** The configuration file, if there is one, and the folder that its relative paths start at. */
export interface ConfigFile {
  readonly document: YamlDocument | undefined;
  readonly base: string;
  /** A named file that is not there. */
  readonly problems: readonly Problem[];
}

/** Finds and reads the file: the named one, that of POSTERN_CONFIG, else the first of the usual places. */
export function readConfigFile(
  named: string | undefined,
  env: Environment,
  cwd: string,
  readFile: (path: string) => string | undefined,
): ConfigFile {
  const none: ConfigFile = { document: undefined, base: cwd, problems: [] };
  const fromEnv = env['POSTERN_CONFIG'];
  const [by, name] = named !== undefined ? ['--config', named] : ['POSTERN_CONFIG', fromEnv];
  if (name === '')
    return { ...none, problems: [noFile(by, `${by} is set but empty.`, 'name a file, or leave it out')] };
  for (const place of name === undefined ? USUAL_PLACES : [name]) {
    const path = resolve(cwd, place);
    const text = readFile(path);
    if (text === undefined) continue;
    return { document: readYaml(name === undefined ? path : name, text), base: dirname(path), problems: [] };
  }
  if (name === undefined) return none;
  const message = `The configuration file that ${by} names cannot be read.`;
  return { ...none, problems: [noFile(name, message, 'check the path and who may read the file')] };
}

const noFile = (file: string, message: string, wayOut: string): Problem => ({
  file,
  line: 0,
  column: 0,
  message,
  wayOut,
});
