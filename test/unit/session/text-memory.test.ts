import { expect, test } from '@jest/globals';
import type { Fingerprint } from '../../../src/session/session-cookie.ts';
import { createTextMemory } from '../../../src/session/text-memory.ts';

const text = (...parts: readonly string[]): Fingerprint => ({ key: parts[1] ?? '', parts });
const ONE = text('eyJ0Ijoi', 'sig', '', '');

const OTHERS: readonly (readonly [what: string, other: Fingerprint])[] = [
  ['another first part', text('eyJ0Ijoj', 'sig', '', '')],
  ['another signature', text('eyJ0Ijoi', 'sih', '', '')],
  ['a further part', text('eyJ0Ijoi', 'sig', 'x', '')],
  ['a part in another place', text('eyJ0Ijoi', 'sig', '', 'x')],
  ['parts cut elsewhere', text('eyJ0Ijoisig', '', '', '')],
  ['a part less', text('eyJ0Ijoi', 'sig', '')],
  ['nothing', text('', '', '', '')],
];

test('keeps a text whole from the second time on that it is recognised', () => {
  const memory = createTextMemory();
  const known = memory.remember(ONE);
  expect(known.text).toBeUndefined();
  expect(memory.isSame(known, text('eyJ0Ijoi', 'sig', '', ''))).toBe(true);
  expect(known.text).toEqual(ONE);
  expect(memory.isSame(known, text('eyJ0Ijoi', 'sig', '', ''))).toBe(true);
});

test.each(OTHERS)('by its digest, a text is not taken for one with %s', (_what, other) => {
  const memory = createTextMemory();
  expect(memory.isSame(memory.remember(ONE), other)).toBe(false);
});

test.each(OTHERS)('by itself, a text is not taken for one with %s', (_what, other) => {
  const memory = createTextMemory();
  const known = memory.remember(ONE);
  memory.isSame(known, ONE);
  expect(known.text).toEqual(ONE);
  expect(memory.isSame(known, other)).toBe(false);
});

test('keeps as many texts as it may; the oldest is still known by its digest', () => {
  const memory = createTextMemory(2);
  const texts = ['a', 'b', 'c'].map((name) => text(name, 'sig'));
  const known = texts.map((one) => memory.remember(one));
  const look = (at: number): boolean => memory.isSame(known[at] as never, texts[at] as never);
  const whole = (): readonly boolean[] => known.map((one) => one.text !== undefined);

  expect([look(0), look(1)]).toEqual([true, true]);
  expect(whole()).toEqual([true, true, false]);
  // Not yet: two others were recognised since it was remembered.
  expect(look(2)).toBe(true);
  expect(whole()).toEqual([true, true, false]);
  for (let times = 0; times < 7; times += 1) expect(look(2)).toBe(true);
  expect(whole()).toEqual([true, true, false]);
  expect(look(2)).toBe(true);
  expect(whole()).toEqual([false, true, true]);
  expect([look(0), look(1), look(2)]).toEqual([true, true, true]);
});

test('texts that come in turns, more of them than are kept, do not push one another out', () => {
  const memory = createTextMemory(2);
  const texts = ['a', 'b', 'c', 'd'].map((name) => text(name, 'sig'));
  const known = texts.map((one) => memory.remember(one));
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [at, one] of texts.entries()) expect(memory.isSame(known[at] as never, one)).toBe(true);
  }
  expect(known.map((one) => one.text !== undefined)).toEqual([true, true, false, false]);
});
