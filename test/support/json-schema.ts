type Schema = Readonly<Record<string, unknown>>;

/**
 * Validates by the keywords of JSON Schema (draft-07) that our schemas use.
 * @returns the places of all errors, as `/rules/~1a: enum`
 * @throws for any other keyword
 */
export function schemaErrors(root: Schema, value: unknown): readonly string[] {
  const errors: string[] = [];
  const valid = (schema: Schema, part: unknown): boolean => {
    const before = errors.length;
    visit(schema, part, '');
    const isValid = errors.length === before;
    errors.length = before;
    return isValid;
  };
  const visit = (schema: Schema, part: unknown, place: string): void => {
    for (const [keyword, rule] of Object.entries(schema)) {
      const keyed = KEYWORDS[keyword];
      if (keyed === undefined) throw new TypeError(`${keyword} is no keyword that is known here`);
      keyed({
        rule: rule as never,
        schema,
        part,
        place,
        root,
        visit,
        valid,
        fail: (at = place) => void errors.push(`${at}: ${keyword}`),
      });
    }
  };
  visit(root, value, '');
  return errors;
}

interface Step {
  readonly rule: never;
  readonly schema: Schema;
  readonly part: unknown;
  readonly place: string;
  readonly root: Schema;
  visit(schema: Schema, part: unknown, place: string): void;
  valid(schema: Schema, part: unknown): boolean;
  fail(at?: string): void;
}

type Map = Readonly<Record<string, unknown>>;
const isMap = (part: unknown): part is Map =>
  typeof part === 'object' && part !== null && !Array.isArray(part);
const under = (place: string, key: string | number): string =>
  `${place}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
const nothing = (): void => undefined;

const KEYWORDS: Readonly<Record<string, (step: Step) => void>> = {
  ...Object.fromEntries(
    ['$schema', 'title', 'description', 'definitions', 'then', 'else'].map((key) => [key, nothing]),
  ),
  $ref: ({ rule, root, part, place, visit }) =>
    visit((root['definitions'] as Map)[String(rule).split('/').at(-1) ?? ''] as Schema, part, place),
  if: ({ rule, schema, part, place, visit, valid }) => {
    const next = schema[valid(rule, part) ? 'then' : 'else'];
    if (next !== undefined) visit(next as Schema, part, place);
  },
  type: ({ rule, part, fail }) => {
    const type = Array.isArray(part) ? 'array' : part === null ? 'null' : typeof part;
    if (type !== rule) fail();
  },
  enum: ({ rule, part, fail }) => (rule as readonly unknown[]).includes(part) || fail(),
  const: ({ rule, part, fail }) => part === rule || fail(),
  pattern: ({ rule, part, fail }) => typeof part !== 'string' || new RegExp(rule, 'u').test(part) || fail(),
  minLength: ({ rule, part, fail }) => typeof part !== 'string' || part.length >= rule || fail(),
  minItems: ({ rule, part, fail }) => !Array.isArray(part) || part.length >= rule || fail(),
  maxItems: ({ rule, part, fail }) => !Array.isArray(part) || part.length <= rule || fail(),
  uniqueItems: ({ part, fail }) => !Array.isArray(part) || new Set(part).size === part.length || fail(),
  items: ({ rule, part, place, visit }) => {
    if (Array.isArray(part)) for (const [at, item] of part.entries()) visit(rule, item, under(place, at));
  },
  contains: ({ rule, part, valid, fail }) =>
    !Array.isArray(part) || part.some((item) => valid(rule, item)) || fail(),
  minProperties: ({ rule, part, fail }) => !isMap(part) || Object.keys(part).length >= rule || fail(),
  required: ({ rule, part, fail }) =>
    !isMap(part) || (rule as readonly string[]).every((key) => Object.hasOwn(part, key)) || fail(),
  dependencies: ({ rule, part, fail }) => {
    for (const [key, needed] of Object.entries(rule as Readonly<Record<string, readonly string[]>>))
      if (isMap(part) && Object.hasOwn(part, key) && !needed.every((one) => Object.hasOwn(part, one))) fail();
  },
  propertyNames: ({ rule, part, place, valid, fail }) => {
    if (isMap(part)) for (const key of Object.keys(part)) if (!valid(rule, key)) fail(under(place, key));
  },
  properties: ({ rule, part, place, visit }) => {
    for (const [key, schema] of Object.entries(rule as Map))
      if (isMap(part) && Object.hasOwn(part, key)) visit(schema as Schema, part[key], under(place, key));
  },
  patternProperties: ({ rule, part, place, visit }) => {
    for (const [pattern, schema] of Object.entries(rule as Map))
      for (const [key, value] of Object.entries(isMap(part) ? part : {}))
        if (new RegExp(pattern, 'u').test(key)) visit(schema as Schema, value, under(place, key));
  },
  additionalProperties: ({ rule, schema, part, place, visit, fail }) => {
    const named = Object.keys((schema['properties'] ?? {}) as Map);
    const patterns = Object.keys((schema['patternProperties'] ?? {}) as Map).map(
      (text) => new RegExp(text, 'u'),
    );
    for (const [key, value] of Object.entries(isMap(part) ? part : {})) {
      if (named.includes(key) || patterns.some((pattern) => pattern.test(key))) continue;
      if (rule === false) fail(under(place, key));
      else visit(rule, value, under(place, key));
    }
  },
};
