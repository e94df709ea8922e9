import * as z from 'zod';
import { factsOf, type KeyFacts, unwrap } from './key.ts';
import { CONFIG_SCHEMA } from './schema.ts';

/** One key of the configuration, as the environment and the reference page see it. */
export interface Key {
  readonly path: readonly string[];
  readonly facts: KeyFacts;
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'listOrFile' | 'secret' | 'secrets' | 'map';
  /** The environment variable; undefined for a map, which has only its parts. */
  readonly variable: string | undefined;
  readonly byDefault: unknown;
  readonly required: boolean;
  /** The values of an enumeration, or of a list's items. */
  readonly values: readonly string[] | undefined;
}

/** @returns `POSTERN_PROVIDER_CLIENT_ID` for `provider.clientId`. */
export const variableOf = (path: readonly string[]): string =>
  ['POSTERN', ...path.map((step) => step.replace(/[A-Z]/g, '_$&').toUpperCase())].join('_');

/** Every key in the order of the schema, a map before its parts. */
export const KEYS: readonly Key[] = keysOf(CONFIG_SCHEMA, [], false);

/** @param inList maps of a list are written in the file alone */
function keysOf(map: z.ZodObject, above: readonly string[], inList: boolean): Key[] {
  return Object.entries(map.shape).flatMap(([name, schema]) => {
    const path = [...above, name];
    const facts = factsOf(schema);
    if (facts === undefined) throw new TypeError(`the key ${path.join('.')} is not documented`);
    const { inner, byDefault } = unwrap(schema);
    const kind = kindOf(inner);
    const variable = kind === 'map' || inList ? undefined : variableOf(path);
    const own: Key = {
      path,
      facts,
      kind,
      variable,
      byDefault,
      required: inner === schema,
      values: valuesOf(inner),
    };
    if (inner instanceof z.ZodObject) return [own, ...keysOf(inner, path, inList)];
    const maps = mapsOf(inner);
    return maps === undefined ? [own] : [own, ...keysOf(maps, [...above, `${name}[]`], true)];
  });
}

/** @returns the map that a list is one of; undefined for other lists. */
function mapsOf(schema: z.core.$ZodType): z.ZodObject | undefined {
  return schema instanceof z.ZodArray && schema.def.element instanceof z.ZodObject
    ? schema.def.element
    : undefined;
}

function kindOf(schema: z.core.$ZodType): Key['kind'] {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord || mapsOf(schema) !== undefined)
    return 'map';
  if (schema instanceof z.ZodUnion) return schema.options[0] instanceof z.ZodArray ? 'listOrFile' : 'secret';
  if (schema instanceof z.ZodArray) return schema.def.element instanceof z.ZodUnion ? 'secrets' : 'list';
  if (schema instanceof z.ZodNumber) return 'number';
  if (schema instanceof z.ZodBoolean || schema instanceof z.ZodLiteral) return 'boolean';
  return 'text';
}

function valuesOf(schema: z.core.$ZodType): readonly string[] | undefined {
  const leaf = schema instanceof z.ZodArray ? schema.def.element : schema;
  return leaf instanceof z.ZodEnum ? leaf.options.map(String) : undefined;
}

/** @returns the schema of what stands at a path, and the nearest key's facts; undefined when the schema has no such place. */
export function schemaAt(
  path: readonly PropertyKey[],
): { schema: z.core.$ZodType; facts: KeyFacts | undefined } | undefined {
  let schema: z.core.$ZodType = CONFIG_SCHEMA;
  let facts: KeyFacts | undefined;
  for (const step of path) {
    const { inner } = unwrap(schema);
    let next: z.core.$ZodType | undefined;
    if (inner instanceof z.ZodObject) next = inner.shape[String(step)];
    else if (inner instanceof z.ZodArray) next = inner.def.element;
    else if (inner instanceof z.ZodRecord) next = inner.def.valueType;
    if (next === undefined) return undefined;
    facts = factsOf(next) ?? facts;
    schema = next;
  }
  return { schema: unwrap(schema).inner, facts };
}
