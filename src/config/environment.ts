import { resolve } from 'node:path';
import { nearestWord } from '../document/nearest-word.ts';
import type { Problem } from '../document/problem.ts';
import { inEnvironment } from './findings.ts';
import { KEYS, type Key } from './keys.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What one environment variable sets. */
export interface Setting {
  readonly key: Key;
  readonly variable: string;
  /** In the form that the file would have. */
  readonly value: unknown;
}

/**
 * Reads every `POSTERN_*` variable that is a key's. Values are only brought into the file's form here; the schema judges
 * them later. Unknown ones are problems, save those that Kubernetes injects for services and those that the file names.
 * @param file the file's value
 */
export function readEnvironment(
  env: Environment,
  cwd: string,
  file: unknown,
): { settings: Setting[]; problems: Problem[] } {
  const settings: Setting[] = [];
  const problems: Problem[] = [];
  const known = new Set(['POSTERN_CONFIG', ...namedIn(file)]);
  for (const key of KEYS) {
    const { variable } = key;
    if (variable === undefined) continue;
    const inFile = `${variable}_FILE`;
    const inFileToo = key.kind === 'secret' || key.kind === 'secrets' || key.kind === 'listOrFile';
    const names = inFileToo ? [variable, inFile] : [variable];
    const set = names.filter((name) => isSet(env, name));
    for (const name of names) known.add(name);
    if (set.length > 1 && inFileToo) {
      const message = `\`${variable}\` and \`${inFile}\` are both set.`;
      problems.push(inEnvironment(message, 'unset one of the two', variable));
    }
    const [name] = set;
    if (name === undefined) continue;
    if (env[name] === '')
      problems.push(inEnvironment(`\`${name}\` is set but empty.`, 'give it a value, or unset it', name));
    else settings.push({ key, variable: name, value: formOf(key, name, env[name] ?? '', cwd) });
  }
  const strange = Object.keys(env).filter(
    (name) => isSet(env, name) && name.startsWith('POSTERN_') && !known.has(name),
  );
  problems.push(
    ...strange
      .filter((name) => !ofKubernetes(name, env[name] ?? ''))
      .map((name) => unknown(name, [...known])),
  );
  return { settings, problems };
}

// A service named postern-public makes Kubernetes set POSTERN_PUBLIC_PORT, which is a key of ours too: its value tells.
const isSet = (env: Environment, name: string): boolean =>
  env[name] !== undefined && !(name.endsWith('_PORT') && SERVICE_URL.test(env[name]));

const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

function ofKubernetes(name: string, value: string): boolean {
  return (
    /^POSTERN_(?:PORT(?:_.*)?|SERVICE_.*)$/.test(name) ||
    /^POSTERN_.+_(?:SERVICE_HOST|SERVICE_PORT(?:_.+)?|PORT_[0-9]+_(?:TCP|UDP|SCTP)(?:_.+)?)$/.test(name) ||
    SERVICE_URL.test(value)
  );
}

function unknown(name: string, known: readonly string[]): Problem {
  const own = name.replace(/^POSTERN_/, '');
  const byEnd = known.filter((candidate) => candidate.endsWith(`_${own}`));
  const meant =
    byEnd.length === 1
      ? byEnd[0]
      : nearestWord(
          own,
          known.map((candidate) => candidate.replace(/^POSTERN_/, '')),
        )?.replace(/^/, 'POSTERN_');
  const plain = name.replace(/_FILE$/, '');
  const wayOut =
    plain !== name && known.includes(plain)
      ? `set \`${plain}\`; only secrets can stand in a file`
      : meant === undefined
        ? 'unset it'
        : `did you mean \`${meant}\`?`;
  return inEnvironment(`\`${name}\` is not a variable of Postern.`, wayOut, name);
}

/** @returns every NAME of `{ env: NAME }`, wherever it stands. */
function namedIn(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  const own = 'env' in value && typeof value.env === 'string' ? [value.env] : [];
  return [...own, ...Object.values(value).flatMap(namedIn)];
}

function formOf(key: Key, variable: string, text: string, cwd: string): unknown {
  const file = variable !== key.variable;
  switch (key.kind) {
    case 'secret':
      return file ? { file: resolve(cwd, text) } : { env: variable };
    case 'secrets':
      return list(text).map((item) => (file ? { file: resolve(cwd, item) } : { value: item }));
    case 'listOrFile':
      return file ? { file: resolve(cwd, text) } : list(text);
    case 'list':
      return list(text);
    case 'number':
      return /^[0-9]{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    default:
      return text;
  }
}

const list = (text: string): string[] => text.split(',').map((item) => item.trim());
