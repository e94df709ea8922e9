import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { badLines, runRules, SHOP } from './_rules.ts';

const LONG = `app: long
hosts: [${Array.from({ length: 9 }, (_, i) => `host-number-${i}.of-a-long-domain.example.com`).join(', ')}]
audience: https://a-very-long-audience.example.com/which/is/an/address/of/its/own/and/more/of/it
rules:
  /a/rather/long/path/with/many/segments/that/goes/on/*/and/on/and/on/until/it/ends/**:
    GET POST PROPFIND: { all: [first:long:scope, second:long:scope], any: [third:long:scope, fourth:long:scope] }
  /${'x'.repeat(120)}: ["${'s'.repeat(120)}"]
tests:
  - { request: GET /a/rather/long/path/with/many/segments/that/goes/on/x/and/on/and/on/until/it/ends/here, expect: deny }
`;
const FAILING = SHOP.replace('missing: [orders:admin]', 'missing: [orders:write]').replace(
  'GET /,                expect: public',
  'GET /,                expect: login',
);

describe('every command', () => {
  test.each([
    ['check', ['check']],
    ['rules test', ['test']],
    ['rules table', ['table']],
    ['rules explain', ['explain', 'https://host-number-0.of-a-long-domain.example.com/a/rather/long/path']],
    ['rules explain, unknown host', ['explain', 'https://nope.example.com/a?b']],
    ['rules explain, ambiguous', ['explain', 'https://shop.example.com/a%2fb']],
  ])('%s fits into 100 columns', async (_, words) => {
    const { out, err } = await runRules(words, { files: { 'shop.yaml': FAILING, 'long.yaml': LONG } });
    expect(badLines(out)).toEqual([]);
    expect(err).toBe('');
    expect(out).toMatch(/[^\n]\n$/);
  });

  test.each([['check'], ['test'], ['table'], ['explain', 'https://shop.example.com/']])(
    '%s reports rules with problems, with their place',
    async (...words) => {
      const files = { 'shop.yaml': SHOP.replace('public', 'publc') };
      const { code, err, out } = await runRules(words, { files });
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('shop.yaml:6:27: `publc` is no need.');
      const json = await runRules(words, { files, json: true });
      expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ line: 6, column: 27 }] });
    },
  );

  test.each([
    [[], 'what about the rules?\n  -> write one of: postern rules test|explain|table|diff|import'],
    [['explan'], 'there is no command "rules explan"\n  -> did you mean "rules explain"?'],
    [['test', 'rules'], '"rules" is one word too many\n  -> write postern rules test --rules rules'],
    [['table', 'rules'], '"rules" is one word too many\n  -> write postern rules table --rules rules'],
    [['explain'], 'one request is explained\n  -> write postern rules explain GET https://shop'],
    [
      ['explain', 'GET', '/x'],
      '"/x" is no whole address\n  -> write scheme and host too, such as https://shop.example.com/x',
    ],
    [['explain', 'get', 'https://a.b/'], '"get" is another method than GET\n  -> write GET https://a.b/'],
    [['explain', 'G(T', 'https://a.b/'], '"G(T" is no HTTP method\n  -> write GET https://a.b/'],
  ])('misuse: %j', async (words, message) => {
    const { code, err, out } = await runRules(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`postern: ${message}`);
  });

  test.each([
    [{ token: 'eyJ' }, 'a token on the command line can be read by every user of the machine'],
    [{ token: '-', scopes: 'a' }, 'a token says itself what it holds'],
    [{ token: '-', rules: 'rules' }, 'validating a token needs the configuration, not --rules alone'],
    [{ audience: ['x'] }, 'without --scopes the caller is anonymous and has no token'],
    [{ acr: 'mfa' }, 'without --scopes the caller is anonymous and has no token'],
    [{ scopes: '', 'login-age': '5' }, '--login-age 5 is no duration'],
    [{ token: '-' }, 'the standard input is empty'],
  ])('misuse of rules explain: %j', async (values, message) => {
    const { code, err, out } = await runRules(['explain', 'https://shop.example.com/'], { values });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`postern: ${message}\n  -> `);
  });

  test.each([
    [['rules', 'test', '--scopes', 'a'], '--scopes belongs to `postern rules explain`'],
    [['check', '--junit', 'a'], '--junit belongs to `postern rules test`'],
    [
      ['rules', 'diff', '--rules', 'a'],
      '--rules belongs to `postern rules test`, `postern rules explain`, `postern rules table`',
    ],
    [['rules', 'table', '--gateway', 'a'], '--gateway belongs to `postern proxy`'],
  ])('misuse of the command line: %j', (words, message) => {
    const main = join(import.meta.dirname, '../../../src/main.ts');
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`postern: ${message}\n  -> see postern --help\n`);
  });
});

describe('rules for a review', () => {
  test('need no configuration: those of ./rules', async () => {
    const { code, err } = await runRules(['test'], { config: undefined });
    expect(code).toBe(0);
    expect(err).toBe(
      'postern: note: the configuration has 2 problems, see postern check; the rules of rules are read all the same\n',
    );
  });

  test('need none either where they are named', async () => {
    const named = await runRules(['test'], { config: undefined, values: { rules: 'rules/shop.yaml' } });
    expect(named).toMatchObject({ code: 0, err: '' });
    const absent = await runRules(['test'], { config: undefined, values: { rules: 'nowhere' } });
    expect(absent).toMatchObject({ code: 1 });
    expect(absent.err).toContain('The rules cannot be read (ENOENT).');
  });

  test('know the base path of the configuration, also of one that is not complete', async () => {
    const words = ['explain', 'https://shop.example.com/gate/login'];
    const { out } = await runRules(words, { config: 'basePath: /gate\npagesListen: 127.0.0.1:4180' });
    expect(out).toContain('decision  own-page (own-page)');
  });
});

describe('rules test', () => {
  test('passes', async () => {
    const { code, out, err } = await runRules(['test']);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: 'ok  shop  3 of 3 tests\n\n3 tests passed.\n',
      err: '',
    });
  });

  test('shows what was expected, what came, and which rule decided', async () => {
    const { code, out } = await runRules(['test'], { files: { 'shop.yaml': FAILING } });
    expect(code).toBe(1);
    expect(out).toBe(`rules/shop.yaml:15: GET shop.example.com/, anonymous
    expected  login
    got       public
    reason    public
    rule      / (rules/shop.yaml:6)

rules/shop.yaml:17: DELETE shop.example.com/api/orders/7, with orders:read
    expected  forbidden, missing orders:write
    got       forbidden, missing orders:admin
    reason    scope-missing
    rule      DELETE /api/orders/** (rules/shop.yaml:11)

FAILED  shop  1 of 3 tests

2 of 3 tests failed.
  -> why: postern rules explain GET 'https://shop.example.com/'
`);
  });

  test('says which app has none, and how to begin', async () => {
    const files = {
      'shop.yaml': SHOP,
      'ops.yaml': 'app: ops\nhosts: [ops.x]\naudience: a\nrules: { /: [ops] }',
    };
    const { code, out } = await runRules(['test'], { files });
    expect(code).toBe(0);
    expect(out).toContain('-   ops   no tests\n');
    expect(out).toContain('-> begin with the file of ops: tests: [{ request: GET /, expect: login }]');
  });

  test('has the same as JSON', async () => {
    const { code, out } = await runRules(['test'], { files: { 'shop.yaml': FAILING }, json: true });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      tests: 3,
      failures: 2,
      untestedApps: [],
      results: [
        {
          app: 'shop',
          place: './rules/shop.yaml:15',
          ok: false,
          expected: { outcome: 'login' },
          got: { outcome: 'public', reason: 'public', missing: [], rule: './rules/shop.yaml:6' },
        },
        { ok: true },
        { ok: false, expected: { missing: ['orders:write'] }, got: { missing: ['orders:admin'] } },
      ],
    });
  });

  test('writes JUnit XML beside it, with places from where it was called', async () => {
    const { code, written } = await runRules(['test'], {
      files: { 'shop.yaml': FAILING },
      values: { junit: 'j.xml' },
    });
    expect(code).toBe(1);
    expect(written['j.xml']).toContain('<testsuite name="shop" tests="3" failures="2" errors="0">');
    expect(written['j.xml']).toContain('file="rules/shop.yaml" line="15"');
    expect(written['j.xml']).toContain('<failure message="expected login, got public">');
  });

  test('cannot write JUnit XML where there is no folder', async () => {
    const { code, err } = await runRules(['test'], { values: { junit: 'no/j.xml' } });
    expect(code).toBe(2);
    expect(err).toContain('postern: no/j.xml cannot be written (ENOENT)');
  });
});

describe('rules table', () => {
  test('has a line for each rule, the winner first', async () => {
    const { code, out } = await runRules(['table']);
    expect(code).toBe(0);
    expect(out).toContain(`app shop: shop.example.com, *.shop.example.com
  audience https://api.shop.example.com

  any             /                       public                                  rules/shop.yaml:6
  any             /account/**             authenticated                           rules/shop.yaml:7
  any             /api/orders/*/internal  deny                                    rules/shop.yaml:12
  GET HEAD        /api/orders/**          [orders:read]                           rules/shop.yaml:9
`);
  });

  test('has the same as JSON, each rule with its hosts', async () => {
    const { out } = await runRules(['table'], { json: true });
    const [app] = JSON.parse(out).apps;
    expect(app).toMatchObject({ app: 'shop', mode: 'enforce' });
    expect(app.rules).toHaveLength(8);
    expect(app.rules[4]).toEqual({
      hosts: ['shop.example.com', '*.shop.example.com'],
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/api/orders/**',
      need: '{ all: [orders:write], any: [staff, partner] }',
      place: './rules/shop.yaml:10',
    });
    expect(app.rules.at(-1)).toMatchObject({ path: 'otherwise', need: 'deny', place: null });
  });
});
