import { describe, expect, test } from '@jest/globals';
import { canonicalPath, TOLERANCES, type Tolerance } from '../../../src/forwarded/canonical-path.ts';
import { MAX_READINGS, pathReadings } from '../../../src/forwarded/path-readings.ts';

const sorted = (readings: readonly (readonly string[])[]): string[] =>
  [...new Set(readings.map((reading) => JSON.stringify(reading)))].toSorted();

describe('what is canonical has one reading, whatever is tolerated', () => {
  test.each(['/', '/a', '/a/', '/a/b', '/%61', '/100%25', '/%25g0', '/gr%C3%B6%C3%9Fe', '/a,b', '/.a/a..'])(
    '%s',
    (path) => {
      for (const tolerate of [[], ['semicolon'], TOLERANCES] as const)
        expect(pathReadings(path, tolerate)).toEqual([canonicalPath(path)]);
    },
  );
});

describe('every reading of what is tolerated', () => {
  test.each<[tolerance: Tolerance, rows: [path: string, readings: string[][]][]]>([
    [
      'encoded-slash',
      [
        ['/a%2Fb', [['a/b'], ['a', 'b']]],
        [
          '/a%2fb/c',
          [
            ['a/b', 'c'],
            ['a', 'b', 'c'],
          ],
        ],
        ['/a%2F', [['a/'], ['a']]],
        ['/a%2F/', []], // split, it holds an empty segment
        ['/%2Fa', []],
        ['/a%2F%2Fb', []],
        ['/a%2F..%2Fb', []],
        ['/a%2F%2e', []],
        ['/a%2F%5Cb', []],
        ['/a%252Fb', []],
        ['/a%2Fb;c', []],
      ],
    ],
    [
      'semicolon',
      [
        ['/a;x=1', [['a;x=1'], ['a']]],
        ['/a%3Bx', [['a;x'], ['a']]],
        [
          '/a;x/b;y',
          [
            ['a;x', 'b;y'],
            ['a', 'b;y'],
            ['a;x', 'b'],
            ['a', 'b'],
          ],
        ],
        ['/a;x;y', [['a;x;y'], ['a;x'], ['a']]],
        ['/a/;x', [['a', ';x'], ['a']]],
        ['/;x', [[';x'], []]],
        ['/a/;x/b', []],
        ['/;x/b', []],
        ['/a;x/', [['a;x'], ['a']]],
        ['/x/..;/b', []],
        ['/x/..%3B/b', []],
        ['/x/%2e%2e;a/b', []],
        ['/x/.;/b', []],
        ['/a;%2Fb', []],
        ['/a;%zz', []],
        ['/a;%ff', []],
        ['/a;\u00e4', []],
        ['/a;\\', []],
      ],
    ],
    [
      'empty-segment',
      [
        [
          '/a//b',
          [
            ['a', '', 'b'],
            ['a', 'b'],
          ],
        ],
        [
          '/a///b',
          [
            ['a', '', '', 'b'],
            ['a', 'b'],
          ],
        ],
        [
          '/a//b//c',
          [
            ['a', '', 'b', '', 'c'],
            ['a', 'b', '', 'c'],
            ['a', '', 'b', 'c'],
            ['a', 'b', 'c'],
          ],
        ],
        ['/a//', [['a', ''], ['a']]],
        ['//a', []],
        ['//', []],
        ['/a//..', []],
        ['/a//%2e', []],
      ],
    ],
    [
      'encoded-percent',
      [
        ['/%2541', [['%41'], ['A']]],
        ['/%25%34%31', [['%41'], ['A']]],
        [
          '/a/%2541/%2542',
          [
            ['a', '%41', '%42'],
            ['a', 'A', '%42'],
            ['a', '%41', 'B'],
            ['a', 'A', 'B'],
          ],
        ],
        ['/%25C3%25B6', [['%C3%B6'], ['ö']]],
        ['/%252541', []],
        ['/%25%2541', []],
        ['/%2525', [['%25'], ['%']]],
        ['/%25zz%2541', []],
        ['/%252e', []],
        ['/%252e%252e/a', []],
        ['/.%252e/a', []],
        ['/%2500', []],
        ['/%255c', []],
        ['/%252F', []],
        ['/%253B', []],
        ['/%2523', []],
        ['/%25ff', []],
        ['/%25C3', []],
      ],
    ],
    [
      'encoded-hash',
      [
        ['/a%23b/c', [['a#b', 'c'], ['a']]],
        ['/a/%23', [['a', '#'], ['a']]],
        ['/%23', [['#'], []]],
        ['/a%23b%23c', [['a#b#c'], ['a#b'], ['a']]],
        ['/a%23b/%2e%2e', []],
        ['/..%23/a', []],
        ['/a#b', []],
        ['/a%3Fb', []],
      ],
    ],
    [
      'encoded-question',
      [
        ['/a%3Fb/c', [['a?b', 'c'], ['a']]],
        ['/a%3fb', [['a?b'], ['a']]],
        ['/..%3F/a', []],
        ['/a?b', []],
        ['/a%23b', []],
      ],
    ],
  ])('%s', (tolerance, rows) => {
    const found = rows.map(([path]) => [path, sorted(pathReadings(path, [tolerance]))]);
    expect(found).toEqual(rows.map(([path, readings]) => [path, sorted(readings)]));
    const others = TOLERANCES.filter((other) => other !== tolerance);
    const open = rows.filter(([, readings]) => readings.length > 0);
    expect(open.filter(([path]) => pathReadings(path, others).length > 0)).toEqual([]);
    expect(open.filter(([path]) => pathReadings(path, []).length > 0)).toEqual([]);
  });
});

describe('several tolerances together', () => {
  test.each<[path: string, readings: string[][]]>([
    ['/a%252Fb', [['a%2Fb'], ['a/b'], ['a', 'b']]],
    ['/%253B', [['%3B'], [';'], []]],
    ['/a;x%2Fb', [['a;x/b'], ['a;x', 'b'], ['a'], ['a/b'], ['a', 'b']]],
    ['/a%2F%2Fb', [['a//b'], ['a/', 'b'], ['a', '/b'], ['a', '', 'b'], ['a', 'b']]],
    [
      '/a/;x/b',
      [
        ['a', ';x', 'b'],
        ['a', '', 'b'],
        ['a', 'b'],
      ],
    ],
    ['/a;x%3Fy', [['a;x?y'], ['a;x'], ['a'], ['a?y']]],
    ['/a%23%2Fb/c', [['a#/b', 'c'], ['a#', 'b', 'c'], ['a']]],
    ['/a%253Bx%252F..%252Fb', []],
    ['/a;x%2F..%2Fb', []],
    ['/;x/b', []],
    ['/%2F/b', []],
  ])('%s', (path, readings) => {
    expect(sorted(pathReadings(path, TOLERANCES))).toEqual(sorted(readings));
  });
});

test('never tolerated', () => {
  const paths = [
    ...[
      '/a\\b',
      '/a%5Cb',
      '/a/..',
      '/a/../b',
      '/./a',
      '/%2e%2e',
      '/a%00',
      '/a%0a',
      '/a\u0000',
      '/a b',
      '/...',
    ],
    ...['/a%', '/%zz', '/%ff', '/%c0%ae', '/a\u00e4', '', 'a', '?', '/a#', '/a?', '/.%20./a'],
  ];
  expect(paths.filter((path) => pathReadings(path, TOLERANCES).length > 0)).toEqual([]);
});

test('no more readings than anybody sends honestly', () => {
  const many = (count: number, piece: string): number =>
    pathReadings(`/${piece.repeat(count)}`, TOLERANCES).length;
  expect(many(8, 'a;/')).toBe(MAX_READINGS);
  expect(many(9, 'a;/')).toBe(0);
  expect(many(8, 'a%2Fb/')).toBe(MAX_READINGS);
  expect(many(9, 'a%2Fb/')).toBe(0);
  expect(many(8, 'a//')).toBe(MAX_READINGS);
  expect(many(10, 'a//')).toBe(0);
  expect(many(9, '%2541/')).toBe(0);
  expect(many(1000, '%2F')).toBe(0);
  expect(many(1000, ';')).toBe(0);
  expect(pathReadings(`/${'a/'.repeat(4000)}b;c`, TOLERANCES)).toHaveLength(2);
  expect(pathReadings(`/${'a/'.repeat(5000)}b;c`, TOLERANCES)).toHaveLength(0);
  expect(pathReadings(`/${'a/'.repeat(5000)}b`, TOLERANCES)).toHaveLength(1);
});
