import { expect, test } from '@jest/globals';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { nearScopes } from '../../../src/rules/near-scopes.ts';

/** `scope -> the one that was probably meant, line` */
function nearIn(rules: string): string[] {
  const loaded = loadRuleSet([
    { file: 'a.yaml', text: `app: a\nhosts: [a.de]\naudience: x\nrules:\n${rules}` },
  ]);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet.written
    .flatMap(nearScopes)
    .map(({ scope, near, id }) => `${scope} -> ${near}, ${id}`);
}

test.each<[why: string, rules: string, expected: string[]]>([
  [
    'a letter forgotten',
    '  /a: [orders:read]\n  /b: [orders:read]\n  /c: [order:read]\n',
    ['order:read -> orders:read, a.yaml:7'],
  ],
  [
    'letters swapped, in any key',
    '  /a: { all: [orders:read] }\n  /b: { GET: { any: [staff, orders:raed] }, POST: [orders:read] }\n',
    ['orders:raed -> orders:read, a.yaml:6'],
  ],
  ['case', '  /a: [Orders]\n  /b: [orders]\n  /c: [orders]\n', ['Orders -> orders, a.yaml:5']],
  ['both once: none is the usual one', '  /a: [orders:read]\n  /b: [order:read]\n', []],
  ['both twice', '  /a: [user:read]\n  /b: [user:read]\n  /c: [users:read]\n  /d: [users:read]\n', []],
  ['far apart', '  /a: [orders:read]\n  /b: [orders:read]\n  /c: [orders:admin]\n', []],
  ['short ones', '  /a: [read]\n  /b: [read]\n  /c: [lead]\n', []],
  ['digits only', '  /a: [tier1:read]\n  /b: [tier1:read]\n  /c: [tier2:read]\n', []],
  [
    'one need for several methods, HEAD included, is one use',
    '  /a: { GET POST PUT: [order:read] }\n  /b: [orders:read]\n  /c: [orders:read]\n',
    ['order:read -> orders:read, a.yaml:5'],
  ],
  [
    'two needs on one line are two uses',
    '  /a: { GET: [orders:read], POST: [orders:read] }\n  /b: [order:read]\n',
    ['order:read -> orders:read, a.yaml:6'],
  ],
  ['needs without a token', '  /a: public\n  /b: deny\n  /c: authenticated\n', []],
])('%s', (_why, rules, expected) => expect(nearIn(rules)).toEqual(expected));
