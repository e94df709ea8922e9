import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Problem } from '../../../src/document/problem.ts';
import { createReloader, type Reloader } from '../../../src/reload/reloader.ts';
import type { RuleSet } from '../../../src/rules/rule-set.ts';
import { ruleSetOf } from '../../support/requests.ts';

const PROBLEM: Problem = { file: 'a.yaml', line: 3, column: 1, message: 'm', wayOut: 'w' };
const setOf = (version: string): RuleSet => ({
  ...ruleSetOf('app: a\nhosts: [a.b]\nrules: { /: public }'),
  version,
});

/** The disk: what it holds, and how it looks; a write changes both. */
let content: string;
let stamp: number;
const write = (text: string): void => {
  content = text;
  stamp += 1;
};

let inForce: string;
let told: string[];
/** What happens while the part of this name is at work, the n-th time it is. */
let meanwhile: (part: 'look' | 'read' | 'build', nth: number) => void | Promise<void>;
let counts: Record<'look' | 'read' | 'build', number>;
let building: number;
let reloader: Reloader;

beforeEach(() => {
  [content, stamp, inForce, told] = ['one', 0, 'one', []];
  [meanwhile, building] = [() => undefined, 0];
  counts = { look: 0, read: 0, build: 0 };
  const at = async (part: keyof typeof counts): Promise<void> => {
    counts[part] += 1;
    await meanwhile(part, counts[part]);
  };
  reloader = createReloader({
    look: async () => {
      await at('look');
      return { fingerprint: String(stamp), places: new Map() };
    },
    read: async () => {
      const text = content;
      await at('read');
      return {
        files: text === 'unreadable' ? [] : [{ file: 'a', text }],
        problems: text === 'unreadable' ? [PROBLEM] : [],
      };
    },
    versionOf: ({ files }) => files[0]?.text ?? 'none',
    build: async ({ files, problems }) => {
      building += 1;
      expect(building).toBe(1);
      await at('build');
      building -= 1;
      const version = files[0]?.text ?? '';
      if (version === 'odd') throw new TypeError('nobody foresaw this');
      return problems.length > 0 || version === 'bad' ? { problems: [PROBLEM] } : { ruleSet: setOf(version) };
    },
    inForce: () => inForce,
    swap: ({ version }) => {
      inForce = version;
    },
    told: {
      looked: () => undefined,
      swapped: (before) => void told.push(`${before} -> ${inForce}`),
      refused: (problems) => void told.push(`refused ${problems.length}`),
      unchanged: (wasRefused) => void told.push(wasRefused ? 'put back' : 'unchanged'),
      failed: (error) => void told.push(`failed: ${String(error)}`),
    },
    now: () => 1000,
    quiet: 1,
  });
});

describe('a hint', () => {
  test('after the start, when nothing changed meanwhile, says nothing and builds nothing', async () => {
    await reloader.hint();
    expect([told, counts.build]).toEqual([[], 0]);
  });

  test('after the start, when something did, brings it into force', async () => {
    write('two');
    await reloader.hint();
    expect([told, inForce]).toEqual([['one -> two'], 'two']);
  });

  test('of a look that is the same reads nothing', async () => {
    await reloader.hint();
    await reloader.hint();
    await reloader.hint();
    expect([counts.read, told]).toEqual([1, []]);
  });

  test('of a file that was only touched builds nothing', async () => {
    await reloader.hint();
    write('one');
    await reloader.hint();
    expect([told, counts]).toEqual([['unchanged'], expect.objectContaining({ read: 2, build: 0 })]);
  });
});

describe('a reload that is asked for', () => {
  test('reads again although the look is the same', async () => {
    await reloader.hint();
    await reloader.reload();
    expect([told, counts.read]).toEqual([['unchanged'], 2]);
  });

  test('finds what no look could show', async () => {
    await reloader.hint();
    content = 'two';
    await reloader.reload();
    expect(told).toEqual(['one -> two']);
  });

  test('while one is under way ends when its own is done', async () => {
    await reloader.hint();
    write('two');
    meanwhile = (part, nth) => {
      if (part === 'build' && nth === 1) write('three');
    };
    await Promise.all([reloader.reload(), reloader.reload()]);
    await reloader.reload();
    expect([inForce, counts.build]).toEqual(['three', 2]);
  });
});

describe('bad rules', () => {
  test.each(['bad', 'unreadable'])('%s: change nothing, and say so once', async (text) => {
    await reloader.hint();
    write(text);
    await reloader.hint();
    await reloader.hint();
    expect([told, inForce, reloader.refusal()]).toEqual([
      ['refused 1'],
      'one',
      { since: 1000, problems: [PROBLEM] },
    ]);
  });

  test.each([
    ['mended', 'two', 'one -> two'],
    ['put back', 'one', 'put back'],
  ])('%s: are no longer refused', async (_, text, expected) => {
    write('bad');
    await reloader.hint();
    write(text);
    await reloader.hint();
    expect([told, inForce, reloader.refusal()]).toEqual([['refused 1', expected], text, undefined]);
  });

  test('are said again when a reload is asked for', async () => {
    write('bad');
    await reloader.hint();
    await reloader.reload();
    expect(told).toEqual(['refused 1', 'refused 1']);
  });

  test('that nobody foresaw change nothing, and the next are read as ever', async () => {
    write('odd');
    await reloader.hint();
    expect([told, inForce]).toEqual([['failed: TypeError: nobody foresaw this'], 'one']);
    write('two');
    await reloader.hint();
    expect(inForce).toBe('two');
  });
});

describe('a write', () => {
  test('in several steps is read once, when the folder lies still', async () => {
    await reloader.hint();
    write('half');
    const from = counts.look;
    meanwhile = (part, nth) => {
      if (part === 'look' && nth - from > 1 && nth - from < 6) write(`step ${nth - from}`);
      if (part === 'look' && nth - from === 6) write('whole');
    };
    await reloader.hint();
    expect([told, counts.read]).toEqual([['one -> whole'], 2]);
  });

  test('that meets the read is read again, and what was read first is never built', async () => {
    await reloader.hint();
    write('half');
    meanwhile = (part, nth) => {
      if (part === 'read' && nth === 2) write('whole');
    };
    await reloader.hint();
    expect([told, counts]).toEqual([['one -> whole'], expect.objectContaining({ read: 3, build: 1 })]);
  });

  test('that meets the build comes into force after it: the latest wins', async () => {
    await reloader.hint();
    write('two');
    meanwhile = (part, nth) => {
      if (part === 'build' && nth < 3) {
        write(`later ${nth}`);
        void reloader.hint();
        void reloader.hint();
      }
    };
    await reloader.hint();
    expect(told).toEqual(['one -> two', 'two -> later 1', 'later 1 -> later 2']);
  });

  test('that never ends does not keep the rules out for ever', async () => {
    await reloader.hint();
    write('two');
    let reading = false;
    meanwhile = (part) => {
      if (part === 'read') reading = true;
      else if (part === 'look' && !reading) stamp += 1;
    };
    await reloader.hint();
    expect([told, counts.look]).toEqual([['one -> two'], expect.any(Number)]);
    expect(counts.look).toBeGreaterThan(40);
  });
});

test('what is built when the end comes is dropped', async () => {
  await reloader.hint();
  write('two');
  meanwhile = (part) => {
    if (part === 'build') reloader.close();
  };
  await reloader.hint();
  expect([told, inForce]).toEqual([[], 'one']);
});
