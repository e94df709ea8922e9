import { expect, test } from '@jest/globals';
import { formatProblems } from '../../../src/document/format.ts';
import type { Problem } from '../../../src/document/problem.ts';
import { readYaml } from '../../../src/document/yaml-document.ts';

const at = (file: string, line: number, column: number, message: string): Problem => ({
  file,
  line,
  column,
  message,
  wayOut: 'do it',
});

test('prints place, line, caret run and the way out, sorted, with a count', () => {
  const document = readYaml('b.yaml', 'app: shop\nrules:\n  /x: publc\n');
  const problems = [
    at('b.yaml', 1, 1, 'First.'),
    document.problemAt(['rules', '/x'], '`publc` is no need.', 'did you mean `public`?'),
    at('a.yaml', 0, 0, 'Not there.'),
  ];
  expect(formatProblems(problems.toReversed())).toBe(`a.yaml: Not there.
  -> do it

b.yaml:1:1: First.
  -> do it

b.yaml:3:7: \`publc\` is no need.
  3 |   /x: publc
    |       ^^^^^
  -> did you mean \`public\`?

3 problems in 2 files
`);
});

test('one problem is one', () => {
  expect(formatProblems([at('a.yaml', 1, 2, 'M.')])).toMatch(/\n\n1 problem\n$/);
});

test.each([0, 40, 150, 295])('windows a long line around column %i and stays within 100 columns', (start) => {
  const text = `"${'x'.repeat(start)}": !tag ${'y'.repeat(300)}\n`;
  const printed = formatProblems(readYaml('f.yaml', text).problems);
  const lines = printed.split('\n');
  for (const line of lines) expect([...line].length).toBeLessThanOrEqual(100);
  const caret = lines.findIndex((line) => line.includes('^'));
  const [from, to] = [lines[caret]?.indexOf('^') ?? 0, (lines[caret]?.lastIndexOf('^') ?? 0) + 1];
  expect(lines[caret - 1]?.slice(from, to)).toBe('!tag');
});

test.each([80, 94, 95, 200])('points behind the end of a line of %i characters', (length) => {
  const text = 'x'.repeat(length);
  const problem = { ...at('f.yaml', 1, length + 1, 'M.'), excerpt: { text, length: 1 } };
  const lines = formatProblems([problem]).split('\n');
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  expect(lines[2]?.indexOf('^')).toBe(lines[1]?.length);
});

test('wraps long sentences and long words', () => {
  const printed = formatProblems([at('f.yaml', 1, 1, `${'word '.repeat(40)}${'x'.repeat(250)}.`)]);
  for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  expect(printed.replace(/\s/g, '')).toContain('x'.repeat(250));
});

test('lets no control character reach the terminal', () => {
  const problem = {
    ...at('f.yaml', 1, 1, 'a\u001b[2Jb\u202e'),
    excerpt: { text: 'a:\t\u001b]0;x\u0007', length: 1 },
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what must not be there
  expect(formatProblems([problem])).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test('counts files, and neither the environment nor its variables', () => {
  const at = (file: string): Problem => ({ file, line: 1, column: 1, message: 'No.', wayOut: 'do it' });
  const last = (...files: readonly string[]): string | undefined =>
    formatProblems(files.map(at)).trimEnd().split('\n').at(-1);
  expect(last('environment', 'POSTERN_FOO', 'a.yaml')).toBe('3 problems');
  expect(last('environment', 'b.yaml', 'a.yaml', 'a.yaml')).toBe('4 problems in 2 files');
});
