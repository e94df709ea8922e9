import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createProviderAnswers,
  type ProviderAnswer,
  type ProviderAnswers,
} from '../../../src/broker/answers-of-provider.ts';
import { ProviderError } from '../../../src/oidc/provider-error.ts';

let now: number;
let clock: number;
let calls: string[];
let answers: ProviderAnswers<string>;

beforeEach(() => {
  now = 1000;
  clock = 0;
  calls = [];
  answers = createProviderAnswers({
    now: () => now,
    milliseconds: () => clock,
    limits: { wait: 50, pause: 2000, most: 3, failures: 2, entries: 10 },
  });
});

const good = async (value: string, until = 1030): Promise<ProviderAnswer<string>> => ({ value, until });
const down = async (): Promise<never> => {
  throw new ProviderError('provider-unavailable', 'down');
};
const ask = (question: string, call: () => Promise<ProviderAnswer<string>>, provider = 'p') =>
  answers.ask(question, provider, () => {
    calls.push(question);
    return call();
  });

test('an answer holds until its second, and is there at once', async () => {
  expect(await ask('a', () => good('yes'))).toBe('yes');
  now = 1029;
  expect(ask('a', () => good('no'))).toBe('yes');
  expect(answers.known('a')).toBe('yes');
  now = 1030;
  expect(answers.known('a')).toBeUndefined();
  expect(await ask('a', () => good('no', 2000))).toBe('no');
  expect(calls).toEqual(['a', 'a']);
});

test('who asks the same meanwhile joins the one call; other questions do not', async () => {
  const all = await Promise.all([
    ask('a', () => good('1')),
    ask('a', () => good('2')),
    ask('b', () => good('3')),
  ]);
  expect(all).toEqual(['1', '1', '3']);
  expect(calls).toEqual(['a', 'b']);
});

test('no more than so many are asked at once, each provider by itself', async () => {
  const { promise, resolve } = Promise.withResolvers<ProviderAnswer<string>>();
  const first = ['a', 'b', 'c'].map((question) => ask(question, () => promise));
  expect(await ask('d', () => good('x'))).toEqual({ unavailable: 'too many calls are under way' });
  expect(await ask('d', () => good('y'), 'q')).toBe('y');
  resolve({ value: 'z', until: 1030 });
  expect(await Promise.all(first)).toEqual(['z', 'z', 'z']);
  expect(await ask('e', () => good('x'))).toBe('x');
});

test('what was answered before has room of its own beside a flood of new questions', async () => {
  await ask('old', () => good('1'));
  now = 1030;
  const never = new Promise<ProviderAnswer<string>>(() => {});
  for (const question of ['a', 'b', 'c']) void ask(question, () => never);
  expect(await ask('new', () => good('x'))).toEqual({ unavailable: 'too many calls are under way' });
  expect(await ask('old', () => good('2', 2000))).toBe('2');
});

describe('a provider that is down', () => {
  test('is given a rest after failures in a row, and is then asked once', async () => {
    for (const question of ['a', 'b']) expect(await ask(question, down)).toEqual({ unavailable: 'down' });
    expect(await ask('c', () => good('x'))).toEqual({ unavailable: 'the provider failed again and again' });
    clock = 2000;
    expect(await ask('c', down)).toEqual({ unavailable: 'down' });
    expect(await ask('d', down)).toEqual({ unavailable: 'the provider failed again and again' });
    clock = 4000;
    expect(await ask('d', () => good('x'))).toBe('x');
    expect(await ask('e', () => good('y'))).toBe('y');
    expect(calls).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('is nothing to remember: the next one asks again', async () => {
    expect(await ask('a', down)).toEqual({ unavailable: 'down' });
    expect(await ask('a', () => good('x'))).toBe('x');
  });

  test('and silent keeps nobody longer than the wait; what it says late is remembered', async () => {
    const { promise, resolve } = Promise.withResolvers<ProviderAnswer<string>>();
    expect(await ask('a', () => promise)).toEqual({ unavailable: 'the provider takes longer than 50 ms' });
    resolve({ value: 'late', until: 1030 });
    await promise;
    await new Promise(setImmediate);
    expect(ask('a', () => good('x'))).toBe('late');
    expect(calls).toEqual(['a']);
  });
});

test('what nobody foresaw is thrown, and not taken for an outage', async () => {
  const broken = async (): Promise<never> => {
    throw new TypeError('a defect');
  };
  await expect(ask('a', broken)).rejects.toThrow('a defect');
  expect(await ask('a', () => good('x'))).toBe('x');
});

test('the number of answers is bounded', async () => {
  for (let at = 0; at < 20; at += 1) await ask(`q${at}`, () => good('x'));
  expect(answers.known('q0')).toBeUndefined();
  expect(answers.known('q19')).toBe('x');
});
