import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { COMMAND_NAMES } from '../../../src/commands/usage.ts';
import { type Asked, badLines, runRules, SHOP } from './_rules.ts';

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

const spawnMain = (words: readonly string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, '../../../src/main.ts'), ...words], {
    encoding: 'utf8',
  });

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
      expect(JSON.parse(json.out)).toMatchObject({
        ok: false,
        problems: [{ file: 'rules/shop.yaml', line: 6, column: 27 }],
      });
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
    const json = await runRules(words, { json: true });
    expect([json.code, json.err]).toEqual([2, '']);
    const [first = ''] = message.split('\n');
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ message: first }] });
  });

  test.each([
    [{ token: 'eyJ' }, 'a token on the command line can be read by every user of the machine'],
    [{ token: '-', scopes: 'a' }, 'a token says itself what it holds'],
    [{ token: '-', rules: 'rules' }, 'validating a token needs the configuration, not --rules alone'],
    [{ audience: ['x'] }, 'without --scopes the caller is anonymous and has no token'],
    [{ acr: 'mfa' }, 'without --scopes the caller is anonymous and has no token'],
    [{ scopes: '', 'login-age': '5' }, '--login-age 5 is no duration'],
    [{ scopes: 'orders:read "x"' }, '"\\"x\\"" is no scope token (RFC 6749 section 3.3)'],
    [{ scopes: 'größe' }, '"größe" is no scope token (RFC 6749 section 3.3)'],
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
      '--rules belongs to `postern check`, `postern rules test`, `postern rules explain`, `postern rules table`',
    ],
    [['rules', 'table', '--gateway', 'a'], '--gateway belongs to `postern proxy`'],
  ])('misuse of the command line: %j', (words, message) => {
    const { status, stdout, stderr } = spawnMain(words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`postern: ${message}\n  -> see postern --help\n`);
  });

  test.each([
    [['rules', 'test', '--json', '--scopes', 'a'], '--scopes belongs to `postern rules explain`'],
    [['--json', 'nope'], 'there is no command "nope"'],
    [['check', '--json', '--nope'], "Unknown option '--nope'"],
  ])('misuse of the command line, in JSON: %j', (words, message) => {
    const { status, stdout, stderr } = spawnMain(words);
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      problems: [{ message, wayOut: 'see postern --help' }],
    });
  });

  test.each<[readonly string[], readonly string[]]>([
    [['help'], COMMAND_NAMES],
    [['--help'], COMMAND_NAMES],
    [['help', 'nonsense'], COMMAND_NAMES],
    [['check', '--help'], ['check']],
    [['help', 'check'], ['check']],
    [['rules', '--help'], COMMAND_NAMES.filter((name) => name.startsWith('rules '))],
    [['rules', 'import', 'x', '--help'], ['rules import']],
    [['sessions', 'kill', '--help'], ['sessions kill']],
  ])('%j tells of its commands alone', (words, names) => {
    const { status, stdout } = spawnMain(words);
    const told = [
      ...stdout.matchAll(/^ {2}postern \[?([a-z]+(?: (?:test|explain|table|diff|import|list|kill))?)/gm),
    ];
    expect([status, told.map(([, name]) => name)]).toEqual([0, names]);
    expect(stdout).toContain('\nExit codes: 0 good');
    expect(badLines(stdout)).toEqual([]);
  });
});

describe('rules for a review', () => {
  test('need no configuration: those of ./rules', async () => {
    const { code, err } = await runRules(['test'], { config: undefined });
    expect(code).toBe(0);
    expect(err).toBe(
      'postern: note: the configuration has 2 problems, see postern check; the rules of rules are read all\n  the same\n',
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
          place: 'rules/shop.yaml:15',
          ok: false,
          expected: { outcome: 'login' },
          got: { outcome: 'public', reason: 'public', missing: [], rule: 'rules/shop.yaml:6' },
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

  test('writes an error as JUnit XML where the rules do not load', async () => {
    const asked = { files: { 'shop.yaml': SHOP.replace('public', 'publc') }, values: { junit: 'j.xml' } };
    const { code, written, err } = await runRules(['test'], asked);
    expect(code).toBe(1);
    expect(err).toContain('`publc` is no need.');
    expect(written['j.xml']).toContain('<testsuite name="rules" tests="1" failures="0" errors="1">');
    expect(written['j.xml']).toContain(
      '<error message="1 problem: no test ran">rules/shop.yaml:6:27: `publc`',
    );
  });

  test.each<[string, string, Asked, string]>([
    ['a plain request', 'GET /a, expect: deny', {}, "GET 'https://a.example.com/a'"],
    [
      'all that a test says of the caller',
      '"GET /it\'s?a=b&c", scopes: [a, b], audience: https://y, acr: mfa, loginAge: 300s, expect: deny',
      {},
      "GET 'https://a.example.com/it'\\''s?a=b&c' --scopes 'a b' --audience 'https://y' --acr mfa --login-age 5m",
    ],
    [
      'a token without scopes',
      'GET /a, scopes: [], expect: deny',
      {},
      "GET 'https://a.example.com/a' --scopes ''",
    ],
    [
      'the rules by name',
      'GET /a, expect: deny',
      { values: { rules: 'rules' }, config: undefined },
      "GET 'https://a.example.com/a' --rules rules",
    ],
    [
      'the configuration by name',
      'GET /a, expect: deny',
      { configPath: 'postern.yaml' },
      "GET 'https://a.example.com/a' --config postern.yaml",
    ],
    [
      'a long request, whole',
      `GET /${'a-segment/'.repeat(12)}, expect: deny`,
      {},
      `GET 'https://a.example.com/${'a-segment/'.repeat(12)}'`,
    ],
  ])('says how to ask why, with %s', async (_, line, asked, command) => {
    const text = `app: a\nhosts: [a.example.com]\naudience: x\nrules: { /**: [s] }\ntests: [{ request: ${line} }]`;
    for (const words of [['test'], ['check']]) {
      const { code, out } = await runRules(words, { files: { 'a.yaml': text }, ...asked });
      expect(code).toBe(1);
      expect(out).toContain(`\n  -> why: postern rules explain ${command}\n`);
    }
  });

  test('says that the defaults beside a single file are not read', async () => {
    const files = { 'shop.yaml': SHOP, '_defaults.yaml': 'issuers: [https://i.example.com/]\n' };
    const values = { rules: 'rules/shop.yaml' };
    const NOTE =
      'postern: note: rules/_defaults.yaml is not read for a single file; name the folder to have it read\n';
    for (const words of [['test'], ['table'], ['explain', 'https://shop.example.com/'], ['check']])
      expect(await runRules(words, { files, values })).toMatchObject({ code: 0, err: NOTE });
    const broken = { ...files, 'shop.yaml': SHOP.replace('audience: https://api.shop.example.com\n', '') };
    const { err } = await runRules(['test'], { files: broken, values });
    expect(err).toContain(`${NOTE}rules/shop.yaml:1:1: The app has no \`audience\``);
    expect(await runRules(['test'], { files, values: { rules: 'rules' } })).toMatchObject({ err: '' });
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

  test('says what report mode lets pass', async () => {
    const files = { 'shop.yaml': SHOP.replace('rules:', 'mode: report\nrules:') };
    const { out } = await runRules(['table'], { files });
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      '; mode report: a session that lacks scopes or a step-up, or meets no rule, passes and is only logged any /',
    );
  });

  test.each([
    ['otherwise: authenticated\n', 'any  otherwise  authenticated  a.yaml:4'],
    ['', 'any  otherwise  deny  not written'],
  ])('ends with what holds for the rest of an app: %j', async (line, row) => {
    const text = `app: a\nhosts: [a.x]\naudience: x\n${line}rules: { /: public }\n`;
    const { out } = await runRules(['table'], { files: { 'a.yaml': text } });
    const words = row.replace('a.yaml', 'rules/a.yaml').split('  ');
    expect(out.split('\n').map((one) => one.trim().split(/ {2,}/))).toContainEqual(words);
  });

  test('has the same as JSON, each rule with its hosts', async () => {
    const { out } = await runRules(['table'], { json: true });
    const [app] = JSON.parse(out).apps;
    expect(JSON.parse(out).ok).toBe(true);
    expect(app).toMatchObject({ app: 'shop', mode: 'enforce', ignoreCase: false, tolerate: [] });
    expect(app.rules).toHaveLength(8);
    expect(app.rules[4]).toEqual({
      hosts: ['shop.example.com', '*.shop.example.com'],
      methods: ['POST', 'PUT', 'PATCH'],
      path: '/api/orders/**',
      need: '{ all: [orders:write], any: [staff, partner] }',
      place: 'rules/shop.yaml:10',
    });
    expect(app.rules.at(-1)).toMatchObject({ path: 'otherwise', need: 'deny', place: null });
  });
});
