import { describe, expect, test } from '@jest/globals';
import { type CookiePrefix, splitCookies } from '../../../src/session/own-cookies.ts';

const split = (lines: readonly string[], prefix: CookiePrefix = '__Host-postern') => {
  const { own, rest } = splitCookies(lines, prefix);
  return [Object.fromEntries(own), rest];
};

type Row = [what: string, lines: string[], own: Record<string, string>, rest: string | undefined];
const P = '__Host-postern';

describe('https: __Host-postern…', () => {
  test.each<Row>([
    ['no Cookie', [], {}, undefined],
    ['an empty Cookie', [''], {}, ''],
    ['none of ours', ['a=1; b=2'], {}, 'a=1; b=2'],
    ['ours alone', [`${P}=x`], { [P]: 'x' }, undefined],
    ['ours first', [`${P}=x; a=1`], { [P]: 'x' }, 'a=1'],
    ['ours last', [`a=1; ${P}=x`], { [P]: 'x' }, 'a=1'],
    ['ours between', [`a=1; ${P}=x; b=2`], { [P]: 'x' }, 'a=1; b=2'],
    [
      'all kinds of ours',
      [`a=1; ${P}=x; ${P}.sig=s; ${P}.1=y; ${P}-t.abc=t; ${P}-asked=k; b=2`],
      { [P]: 'x', [`${P}.sig`]: 's', [`${P}.1`]: 'y', [`${P}-t.abc`]: 't', [`${P}-asked`]: 'k' },
      'a=1; b=2',
    ],
    ['two lines', ['a=1', `${P}=x`], { [P]: 'x' }, 'a=1'],
    ['two lines, none of ours', ['a=1; b=2', 'c=3'], {}, 'a=1; b=2; c=3'],
    ['a value with =', [`${P}=a=b==`], { [P]: 'a=b==' }, undefined],
    ['an empty value', [`${P}=`], { [P]: '' }, undefined],
    ['no =', [P], { [P]: '' }, undefined],
    [
      'no blank behind the ;',
      [`a=1;${P}=x;b=2`],
      { [P]: 'x' },
      expect.stringMatching(/^a=1; ?b=2$/) as never,
    ],
    ['more blanks', [`a=1;   ${P}=x  ; b=2`], { [P]: 'x' }, 'a=1; b=2'],
    ['a tab', [`a=1;\t${P}=x`], { [P]: 'x' }, 'a=1'],
    ['a name that goes on', [`${P}X=1; a=1`], { [`${P}X`]: '1' }, 'a=1'],
    ['a name __proto__', [`__proto__=1; ${P}=x`], { [P]: 'x' }, '__proto__=1'],
  ])('%s', (_what, lines, own, rest) => expect(split(lines)).toEqual([own, rest]));

  /** CS8: no one can tell whose it is. */
  test.each<Row>([
    ['twice', [`${P}=a; ${P}=b`], {}, undefined],
    ['twice the same', [`${P}=a; ${P}=a`], {}, undefined],
    ['three times', [`${P}=a; ${P}=b; ${P}=c`], {}, undefined],
    ['twice, on two lines', [`${P}=a`, `x=1; ${P}=b`], {}, 'x=1'],
    ['twice, once without =', [`${P}=a; ${P}`], {}, undefined],
    ['twice a signature', [`${P}=a; ${P}.sig=s; ${P}.sig=t`], { [P]: 'a' }, undefined],
    ['a foreign name twice', [`${P}=a; x=1; x=2`], { [P]: 'a' }, 'x=1; x=2'],
  ])('%s: none of that name', (_what, lines, own, rest) => expect(split(lines)).toEqual([own, rest]));

  /** The prefix rules of browsers bind the exact name; what only looks like it is anyone’s. */
  test.each<[what: string, cookie: string]>([
    ['the plain spelling', 'postern=x'],
    ['a chunk in the plain spelling', 'postern.1=x'],
    ['upper case', '__HOST-POSTERN=x'],
    ['lower case', '__host-postern=x'],
    ['mixed case', '__Host-Postern=x'],
    ['__Secure-', '__Secure-postern=x'],
    ['quotes', `"${P}"=x`],
    ['an escape', '__Host%2Dpostern=x'],
    ['a name before it', `x${P}=x`],
    ['as a value', `a=${P}`],
    ['as a nameless value', `=${P}=x`],
    // A host beside this one can set this by Set-Cookie: for a browser it is no __Host- name.
    ['a no-break space byte before it', `\u00a0${P}=x`],
    ['a no-break space in UTF-8 before it', `\u00c2\u00a0${P}=x`],
    ['a byte order mark in UTF-8 before it', `\u00ef\u00bb\u00bf${P}=x`],
  ])('CS8: %s is the upstream’s', (_what, cookie) => {
    expect(split([`a=1; ${cookie}`])).toEqual([{}, `a=1; ${cookie}`]);
    expect(split([`a=1; ${cookie}; ${P}=own`])).toEqual([{ [P]: 'own' }, `a=1; ${cookie}`]);
  });

  /** Design §4: the rest byte for byte. */
  test.each<[what: string, rest: string]>([
    ['a quoted value', 'a="x y"'],
    ['a quoted value with a ;', 'a="x;y"; b=2'],
    ['separators without a blank', 'a=1;b=2'],
    ['blanks around =', 'a = 1; b=2'],
    ['a blank at the end of a value', 'a=1 ; b=2'],
    ['an empty value and an empty name', 'a=; =b'],
    ['a word', 'a; b'],
    ['JSON', 'a={"b":[1,2]}; c=%7B%7D'],
    ['latin1', 'a=\u00e9\u00ff'],
    ['UTF-8 bytes', 'a=\u00c3\u00a9'],
    ['a no-break space byte at the start of a name', 'a=1; \u00a0b=2'],
    ['a no-break space byte at the end of a value', 'a=\u00a0; b=2'],
  ])('the rest keeps %s', (_what, rest) => {
    expect(split([rest])[1]).toBe(rest);
    expect(split([`${rest}; ${P}=x`])[1]).toBe(rest);
    expect(split([`${P}=x; ${rest}`])[1]).toBe(rest);
  });
});

describe('http: postern…', () => {
  test.each<Row>([
    ['ours', ['a=1; postern=x; postern.sig=s'], { postern: 'x', 'postern.sig': 's' }, 'a=1'],
    ['twice', ['postern=x; postern=y; a=1'], {}, 'a=1'],
    ['case variants', ['Postern=x; POSTERN=y'], {}, 'Postern=x; POSTERN=y'],
  ])('%s', (_what, lines, own, rest) => expect(split(lines, 'postern')).toEqual([own, rest]));

  test('the other spelling is never read', () => {
    const { own } = splitCookies([`${P}=x; ${P}.sig=s; postern=y`], 'postern');
    expect(Object.fromEntries(own)).toEqual({ postern: 'y' });
  });
});

/** DL6: within the 64 KB that a server reads; what costs its length squared runs into the time limit of the test. */
test.each<[what: string, line: string]>([
  ['many cookies', Array.from({ length: 6000 }, (_, index) => `c${index}=1`).join(';')],
  ['many of ours', `${P}.x=1;`.repeat(3500)],
  ['separators', ';'.repeat(60_000)],
  ['blanks', ' '.repeat(60_000)],
  ['blanks inside a cookie', `a=1${' '.repeat(60_000)}2`],
  ['blanks inside ours', `${P}-x=1${' '.repeat(60_000)}2`],
  ['tabs and blanks', `a${' \t'.repeat(30_000)}b`],
  ['one long value', `a=${'x'.repeat(60_000)}`],
])('60 KB of %s', (_what, line) => {
  expect(splitCookies([line], P).own.get(P)).toBeUndefined();
  for (const lines of [[line, `${P}=x`], [`${P}=x; ${line}`]])
    expect(splitCookies(lines, P).own.get(P)).toBe('x');
});
