import { TOLERANCES } from '../forwarded/canonical-path.ts';
import { ASSERTION_ALGORITHMS } from './rule-set.ts';

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
}
export type LanguageKeys = Readonly<Record<string, LanguageKey>>;

const text = { type: 'string', minLength: 1 } as const;
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items, minItems: 1, uniqueItems: true });
const word = (...words: readonly string[]): JsonSchema => ({ enum: words });
// RFC 6749 section 3.3.
export const scopes = list({ type: 'string', pattern: '^[\\x21\\x23-\\x5B\\x5D-\\x7E]+$' });
/** A list or something else: told apart by type, so that an editor shows what is wrong with the one that was written. */
const listOr = (items: JsonSchema, otherwise: JsonSchema): JsonSchema => ({
  if: { type: 'array' },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: list(items),
  else: otherwise,
});
const audienceText = { type: 'string', pattern: '^\\S+$' } as const;
/** One audience, or a list. */
export const audience: JsonSchema = listOr(audienceText, audienceText);
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
    what: 'What comes out, in one of the words below.',
    schema: word('public', 'permit', 'login', 'forbidden', 'deny', 'bad-request'),
  },
  scopes: {
    what: 'The scopes of the token.',
    byDefault: 'nobody is signed in',
    schema: { ...scopes, minItems: 0 },
  },
  missing: {
    what: 'With `forbidden`: exactly the scopes that are missing, in any order; of an `any` that is not met, all of its scopes.',
    schema: scopes,
  },
  host: { what: 'A host of the app.', byDefault: 'its first', schema: text },
  audience: {
    what: 'The audience of the token.',
    byDefault: "the app's first",
    schema: { type: 'string', pattern: '^\\S+$' },
  },
  acr: { what: 'The authentication context class of the token.', byDefault: 'none', schema: text },
  loginAge: {
    what: 'How long ago the person signed in, by the `auth_time` of the token: `5m`.',
    byDefault: 'the token does not say',
    schema: { type: 'string', pattern: '^[0-9]{1,9}[smhd]$' },
  },
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
    schema: list({
      type: 'string',
      pattern: '^(?:(?:\\*|\\{tenant\\})\\.)?(?:[^*{}/?#\\\\\\s:]*[^*{}/?#\\\\\\s:.]|\\[[0-9A-Fa-f:.]+\\])$',
    }),
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
    what: 'The audience of access tokens: one, or a list (any of). The first is asked for at login. `{tenant}` is filled with the tenant of the request.',
    byDefault: 'none; needed by every need that names none itself',
    schema: audience,
    inherited: true,
  },
  login: {
    what: '`scopes` that every login asks for, `openid` among them, and `ask`: `rules` asks for every scope that the rules name as well, `listed` for one of those when a page first needs it.',
    byDefault: '`{ scopes: [openid], ask: rules }`',
    schema: login,
    inherited: true,
  },
  credentials: {
    what: 'What a caller may bring: `session`; `bearer`, an access token; `basic`, a client id and its secret by HTTP Basic, with which the gateway gets an access token for the scopes of the rule (never of a page load).',
    byDefault: '`[session, bearer]`',
    schema: list(word('session', 'bearer', 'basic')),
    inherited: true,
  },
  origins: {
    what: 'Other origins whose pages may call the app with its cookies; `upstream` only lets preflights pass.',
    byDefault: 'none',
    schema: listOr({ type: 'string', pattern: '^https?://[^/\\s]+$' }, { const: 'upstream' }),
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
    what: 'Headers for the upstream: name of the header, and the profile claim that fills it. Any name but those that Postern, the proxy or HTTP set themselves (`Authorization`, `Cookie`, `X-Auth-…`, `X-Forwarded-For` and the like).',
    byDefault: 'none',
    schema: {
      type: 'object',
      propertyNames: { pattern: "^[!#$%&'*+^`|~0-9A-Za-z-]+$" },
      additionalProperties: text,
    },
    inherited: true,
  },
  passAccessToken: {
    what: "Whether the upstream gets the session's access token.",
    byDefault: '`true`',
    schema: flag,
    inherited: true,
  },
  assertion: {
    what: 'A signed statement for the upstream of who is asking, in `X-Auth-Assertion`: a JWT by `ES256` (or `true`) or `EdDSA`, verified with the keys at `https://<host>/_auth/jwks.json`.',
    byDefault: '`false`',
    schema: { enum: [true, false, ...ASSERTION_ALGORITHMS] },
    inherited: true,
  },
  exchange: {
    what: 'Names of exchanges of the configuration by which the app gets its access tokens: a session brings the token that the exchange begins at, and the upstream gets the one that comes of it.',
    byDefault: 'none',
    schema: list(text),
    inherited: true,
  },
  rules: { what: 'Paths and needs.', byDefault: 'none', schema: {} },
  tests: { what: 'Requests, and what must come out of them.', byDefault: 'none', schema: {} },
};

/** @returns the keys that `_defaults.yaml` may hold. */
export const inherited = (keys: LanguageKeys): LanguageKeys =>
  Object.fromEntries(Object.entries(keys).filter(([, { inherited: may }]) => may === true));
