import { TOLERANCES } from '../forwarded/canonical-path.ts';

/** A JSON Schema (draft-07), as far as this language needs it. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A key of the language: what the readers accept, the reference says and editors offer comes from these rows. */
export interface LanguageKey {
  /** For the reference and for editors. */
  readonly what: string;
  readonly byDefault?: string;
  readonly schema: JsonSchema;
  /** Whether `_defaults.yaml` may hold it. */
  readonly inherited?: true;
  /** The language has it, this version does not. */
  readonly later?: true;
}
export type LanguageKeys = Readonly<Record<string, LanguageKey>>;

const text = { type: 'string', minLength: 1 } as const;
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items, minItems: 1, uniqueItems: true });
const word = (...words: readonly string[]): JsonSchema => ({ enum: words });
// RFC 6749 section 3.3.
const scopes = list({ type: 'string', pattern: '^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$' });
const audience: JsonSchema = {
  oneOf: [{ type: 'string', pattern: '^\\S+$' }, list({ type: 'string', pattern: '^\\S+$' })],
};
const flag = { type: 'boolean' } as const;
export const DURATION_PATTERN = '^[1-9][0-9]*[smhd]$';

/** Keys of a need that is a map. */
export const NEED: LanguageKeys = {
  all: { what: 'Scopes, all of which the token must hold.', schema: scopes },
  any: { what: 'Scopes, one of which the token must hold; beside `all`, both hold.', schema: scopes },
  audience: {
    what: "The token's audience, in place of the app's: one, or a list (any of).",
    schema: audience,
  },
  acr: {
    what: 'Authentication context classes, one of which the token must name (RFC 9470).',
    schema: list({ type: 'string', pattern: '^\\S+$' }),
  },
  loginWithin: {
    what: 'How long ago the person may have signed in, by the `auth_time` of the token: `15m`.',
    schema: { type: 'string', pattern: DURATION_PATTERN },
  },
};

/** Keys of a test. */
export const TEST: LanguageKeys = {
  request: {
    what: 'Method and request target, as a browser would send them: `GET /api/orders/7`.',
    schema: { type: 'string', pattern: '^[^\\s]+ /\\S*$' },
  },
  expect: {
    what: 'What comes out.',
    schema: word('public', 'permit', 'login', 'forbidden', 'deny', 'bad-request'),
  },
  scopes: {
    what: 'The scopes of the token.',
    byDefault: 'nobody is signed in',
    schema: { ...scopes, minItems: 0 },
  },
  missing: { what: 'With `forbidden`: exactly the scopes that are missing.', schema: scopes },
  host: { what: 'A host of the app.', byDefault: 'its first', schema: text },
  audience: {
    what: 'The audience of the token.',
    byDefault: "the rule's",
    schema: { type: 'string', pattern: '^\\S+$' },
  },
  acr: { what: 'The authentication context class of the token.', byDefault: 'none', schema: text },
};

const login: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    scopes: {
      ...scopes,
      description: 'What every login asks for; `openid` among them.',
      contains: { const: 'openid' },
    },
    ask: {
      ...word('rules', 'listed'),
      description:
        '`rules` asks for every scope that the rules name as well; `listed` only when a page first needs it.',
    },
  },
};

/** Keys of an app's file. `rules` and `tests` have schemas of their own. */
export const APP: LanguageKeys = {
  app: {
    what: 'The name, for logs and metrics; letters, digits, `.`, `_`, `-`.',
    byDefault: 'required',
    schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' },
  },
  title: { what: 'The name for people.', byDefault: '`app`', schema: text },
  hosts: {
    what: 'Names without scheme, port and path; `*` or `{tenant}` may stand for the whole first label.',
    byDefault: 'required',
    schema: list(text),
  },
  provider: {
    what: 'Which provider of the configuration signs people in.',
    byDefault: 'the only one',
    schema: text,
    inherited: true,
  },
  issuers: {
    what: "Further issuers whose access tokens are accepted, beside the provider's own.",
    byDefault: 'none',
    schema: list({ type: 'string', pattern: '^https?://\\S+$' }),
    inherited: true,
  },
  audience: {
    what: 'The audience of access tokens: one, or a list (any of). The first is asked for at login.',
    byDefault: 'none; needed by every need that names none itself',
    schema: audience,
    inherited: true,
  },
  login: {
    what: '`scopes` that every login asks for, and `ask`: `rules` asks for every scope that the rules name as well, `listed` for one of those when a page first needs it.',
    byDefault: '`{ scopes: [openid], ask: rules }`',
    schema: login,
    inherited: true,
  },
  credentials: {
    what: 'What a caller may bring: `session`, `bearer`.',
    byDefault: '`[session, bearer]`',
    schema: list(word('session', 'bearer')),
    inherited: true,
  },
  origins: {
    what: 'Other origins whose pages may call the app with its cookies; `upstream` only lets preflights pass.',
    byDefault: 'none',
    schema: { oneOf: [{ const: 'upstream' }, list({ type: 'string', pattern: '^https?://[^/\\s]+$' })] },
    inherited: true,
  },
  otherwise: {
    what: 'What holds for paths without a rule: `deny`, or `authenticated`; never `public`.',
    byDefault: '`deny`',
    schema: word('deny', 'authenticated'),
    inherited: true,
  },
  mode: {
    what: '`report`: a session that lacks scopes or a step-up, or meets no rule, passes and is logged as `would-deny`.',
    byDefault: '`enforce`',
    schema: word('enforce', 'report'),
  },
  ignoreCase: {
    what: 'Paths are compared in lower case, for an upstream that folds case.',
    byDefault: '`false`',
    schema: flag,
    inherited: true,
  },
  tolerate: {
    what: 'Spellings of paths that are otherwise refused with 400.',
    byDefault: 'none',
    schema: list(word(...TOLERANCES)),
    inherited: true,
  },
  headers: {
    what: 'Headers for the upstream: name of the header, and the profile claim that fills it.',
    byDefault: 'none',
    schema: { type: 'object', additionalProperties: text },
    inherited: true,
  },
  passAccessToken: {
    what: "Whether the upstream gets the session's access token.",
    byDefault: '`true`',
    schema: flag,
    inherited: true,
  },
  assertion: { what: 'A signed assertion for the upstream.', schema: {}, inherited: true, later: true },
  exchange: { what: 'A token for another audience, by exchange.', schema: {}, inherited: true, later: true },
  rules: { what: 'Paths and needs.', byDefault: 'none', schema: {} },
  tests: { what: 'Requests, and what must come out of them.', byDefault: 'none', schema: {} },
};

/** @returns the keys that this version reads. */
export const supported = (keys: LanguageKeys): readonly string[] =>
  Object.keys(keys).filter((key) => keys[key]?.later !== true);

/** @returns the keys that this version refuses by name. */
export const later = (keys: LanguageKeys): readonly string[] =>
  Object.keys(keys).filter((key) => keys[key]?.later === true);

/** @returns the keys that `_defaults.yaml` may hold. */
export const inherited = (keys: LanguageKeys): LanguageKeys =>
  Object.fromEntries(Object.entries(keys).filter(([, { inherited: may }]) => may === true));

const properties = (keys: LanguageKeys): JsonSchema =>
  Object.fromEntries(
    Object.entries(keys)
      .filter(([, { later: not }]) => not !== true)
      .map(([key, { what, schema }]) => [key, { ...schema, description: what }]),
  );

const needSchema: JsonSchema = {
  oneOf: [
    {
      enum: ['public', 'authenticated', 'deny'],
      description: 'everybody, any valid token for the audience, or nobody',
    },
    { ...scopes, maxItems: 1, description: 'The one scope that the token must hold.' },
    { type: 'object', minProperties: 1, additionalProperties: false, properties: properties(NEED) },
  ],
};

const METHODS = '^[A-Z][A-Z0-9-]*( +[A-Z][A-Z0-9-]*)*$';

const pathSchema: JsonSchema = {
  anyOf: [
    { $ref: '#/definitions/need' },
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        GET: { $ref: '#/definitions/need' },
        POST: { $ref: '#/definitions/need' },
        'POST PUT PATCH': { $ref: '#/definitions/need' },
        DELETE: { $ref: '#/definitions/need' },
        otherwise: { $ref: '#/definitions/need' },
        audience: { ...audience, description: 'For all methods of this path.' },
      },
      patternProperties: { [METHODS]: { $ref: '#/definitions/need' } },
    },
  ],
};

/** @returns the JSON Schema (draft-07) of a rules file, for editors. It knows forms, not what only a whole set can show. */
export const rulesSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
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
      patternProperties: { '^/': { $ref: '#/definitions/path' } },
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
      },
    },
  },
  definitions: { need: needSchema, path: pathSchema },
});
