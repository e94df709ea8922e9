import {
  APP,
  audience,
  inherited,
  type JsonSchema,
  type LanguageKeys,
  NEED,
  scopes,
  TEST,
} from './language.ts';
import { NO_METHODS } from './method.ts';

const DRAFT = 'http://json-schema.org/draft-07/schema#';

/** @returns the JSON Schema (draft-07) of a rules file, for editors. It knows forms, not what only a whole set can show. */
export const rulesSchema = (): JsonSchema => ({
  $schema: DRAFT,
  title: 'Postern rules of one app',
  type: 'object',
  required: ['app', 'hosts'],
  additionalProperties: false,
  properties: {
    ...properties(APP),
    rules: {
      description: APP['rules']?.what,
      type: 'object',
      minProperties: 1,
      additionalProperties: false,
      patternProperties: { [PATH]: { $ref: '#/definitions/path' } },
    },
    tests: {
      description: APP['tests']?.what,
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['request', 'expect'],
        additionalProperties: false,
        properties: properties(TEST),
        dependencies: { audience: ['scopes'], acr: ['scopes'], loginAge: ['scopes'] },
        ...when({ required: ['missing'] }, { properties: { expect: { const: 'forbidden' } } }),
      },
    },
  },
  definitions: { need: needSchema, path: pathSchema },
});

/** @returns the JSON Schema of `_defaults.yaml`. */
export const defaultsSchema = (): JsonSchema => ({
  $schema: DRAFT,
  title: 'Postern defaults of all apps',
  type: 'object',
  additionalProperties: false,
  properties: properties(inherited(APP)),
});

// Told apart by type, so that what an editor underlines is the one word that is wrong, and not the whole.
const when = (test: JsonSchema, holds: JsonSchema, otherwise?: JsonSchema): JsonSchema => ({
  if: test,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: holds,
  ...(otherwise === undefined ? {} : { else: otherwise }),
});

const properties = (keys: LanguageKeys): JsonSchema =>
  Object.fromEntries(
    Object.entries(keys).map(([key, { what, schema }]) => [key, { ...schema, description: what }]),
  );

const needSchema: JsonSchema = when(
  { type: 'array' },
  { ...scopes, maxItems: 1, description: 'The one scope that the token must hold.' },
  when(
    { type: 'object' },
    { minProperties: 1, additionalProperties: false, properties: properties(NEED) },
    {
      enum: ['public', 'authenticated', 'deny'],
      description: 'everybody, any valid token for the audience, or nobody',
    },
  ),
);

const NEED_REFERENCE: JsonSchema = { $ref: '#/definitions/need' };

const METHOD = `(?!(?:${Object.keys(NO_METHODS)
  .filter((word) => word !== '*')
  .join('|')})(?: |$))[A-Z][A-Z0-9-]*`;
// Beside these, any registered method and several in one key: editors offer what is named.
const OFFERED = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST PUT PATCH', 'otherwise'];

// Each key has one schema, so that each error is told once.
const METHODS = `^(?!(?:${OFFERED.join('|')})$)${METHOD}(?: +${METHOD})*$`;

const pathSchema: JsonSchema = when(
  { type: 'object', propertyNames: { enum: Object.keys(NEED) } },
  NEED_REFERENCE,
  when(
    { type: 'object' },
    {
      minProperties: 1,
      additionalProperties: false,
      properties: {
        ...Object.fromEntries(OFFERED.map((key) => [key, NEED_REFERENCE])),
        audience: { ...audience, description: 'For all methods of this path.' },
      },
      patternProperties: { [METHODS]: NEED_REFERENCE },
    },
    NEED_REFERENCE,
  ),
);

// As `parsePathPattern` has it: decoded, whole segments, `*` for one of them and a final `/**`.
const NO_REGULAR_EXPRESSION = '(?!.*(?:\\$$|\\[[^\\]]*\\]|[.)\\]]\\+|\\(\\?))';
const SEGMENT = '(?:\\*|(?!\\.{1,2}(?:/|$)|:[A-Za-z_]|<[^<>]*>(?:/|$))[^/*%?#;|{}\\\\]+)';
const PATH = `^${NO_REGULAR_EXPRESSION}/(?:\\*\\*|${SEGMENT}(?:/${SEGMENT})*(?:/\\*\\*|/)?)?$`;
