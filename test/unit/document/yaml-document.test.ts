import { describe, expect, test } from '@jest/globals';
import { formatProblems } from '../../../src/document/format.ts';
import { readUtf8, readYaml } from '../../../src/document/yaml-document.ts';

/** `line:column message -> way out`, sorted as they are printed. */
const problemsOf = (text: string): string[] =>
  readYaml('f.yaml', text)
    .problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, message, wayOut }) => `${line}:${column} ${message} -> ${wayOut}`);

describe('what a good file gives', () => {
  test.each<[string, string, unknown]>([
    [
      'maps, lists and scalars',
      'a: 1\nb: [x, "y"]\nc: { d: true }\n',
      { a: 1, b: ['x', 'y'], c: { d: true } },
    ],
    ['YAML 1.2 words', 'a: yes\nb: on\nc: NO\n', { a: 'yes', b: 'on', c: 'NO' }],
    ['an empty value', 'a:\nb: null\n', { a: null, b: null }],
    ['an empty file', '', null],
    ['comments only', '# nothing\n', null],
    ['a byte order mark', '\uFEFFa: b\n', { a: 'b' }],
    ['CRLF', 'a: b\r\nc:\r\n  - d\r\n', { a: 'b', c: ['d'] }],
    ['a document marker', '---\na: b\n', { a: 'b' }],
    ['a block text over lines', 'a: >-\n  b\n  c\n', { a: 'b c' }],
    ['quoted text over lines', 'a: "b\n  c"\n', { a: 'b c' }],
    ['quoted numbers', 'a: "0123"\n', { a: '0123' }],
    ['an own key of the prototype', '{ constructor: a }', { constructor: 'a' }],
  ])('%s', (_, text, value) => {
    const document = readYaml('f.yaml', text);
    expect(document.problems).toEqual([]);
    expect(document.value).toEqual(value);
  });

  test('a key __proto__ stays a key', () => {
    const value = readYaml('f.yaml', '__proto__: { a: 1 }\n').value as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
  });
});

const QUOTE = 'put the text in double quotes';

describe('syntax errors: the value is undefined', () => {
  test.each<[string, string, string]>([
    [
      'a: [!admin]\n',
      '1:5',
      `An unquoted ! begins a YAML tag, and tags are not used here. -> ${QUOTE}, or remove the tag`,
    ],
    [
      'a: !!str b\n',
      '1:4',
      `An unquoted ! begins a YAML tag, and tags are not used here. -> ${QUOTE}, or remove the tag`,
    ],
    [
      'hosts: [*.x]\n',
      '1:9',
      `An unquoted * begins a YAML alias, and aliases are not used here. -> ${QUOTE}: "*.example.com"`,
    ],
    [
      'a: &x b\n',
      '1:4',
      `An unquoted & begins a YAML anchor, and anchors are not used here. -> ${QUOTE}, or remove the anchor`,
    ],
    [
      '%YAML 1.1\n---\na: b\n',
      '1:1',
      'YAML directives (lines that begin with %) are not used here. -> remove the line',
    ],
    [
      '%FOO\n---\na: b\n',
      '1:1',
      'YAML directives (lines that begin with %) are not used here. -> remove the line',
    ],
    [
      'a: 1\n---\nb: 2\n',
      '2:1',
      'A second YAML document begins here. -> remove the line `---` or `...` before it, or use a file of its own',
    ],
    [
      'a: 1\n...\nb: 2\n',
      '3:1',
      'A second YAML document begins here. -> remove the line `---` or `...` before it, or use a file of its own',
    ],
    [
      'h: {tenant}.x\n',
      '1:12',
      'The value has ended before this text. -> put the whole value in double quotes if it begins with { or [ or a quote',
    ],
    ['a:\n\tb: 1\n', '2:1', 'A tab cannot be used for indentation. -> use blanks'],
    [
      'a: b: c\n',
      '1:4',
      'A second `key: value` stands on the line of the first one, or is indented below a value. -> give it its own line at the right column, or put the text that holds the colon in double quotes',
    ],
    ['a: [b\nc: d\n', '2:1', `A bracket opens and does not close. -> add the closing bracket, or ${QUOTE}`],
    ['a: [b]]\n', '1:7', `A bracket closes that was not opened. -> remove it, or ${QUOTE}`],
    ['a: b\nc: "d\ne: f\n', '2:4', 'A quote opens and does not close. -> add the closing quote'],
    [
      'a: "\\q"\n',
      '1:5',
      'Inside double quotes this backslash is no YAML escape. -> double the backslash, or use single quotes',
    ],
    ['a: @b\n', '1:4', `Text cannot begin with this character without quotes. -> ${QUOTE}`],
    [
      'a:\n  b: 1\n c: 2\n',
      '3:1',
      'The indentation does not fit the lines before it. -> begin keys of one map at the same column, and close every bracket',
    ],
    [
      'a: - b\n',
      '1:4',
      'A list item cannot stand on the line of its key. -> put `- item` on the next line, or write [item, item]',
    ],
    ['a: 1\nb\n', '2:1', 'A key stands here without a colon. -> write `key: value`'],
    ['a: [b, , c]\n', '1:8', 'There is nothing between two commas. -> remove the extra comma'],
    ['a: "b"#c\n', '1:7', 'A # directly behind other text begins no comment. -> put a blank before the #'],
    ['[a]: b\n', '1:1', 'A key is a list or a map here. -> write the key as plain text, in double quotes'],
    [
      'a: |x\n  b\n',
      '1:5',
      `YAML cannot read this here. -> check the quotes, brackets and indentation just before it, or ${QUOTE}`,
    ],
  ])('%j', (text, place, problem) => {
    expect(problemsOf(text)).toEqual([`${place} ${problem}`]);
    expect(readYaml('f.yaml', text).value).toBeUndefined();
  });

  test.each<[string, string, string]>([
    ['eight megabytes of brackets', '['.repeat(8_000_000), '1:101'],
    ['braces behind keys', '{ a: '.repeat(200), '1:501'],
    ['brackets line by line', '[\n'.repeat(200), '101:1'],
    ['brackets without blanks in a flow map', `{"a":${'['.repeat(200)}`, '1:105'],
    ['brackets behind quotes that closed', `a: ["]", '''', ${'['.repeat(200)}`, '1:115'],
    ['list items on one line', '- '.repeat(4_000_000), '1:201'],
    ['question marks', '? '.repeat(4_000_000), '1:201'],
    [
      'levels of indentation',
      Array.from({ length: 101 }, (_, at) => `${' '.repeat(at)}k:\n`).join(''),
      '101:101',
    ],
  ])('nested too deeply: %s', (_, text, place) => {
    expect(problemsOf(text)).toEqual([
      `${place} The file is nested too deeply. -> use fewer brackets and indentation levels, or put text with brackets in double quotes`,
    ]);
    expect(readYaml('f.yaml', text).value).toBeUndefined();
  });

  test.each<[string, string]>([
    ['a hundred brackets', `a: ${'['.repeat(100)}${']'.repeat(100)}\n`],
    ['quoted brackets', `a: "${'['.repeat(200)}"\nb: '${'['.repeat(200)}'\n`],
    ['brackets in comments', `# ${'[ '.repeat(200)}\na: b # ${'{ '.repeat(200)}\n`],
    ['brackets within plain text', `a: b${'['.repeat(200)}\nc: it's ${'x['.repeat(200)}\n`],
    [
      'many keys on the same levels',
      Array.from({ length: 200 }, (_, at) => `k${at}:\n  - a: [b]\n    c: { d: e }\n`).join(''),
    ],
  ])('not nested too deeply: %s', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test('a hundred problems are told of, and that there are more', () => {
    const repeated = readYaml('f.yaml', 'a: 1\n'.repeat(100_000)).problems;
    expect(repeated.length).toBe(101);
    expect(repeated.slice(0, 100).map(({ line, message }) => `${line} ${message}`)).toEqual(
      Array.from({ length: 100 }, (_, at) => `${at + 2} \`a\` stands twice in this map; first on line 1.`),
    );
    const more = [
      {
        file: 'f.yaml',
        line: 0,
        column: 0,
        message: 'This file has more problems than are shown.',
        wayOut: 'mend these first',
      },
    ];
    expect(repeated.slice(100)).toEqual(more);
    const anchors = readYaml('f.yaml', 'a: &b c\n'.repeat(100_000)).problems;
    expect(anchors.slice(0, 100).map(({ line }) => line)).toEqual(
      Array.from({ length: 100 }, (_, at) => at + 1),
    );
    expect(anchors.slice(100)).toEqual(more);
    expect(problemsOf('}'.repeat(1000))).toEqual([
      `0:0 ${more[0]?.message} -> mend these first`,
      expect.stringMatching(/^1:1 A bracket closes that was not opened\./),
    ]);
    expect(readYaml('f.yaml', '{'.concat('a: b, '.repeat(101), '}')).problems.length).toBe(100);
  });

  test('larger than 8 MiB', () => {
    const document = readYaml('f.yaml', `# ${'ü'.repeat(4096 * 1024)}`);
    expect(document.value).toBeUndefined();
    expect(document.problems).toEqual([
      {
        file: 'f.yaml',
        line: 0,
        column: 0,
        message: 'The file is larger than 8 MiB.',
        wayOut: 'split it into several files',
      },
    ]);
  });
});

describe('traps: YAML reads it, but not as it was meant', () => {
  test.each<[string, string[]]>([
    [
      'a: 1\nb: 2\na: 3\n',
      [
        '3:1 `a` stands twice in this map; first on line 1. -> keep one of the two, and move what belongs together below it',
      ],
    ],
    [
      'a: 1\n"a": 3\n',
      [
        '2:1 `a` stands twice in this map; first on line 1. -> keep one of the two, and move what belongs together below it',
      ],
    ],
    [
      'a: [orders: read]\n',
      [
        '1:5 A colon inside a list makes a map of this item. -> write `name:part` without a blank behind the colon, or put the whole item in double quotes',
      ],
    ],
    [
      'a: [read:]\n',
      [
        '1:5 A colon inside a list makes a map of this item. -> write `name:part` without a blank behind the colon, or put the whole item in double quotes',
      ],
    ],
    [
      '{ GET, HEAD: [a] }\n',
      [
        '1:3 This key has no value. -> write `key: value`; text with a comma or a bracket in it needs double quotes',
      ],
    ],
    [
      '- { request: GET /a,b }\n',
      [
        '1:21 This key has no value. -> write `key: value`; text with a comma or a bracket in it needs double quotes',
      ],
    ],
    ['? a\n', ['1:3 This key has no value. -> write `key: value`']],
    [
      '1: a\ntrue: b\n',
      [
        '1:1 A key must be text. -> put the key in double quotes',
        '2:1 A key must be text. -> put the key in double quotes',
      ],
    ],
    [': a\n', ['1:1 A value stands here without its key. -> write `key: value`']],
    [
      'a: 12345678901234567890\n',
      [
        '1:4 YAML reads this as a number and would change its digits. -> put it in double quotes if it is a name, else write the plain number',
      ],
    ],
    [
      'a: 0123\n',
      [
        '1:4 YAML reads this as a number and would change its digits. -> put it in double quotes if it is a name, else write the plain number',
      ],
    ],
    [
      'a: 1.10\n',
      [
        '1:4 YAML reads this as a number and would change its digits. -> put it in double quotes if it is a name, else write the plain number',
      ],
    ],
    [
      'a:\n - b\n  - c\n',
      [
        '2:4 This text runs on over the next line. -> indent the next line correctly, or write the text on one line',
      ],
    ],
    [
      'a: "ü"\nb: \u0007c\n',
      ['2:4 The file holds a control character here. -> remove it, or write it as an escape'],
    ],
  ])('%j', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
    expect(readYaml('f.yaml', text).value).toBeDefined();
  });

  test('columns count characters, not UTF-16 units', () => {
    expect(problemsOf('{ "😀": 1, "ü": 2, "😀": 3 }\n')).toEqual([
      '1:19 `😀` stands twice in this map; first on line 1. -> keep one of the two, and move what belongs together below it',
    ]);
  });
});

describe('places', () => {
  const document = readYaml(
    'r.yaml',
    'app: shop\nrules:\n  /a:\n    GET: [x, yy]\n  /b: public\n  /c:\nflow: { a: [1, 22] }\n',
  );
  test.each<[readonly (string | number)[], 'key' | 'value', number, number, number]>([
    [['app'], 'value', 1, 6, 4],
    [['app'], 'key', 1, 1, 3],
    [['rules'], 'value', 2, 1, 5],
    [['rules', '/a'], 'value', 3, 3, 2],
    [['rules', '/a', 'GET'], 'value', 4, 10, 7],
    [['rules', '/a', 'GET', 1], 'value', 4, 14, 2],
    [['rules', '/b'], 'value', 5, 7, 6],
    [['rules', '/c'], 'value', 6, 3, 2],
    [['rules', '/none', 'x'], 'value', 2, 1, 5],
    [['flow', 'a', 1], 'value', 7, 16, 2],
    [['flow', 'a', 7], 'value', 7, 9, 1],
    [['none'], 'value', 1, 1, 9],
    [[], 'value', 1, 1, 9],
  ])('%j by its %s', (path, on, line, column, length) => {
    expect(document.placeAt(path, on)).toEqual({ line, column, length });
    expect(document.problemAt(path, 'm', 'w', on)).toMatchObject({
      file: 'r.yaml',
      line,
      column,
      excerpt: { length },
    });
  });
});

describe('what is quoted is short', () => {
  test.each<[string, string, { text: string; length: number; skipped?: number }]>([
    ['a short line: whole', `k: 01 #${'x'.repeat(193)}`, { text: `k: 01 #${'x'.repeat(193)}`, length: 2 }],
    [
      'the begin of a long one',
      `k: 01 #${'x'.repeat(194)}`,
      { text: `k: 01 #${'x'.repeat(193)}`, length: 2 },
    ],
    [
      'the middle',
      `{ a: ${'x'.repeat(500)}, b: 01, c: ${'y'.repeat(500)} }`,
      { text: `${'x'.repeat(95)}, b: 01, c: ${'y'.repeat(93)}`, length: 2, skipped: 410 },
    ],
    [
      'the middle, between characters',
      `{ a: ${'😀'.repeat(200)}, b: 01, c: ${'😀'.repeat(200)} }`,
      { text: `${'😀'.repeat(47)}, b: 01, c: ${'😀'.repeat(47)}`, length: 2, skipped: 158 },
    ],
    [
      'the end',
      `{ a: ${'x'.repeat(500)}, b: 01 }`,
      { text: `${'x'.repeat(191)}, b: 01 }`, length: 2, skipped: 314 },
    ],
    ['a value that is long itself', `'a'\n${'x'.repeat(300)}`, { text: 'x'.repeat(200), length: 200 }],
  ])('%s', (_, text, excerpt) => {
    const [problem] = readYaml('f.yaml', text).problems;
    expect(problem?.excerpt).toEqual(excerpt);
  });

  test('a key of a hundred characters', () => {
    const key = 'ü'.repeat(100);
    expect(problemsOf(`${key}: 1\n${key}: 2\n`)).toEqual([
      `2:1 \`${'ü'.repeat(80)}…\` stands twice in this map; first on line 1. -> keep one of the two, and move what belongs together below it`,
    ]);
  });

  test('and shows no part of a password that is cut', () => {
    const url = `x://u:${'hunter2'.repeat(60)}@h`;
    for (const text of [
      `{ a: 01, b: ${url} }`,
      `{ b: ${url}, a: 01 }`,
      `{ a: ${'x'.repeat(190)}01, a: ${url} }`,
    ]) {
      const { problems } = readYaml('f.yaml', text);
      expect(problems).not.toEqual([]);
      expect(JSON.stringify(problems)).not.toMatch(/hun|ter2/);
    }
  });
});

describe('secrets are never quoted', () => {
  test.each([
    'clientSecret: *hunter2\n',
    'clientSecret: !hunter2\n',
    'clientSecret: "hunter2\nb: 1\n',
    'clientSecret: {hunter2\n',
    'secrets: [ a, &hunter2 b ]\n',
    'secrets:\n  - { hunter2 }\n',
    'redis: { url: "rediss://user:hunter2@host", url: 2 }\n',
    'redis: { password: 012hunter2, password: 1 }\n',
    'session:\n  secret: hunter2\n  - x\n',
  ])('%j', (text) => {
    const { problems } = readYaml('f.yaml', text);
    expect(problems).not.toEqual([]);
    expect(formatProblems(problems)).not.toContain('hunter2');
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  test('a place below a secret key shows stars, and what is no secret', () => {
    const document = readYaml('f.yaml', 'clientSecrets: [{ file: /run/s, expirs: 1 }, abc]\n');
    const problem = document.problemAt(['clientSecrets', 0, 'expirs'], 'm', 'w', 'key');
    expect(problem.excerpt?.text).toBe('clientSecrets: [{ file: /run/s, expirs: * }, ***]');
  });
});

test('readUtf8 refuses what is not UTF-8', () => {
  expect(readUtf8(Buffer.from('\uFEFFgröße'))).toBe('größe');
  expect(readUtf8(Buffer.from([0x61, 0xff]))).toBeUndefined();
  expect(readUtf8(Buffer.from([0xed, 0xa0, 0x80]))).toBeUndefined();
});
