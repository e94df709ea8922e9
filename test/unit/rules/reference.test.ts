import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { canonicalPath } from '../../../src/forwarded/canonical-path.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { parsePathPattern } from '../../../src/rules/path-pattern.ts';
import { fillReference, renderDefaultsSchema, renderRulesSchema } from '../../../src/rules/reference.ts';
import { defaultsSchema, rulesSchema } from '../../../src/rules/rules-schema.ts';
import { schemaErrors } from '../../support/json-schema.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/rules.md');

describe('what is generated is what the language says; else run `npm run docs`', () => {
  test('docs/rules.md', () => expect(page).toBe(fillReference(page)));
  test('schema/rules.json', () => expect(read('schema/rules.json')).toBe(renderRulesSchema()));
  test('schema/rules-defaults.json', () =>
    expect(read('schema/rules-defaults.json')).toBe(renderDefaultsSchema()));
  test('a page without marks is refused', () => expect(() => fillReference('# Rules')).toThrow('no marks'));
});

describe('the ten contests of the reference', () => {
  const rows = [...page.matchAll(/^\| `(GET|POST) (\/\S*)` \| (.+?) \| (none|`[^`]+`) \| (.+) \|$/gm)].map(
    (row) => row.slice(1) as [string, string, string, string, string],
  );

  test('are ten', () => expect(rows.length).toBe(10));

  test.each(rows)('%s %s of %s: %s, because %s', (method, path, rules, winner) => {
    const patterns = [...rules.matchAll(/`(\/[^:`]*)(?:: (\w+))?`/g)];
    const lines = patterns.map(([, pattern, only]) =>
      only === undefined ? `  "${pattern}": public\n` : `  "${pattern}": { ${only}: public }\n`,
    );
    const loaded = loadRuleSet([
      { file: 'a.yaml', text: `app: a\nhosts: [a.de]\nrules:\n${lines.join('')}` },
    ]);
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    const [app] = loaded.ruleSet.apps;
    const match = loaded.ruleSet.match(app as never, method, canonicalPath(path) ?? []);
    expect(match.kind === 'rule' ? `\`${match.rule.path}\`` : 'none').toBe(winner);
  });
});

describe('the JSON Schema', () => {
  const errors = (text: string): readonly string[] => schemaErrors(rulesSchema(), parse(text));
  const head = 'app: shop\nhosts: [shop.example.com]\n';

  test.each([
    ['the sample', read('rules/shop.yaml')],
    ['the demo', read('demo/rules/shop.yaml')],
    ['the least', 'app: a\nhosts: [a.de]\nrules: { /a: public }\n'],
    [
      'everything',
      `${head}title: T\nprovider: p\nissuers: [https://i.de]\naudience: [a, b]\nlogin: { scopes: [openid], ask: listed }
credentials: [bearer]\norigins: upstream\nheaders: { X-A: email }\notherwise: deny\nmode: report\nignoreCase: true
tolerate: [encoded-slash]\npassAccessToken: false
assertion: EdDSA
rules: { /a: { "GET POST": [x], otherwise: deny, audience: z }, /b: { all: [x], any: [y], acr: [mfa], loginWithin: 15m }, /c: { MKCOL PROPFIND: deny, audience: [y, z] } }
tests: [{ request: GET /a, scopes: [], audience: z, acr: mfa, loginAge: 5m, expect: forbidden, missing: [x] }]\n`,
    ],
  ])('accepts %s, as the reader does', (_, text) => {
    expect(errors(text)).toEqual([]);
    expect(loadRuleSet([{ file: 'a.yaml', text }])).not.toHaveProperty('problems');
  });

  // Where an editor underlines: the word that is wrong, and not all that stands around it.
  test.each([
    ['an unknown key', `${head}hots: [a]\n`, ['/hots: additionalProperties']],
    ['a word that is no need', `${head}rules: { /a: pubic }\n`, ['/rules/~1a: enum']],
    ['a list of several scopes', `${head}rules: { /a: [x, y] }\n`, ['/rules/~1a: maxItems']],
    ['an empty list', `${head}rules: { /a: [] }\n`, ['/rules/~1a: minItems']],
    ['an empty map', `${head}rules: { /a: {} }\n`, ['/rules/~1a: minProperties']],
    ['a scope with a blank', `${head}rules: { /a: { all: [x, "y z"] } }\n`, ['/rules/~1a/all/1: pattern']],
    [
      'an unknown key of a need',
      `${head}rules: { /a: { GET: { alll: [x] } } }\n`,
      ['/rules/~1a/GET/alll: additionalProperties'],
    ],
    ['a path without a slash', `${head}rules: { a: public }\n`, ['/rules/a: additionalProperties']],
    [
      'a method in lower case',
      `${head}rules: { /a: { get: public } }\n`,
      ['/rules/~1a/get: additionalProperties'],
    ],
    [
      'a word for all methods',
      `${head}rules: { /a: { GET ANY: public } }\n`,
      ['/rules/~1a/GET ANY: additionalProperties'],
    ],
    ['a need of a method', `${head}rules: { /a: { GET: pubic } }\n`, ['/rules/~1a/GET: enum']],
    ['otherwise: public', `${head}otherwise: public\nrules: { /a: deny }\n`, ['/otherwise: enum']],
    [
      'a duration without a unit',
      `${head}audience: a\nrules: { /a: { loginWithin: 15 } }\n`,
      ['/rules/~1a/loginWithin: type'],
    ],
    [
      'an unknown expectation',
      `${head}rules: { /a: public }\ntests: [{ request: GET /a, expect: open }]\n`,
      ['/tests/0/expect: enum'],
    ],
    [
      '`missing` without `forbidden`',
      `${head}rules: { /a: public }\ntests: [{ request: GET /a, expect: permit, missing: [a] }]\n`,
      ['/tests/0/expect: const'],
    ],
    [
      'an audience of nobody',
      `${head}rules: { /a: public }\ntests: [{ request: GET /a, expect: login, audience: a }]\n`,
      ['/tests/0: dependencies'],
    ],
    ['an unknown tolerance', `${head}tolerate: [dots]\nrules: { /a: public }\n`, ['/tolerate/0: enum']],
    ['no hosts', 'app: a\nrules: { /a: public }\n', [': required']],
    [
      'a host with a scheme',
      'app: a\nhosts: ["https://a.de"]\nrules: { /a: public }\n',
      ['/hosts/0: pattern'],
    ],
    ['a host with a port', 'app: a\nhosts: ["a.de:80"]\nrules: { /a: public }\n', ['/hosts/0: pattern']],
    ['mode: off', `${head}mode: "off"\nrules: { /a: public }\n`, ['/mode: enum']],
    [
      'a header name with _',
      `${head}headers: { X_A: email }\nrules: { /a: public }\n`,
      ['/headers/X_A: propertyNames'],
    ],
    ['no list of origins', `${head}origins: https://a.de\nrules: { /a: public }\n`, ['/origins: const']],
    [
      'an audience with a blank',
      `${head}audience: [a, "b c"]\nrules: { /a: public }\n`,
      ['/audience/1: pattern'],
    ],
  ])('refuses %s, as the reader does', (_, text, places) => {
    expect(errors(text)).toEqual(places);
    expect(loadRuleSet([{ file: 'a.yaml', text }])).toHaveProperty('problems');
  });

  test.each(
    [
      '/',
      '/**',
      '/*',
      '/a',
      '/a/',
      '/a/**',
      '/a/*/b',
      '/a.b/c',
      '/größe/my files',
      '/.well-known/x',
      '/a$b',
      '/a+b',
      '/(a)',
      'a',
      '',
      '//',
      '/a//b',
      '/a*',
      '/*.js',
      '/a**',
      '/**/b',
      '/a/**/',
      '/a?b',
      '/100%',
      '/a%20b',
      '/a/..',
      '/./a',
      '/...',
      '/:id',
      '/a:b',
      '/{id}',
      '/a{b}',
      '/<int:id>',
      '/a;b',
      '/a#b',
      '/a\\b',
      '/a|b',
      '/a$',
      '/[a]',
      '/a.+',
      '/a.*',
      '/(?:a)',
      '/a/***',
    ].map((path) => [path]),
  )('takes the path %j for what the reader takes it for', (path) => {
    const found = errors(`${head}rules: { ${JSON.stringify(path)}: public }\n`);
    expect(found.length === 0).toBe(!('message' in parsePathPattern(path)));
  });

  test.each([
    ['what may stand there', 'audience: a\nlogin: { scopes: [openid] }\nissuers: [https://i.de]\n', []],
    ['a key of one app', 'mode: report\n', ['/mode: additionalProperties']],
    ['rules', 'rules: { /a: public }\n', ['/rules: additionalProperties']],
  ])('of the defaults: %s', (_, text, places) => {
    expect(schemaErrors(defaultsSchema(), parse(text))).toEqual(places);
    const app = { file: 'a.yaml', text: `${head}rules: { /a: public }\n` };
    const loaded = loadRuleSet([app, { file: '_defaults.yaml', text }]);
    expect('problems' in loaded).toBe(places.length > 0);
  });
});
