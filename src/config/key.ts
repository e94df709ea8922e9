import * as z from 'zod';

/** What is known of one key besides the form of its value. */
export interface KeyFacts {
  /** For the reference page and the JSON Schema. */
  readonly what: string;
  /** Completes "must be …": `a URL`. Needed where the type alone says too little. */
  readonly form?: string;
  /** A good value. */
  readonly example?: string;
  /** Shown in place of a default that the schema does not hold. */
  readonly byDefault?: string;
  /** The sibling that says the same in another form; only one of the two may be set. */
  readonly alternative?: string;
}

const FACTS = z.registry<KeyFacts>();

/** Makes a schema the value of a documented key. INVARIANT: it is the outermost wrapper of a key's schema. */
export function key<S extends z.ZodType>(schema: S, facts: KeyFacts): S {
  const documented = schema.describe(facts.what) as S;
  FACTS.add(documented as z.ZodType, facts);
  return documented;
}

/** @returns the facts of a key's schema; undefined for a schema that is not a key's. */
export const factsOf = (schema: z.core.$ZodType): KeyFacts | undefined => FACTS.get(schema);

/** @returns the schema inside its defaults and optionals, and the default found on the way. */
export function unwrap(schema: z.core.$ZodType): { inner: z.core.$ZodType; byDefault: unknown } {
  let byDefault: unknown;
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodDefault) byDefault = inner.def.defaultValue;
    if (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault)
      inner = inner.def.innerType;
    else return { inner, byDefault };
  }
}

/** @returns the path as people write it: `session.secrets[1]`. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${String(step)}`))
    .join('');
