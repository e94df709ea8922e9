import { describe, expect, test } from '@jest/globals';
import { loadRuleSet, type RulesText } from '../../../src/rules/load.ts';

/** Every problem as `file:line:column message -> way out`, sorted as they are printed. */
function problemsOf(...files: RulesText[]): string[] {
  const loaded = loadRuleSet(files);
  if (!('problems' in loaded)) return [];
  return loaded.problems
    .toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column))
    .map(({ file, line, column, message, wayOut }) => `${file}:${line}:${column} ${message} -> ${wayOut}`);
}

const shop = (text: string): RulesText => ({ file: 'shop.yaml', text });
const HEAD = 'app: shop\nhosts: [shop.example.com]\naudience: https://api\n'; // lines 1 to 3
const RULES = 'rules:\n  /: public\n'; // lines 4 and 5

const REGEX =
  'Paths are no regular expressions. -> write literal segments, `*` for exactly one segment, and a final `/**` for everything below';
const WHOLE =
  'it cannot be part of `SEGMENT`. -> write `*` alone for one segment, or a final `/**` for everything below';

describe('paths', () => {
  test.each<[string, string]>([
    ['admin/**', 'A path begins with `/`. -> write `/admin/**`'],
    [
      'https://x/a',
      'A path begins with `/`; scheme and host do not belong here. -> write the path alone; hosts go to `hosts`',
    ],
    ['', 'A path begins with `/`. -> write `/`'],
    ['^/a', REGEX],
    ['~ /a', REGEX],
    ['/a.*', REGEX],
    ['/a.+', REGEX],
    ['/a$', REGEX],
    ['/(a|b)', REGEX],
    ['/a|b', REGEX],
    ['/(?:a)', REGEX],
    ['/[a-z]+', REGEX],
    ['/\\\\d+', REGEX],
    ['/[id]', REGEX],
    [`/${'['.repeat(900)}]`, REGEX],
    [`/${'a/'.repeat(129)}`, 'A path has at most 128 segments. -> end the path earlier, with `/**`'],
    ['/a*', `\`*\` stands for one whole segment, ${WHOLE.replace('SEGMENT', 'a*')}`],
    ['/*.js', `\`*\` stands for one whole segment, ${WHOLE.replace('SEGMENT', '*.js')}`],
    ['/a**', `\`*\` stands for one whole segment, ${WHOLE.replace('SEGMENT', 'a**')}`],
    ['/a/***', `\`*\` stands for one whole segment, ${WHOLE.replace('SEGMENT', '***')}`],
    [
      '/a/**/b',
      '`**` can only be the last segment, without a slash behind it. -> write `/a/**`, or `*` for each single segment',
    ],
    [
      '/**/b',
      '`**` can only be the last segment, without a slash behind it. -> write `/**`, or `*` for each single segment',
    ],
    [
      '/a/**/',
      '`**` can only be the last segment, without a slash behind it. -> write `/a/**`, or `*` for each single segment',
    ],
    [
      '/a/**/**',
      '`**` can only be the last segment, without a slash behind it. -> write `/a/**`, or `*` for each single segment',
    ],
    ['/a?b=1', 'The query never takes part in a rule. -> write `/a`'],
    ['/a%20b', 'Paths are written decoded, without `%`. -> write `/a b`'],
    ['/gr%C3%B6%C3%9Fe', 'Paths are written decoded, without `%`. -> write `/größe`'],
    [
      '/a%2fb',
      'Paths are written decoded, without `%`. -> write the character itself; no rule can name an escaped slash, a percent sign and the like',
    ],
    [
      '/100%',
      'Paths are written decoded, without `%`. -> write the character itself; no rule can name an escaped slash, a percent sign and the like',
    ],
    ['/a/./b', 'A path holds no `.` or `..` segments. -> write the path that is meant'],
    ['/a/..', 'A path holds no `.` or `..` segments. -> write the path that is meant'],
    ['/a//b', 'The path holds an empty segment. -> write `/a/b`'],
    ['//', 'The path holds an empty segment. -> write `/`'],
    ['/:id', '`:id` is no placeholder here. -> write `*` for exactly one segment'],
    ['/a/{id}', '`{id}` is no placeholder here. -> write `*` for exactly one segment'],
    ['/a/<int:id>', '`<int:id>` is no placeholder here. -> write `*` for exactly one segment'],
    [
      '/a;b',
      'A request path with `;` is refused or read in more than one way, so this rule could never match. -> remove everything from `;` on',
    ],
    [
      '/a#b',
      'A request path with `#` is refused or read in more than one way, so this rule could never match. -> remove everything from `#` on',
    ],
    [
      '/a\\\\x',
      'A request path with `\\` is refused or read in more than one way, so this rule could never match. -> write `/`',
    ],
    [
      '/a\\u0007',
      'The path holds a control character, and no such request is ever let through. -> remove it',
    ],
    [
      '/a\\u0085',
      'The path holds a control character, and no such request is ever let through. -> remove it',
    ],
    ['/_auth', '`/_auth` belongs to the gateway, so this rule could never match. -> remove it'],
    ['/_auth/', '`/_auth` belongs to the gateway, so this rule could never match. -> remove it'],
    ['/_auth/**', '`/_auth` belongs to the gateway, so this rule could never match. -> remove it'],
    ['/_auth/*/x', '`/_auth` belongs to the gateway, so this rule could never match. -> remove it'],
    [
      '/.well-known/oauth-protected-resource/api',
      '`/.well-known/oauth-protected-resource` belongs to the gateway, so this rule could never match. -> remove it',
    ],
    [`/${'a/'.repeat(129)}`, 'A path has at most 128 segments. -> end the path earlier, with `/**`'],
  ])('%s', (path, problem) => {
    expect(problemsOf(shop(`${HEAD}rules:\n  "${path}": public\n`))).toEqual([`shop.yaml:5:3 ${problem}`]);
  });

  test('the same path twice', () => {
    expect(
      problemsOf(shop(`${HEAD}rules:\n  /a: public\n  /a/: deny\n  /a/**: deny\n  /b: deny\n  /b: public\n`)),
    ).toEqual([
      'shop.yaml:6:3 This is the same path as `/a` on line 5. -> keep one of the two',
      'shop.yaml:9:3 `/b` stands twice in this map; first on line 8. -> keep one of the two, and move what belongs together below it',
    ]);
  });

  test('base path of the configuration', () => {
    const text = `${HEAD}rules:\n  /_auth: public\n  /gate/x: public\n`;
    const loaded = loadRuleSet([shop(text)], { basePath: '/gate' });
    expect('problems' in loaded && loaded.problems.map(({ line, message }) => [line, message])).toEqual([
      [6, '`/gate` belongs to the gateway, so this rule could never match.'],
    ]);
  });

  test('too many arrangements of `*`', () => {
    const path = (bits: number) =>
      Array.from({ length: 10 }, (_, at) => ((bits >> at) & 1 ? '*' : 'a')).join('/');
    const rules = Array.from({ length: 1024 }, (_, bits) => `  /${path(bits)}: public\n`).join('');
    expect(problemsOf(shop(`${HEAD}rules:\n${rules}`))).toEqual([
      'shop.yaml:4:1 The rules place `*` in more than 1024 different ways, which would make every lookup slow. -> use fewer `*`, or split the app',
    ]);
  });
});

const ALL_NEEDS = 'write public, authenticated, deny, [scope], or { all: [scope, scope] }';

describe('needs', () => {
  test.each<[string, string]>([
    ['publc', '5:7 `publc` is no need. -> did you mean `public`?'],
    ['Deny', '5:7 `Deny` is no need. -> did you mean `deny`?'],
    [
      'orders:read',
      '5:7 `orders:read` is no need. -> write public, authenticated, deny; a scope is written as a list: [orders:read]',
    ],
    ['two words', `5:7 \`two words\` is no need. -> ${ALL_NEEDS}`],
    ['"[a]"', '5:7 The quotes make one text of this need. -> remove the quotes'],
    ['"{ all: [a, b] }"', '5:7 The quotes make one text of this need. -> remove the quotes'],
    [
      'public\u00a0',
      '5:7 A no-break space stands here, which is no blank to YAML. -> put a plain blank in its place',
    ],
    ['*x', '5:7 YAML aliases are not used here. -> repeat the need in full'],
    ['', `5:3 The need is empty. -> ${ALL_NEEDS}`],
    ['true', `5:7 A need is a word, a list with one scope, or a map. -> ${ALL_NEEDS}`],
    ['5', `5:7 A need is a word, a list with one scope, or a map. -> ${ALL_NEEDS}`],
    ['[]', '5:7 The list is empty. -> write [orders:read], or remove the key'],
    [
      '[a, b]',
      '5:7 A list of several scopes does not say whether all or any of them are needed. -> write { all: [a, b] } or { any: [a, b] }',
    ],
    ['["a b"]', '5:8 A scope holds no blank. -> write { all: [a, b] } if several scopes are meant'],
    [
      '["a\\"b"]',
      '5:8 This is no scope token (RFC 6749 section 3.3). -> write printable ASCII without blanks, double quotes and backslashes',
    ],
    [
      '[größe]',
      '5:8 This is no scope token (RFC 6749 section 3.3). -> write printable ASCII without blanks, double quotes and backslashes',
    ],
    ['[5]', '5:8 A scope must be text. -> write one text; numbers, true and false need double quotes'],
    ['[""]', '5:8 A scope is empty. -> write the text'],
    [
      '[!admin]',
      '5:8 An unquoted ! begins a YAML tag, and tags are not used here. -> put the text in double quotes, or remove the tag',
    ],
    [
      '[read:]',
      '5:8 A colon inside a list makes a map of this item. -> write `name:part` without a blank behind the colon, or put the whole item in double quotes',
    ],
    ['{}', '5:7 The need is empty. -> write public, authenticated, deny, [scope], or { all: [scope] }'],
    ['{ all: [] }', '5:14 The list is empty. -> write [orders:read], or remove the key'],
    ['{ any: a }', '5:14 A list must stand here. -> write [a]'],
    ['{ all: [a, a] }', '5:18 `a` stands twice in this list. -> remove one of the two'],
    ['{ alll: [a] }', '5:9 `alll` is no key that can stand here. -> did you mean `all`?'],
    [
      '{ roles: [a] }',
      '5:9 `roles` is no key that can stand here. -> keys here are all, any, audience, acr, loginWithin',
    ],
    [
      '{ audience: "a b" }',
      '5:19 An audience holds no blank. -> write one text for each audience: [first, second]',
    ],
    ['{ audience: [] }', '5:19 The list is empty. -> write [https://api.example.com], or remove the key'],
    ['{ audience: "" }', '5:19 An audience is empty. -> write the text'],
    ['{ acr: mfa }', '5:14 A list must stand here. -> write [mfa]'],
    ['{ acr: [] }', '5:14 The list is empty. -> write [mfa], or remove the key'],
    [
      '{ acr: ["a b"] }',
      '5:15 An `acr` value holds no blank. -> write one text for each value: [first, second]',
    ],
    ...['a\\"b', 'a\\\\b', 'größe'].map((acr): [string, string] => [
      `{ acr: ["${acr}"] }`,
      '5:15 An `acr` value is printable ASCII without double quotes and backslashes. -> write it as the access token spells `acr`',
    ]),
    ['{ acr: [mfa, mfa] }', '5:20 `mfa` stands twice in this list. -> remove one of the two'],
    [
      '{ acr: [5] }',
      '5:15 An `acr` value must be text. -> write one text; numbers, true and false need double quotes',
    ],
    [
      '{ loginWithin: 15 }',
      '5:22 This is no duration. -> add the unit: `15s` for seconds, `15m` for minutes, `15h` for hours',
    ],
    [
      '{ loginWithin: 15min }',
      '5:22 This is no duration. -> write a whole number and one unit (s, m, h or d), for example `12h`',
    ],
    [
      '{ loginWithin: 0s }',
      '5:22 Nobody can have signed in within no time. -> write a duration such as `15m`',
    ],
    [
      '{ loginwithin: 5m }',
      '5:9 `loginwithin` is no key that can stand here. -> did you mean `loginWithin`?',
    ],
    [
      '{ deny: true, acr: [mfa] }',
      '5:9 `deny` is no key that can stand here. -> keys here are all, any, audience, acr, loginWithin',
    ],
  ])('%s', (need, problem) => {
    expect(problemsOf(shop(`${HEAD}rules:\n  /x: ${need}\n`))).toEqual([`shop.yaml:${problem}`]);
  });
});

describe('methods', () => {
  test.each<[string, string]>([
    ['{ get: public }', '5:9 Methods are written in upper case. -> write `GET`'],
    ['{ GET: public, post put: deny }', '5:22 Methods are written in upper case. -> write `POST PUT`'],
    ['{ Get: public }', '5:9 Methods are written in upper case. -> write `GET`'],
    ['{ Otherwise: public }', '5:9 `Otherwise` is no method. -> write `otherwise`'],
    ['{ GET: public, OTHERWISE: deny }', '5:22 `OTHERWISE` is no method. -> write `otherwise`'],
    ['{ GET: public, OTHERS: deny }', '5:22 `OTHERS` is no method. -> write `otherwise`'],
    [
      '{ GET: public, others: deny }',
      '5:22 `others` is no key that can stand here. -> did you mean `otherwise`?',
    ],
    ['{ "*": deny }', '5:9 `*` is no method. -> write `otherwise`'],
    [
      '{ ANY: public }',
      '5:9 `ANY` is no method. -> write `otherwise` for methods that are not named, or `any` for a list of scopes',
    ],
    [
      '{ GET ALL: public }',
      '5:9 `ALL` is no method. -> write `otherwise` for methods that are not named, or `all` for a list of scopes',
    ],
    ['{ GTE: public }', '5:9 `GTE` is no known method. -> did you mean `GET`?'],
    ['{ POST PTU: public }', '5:9 `PTU` is no known method. -> did you mean `PUT`?'],
    ['{ "GET,POST": public }', '5:9 Methods are separated by blanks. -> write `GET POST`'],
    ['{ "GET /x": public }', '5:9 `/x` is no HTTP method. -> write methods such as `GET` or `POST PUT`'],
    [
      '{ GET: public, POST GET: deny }',
      '5:22 `GET` is named twice for this path; first on line 5. -> keep one of the two',
    ],
    ['{ GET GET: public }', '5:9 `GET` stands twice here. -> remove one of the two'],
    ['{ GET: publc }', '5:14 `publc` is no need. -> did you mean `public`?'],
    ['{ GET: [] }', '5:14 The list is empty. -> write [orders:read], or remove the key'],
    ['{ GET, HEAD: [a] }', '5:9 Methods are separated by blanks. -> write `GET HEAD: [a]`'],
    [
      '{ GET: public, otherwsie: deny }',
      '5:22 `otherwsie` is no key that can stand here. -> did you mean `otherwise`?',
    ],
    [
      '{ GET: public, x: deny }',
      '5:22 `x` is no key that can stand here. -> keys here are methods in upper case, otherwise and audience',
    ],
    [
      '{ GET: public, all: [a] }',
      '5:22 `all` stands beside methods. -> write the need behind each method: GET: { all: [scope] }',
    ],
    [
      '{ GET: public, acr: [a] }',
      '5:22 `acr` stands beside methods. -> write the need behind each method: GET: { acr: [mfa] }',
    ],
    [
      '{ GET: public, loginWithin: 5m }',
      '5:22 `loginWithin` stands beside methods. -> write the need behind each method: GET: { loginWithin: 15m }',
    ],
    [
      '{ GET: public, audience: 5 }',
      '5:32 An audience must be text. -> write one text; numbers, true and false need double quotes',
    ],
    [
      '{ GET: { POST: public } }',
      '5:16 `POST` is no key that can stand here. -> keys here are all, any, audience, acr, loginWithin',
    ],
  ])('%s', (map, problem) => {
    expect(problemsOf(shop(`${HEAD}rules:\n  /x: ${map}\n`))).toEqual([`shop.yaml:${problem}`]);
  });
});

describe('keys of an app', () => {
  const ORIGIN = 'This is no serialised origin, so no browser sends it.';
  const TEXT = 'write one text; numbers, true and false need double quotes';
  test.each<[string, string]>([
    ['tolerate: semicolon', '6:11 A list must stand here. -> write [semicolon]'],
    ['tolerate: []', '6:11 The list is empty. -> write [semicolon], or remove the key'],
    [
      'tolerate: [encoded_slash]',
      '6:12 `encoded_slash` is no word that can stand here. -> did you mean `encoded-slash`?',
    ],
    [
      'tolerate: [dots]',
      '6:12 `dots` is no word that can stand here. -> write encoded-slash or semicolon or empty-segment or encoded-percent or encoded-hash or encoded-question',
    ],
    ['ignoreCase: yes', '6:13 This must be true or false. -> write true or false, without quotes'],
    ['ingoreCase: true', '6:1 `ingoreCase` is no key that can stand here. -> did you mean `ignoreCase`?'],
    ['assertion: RS256', '6:12 `RS256` is no word that can stand here. -> did you mean `ES256`?'],
    ['assertion: 1', '6:12 This is no choice of a signed assertion. -> write true, ES256 or EdDSA'],
    ['exchange: dash', '6:11 A list must stand here. -> write [dash]'],
    ['exchange: [dash, dash]', '6:18 `dash` stands twice in this list. -> remove one of the two'],
    ['mode: rpeort', '6:7 `rpeort` is no word that can stand here. -> did you mean `report`?'],
    ['mode: off', '6:7 `off` is no word that can stand here. -> write enforce or report'],
    ['mode: enforced', '6:7 `enforced` is no word that can stand here. -> did you mean `enforce`?'],
    ['credentials: [basik]', '6:15 `basik` is no word that can stand here. -> did you mean `basic`?'],
    ['credentials: [sesion]', '6:15 `sesion` is no word that can stand here. -> did you mean `session`?'],
    ['credentials: [bearer, bearer]', '6:23 `bearer` stands twice in this list. -> remove one of the two'],
    ['credentials: []', '6:14 The list is empty. -> write [session, bearer], or remove the key'],
    ['credentials: session', '6:14 A list must stand here. -> write [session]'],
    ['login:', '6:1 A map stands here. -> write scopes, ask as keys'],
    ['login: { scope: [openid] }', '6:10 `scope` is no key that can stand here. -> did you mean `scopes`?'],
    ['login: { scopes: [profile] }', '6:18 `openid` is missing. -> write [openid, profile]'],
    ['login: { scopes: [] }', '6:18 The list is empty. -> write [orders:read], or remove the key'],
    ['login: { ask: never }', '6:15 `never` is no word that can stand here. -> write rules or listed'],
    ['origins: [https://a/]', `6:11 ${ORIGIN} -> write \`https://a\``],
    ['origins: [HTTPS://A:443]', `6:11 ${ORIGIN} -> write \`https://a\``],
    ['origins: [https://ü.de]', `6:11 ${ORIGIN} -> write \`https://xn--tda.de\``],
    ['origins: ["*"]', `6:11 ${ORIGIN} -> write scheme://host or scheme://host:port`],
    ['origins: [www.example.com]', `6:11 ${ORIGIN} -> write scheme://host or scheme://host:port`],
    [
      'origins: []',
      '6:10 The list is empty. -> write [https://www.example.com], or upstream, or remove the key',
    ],
    ['origins: upstrem', '6:10 `upstrem` is no word that can stand here. -> did you mean `upstream`?'],
    [
      'headers: []',
      '6:10 A map of header names to claims must stand here. -> write { X-Forwarded-Email: email }',
    ],
    ['headers: { X-A: "" }', '6:17 A claim name is empty. -> write the text'],
    ['headers: { X-A: [a] }', `6:17 A claim name must be text. -> ${TEXT}`],
    ['passAccessToken: yes', '6:18 This must be true or false. -> write true or false, without quotes'],
    ['title: ""', '6:8 The title is empty. -> write the text'],
    ['title: "a\\u0007"', '6:8 The title holds a control character. -> remove it'],
    ['provider: 5', `6:11 A provider name must be text. -> ${TEXT}`],
    ['issuers: id.example.com', '6:10 A list must stand here. -> write [https://id.example.com/]'],
    [
      'issuers: [id.example.com]',
      '6:11 This is no issuer. -> write its URL exactly as its tokens spell `iss`, such as https://id.example.com/',
    ],
    ['issuers: https://id.example.com/', '6:10 A list must stand here. -> write [https://id.example.com/]'],
    ['origins: www.example.com', '6:10 A list must stand here. -> write [https://www.example.com]'],
    ['issuers: [main]', '6:11 This is no issuer. -> write its URL exactly as its tokens spell `iss`'],
    [
      'otherwise: public',
      '6:12 The rest of an app is never public. -> write deny or authenticated, and a rule for each public path',
    ],
    ['otherwise: denny', '6:12 `denny` is no word that can stand here. -> did you mean `deny`?'],
    ['otherwise: [a]', '6:12 This is no word that can stand here. -> write deny or authenticated'],
    ['orgins: [https://a]', '6:1 `orgins` is no key that can stand here. -> did you mean `origins`?'],
    ['Hosts: [a]', '6:1 `Hosts` is no key that can stand here. -> did you mean `hosts`?'],
    [
      'whatever: 1',
      '6:1 `whatever` is no key that can stand here. -> keys here are app, title, hosts, rules, mode, tests, provider, issuers, audience, login, credentials, origins, otherwise, ignoreCase, tolerate, headers, passAccessToken, assertion, exchange',
    ],
  ])('%s', (line, problem) => {
    expect(problemsOf(shop(`${HEAD}${RULES}${line}\n`))).toEqual([`shop.yaml:${problem}`]);
  });

  const TAKEN = 'is set by Postern or the proxy. -> choose another name, such as X-Forwarded-User';
  const HOP = 'ends at the proxy and never reaches the upstream. -> choose another name';
  test.each<[string, string]>([
    ...[
      ...['Cookie', 'Authorization', 'X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scopes', 'X-Forwarded-Host'],
      ...[
        'X-Forwarded-Proto',
        'X-Forwarded-Uri',
        'X-Forwarded-Method',
        'X-Forwarded-For',
        'X-Forwarded-Port',
      ],
      ...['X-Forwarded-Server', 'Host', 'Content-Length', 'Set-Cookie', 'x-auth-subject'],
    ].map((name): [string, string] => [name, `\`${name}\` ${TAKEN}`]),
    ...[
      'Connection',
      'Keep-Alive',
      'Proxy-Authorization',
      'TE',
      'Trailer',
      'Transfer-Encoding',
      'upgrade',
    ].map((name): [string, string] => [name, `\`${name}\` ${HOP}`]),
    ['X_User', 'A header name with `_` or `.` is read as one with `-` by many servers. -> write `X-User`'],
    ['X.User', 'A header name with `_` or `.` is read as one with `-` by many servers. -> write `X-User`'],
    ['"X User"', 'This is no HTTP header name (RFC 9110 section 5.1). -> write letters, digits and `-`'],
    ['"X-Usér"', 'This is no HTTP header name (RFC 9110 section 5.1). -> write letters, digits and `-`'],
    ['""', 'This is no HTTP header name (RFC 9110 section 5.1). -> write letters, digits and `-`'],
  ])('header %s', (name, problem) => {
    expect(problemsOf(shop(`${HEAD}${RULES}headers:\n  ${name}: email\n`))).toEqual([
      `shop.yaml:7:3 ${problem}`,
    ]);
  });

  test('the same header twice, whatever the case', () => {
    expect(problemsOf(shop(`${HEAD}${RULES}headers: { X-A: a, x-a: b }\n`))).toEqual([
      'shop.yaml:6:20 `x-a` is the same header as `X-A`. -> keep one of the two',
    ]);
  });
});

describe('hosts', () => {
  const LABEL =
    '`*` stands for the whole first label of a host only. -> write `"*.example.com"`, or name every host';
  const NAME = 'This is no host name. -> write a name such as `shop.example.com`';
  const TENANT =
    '`{tenant}` stands for the whole first label of a host only. -> write `"{tenant}.example.com"`, or name every host';
  const PLACEHOLDER =
    'The only placeholder of a host is `{tenant}`. -> write `"{tenant}.example.com"`, or `"*.example.com"` for any label';
  test.each<[string, string]>([
    [
      'shop.example.com:8443',
      'A host is written without a port; every port matches. -> write `shop.example.com`',
    ],
    ['"[::1]:80"', 'A host is written without a port; every port matches. -> write `[::1]`'],
    ['https://shop.example.com/x', 'A host is written without a scheme. -> write `shop.example.com`'],
    ['shop.example.com/x', 'A host is written without a path. -> write `shop.example.com`'],
    ['shop.example.com.', 'A host is written without a final dot. -> write `shop.example.com`'],
    ['"*"', LABEL],
    ['shop.*.com', LABEL],
    ['"*shop.example.com"', LABEL],
    ['"*.*.example.com"', LABEL],
    ['"**.example.com"', LABEL],
    ['"a.{tenant}.example.com"', TENANT],
    ['"{tenant}x.example.com"', TENANT],
    ['"{tenant}"', TENANT],
    ['"*.{tenant}.example.com"', TENANT],
    ['"{tenant}.*.example.com"', LABEL],
    ['"{x}.example.com"', PLACEHOLDER],
    ['"{Tenant}.example.com"', PLACEHOLDER],
    ['"{tenant}.[::1]"', NAME],
    [
      '"{tenant}.example.com:80"',
      'A host is written without a port; every port matches. -> write `{tenant}.example.com`',
    ],
    ['xn--a-ö.de', NAME],
    ['"a b"', NAME],
    ['a..b', NAME],
    ['user@example.com', NAME],
    ['"*."', 'A host is written without a final dot. -> write `*`'],
    ['"*.[::1]"', NAME],
    ['"*.0.0.1"', NAME],
    ['"127.1"', 'Clients spell this address differently. -> write `127.0.0.1`'],
    ['"[0:0::1]"', 'Clients spell this address differently. -> write `[::1]`'],
    ['5', 'A host must be text. -> write one text; numbers, true and false need double quotes'],
    [
      '*.example.com',
      'An unquoted * begins a YAML alias, and aliases are not used here. -> put the text in double quotes: "*.example.com"',
    ],
  ])('%s', (host, problem) => {
    expect(problemsOf(shop(`app: shop\nhosts: [${host}]\n${RULES}`))).toEqual([`shop.yaml:2:9 ${problem}`]);
  });

  test.each<[string, string]>([
    [
      '[Shop.Example.COM, shop.example.com]',
      '2:27 `shop.example.com` is named before in this list. -> remove one of the two',
    ],
    [
      '[größe.de, xn--gre-6ka8i.de]',
      '2:19 `xn--gre-6ka8i.de` is named before in this list. -> remove one of the two',
    ],
    [
      '["*.a.de", "{tenant}.A.de"]',
      '2:19 `{tenant}.a.de` matches the same hosts as `*.a.de`. -> keep one of the two',
    ],
    [
      '["{tenant}.a.de", "{tenant}.A.de"]',
      '2:26 `{tenant}.a.de` is named before in this list. -> remove one of the two',
    ],
    [
      '[{tenant}.a.de]',
      '2:17 The value has ended before this text. -> put the whole value in double quotes if it begins with { or [ or a quote',
    ],
    ['["*.a.de", "*.A.de"]', '2:19 `*.a.de` is named before in this list. -> remove one of the two'],
    ['[]', '2:8 The list is empty. -> write [shop.example.com], or remove the key'],
    ['shop.example.com', '2:8 A list must stand here. -> write [shop.example.com]'],
  ])('%s', (hosts, problem) => {
    expect(problemsOf(shop(`app: shop\nhosts: ${hosts}\n${RULES}`))).toEqual([`shop.yaml:${problem}`]);
  });
});

describe('files as a whole', () => {
  test.each<[string, string]>([
    ['', '1:1 This file is no rules file. -> write the keys `app`, `hosts` and `rules`'],
    ['- a\n', '1:1 This file is no rules file. -> write the keys `app`, `hosts` and `rules`'],
    [`hosts: [a.de]\n${RULES}`, '1:1 The app has no name. -> write `app: name`'],
    [
      `app: a b\nhosts: [a.de]\n${RULES}`,
      '1:6 The name of an app holds letters, digits, `.`, `_` and `-`, at most 64. -> shorten or respell it, and write what people see as `title`',
    ],
    [`app: shop\n${RULES}`, '1:1 The app has no hosts. -> write `hosts: [shop.example.com]`'],
    [HEAD, '1:1 The app lets nobody in: it has no rules. -> write `rules`, or `otherwise: authenticated`'],
    [
      `${HEAD}otherwise: deny\n`,
      '1:1 The app lets nobody in: it has no rules. -> write `rules`, or `otherwise: authenticated`',
    ],
    [
      `${HEAD}rules:\n`,
      '4:1 The rules are empty. -> write a map from paths to needs, such as `/**: authenticated`',
    ],
    [
      `${HEAD}rules: {}\notherwise: authenticated\n`,
      '4:8 The rules are empty. -> write a map from paths to needs, such as `/**: authenticated`',
    ],
    [
      'app: shop\nhosts: [a.de]\nrules:\n  /: public\n  /a: [x]\n  /b: [y]\n',
      '1:1 The app has no `audience`, but shop.yaml:5 needs an access token. -> write `audience: https://api.example.com`, the audience of the access tokens',
    ],
    [
      'app: shop\nhosts: [a.de]\notherwise: authenticated\n',
      '1:1 The app has no `audience`, but shop.yaml:3 needs an access token. -> write `audience: https://api.example.com`, the audience of the access tokens',
    ],
  ])('%j', (text, problem) => {
    expect(problemsOf(shop(text))).toEqual([`shop.yaml:${problem}`]);
  });

  test('no app at all', () => {
    expect(problemsOf()).toEqual([
      'rules:0:0 There is no app: no rules file was found. -> add a file such as shop.yaml with `app`, `hosts` and `rules`',
    ]);
    expect(problemsOf({ file: 'r/_defaults.yaml', text: 'audience: x\n' })).toEqual([
      'r/_defaults.yaml:0:0 There is no app: no rules file was found. -> add a file such as shop.yaml with `app`, `hosts` and `rules`',
    ]);
  });

  test('apps that share a name or a host', () => {
    const other = (text: string): RulesText => ({ file: 'other.yaml', text });
    expect(
      problemsOf(shop(HEAD + RULES), other(`app: shop\nhosts: [a.de, Shop.example.com]\n${RULES}`)),
    ).toEqual([
      'shop.yaml:1:6 `shop` is the name of the app in other.yaml:1 as well. -> give one of the two another name',
      'shop.yaml:2:9 `shop.example.com` belongs to the app `shop` in other.yaml:2 as well. -> leave it to one of the two apps',
    ]);
    expect(
      problemsOf(
        { file: 'a.yaml', text: `app: a\nhosts: ["*.a.de"]\n${RULES}` },
        { file: 'b.yaml', text: `app: b\nhosts: ["{tenant}.A.de"]\n${RULES}` },
      ),
    ).toEqual([
      'b.yaml:2:9 `{tenant}.a.de` belongs to the app `a` in a.yaml:2 as well, as `*.a.de`. -> leave it to one of the two apps',
    ]);
    expect(
      problemsOf(
        { file: 'a.yaml', text: `app: a\nhosts: ["*.a.de"]\n${RULES}` },
        { file: 'b.yaml', text: `app: b\nhosts:\n  - x.de\n  - "*.A.de"\n${RULES}` },
      ),
    ).toEqual([
      'b.yaml:4:5 `*.a.de` belongs to the app `a` in a.yaml:2 as well. -> leave it to one of the two apps',
    ]);
  });

  test.each(['_default.yaml', 'defaults.yaml', 'r/_Defaults.yml', 'default.yml'])(
    'defaults whose name is misspelt: %s',
    (file) => {
      const near = { file, text: 'audience: https://api\n' };
      expect(problemsOf(shop(HEAD + RULES), near)).toEqual([
        `${file}:1:1 This file is read as one of an app, and has no \`app\`. -> if it holds the defaults of all apps, rename it to \`_defaults.yaml\``,
      ]);
      expect(problemsOf({ file, text: HEAD + RULES })).toEqual([]);
    },
  );

  test('defaults hold values only', () => {
    const keys =
      'provider, issuers, audience, login, credentials, origins, otherwise, ignoreCase, tolerate, headers, passAccessToken, assertion, exchange';
    const own = ['rules', 'mode', 'hosts', 'app', 'title', 'tests'];
    expect(
      problemsOf(shop(HEAD + RULES), {
        file: '_defaults.yaml',
        text: `${own.map((key) => `${key}: [a]\n`).join('')}credentials: [basik]\ntolerate: [dots]\nassertion: x\nwhatever: 1\n`,
      }),
    ).toEqual([
      ...own.map(
        (key, at) =>
          `_defaults.yaml:${at + 1}:1 \`${key}\` belongs to one app, and the defaults hold for all. -> write it in the file of the app`,
      ),
      '_defaults.yaml:7:15 `basik` is no word that can stand here. -> did you mean `basic`?',
      '_defaults.yaml:8:12 `dots` is no word that can stand here. -> write encoded-slash or semicolon or empty-segment or encoded-percent or encoded-hash or encoded-question',
      '_defaults.yaml:9:12 `x` is no word that can stand here. -> write ES256 or EdDSA',
      `_defaults.yaml:10:1 \`whatever\` is no key that can stand here. -> keys here are ${keys}`,
    ]);
  });

  test('all problems of all files at once', () => {
    expect(
      problemsOf(
        { file: 'a.yaml', text: `app: a\nhosts: [a.de:1]\nrules:\n  /x*: public\n  /y: publc\ntests: []\n` },
        { file: 'b.yaml', text: 'app: b\nhosts: [*.b.de]\n' },
      ).map((problem) => problem.split(' ')[0]),
    ).toEqual(['a.yaml:2:9', 'a.yaml:4:3', 'a.yaml:5:7', 'a.yaml:6:8', 'b.yaml:2:9']);
  });
});

describe('ignoreCase', () => {
  test('paths that differ in case only, and paths of the gateway as they are spelled', () => {
    const rules =
      '  /A: public\n  /a: deny\n  /B/*: public\n  /b/*/: deny\n  /C/**: public\n  /c: deny\n  /_AUTH/x: deny\n  /_auth/y: deny\n';
    expect(problemsOf(shop(`${HEAD}ignoreCase: true\nrules:\n${rules}`))).toEqual([
      'shop.yaml:7:3 This is the same path as `/A` on line 6. -> keep one of the two',
      'shop.yaml:9:3 This is the same path as `/B/*` on line 8. -> keep one of the two',
      'shop.yaml:13:3 `/_auth` belongs to the gateway, so this rule could never match. -> remove it',
    ]);
    expect(problemsOf(shop(`${HEAD}ignoreCase: false\nrules:\n${rules}`))).toEqual([
      'shop.yaml:13:3 `/_auth` belongs to the gateway, so this rule could never match. -> remove it',
    ]);
  });
});

describe('tests', () => {
  const FORM = '{ request: GET /orders/7, scopes: [orders:read], expect: permit }';
  const APP = `app: shop\nhosts: [shop.example.com, "*.shop.example.com"]\n${RULES}`; // lines 1 to 4
  test.each<[string, string]>([
    ['[]', `5:8 The list is empty. -> write - ${FORM}, or remove the key`],
    ['{}', `5:8 A list of tests must stand here. -> write - ${FORM}, or remove the key`],
    ['', `5:1 A list of tests must stand here. -> write - ${FORM}, or remove the key`],
    [
      '[GET /]',
      '5:9 A map stands here. -> write request, expect, scopes, missing, host, audience, acr, loginAge as keys',
    ],
  ])('tests: %s', (tests, problem) => {
    expect(problemsOf(shop(`${APP}tests: ${tests}\n`))).toEqual([`shop.yaml:${problem}`]);
  });

  test.each<[string, string]>([
    ['expect: public', `5 The test has no \`request\`. -> write ${FORM}`],
    ['request: GET /', `5 The test has no \`expect\`. -> write ${FORM}`],
    ['request: GET /, expect: publc', '31 `publc` is no word that can stand here. -> did you mean `public`?'],
    [
      'request: GET /, expect: "401"',
      '31 `401` is no word that can stand here. -> write public or permit or login or forbidden or deny or bad-request',
    ],
    [
      'request: GET /, expect: public, scope: [a]',
      '39 `scope` is no key that can stand here. -> did you mean `scopes`?',
    ],
    [
      'request: GET /a,b, expect: public',
      '23 This key has no value. -> write `key: value`; text with a comma or a bracket in it needs double quotes',
    ],
    [
      'request: 5, expect: public',
      '16 A request must be text. -> write one text; numbers, true and false need double quotes',
    ],
    [
      'request: /x, expect: public',
      '16 A request is a method, one blank and an address. -> write GET /orders/7',
    ],
    [
      'request: GET, expect: public',
      '16 A request is a method, one blank and an address. -> write GET /orders/7',
    ],
    [
      'request: "G@T /", expect: public',
      '16 A request is a method, one blank and an address. -> write GET /orders/7',
    ],
    ['request: ANY /, expect: public', '16 `ANY` is no method. -> write one method, such as GET'],
    ['request: GTE /, expect: public', '16 `GTE` is no known method. -> did you mean `GET`?'],
    ['request: get /, expect: public', '16 `get` is no known method. -> did you mean `GET`?'],
    ['request: GET x, expect: public', '16 The address of a request begins with `/`. -> write GET /x'],
    ['request: GET  /x, expect: public', '16 The address of a request begins with `/`. -> write GET /x'],
    [
      'request: GET https://shop.example.com/, expect: public',
      '16 The address of a request begins with `/`. -> write the path alone, and the host as `host`',
    ],
    [
      'request: GET /größe/a b, expect: public',
      '16 A request is written as clients send it. -> write GET /gr%C3%B6%C3%9Fe/a%20b',
    ],
    [
      'request: GET /, expect: permit, missing: [a]',
      '39 Only a caller that is forbidden lacks scopes. -> remove `missing`, or write `expect: forbidden`',
    ],
    [
      'request: GET /, expect: forbidden, missing: []',
      '51 The list is empty. -> write [orders:read], or remove the key',
    ],
    ['request: GET /, expect: forbidden, missing: a', '51 A list must stand here. -> write [a]'],
    ['request: GET /, expect: permit, scopes: a', '47 A list must stand here. -> write [a]'],
    [
      'request: GET /, expect: permit, scopes: [a b]',
      '48 A scope holds no blank. -> write { all: [a, b] } if several scopes are meant',
    ],
    [
      'request: GET /, expect: login, audience: x',
      '38 Without `scopes` the caller is anonymous and has no token that `audience` could belong to. -> write `scopes` as well; `scopes: []` is a token without scopes',
    ],
    [
      'request: GET /, expect: login, acr: x',
      '38 Without `scopes` the caller is anonymous and has no token that `acr` could belong to. -> write `scopes` as well; `scopes: []` is a token without scopes',
    ],
    [
      'request: GET /, expect: permit, scopes: [], acr: [mfa]',
      '56 An `acr` value must be text. -> write one text; numbers, true and false need double quotes',
    ],
    [
      'request: GET /, expect: permit, scopes: [], loginAge: 5',
      '61 This is no duration. -> add the unit: `5s` for seconds, `5m` for minutes, `5h` for hours',
    ],
    [
      'request: GET /, expect: login, loginAge: 5m',
      '38 Without `scopes` the caller is anonymous and has no token that `loginAge` could belong to. -> write `scopes` as well; `scopes: []` is a token without scopes',
    ],
    [
      'request: GET /, expect: permit, scopes: [], audience: a b',
      '61 An audience holds no blank. -> write one text for each audience: [first, second]',
    ],
    [
      'request: GET /, expect: public, host: other.de',
      '45 `other.de` is no host of this app. -> write a host of shop.example.com, *.shop.example.com',
    ],
    [
      'request: GET /, expect: public, host: a.b.shop.example.com',
      '45 `a.b.shop.example.com` is no host of this app. -> write a host of shop.example.com, *.shop.example.com',
    ],
    [
      'request: GET /, expect: public, host: shop.exmaple.com',
      '45 `shop.exmaple.com` is no host of this app. -> did you mean `shop.example.com`?',
    ],
    [
      'request: GET /, expect: public, host: "*.shop.example.com"',
      '45 A test asks for one host. -> write `any.shop.example.com`',
    ],
    [
      'request: GET /, expect: public, host: shop.example.com:80',
      '45 A host is written without a port; every port matches. -> write `shop.example.com`',
    ],
  ])('{ %s }', (tests, problem) => {
    expect(problemsOf(shop(`${APP}tests:\n  - { ${tests} }\n`))).toEqual([`shop.yaml:6:${problem}`]);
  });

  test('a host that another app owns', () => {
    const wild = `app: wild\nhosts: ["*.example.com"]\n${RULES}tests:\n  - { request: GET /, expect: public }\n  - { request: GET /, expect: public, host: shop.example.com }\n`;
    expect(problemsOf(shop(HEAD + RULES), { file: 'wild.yaml', text: wild })).toEqual([
      'wild.yaml:5:1 The test wild.yaml:7 asks for `shop.example.com`, which belongs to the app `shop`. -> move the test there, or name another `host`',
    ]);
  });
});

describe('the commonest slips', () => {
  const BESIDE = 'stands on the level of the paths. -> indent the method below the path';
  const NO_BREAK = 'which is no blank to YAML. -> put a plain blank in its place';
  test.each<[string, string, readonly string[]]>([
    [
      'a path on the level of `rules`',
      'rules:\n/a: public\n',
      ['5:1 `/a` stands beside `rules`. -> indent this below `rules`'],
    ],
    [
      'paths on the level of `rules`',
      'rules:\n/a:\n  GET: [x]\n/b: [y]\n',
      ['5:1 `/a` stands beside `rules`. -> indent this below `rules`, and every path behind it'],
    ],
    [
      'one path among others',
      'rules:\n  /a: publc\n/b: public\n',
      [
        '5:7 `publc` is no need. -> did you mean `public`?',
        '6:1 `/b` stands beside `rules`. -> indent this below `rules`',
      ],
    ],
    [
      'paths without `rules`',
      '/a: public\n',
      ['4:1 Paths stand below `rules`. -> write `rules:`, and indent this below it'],
    ],
    ['a method on the level of its path', 'rules:\n  /a:\n  GET: [x]\n', [`6:3 \`GET\` ${BESIDE}`]],
    [
      'methods on the level of their path',
      'rules:\n  /a:\n  GET HEAD: [x]\n  post: [y]\n  /b: public\n',
      [`6:3 \`GET HEAD\` ${BESIDE}`, `7:3 \`post\` ${BESIDE}`],
    ],
    [
      '`otherwise` on the level of the paths',
      'rules:\n  /a: public\n  otherwise: deny\n',
      [
        '6:3 `otherwise` stands on the level of the paths. -> indent it below a path, or, for all of them, write it beside `rules`',
      ],
    ],
    [
      'method and path in one key',
      'rules:\n  GET /c: public\n  POST PUT /d/**: { all: [a, b] }\n  DELETE /e: [x]\n',
      [
        '5:3 A path and its methods are two levels. -> write `/c: { GET: public }`',
        '6:3 A path and its methods are two levels. -> write `/d/**: { POST PUT: { all: [a, b] } }`',
        '7:3 A path and its methods are two levels. -> write `/e: { DELETE: [x] }`',
      ],
    ],
    [
      'three methods with commas',
      'rules:\n  /x: { GET, HEAD, POST: { all: [a, b] } }\n',
      ['5:9 Methods are separated by blanks. -> write `GET HEAD POST: { all: [a, b] }`'],
    ],
    [
      'everything, without quotes and slash',
      'rules:\n  **: public\n',
      ['5:3 A path begins with `/`. -> write `/**`'],
    ],
    ['a path that begins with *', 'rules:\n  */x: public\n', ['5:3 A path begins with `/`. -> write `/*/x`']],
    [
      'an alias for a need',
      'rules:\n  /a: &x [s]\n  /b: *x\n',
      [
        '5:7 An unquoted & begins a YAML anchor, and anchors are not used here. -> put the text in double quotes, or remove the anchor',
        '6:7 YAML aliases are not used here. -> repeat the need in full',
      ],
    ],
    [
      'indentation with no-break spaces',
      'rules:\n\u00a0\u00a0/a: public\n\u00a0\u00a0/b: public\n',
      [`5:1 A no-break space stands here, ${NO_BREAK}`],
    ],
    [
      'a no-break space among blanks',
      'rules:\n  /a: public\n \u00a0/b: public\n',
      ['6:1 A no-break space stands on this line, which is no blank to YAML. -> put plain blanks there'],
    ],
    [
      'a no-break space before a path',
      'rules:\n  /a: public\n  \u00a0/b: public\n',
      [`6:3 A no-break space stands here, ${NO_BREAK}`],
    ],
    [
      'another space before a key',
      '\u2003mode: report\nrules: { /a: public }\n',
      [`4:1 The space U+2003 stands here, ${NO_BREAK}`],
    ],
    [
      'a no-break space behind a colon',
      'rules:\n  /a:\u00a0public\n',
      ['5:3 A no-break space stands on this line, which is no blank to YAML. -> put plain blanks there'],
    ],
  ])('%s', (_, text, problems) => {
    expect(problemsOf(shop(`${HEAD}${text}`))).toEqual(problems.map((problem) => `shop.yaml:${problem}`));
  });
});

describe('what YAML makes of a slip', () => {
  const ANCHOR =
    'An unquoted & begins a YAML anchor, and anchors are not used here. -> put the text in double quotes, or remove the anchor';
  const COLON =
    'A colon inside a list makes a map of this item. -> write `name:part` without a blank behind the colon, or put the whole item in double quotes';
  test.each<[string, string, string[]]>([
    ['a tab', 'app: a\n\thosts: [a.de]\n', ['2:1 A tab cannot be used for indentation. -> use blanks']],
    [
      'a bomb of aliases',
      'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n',
      [`1:4 ${ANCHOR}`, `2:4 ${ANCHOR}`, '3:5 YAML aliases are not used here. -> repeat the need in full'],
    ],
    [
      'a repeated key',
      `${HEAD}app: b\n${RULES}`,
      [
        '4:1 `app` stands twice in this map; first on line 1. -> keep one of the two, and move what belongs together below it',
      ],
    ],
    [
      'a number',
      `app: 12345678901234567890\nhosts: [a.de]\n${RULES}`,
      [
        '1:6 YAML reads this as a number and would change its digits. -> put it in double quotes if it is a name, else write the plain number',
      ],
    ],
    [
      'colons in lists',
      `${HEAD}rules:\n  /b: [orders: read]\n  /c: [read:]\n`,
      [`5:8 ${COLON}`, `6:8 ${COLON}`],
    ],
    [
      'ten megabytes',
      '#'.repeat(10_000_000),
      ['0:0 The file is larger than 8 MiB. -> split it into several files'],
    ],
    [
      'two documents',
      '---\napp: a\n---\napp: b\n',
      [
        '3:1 A second YAML document begins here. -> remove the line `---` or `...` before it, or use a file of its own',
      ],
    ],
    [
      'wrong types',
      'app: {}\nhosts: 5\nrules: 5\ntests: 5\nlogin: 5\n',
      [
        '1:6 The name of an app must be text. -> write one text; numbers, true and false need double quotes',
        '2:8 A list must stand here. -> write [shop.example.com]',
        '3:8 Rules are a map from paths to needs. -> write a map from paths to needs, such as `/**: authenticated`',
        '4:8 A list of tests must stand here. -> write - { request: GET /orders/7, scopes: [orders:read], expect: permit }, or remove the key',
        '5:8 A map stands here. -> write scopes, ask as keys',
      ],
    ],
  ])('%s', (_name, text, problems) => {
    expect(problemsOf(shop(text))).toEqual(problems.map((problem) => `shop.yaml:${problem}`));
  });

  test('a byte order mark and CRLF are no problem, and shift no place', () => {
    expect(problemsOf(shop(`\uFEFF${HEAD}${RULES}`.replaceAll('\n', '\r\n')))).toEqual([]);
    expect(problemsOf(shop(`\uFEFF${HEAD}rules:\n  /: publc\n`.replaceAll('\n', '\r\n')))).toEqual([
      'shop.yaml:5:6 `publc` is no need. -> did you mean `public`?',
    ]);
  });

  test('brackets nested beyond all reason', () => {
    expect(problemsOf(shop('['.repeat(10_000)))).toEqual([
      'shop.yaml:1:101 The file is nested too deeply. -> use fewer brackets and indentation levels, or put text with brackets in double quotes',
    ]);
  });

  test.each<[string, string, number, string]>([
    [
      'a repeated path',
      '  /: public\n'.repeat(100_000),
      6,
      '`/` stands twice in this map; first on line 5. -> keep one of the two, and move what belongs together below it',
    ],
    [
      'unknown needs',
      Array.from({ length: 1000 }, (_, at) => `  /a${at}: publc\n`).join(''),
      5,
      '`publc` is no need. -> did you mean `public`?',
    ],
  ])('a hundred problems of a file: %s', (_name, paths, line, sentence) => {
    const [more, first, ...rest] = problemsOf(shop(`${HEAD}rules:\n${paths}`));
    expect(more).toBe('shop.yaml:0:0 This file has more problems than are shown. -> mend these first');
    expect(first).toMatch(new RegExp(`^shop\\.yaml:${line}:`));
    expect(first?.endsWith(` ${sentence}`)).toBe(true);
    expect(rest.length).toBe(99);
  });

  test.each<[string, string, string]>([
    [
      'a path of 400,000 brackets',
      `? "/${'['.repeat(400_000)}"\n  : public`,
      '5:5 A path has at most 2048 characters. -> end the path earlier, with `/**`',
    ],
    [
      'a path of 2049 characters',
      `? "/${'a'.repeat(2048)}"\n  : public`,
      '5:5 A path has at most 2048 characters. -> end the path earlier, with `/**`',
    ],
    ['a path of 2048 characters', `? "/${'a'.repeat(2047)}"\n  : public`, ''],
    [
      'a need of a million characters',
      `/: ${'a'.repeat(1_000_000)}`,
      `5:6 \`${'a'.repeat(80)}…\` is no need. -> write public, authenticated, deny; a scope is written as a list: [${'a'.repeat(199)}…`,
    ],
    [
      'a path with a long placeholder',
      `/{${'a'.repeat(100)}}: public`,
      `5:3 \`{${'a'.repeat(79)}…\` is no placeholder here. -> write \`*\` for exactly one segment`,
    ],
  ])('%s', (_name, rule, problem) => {
    expect(problemsOf(shop(`${HEAD}rules:\n  ${rule}\n`))).toEqual(
      problem === '' ? [] : [`shop.yaml:${problem}`],
    );
  });

  test('the line is quoted and the caret has its length', () => {
    const loaded = loadRuleSet([shop(`${HEAD}rules:\n  /: publc\n`)]);
    expect('problems' in loaded && loaded.problems[0]?.excerpt).toEqual({ text: '  /: publc', length: 5 });
  });
});
