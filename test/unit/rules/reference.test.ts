import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as z from 'zod';
import { canonicalPath } from '../../../src/forwarded/canonical-path.ts';
import { rulesSchema } from '../../../src/rules/language.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { fillReference, renderRulesSchema } from '../../../src/rules/reference.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/rules.md');

describe('what is generated is what the language says; else run `npm run docs`', () => {
  test('docs/rules.md', () => expect(page).toBe(fillReference(page)));
  test('schema/rules.json', () => expect(read('schema/rules.json')).toBe(renderRulesSchema()));
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
  // Whatever speaks JSON Schema would do here; this is at hand.
  const schema = z.fromJSONSchema(rulesSchema() as never);
  const accepts = (text: string): boolean => schema.safeParse(parse(text)).success;
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
rules: { /a: { "GET POST": [x], otherwise: deny, audience: z }, /b: { all: [x], any: [y], acr: [mfa], loginWithin: 15m } }
tests: [{ request: GET /a, scopes: [], audience: z, expect: forbidden, missing: [x] }]\n`,
    ],
  ])('accepts %s, as the reader does', (_, text) => {
    expect(accepts(text)).toBe(true);
    expect(loadRuleSet([{ file: 'a.yaml', text }])).not.toHaveProperty('problems');
  });

  test.each([
    ['an unknown key', `${head}hots: [a]\n`],
    ['a word that is no need', `${head}rules: { /a: pubic }\n`],
    ['a list of several scopes', `${head}rules: { /a: [x, y] }\n`],
    ['an empty list', `${head}rules: { /a: [] }\n`],
    ['a path without a slash', `${head}rules: { a: public }\n`],
    ['a method in lower case', `${head}rules: { /a: { get: public } }\n`],
    ['otherwise: public', `${head}otherwise: public\nrules: { /a: deny }\n`],
    ['a duration without a unit', `${head}audience: a\nrules: { /a: { loginWithin: 15 } }\n`],
    ['an unknown expectation', `${head}rules: { /a: public }\ntests: [{ request: GET /a, expect: open }]\n`],
    ['an unknown tolerance', `${head}tolerate: [dots]\nrules: { /a: public }\n`],
    ['no hosts', 'app: a\nrules: { /a: public }\n'],
    ['mode: off', `${head}mode: "off"\nrules: { /a: public }\n`],
  ])('refuses %s, as the reader does', (_, text) => {
    expect(accepts(text)).toBe(false);
    expect(loadRuleSet([{ file: 'a.yaml', text }])).toHaveProperty('problems');
  });
});
