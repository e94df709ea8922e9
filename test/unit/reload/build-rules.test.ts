import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildAside } from '../../../src/reload/build-aside.ts';
import { type Built, buildRules } from '../../../src/reload/build-rules.ts';
import type { RulesRead } from '../../../src/rules/read-rules.ts';

const OPTIONS = { basePath: '/_auth', now: 1_800_000_000 };
const UNREADABLE = { file: 'b.yaml', line: 0, column: 0, message: 'm', wayOut: 'w' };
const GOOD = 'app: a\nhosts: [a.example.com]\nrules: { /: public }\n';
const read = (text: string | undefined, ...problems: RulesRead['problems']): RulesRead => ({
  files: text === undefined ? [] : [{ file: 'a.yaml', text }],
  problems,
});
const placesOf = (built: Built): readonly string[] =>
  'problems' in built
    ? built.problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)
    : [`version ${built.ruleSet.version}`, ...built.ruleSet.apps.map(({ name }) => name)];

const CASES: readonly (readonly [string, RulesRead, readonly (string | RegExp)[]])[] = [
  ['good rules', read(GOOD), [/^version [0-9a-f]{12}$/, 'a']],
  [
    'good rules with tests that pass',
    read(`${GOOD}tests: [{ request: GET /, expect: public }]`),
    [/^version /, 'a'],
  ],
  [
    'tests that fail: each with its line',
    read(`${GOOD}tests:\n  - { request: GET /, expect: deny }\n  - { request: GET /x, expect: public }\n`),
    [
      'a.yaml:5:1: The test `GET a.example.com/, anonymous` fails: expected deny, got public.',
      'a.yaml:6:1: The test `GET a.example.com/x, anonymous` fails: expected public, got deny.',
    ],
  ],
  ['a path of the gateway itself', read(GOOD.replace('/:', '/_auth/x:')), [/^a\.yaml:3:10: .*\/_auth/]],
  ['a file that cannot be read beside a good one', read(GOOD, UNREADABLE), ['b.yaml:0:0: m']],
  ['only files that cannot be read', read(undefined, UNREADABLE), ['b.yaml:0:0: m']],
  ['no file', read(undefined), [/There is no app/]],
  ['problems of both kinds', read('app: a\n', UNREADABLE), ['b.yaml:0:0: m', /a\.yaml:1:/]],
];

describe.each([
  ['here', async (given: RulesRead) => buildRules(given, OPTIONS)],
  ['in a thread of its own', (given: RulesRead) => buildAside(given, OPTIONS)],
])('built %s', (_, build) => {
  test.each(CASES)('%s', async (_name, given, expected) => {
    const places = placesOf(await build(given));
    expect(places).toEqual(
      expected.map((one) => (typeof one === 'string' ? one : expect.stringMatching(one))),
    );
  });
});

describe('a thread that builds rules', () => {
  const LARGE = `${GOOD}# ${'x'.repeat(1_000_000)}`;
  const MANY = `app: a\nhosts: [a.example.com]\nrules:\n${Array.from({ length: 50_000 }, (_, at) => `  /a${at}: public\n`).join('')}`;

  test.each<[string, RulesRead, Parameters<typeof buildAside>[3], string, string]>([
    [
      'that takes longer than it may',
      read(LARGE),
      { deadline: 1 },
      'a.yaml',
      'The rules need more than 0.001 seconds to be built.',
    ],
    // Not tried here: more memory than it may. Node's own end of such a thread now and then takes the process along.
    [
      'of several files',
      { files: ['a', 'b'].map((name) => ({ file: `rules/${name}.yaml`, text: LARGE })), problems: [] },
      { deadline: 1 },
      'rules',
      'The rules need more than 0.001 seconds to be built.',
    ],
  ])('%s is ended, and the rules are refused', async (_, given, limits, file, message) => {
    expect(await buildAside(given, OPTIONS, undefined, limits)).toEqual({
      problems: [
        {
          file,
          line: 0,
          column: 0,
          message,
          wayOut:
            'look for a file that is large or written by a machine, and split the app or write fewer rules',
        },
      ],
    });
  });

  test('ends when it is told to, early or late', async () => {
    await expect(buildAside(read(MANY), OPTIONS, AbortSignal.abort())).rejects.toThrow(/ended with [01]$/);
    const end = new AbortController();
    const building = buildAside(read(MANY), OPTIONS, end.signal);
    end.abort();
    await expect(building).rejects.toThrow(/ended with [01]$/);
  });

  test('keeps no process alive', () => {
    const source = `
      import { buildAside } from ${JSON.stringify(join(import.meta.dirname, '../../../src/reload/build-aside.ts'))};
      const text = ${JSON.stringify(GOOD)} + '# '.padEnd(1_000_000, 'x');
      const read = { files: [{ file: 'a.yaml', text }], problems: [] };
      buildAside(read, ${JSON.stringify(OPTIONS)}).then(() => console.log('built'));
      console.log('begun');
    `;
    const printed = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', source], {
      encoding: 'utf8',
    });
    expect(printed).toBe('begun\n');
  });
});
