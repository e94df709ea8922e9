import type { Problem } from '../document/problem.ts';
import type { Setting } from './environment.ts';
import { inEnvironment, type Path } from './findings.ts';
import { pathText } from './key.ts';
import { KEYS } from './keys.ts';

type Tree = Record<string, unknown>;

/** The file's value with the environment laid over it. */
export interface Overlaid {
  readonly value: unknown;
  /** By `pathText`, the variable that set the key. */
  readonly variables: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** The environment wins over the file, key by key. The file's value is not changed. */
export function overlay(file: unknown, settings: readonly Setting[]): Overlaid {
  const root = file ?? {};
  const variables = new Map<string, string>();
  const problems: Problem[] = [];
  if (!isTree(root)) return { value: root, variables, problems };
  const value = structuredClone(root);
  for (const { key, variable, value: set } of settings) {
    const rival = rivalOf(key.path.slice(0, -1));
    if (rival !== undefined && rival in root) {
      const [top = ''] = key.path;
      const message = `\`${variable}\` sets a key of \`${top}\`, but the file has \`${rival}\`.`;
      problems.push(inEnvironment(message, `unset it, or write a single \`${top}\` in the file`, variable));
      continue;
    }
    const parent = descend(value, key.path.slice(0, -1));
    if (parent === undefined) continue; // the file has something else than a map there, which the schema will say
    const name = key.path.at(-1) ?? '';
    // A secret from the environment takes the place of the file's list of secrets, and the reverse.
    const { alternative } = key.facts;
    if (alternative !== undefined && !variables.has(pathText([...key.path.slice(0, -1), alternative])))
      delete parent[alternative];
    parent[name] = set;
    variables.set(pathText(key.path), variable);
  }
  return { value, variables, problems };
}

function rivalOf(above: Path): string | undefined {
  if (above.length === 0) return undefined;
  const [top] = above;
  return KEYS.find((key) => key.path.length === 1 && key.path[0] === top)?.facts.alternative;
}

function descend(root: Tree, path: readonly string[]): Tree | undefined {
  let tree = root;
  for (const step of path) {
    tree[step] ??= {};
    const next = tree[step];
    if (!isTree(next)) return undefined;
    tree = next;
  }
  return tree;
}

const isTree = (value: unknown): value is Tree =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
