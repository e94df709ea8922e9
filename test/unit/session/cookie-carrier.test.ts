import { describe, expect, test } from '@jest/globals';
import { Cookie, CookieJar } from 'tough-cookie';
import { createCookieCarrier } from '../../../src/session/cookie-carrier.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { type CookiePrefix, cookiePrefix } from '../../../src/session/own-cookies.ts';
import { NEW, OLD, oneCharacterOff, PlainJar, parseSetCookie, RETIRED } from '../../support/cookies.ts';

const NAME = '__Host-postern';
const carrier = createCookieCarrier(NAME, signingRing([NEW, OLD]));
const ownOf = (lines: readonly string[] | undefined): Map<string, string> =>
  new Map((lines ?? []).map(parseSetCookie).map(({ name, value }) => [name, value]));
const written = (text: string, name: string = NAME, by = carrier): Map<string, string> =>
  ownOf(by.write(name, text, 600));

test.each([
  ['https', '__Host-postern'],
  ['http', 'postern'],
] as const)('%s spells its cookies %s', (scheme, prefix) => expect(cookiePrefix(scheme)).toBe(prefix));

describe.each<[prefix: CookiePrefix, secure: object]>([
  ['__Host-postern', { secure: '' }],
  ['postern', {}],
])('CS1: Set-Cookie of %s', (prefix, secure) => {
  const own = createCookieCarrier(prefix, signingRing([NEW]));
  const shape = { path: '/', samesite: 'lax', httponly: '', expires: expect.any(String), ...secure };

  test('carries the text and its signature: HttpOnly, SameSite=Lax, Path=/, no Domain', () => {
    const set = (own.write(`${prefix}-t.1`, 'text', 600) ?? []).map(parseSetCookie);
    expect(set.map(({ name }) => name)).toEqual([`${prefix}-t.1`, `${prefix}-t.1.sig`]);
    for (const { attributes } of set) {
      expect(attributes).toEqual(shape);
      expect(Date.parse(attributes['expires'] ?? '') - Date.now()).toBeGreaterThan(595_000);
      expect(Date.parse(attributes['expires'] ?? '') - Date.now()).toBeLessThanOrEqual(600_000);
    }
  });

  test('removes both with the same attributes', () => {
    const set = own.clear(prefix).map(parseSetCookie);
    expect(set.map(({ name }) => name)).toEqual([prefix, `${prefix}.sig`]);
    expect(set[0]?.value).toBe('');
    for (const { attributes } of set) {
      expect(attributes).toEqual({ ...shape, expires: 'Thu, 01 Jan 1970 00:00:00 GMT' });
    }
  });

  test('a browser keeps and removes it', async () => {
    const url = prefix === 'postern' ? 'http://shop.localhost/a/b' : 'https://shop.example.com/a/b';
    const jar = new CookieJar(undefined, { prefixSecurity: 'strict', allowSpecialUseDomain: true });
    for (const line of own.write(prefix, 'text', 600) ?? []) await jar.setCookie(line, url);
    const names = async () => (await jar.getCookies(url, { sameSiteContext: 'lax' })).map(({ key }) => key);
    expect((await names()).toSorted()).toEqual([prefix, `${prefix}.sig`]);
    for (const line of own.clear(prefix)) await jar.setCookie(line, url);
    expect(await names()).toEqual([]);
  });
});

test('values are cookie octets (RFC 6265 section 4.1.1), and the text is not readable in them', () => {
  const lines = carrier.write(NAME, 'a "text"; with, marks\\ and ünïcödé', 600) ?? [];
  for (const line of lines) {
    expect(parseSetCookie(line).value).toMatch(/^[A-Za-z0-9+/=_-]+$/);
    expect(Cookie.parse(line)?.key).toBe(parseSetCookie(line).name);
  }
});

describe('reading', () => {
  test.each(['x', '1:text', 'a'.repeat(2900), 'ünïcödé 🚪', '"\\;,= \n', '{"t":"x"}', '0', 'null'])(
    '%.20j comes back',
    (text) => {
      expect(carrier.read(written(text), NAME)).toBe(text);
    },
  );

  test.each([
    ['the newest', NEW, 'text'],
    ['the second', OLD, 'text'],
    ['a retired one', RETIRED, undefined],
  ])('signed by %s', (_which, keys, expected) => {
    const by = createCookieCarrier(NAME, signingRing([keys]));
    expect(carrier.read(written('text', NAME, by), NAME)).toBe(expected);
  });

  const own = written('text');
  const value = own.get(NAME) as string;
  const signature = own.get(`${NAME}.sig`) as string;
  const read = (cookie: string | undefined, sig: string | undefined): string | undefined => {
    const pairs = [[NAME, cookie] as const, [`${NAME}.sig`, sig] as const];
    const map = new Map(pairs.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as const])));
    return carrier.read(map, NAME);
  };
  const b64 = (json: string): string => Buffer.from(json).toString('base64');

  test('is true to what was written', () => expect(read(value, signature)).toBe('text'));

  test.each<[what: string, cookie: string | undefined, sig: string | undefined]>([
    ['no cookie', undefined, signature],
    ['no signature', value, undefined],
    ['neither', undefined, undefined],
    ['an empty cookie', '', signature],
    ['an empty signature', value, ''],
    ['the signature of another text', value, written('other').get(`${NAME}.sig`)],
    ['another value', b64('{"t":"admin"}'), signature],
    ['no base64', '%%%', signature],
    ['a signature of a removal', '', parseSetCookie(carrier.clear(NAME)[1] as string).value],
    ['SHA-1, as cookie-session signs by default', value, 'tVkSZhpVu3lNkDLXQwTjLFXxiqM'],
    ['a cookie inside the cookie', `x; c=${value}`, signature],
    ['a signature twice', value, `${signature}${signature}`],
  ])('%s: nothing', (_what, cookie, sig) => expect(read(cookie, sig)).toBeUndefined());

  test('CS4: one character off in the cookie is nothing', () => {
    expect(oneCharacterOff(value).filter((text) => read(text, signature) !== undefined)).toEqual([]);
  });

  test('CS4: one character off in the signature is nothing', () => {
    // 32 bytes end in a character of which two bits are unused.
    expect(oneCharacterOff(signature).filter((text) => read(value, text) !== undefined)).toEqual([]);
  });

  test('another spelling of the signature is nothing', () => {
    const spellings = [
      `${signature}=`,
      ` ${signature}`,
      `${signature}!`,
      `${signature.slice(0, 9)}.${signature.slice(9)}`,
    ];
    expect(spellings.filter((text) => read(value, text) !== undefined)).toEqual([]);
  });

  test('reading sends nothing, not even where the second secret signed', () => {
    const by = createCookieCarrier(NAME, signingRing([OLD]));
    const jar = new PlainJar().take(by.write(NAME, 'text', 600) ?? []);
    expect(carrier.read(new Map(jar.names.map((name) => [name, jar.get(name) as string])), NAME)).toBe(
      'text',
    );
  });
});

describe('CS7: name and value of 4096 bytes fit, one more does not', () => {
  /** Base64 of `{"t":"…"}`: four characters for three bytes. */
  const fits = (length: number, name: string): boolean =>
    carrier.write(name, 'x'.repeat(length), 600) !== undefined;
  const valueLength = (length: number): number => 4 * Math.ceil((length + 8) / 3);

  test.each([NAME, `${NAME}.1`, `${NAME}-t.abcdefgh01234567`, 'postern'])('%s', (name) => {
    const longest = 3 * Math.floor((4096 - name.length) / 4) - 8;
    expect(name.length + valueLength(longest)).toBeLessThanOrEqual(4096);
    expect(name.length + valueLength(longest + 1)).toBeGreaterThan(4096);
    expect([fits(longest, name), fits(longest + 1, name)]).toEqual([true, false]);
  });

  test('characters beyond ASCII count as their bytes', () => {
    expect(carrier.write(NAME, 'ü'.repeat(1600), 600)).toBeUndefined();
  });
});
