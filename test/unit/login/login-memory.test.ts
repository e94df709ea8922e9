import { describe, expect, test } from '@jest/globals';
import { createLoginMemory, isLoop, type LoginEnd, withoutAsked } from '../../../src/login/login-memory.ts';
import { createCookies } from '../../../src/session/cookies.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { createSealer } from '../../../src/session/seal.ts';
import { NEW, PlainJar, parseSetCookie } from '../../support/cookies.ts';

const START = 1_767_225_600;
const HOST = 'shop.example.com';
const NAME = '__Host-postern-asked';
const cookies = createCookies(signingRing([NEW]))('https');
const sealer = createSealer([NEW]);

let at = START;
const memory = createLoginMemory(sealer, () => at);
const splitOf = (jar: PlainJar) => cookies.split(jar.lines);
const read = (jar: PlainJar, host = HOST) => memory.read(host, cookies, splitOf(jar));
const end = (ago: number, completed = true, parts: Partial<LoginEnd> = {}): LoginEnd => ({
  audience: 'https://api.shop.example.com',
  scopes: ['orders:read'],
  at: START - ago,
  completed,
  ...parts,
});
function remembering(...ends: LoginEnd[]): PlainJar {
  const last = ends.pop() as LoginEnd;
  return new PlainJar().take(memory.remember(HOST, cookies, ends, last));
}

test('what was remembered is read again, in one cookie of ten minutes', () => {
  at = START;
  const ends = [end(20, false), end(0)];
  const jar = remembering(...ends);
  expect(jar.names).toEqual([NAME, `${NAME}.sig`]);
  expect(read(jar)).toEqual(ends);
  const [line = ''] = memory.remember(HOST, cookies, [], end(0));
  const { attributes } = parseSetCookie(line);
  expect(attributes).toMatchObject({ path: '/', samesite: 'lax', secure: '', httponly: '' });
  const seconds = (Date.parse(attributes['expires'] ?? '') - Date.now()) / 1000;
  expect(seconds).toBeGreaterThan(595);
  expect(seconds).toBeLessThanOrEqual(600);
});

test.each([
  [599, 1],
  [600, 0],
  [601, 0],
])('after %d seconds %d ends are remembered', (seconds, count) => {
  at = START;
  const jar = remembering(end(0));
  at = START + seconds;
  expect(read(jar)).toHaveLength(count);
});

test('each end is forgotten after its own ten minutes', () => {
  at = START;
  const jar = remembering(end(599), end(600), end(601), end(0));
  expect(read(jar)).toEqual([end(599), end(0)]);
});

test('at most the last six are kept, the newest last', () => {
  at = START;
  const ends = [70, 60, 50, 40, 30, 20, 10, 0].map((ago) => end(ago, true, { audience: '', scopes: [] }));
  expect(read(remembering(...ends))).toEqual(ends.slice(-6));
});

describe('what does not fit into a cookie', () => {
  const scopes = (count: number): string[] =>
    Array.from({ length: count }, (_, index) => `scope-number-${index}`);

  test.each<[what: string, ends: LoginEnd[], kept: LoginEnd[]]>([
    [
      'the oldest go',
      [1, 2, 3, 4].map((_, i) => end(4 - i, true, { scopes: scopes(12) })),
      [1].map((ago) => end(ago, true, { scopes: scopes(12) })),
    ],
    [
      'one that is too large alone is kept without its scopes',
      [end(5), end(0, true, { scopes: scopes(500) })],
      [end(0, true, { scopes: [] })],
    ],
    [
      'and with what it did not bring',
      [end(5), end(0, true, { scopes: scopes(500), unmet: 'abcdefghijk' })],
      [end(0, true, { scopes: [], unmet: 'abcdefghijk' })],
    ],
  ])('%s', (_what, ends, kept) => {
    at = START;
    const jar = remembering(...ends);
    expect(read(jar).slice(-kept.length)).toEqual(kept);
    expect((jar.get(NAME)?.length ?? 0) + NAME.length).toBeLessThanOrEqual(1200);
  });

  test('whatever an app asks for, an end leaves a trace', () => {
    at = START;
    for (const count of [0, 1, 10, 50, 100, 200, 1000, 5000]) {
      const jar = remembering(end(2), end(1), end(0, true, { scopes: scopes(count) }));
      expect(read(jar).at(-1)).toMatchObject({ at: START, completed: true });
    }
  });
});

test.each<[what: string, change: (jar: PlainJar) => PlainJar, host: string]>([
  ['another host', (jar) => jar, 'other.example.com'],
  ['no signature', (jar) => jar.delete(`${NAME}.sig`), HOST],
  ['the name of a session', (jar) => jar.set('__Host-postern', jar.get(NAME) as string).delete(NAME), HOST],
  ['nothing', () => new PlainJar(), HOST],
])('nothing is remembered with %s', (_what, change, host) => {
  at = START;
  expect(read(change(remembering(end(0))), host)).toEqual([]);
});

test('another purpose’s seal is no memory', () => {
  at = START;
  const text = sealer.seal({ purpose: 'state', host: HOST, context: '' }, [end(0)], START + 600);
  expect(read(new PlainJar().take(cookies.carrier.write(NAME, text, 600) ?? []))).toEqual([]);
});

test('forgetting removes the cookie, if there is one', () => {
  at = START;
  const jar = remembering(end(0));
  expect(
    memory
      .forget(cookies, splitOf(jar))
      .map(parseSetCookie)
      .map(({ name }) => name),
  ).toEqual([NAME, `${NAME}.sig`]);
  expect(jar.take(memory.forget(cookies, splitOf(jar))).names).toEqual([]);
  expect(memory.forget(cookies, splitOf(jar))).toEqual([]);
});

test('another person’s end keeps when it was, and not what it asked for', () => {
  expect(withoutAsked(end(7, false, { unmet: 'x' }))).not.toHaveProperty('unmet');
  expect(withoutAsked(end(7, false))).toEqual({ at: START - 7, completed: false, audience: '', scopes: [] });
});

/** Design §4: two logins that ended well within 60 s, and still no session. */
describe('a loop', () => {
  const failed = (ago: number): LoginEnd => end(ago, false);
  const ended = (...ago: number[]): LoginEnd[] => ago.map((seconds) => end(seconds));

  test.each<[what: string, ends: LoginEnd[], loop: boolean]>([
    ['no login', [], false],
    ['one', ended(0), false],
    ['two at once', ended(0, 0), true],
    ['two within the minute', ended(59, 1), true],
    ['the first a minute ago', ended(60, 1), false],
    ['both long ago', ended(500, 400), false],
    ['three', ended(59, 30, 1), true],
    ['one of three within the minute', ended(120, 61, 5), false],
    ['two that failed', [failed(20), failed(10)], false],
    ['one that ended well and one that failed', [...ended(20), failed(10)], false],
  ])('without a session: %s', (_what, ends, loop) => expect(isLoop(ends, START, false)).toBe(loop));

  /** Merely short-lived tokens are renewed by logins for ever; one that was dead before its page was opened is a loop. */
  test.each<[what: string, ends: LoginEnd[], loop: boolean]>([
    ['no login', [], false],
    ['one, just now', ended(0), false],
    ['two, the last two seconds ago', ended(20, 2), true],
    ['two, the last three seconds ago', ended(20, 3), false],
    ['two, the first a minute ago', ended(60, 0), false],
    ['many that were used for a while', ended(59, 40, 20, 10), false],
    ['two that failed', [failed(2), failed(1)], false],
    ['two, and one that just failed', [...ended(20, 10), failed(0)], false],
  ])('with a session whose token has expired: %s', (_what, ends, loop) => {
    expect(isLoop(ends, START, true)).toBe(loop);
  });
});
