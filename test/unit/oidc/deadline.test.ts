import { expect, test } from '@jest/globals';
import { withDeadline } from '../../../src/token/deadline.ts';

const late = () => 'late';
const after = (milliseconds: number) =>
  new Promise<string>((resolve) => setTimeout(resolve, milliseconds, 'done'));

test('work in time', async () => {
  expect(await withDeadline(1000, after(1), late)).toBe('done');
});

test('work that is late', async () => {
  expect(await withDeadline(5, after(50), late)).toBe('late');
});

test('a deadline that throws', async () => {
  const refuse = () => {
    throw new Error('too late');
  };
  await expect(withDeadline(5, after(50), refuse)).rejects.toThrow('too late');
});

test('work that fails', async () => {
  await expect(withDeadline(1000, Promise.reject(new Error('broken')), late)).rejects.toThrow('broken');
});

test('work that fails after the deadline disturbs nobody', async () => {
  const work = after(20).then(() => {
    throw new Error('broken');
  });
  expect(await withDeadline(5, work, late)).toBe('late');
  await after(40);
});
