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
