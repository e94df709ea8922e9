import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Eventual } from '../../../src/http/eventual.ts';
import { type Listener, listen, respond } from '../../../src/http/server.ts';
import type { Reply } from '../../../src/outcome/reply.ts';

const PERMIT: Reply = { status: 200, reason: 'permitted', headers: [['Content-Length', '0']] };
const fault = new Error('nobody foresaw this');

let answer: () => Eventual<Reply>;
let answered: (reply: Reply) => void;
let seen: unknown[];
let listener: Listener;

beforeAll(async () => {
  listener = await listen(
    (_request, response) =>
      respond(
        response,
        () => answer(),
        (error) => seen.push(error),
        (reply) => answered(reply),
      ),
    { host: '127.0.0.1', port: 0 },
  );
});
beforeEach(() => {
  seen = [];
  answered = ({ reason }) => void seen.push(reason);
});
afterAll(() => listener.stop());

const ask = async (): Promise<readonly [status: number, reason: string | undefined]> => {
  const response = await fetch(`http://127.0.0.1:${listener.address.port}/`, {
    headers: { connection: 'close' },
  });
  const text = await response.text();
  return [response.status, text === '' ? undefined : (JSON.parse(text) as { reason: string }).reason];
};

test.each<[what: string, answer: () => Eventual<Reply>, answer: unknown, seen: unknown[]]>([
  ['a reply', () => PERMIT, [200, undefined], ['permitted']],
  ['a promise of one', async () => PERMIT, [200, undefined], ['permitted']],
  [
    'an exception',
    () => {
      throw fault;
    },
    [500, 'internal-error'],
    [fault, 'internal-error'],
  ],
  ['a rejection', () => Promise.reject(fault), [500, 'internal-error'], [fault, 'internal-error']],
])('%s is answered, and an exception is never a permit', async (_what, make, expected, told) => {
  answer = make;
  expect(await ask()).toEqual(expected);
  expect(seen).toEqual(told);
});

test.each<[what: string, answer: () => Eventual<Reply>]>([
  ['at once', () => ({ ...PERMIT, headers: [['X-Bad', 'a\nb']] })],
  ['later', async () => ({ ...PERMIT, headers: [['X-Bad', 'a\nb']] })],
])('a reply that cannot be written, %s, ends the connection', async (_what, make) => {
  answer = make;
  await expect(ask()).rejects.toThrow();
  expect(seen).toEqual([expect.objectContaining({ code: 'ERR_INVALID_CHAR' })]);
});

test('a fault behind the answer harms no later one', async () => {
  answer = () => PERMIT;
  answered = () => {
    throw fault;
  };
  await ask().catch(() => undefined);
  expect(seen).toEqual([fault]);
  answered = ({ reason }) => void seen.push(reason);
  expect(await ask()).toEqual([200, undefined]);
});
