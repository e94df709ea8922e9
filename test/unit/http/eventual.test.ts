import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { isPromise, whenThere } from '../../../src/http/eventual.ts';

test('goes on at once with what is there, and with a promise when it comes', async () => {
  expect(whenThere(1, (value) => value + 1)).toBe(2);
  expect(whenThere(undefined, (value) => value)).toBeUndefined();
  expect(await whenThere(Promise.resolve(1), (value) => value + 1)).toBe(2);
  expect(await whenThere(1, async (value) => value + 1)).toBe(2);
});

test('a failure stays one: thrown where it was thrown at once, else rejected', async () => {
  const fail = (): never => {
    throw new Error('no');
  };
  expect(() => whenThere(1, fail)).toThrow('no');
  await expect(whenThere(Promise.resolve(1), fail)).rejects.toThrow('no');
  await expect(whenThere(Promise.reject(new Error('before')), () => 1)).rejects.toThrow('before');
});

test('a promise of another realm is one too', () => {
  expect(isPromise(runInNewContext('Promise.resolve(1)'))).toBe(true);
  expect([null, undefined, 0, {}].map((value) => isPromise(value))).toEqual(Array(4).fill(false));
});
