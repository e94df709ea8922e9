import type { Findings, Path } from './findings.ts';
import { schemaAt } from './keys.ts';
import { CONFIG_SCHEMA, type RawConfig } from './schema.ts';
import { addSchemaProblem } from './schema-problems.ts';

/**
 * Parses by the schema. What is wrong is reported and left out (or stood in for, where it is required), so that the rest
 * can be checked and every problem is said at once.
 * @returns undefined when nothing is left to check. The result is good only if there are no findings.
 */
export function parseConfig(value: unknown, findings: Findings): RawConfig | undefined {
  const rest = structuredClone(value);
  // Leaving something out can leave something else missing, at most once per level of the schema.
  for (let round = 0; round < 6; round++) {
    const parsed = CONFIG_SCHEMA.safeParse(rest);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const path = issue.path as Path;
      addSchemaProblem(issue, valueAt(rest, path), findings);
    }
    for (const issue of parsed.error.issues) {
      const path = issue.path as Path;
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) leaveOut(rest, [...path, key]);
      else if (path.length === 0) return undefined;
      else leaveOut(rest, path);
    }
  }
  return undefined;
}

/** Removes the key at a path, a list as a whole; a missing one gets its example. */
function leaveOut(root: unknown, path: Path): void {
  const item = path.findIndex((step) => typeof step === 'number');
  const whole = item === -1 ? path : path.slice(0, item);
  const parent = valueAt(root, whole.slice(0, -1));
  const name = whole.at(-1);
  if (parent === null || typeof parent !== 'object' || name === undefined) return;
  if (Object.hasOwn(parent, name)) Reflect.deleteProperty(parent, name);
  else Reflect.set(parent, name, schemaAt(path)?.facts?.example);
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
