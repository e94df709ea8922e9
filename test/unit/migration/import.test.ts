import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../../src/config/load.ts';
import { type Imported, importForwardAuth } from '../../../src/migration/import.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { ruleSetOf } from '../../support/requests.ts';

function imported(text: string): Imported {
  const result = importForwardAuth('conf/application.yaml', text);
  if ('problems' in result) throw new TypeError(JSON.stringify(result.problems));
  return result;
}

/** An app with further lines. */
const app = (...lines: readonly string[]): string =>
  `apps:\n- name: www.example.test\n  audience: https://api\n${lines.map((line) => `  ${line}\n`).join('')}`;

/** The rules of the one file, as text. */
const rulesOf = (text: string): string => imported(text).files[0]?.text.split('rules:\n')[1] ?? '';

/** Findings of one key, in short. */
const said = (text: string, key: string): readonly string[] =>
  imported(text)
    .findings.filter((one) => one.key === key)
    .map(({ level, app: host, line, message }) => `${level} ${host ?? '*'}:${line} ${message}`);

describe('a whole file', () => {
  const FILE = `
domain: https://acme.eu.auth0.com
token-endpoint: https://acme.eu.auth0.com/oauth/token
nonce-max-age: 300
default:
  name: example.test
  client-id: AbC123
  client-secret: s3cr3t-of-the-default
  audience: https://api.example.test
  scope: "profile openid email"
  redirect-uri: https://auth.example.test/signin
  token-cookie-domain: example.test
  return-to: https://www.example.test
  claims: [name, email]
apps:
- name: WWW.example.test
  required-permissions: [read:whoami, read:website]
- name: traefik.example.test
  client-id: traefik1
  client-secret: s3cr3t-of-traefik
  audience: https://traefik
`;

  test('makes a rules file for each app, complete in itself', () => {
    const { files } = imported(FILE);
    expect(files.map(({ name }) => name)).toEqual([
      'www.example.test.yaml',
      'traefik.example.test.yaml',
      'example.test.yaml',
    ]);
    expect(
      files[0]?.text,
    ).toBe(`# Imported from application.yaml, line 16, by postern rules import. What has no equivalent
# stands in its report, not here.
app: www.example.test
hosts: [www.example.test]
provider: www-example-test
audience: https://api.example.test
login: { scopes: [openid, profile, email] }
headers:
  x-forwardauth-sub: sub
  x-forwardauth-name: name
  x-forwardauth-email: email

rules:
  /**: { all: [read:whoami, read:website] }
`);
  });

  test('makes files that load together, and decide as they did there', () => {
    const { files } = imported(FILE);
    const ruleSet = ruleSetOf(...files.map(({ text }) => text));
    const www = ruleSet.appFor('www.example.test');
    if (www === undefined) throw new TypeError('the host is imported');
    expect(www.audiences).toEqual(['https://api.example.test']);
    const match = ruleSet.match(www, 'GET', ['any', 'path']);
    expect(match.kind === 'rule' ? match.rule.need : match).toMatchObject({
      kind: 'token',
      audiences: ['https://api.example.test'],
      allOf: ['read:whoami', 'read:website'],
    });
    expect(ruleSet.match(www, 'TRACE', [])).toMatchObject({ kind: 'none', reason: 'method-not-listed' });
    expect(ruleSet.appFor('unknown.example.test')).toBeUndefined();
  });

  test('sketches a configuration that loads once its secrets are there', () => {
    const { configuration } = imported(FILE);
    const readFile = (path: string): string | undefined =>
      path.endsWith('postern.yaml') ? configuration : 'a secret that has 32 bytes or more';
    const loaded = loadConfig({ path: '/etc/postern.yaml', env: {}, cwd: '/', readFile, now: 0 });
    if (!('config' in loaded)) throw new TypeError(JSON.stringify(loaded.problems));
    const providers = [...loaded.config.providers.values()].map(({ name, kind, issuer, clientId }) =>
      [name, kind, issuer, clientId].join(' '),
    );
    expect(providers).toEqual([
      'www-example-test auth0 https://acme.eu.auth0.com/ AbC123',
      'traefik-example-test auth0 https://acme.eu.auth0.com/ traefik1',
    ]);
  });

  test('copies no secret, and says where it stands', () => {
    expect(JSON.stringify(imported(FILE))).not.toContain('s3cr3t');
    const notCopied = 'not copied: a secret belongs into a file of its own, never into rules';
    expect(said(FILE, 'client-secret')).toEqual([
      `dropped www.example.test:8 ${notCopied}`,
      `dropped example.test:8 ${notCopied}`,
      `dropped traefik.example.test:20 ${notCopied}`,
    ]);
  });

  test('reports what has no equivalent, with its line', () => {
    const keys = imported(FILE).findings.map(({ key, line }) => `${key}:${line}`);
    for (const key of [
      ...['token-endpoint:3', 'nonce-max-age:4', 'default:5', 'redirect-uri:11', 'token-cookie-domain:12'],
      ...['return-to:13', 'required-permissions:17', 'all methods:1', 'Basic authorization:1'],
    ])
      expect(keys).toContain(key);
  });

  test('does the same for the spellings that Spring takes for one', () => {
    const other = FILE.replaceAll('client-id', 'clientId')
      .replaceAll(
        'required-permissions: [read:whoami, read:website]',
        'REQUIRED_PERMISSIONS: "read:whoami, read:website"',
      )
      .replace('claims: [name, email]', 'claims: name,email');
    expect(imported(other).files).toEqual(imported(FILE).files);
  });
});

describe('methods', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['no list: all are guarded', '', '  /**: authenticated\n', []],
    [
      'the whole list',
      'restricted-methods: [DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT]',
      '  /**: authenticated\n',
      [],
    ],
    [
      'a list of what writes: reading is public, by name',
      'restricted-methods: [delete, put, patch, post]',
      '  /**:\n    GET OPTIONS: public\n    POST PUT PATCH DELETE: authenticated\n',
      [
        'changed www.example.test:4 the list leaves out GET OPTIONS: open to everybody, in every path; the rules file says so as `public`',
      ],
    ],
    [
      'a misspelt method, as in the sample of ForwardAuth',
      'restricted-methods: [GET, HEAD, OPTION, DELETE, PUT, PATCH, POST]',
      '  /**: authenticated\n',
      ['changed www.example.test:4 `OPTION` is no method, so OPTIONS was open there; it is guarded here'],
    ],
    [
      'what writes and is not listed: guarded',
      'restricted-methods: [GET, HEAD, OPTIONS, POST]',
      '  /**: authenticated\n',
      [
        'changed www.example.test:4 the list leaves out PUT PATCH DELETE: open to everybody there, guarded here, because they change things',
      ],
    ],
    [
      'HEAD without GET',
      'restricted-methods: [GET, OPTIONS, POST, PUT, PATCH, DELETE]',
      '  /**: authenticated\n',
      ['changed www.example.test:4 HEAD was open there; here it needs what GET needs'],
    ],
    [
      'HEAD guarded, and GET not',
      'restricted-methods: [HEAD, OPTIONS, POST, PUT, PATCH, DELETE]',
      '  /**:\n    GET: public\n    HEAD POST PUT PATCH DELETE OPTIONS: authenticated\n',
      [
        'changed www.example.test:4 the list leaves out GET: open to everybody, in every path; the rules file says so as `public`',
      ],
    ],
    [
      'a method out of the ordinary',
      'restricted-methods: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS, PROPFIND',
      '  /**:\n    PROPFIND: authenticated\n    otherwise: authenticated\n',
      [],
    ],
    [
      'an empty list',
      'restricted-methods: []',
      '  /**: authenticated\n',
      [
        'changed www.example.test:4 the list is empty: every method was open to everybody there; here all of them are guarded',
      ],
    ],
  ])('%s', (_, line, rules, findings) => {
    const text = app(...(line === '' ? [] : [line]));
    expect(rulesOf(text)).toBe(rules);
    expect(said(text, 'restricted-methods')).toEqual(findings);
  });

  test('of the default are not inherited, as they never were', () => {
    const text = `default: { name: example.test, restricted-methods: [POST] }\n${app()}`;
    expect(rulesOf(text)).toBe('  /**: authenticated\n');
    expect(said(text, 'restricted-methods')).toEqual([
      'changed www.example.test:1 the default leaves GET HEAD PUT PATCH DELETE OPTIONS open, but this app never inherited that: all its methods were guarded, and still are',
    ]);
  });
});

describe('scopes and claims', () => {
  test.each<[string, readonly string[], string]>([
    ['the built-in scopes', [], 'login: { scopes: [openid, profile, email] }'],
    ['openid is first, once', ['scope: "email openid"'], 'login: { scopes: [openid, email] }'],
    ['openid is added', ['scope: email'], 'login: { scopes: [openid, email] }'],
    ['no refresh token', ['scope: "openid offline_access"'], 'login: { scopes: [openid] }'],
    ['one permission', ['required-permissions: [a]'], '  /**: [a]'],
    ['a claim with an underscore', ['claims: [given_name]'], '  x-forwardauth-given-name: given_name'],
    ['the subject is always there', [], '  x-forwardauth-sub: sub'],
  ])('%s', (_, lines, expected) => {
    expect(imported(app(...lines)).files[0]?.text.split('\n')).toContain(expected);
  });

  test('a claim that makes no header is reported', () => {
    const text = app('claims: ["https://example.test/roles", given_name, given-name]');
    expect(said(text, 'claims')).toEqual([
      'dropped www.example.test:4 the claim `https://example.test/roles` makes no header name',
      'dropped www.example.test:4 the claims `given_name` and `given-name` make the same header `x-forwardauth-given-name`',
    ]);
  });

  test('the scopes of the default hold, which was broken there', () => {
    const text = `default: { name: example.test, scope: openid phone }\n${app()}`;
    expect(imported(text).files[0]?.text).toContain('login: { scopes: [openid, phone] }');
    expect(said(text, 'scope')[0]).toContain('there, inheritance was broken');
  });
});

describe('an app that cannot be imported', () => {
  test.each<[string, string, string]>([
    ['no audience', 'apps: [{ name: a.test }]', 'refused a.test:1 not imported: it has no audience'],
    [
      'a placeholder',
      'apps: [{ name: a.test, audience: <from auth0 api config> }]',
      'refused a.test:1 not imported: `<from auth0 api config>` is no audience',
    ],
    [
      'a variable of the environment',
      `apps: [{ name: a.test, audience: "\${AUDIENCE}" }]`,
      `refused a.test:1 not imported: \`\${AUDIENCE}\` is no audience`,
    ],
    [
      'a permission that is no scope',
      'apps: [{ name: a.test, audience: x, required-permissions: ["a b"] }]',
      'refused a.test:1 not imported: `a b` cannot be a scope',
    ],
    ['no host', 'apps: [{ name: "a b", audience: x }]', 'refused a b:1 `a b` is no host name'],
    [
      'a wildcard, which matched nothing',
      'apps: [{ name: "*.a.test", audience: x }]',
      'refused *.a.test:1 `*.a.test` is no host name',
    ],
    ['no name', 'apps: [{ audience: x }]', 'refused *:1 the app has no name'],
    [
      'a host that is taken',
      'apps: [{ name: a.test, audience: x }, { name: A.test, audience: y }]',
      'refused A.test:1 `a.test` is named before, and there the first one won',
    ],
  ])('%s', (_, text, message) => {
    const { findings, files } = imported(text);
    const refused = findings.filter(({ level }) => level === 'refused');
    expect(
      refused.map(({ app: host, line, message: words }) => `refused ${host ?? '*'}:${line} ${words}`),
    ).toEqual([expect.stringContaining(message)]);
    expect(files.map(({ host }) => host)).toEqual(text.includes('A.test') ? ['a.test'] : []);
  });
});

test.each<[string, string, string]>([
  [
    'another file',
    'app: shop\n',
    'This is no application.yaml of ForwardAuth: it has neither `apps` nor `default`.',
  ],
  ['apps that are no list', 'apps: { a: b }\n', '`apps` is no list.'],
  ['broken YAML', 'apps: [\n', ''],
])('refuses %s', (_, text, message) => {
  const result = importForwardAuth('application.yaml', text);
  if (!('problems' in result)) throw new TypeError('this is refused');
  expect(result.problems[0]?.message).toContain(message);
});

test('a host with a port keeps the host', () => {
  const { files } = imported('apps: [{ name: "a.test:8443", audience: x }]');
  expect(files.map(({ host }) => host)).toEqual(['a.test']);
  expect('ruleSet' in loadRuleSet(files.map(({ name, text }) => ({ file: name, text })))).toBe(true);
});
