import { expect, test } from '@jest/globals';
import { parseJsonObject } from '../../../src/token/json-object.ts';
import { looksLikeJwt, readToken, splitToken } from '../../../src/token/token-spelling.ts';
import { makeKey, signJws } from '../../support/jws.ts';

const key = makeKey('ES256');
const token = signJws({ alg: 'ES256' }, { iss: 'x' }, key);
const [header = '', payload = '', signature = ''] = token.split('.');

// 64 bytes of signature end in a character of which four bits are unused: 15 further spellings of the same bytes.
const sibling = (() => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
})();

test('the one spelling is read', () => {
  expect(readToken(token)).toEqual({ raw: token, header: { alg: 'ES256' }, claims: { iss: 'x' } });
  expect(looksLikeJwt(token)).toBe(true);
});

test.each([
  ['empty', ''],
  ['opaque', 'b1946ac92492d2347c6235b4d2611184'],
  ['two segments', `${header}.${payload}`],
  ['four segments', `${token}.${signature}`],
  ['five segments, a JWE', `${header}..${payload}.${payload}.${signature}`],
  ['empty header', `.${payload}.${signature}`],
  ['empty payload', `${header}..${signature}`],
  ['empty signature', `${header}.${payload}.`],
  ['padding', `${token}==`],
  ['one padding character', `${token}=`],
  ['newline at the end', `${token}\n`],
  ['carriage return at the end', `${token}\r`],
  ['blank in front', ` ${token}`],
  ['blank inside', `${header}.${payload} .${signature}`],
  ['NUL at the end', `${token}\0`],
  ['standard alphabet +', `${header}.${payload}.+${signature.slice(1)}`],
  ['standard alphabet /', `${header}.${payload}./${signature.slice(1)}`],
  ['non-ASCII', `${header}.${payload}.ä${signature.slice(1)}`],
  ['unused bits set', sibling],
  ['impossible length', `${header}.${payload}.${signature}AAA`],
  ['more than 16 KB', `${header}.${'A'.repeat(16_384)}.${signature}`],
])('%s is no spelling of a token', (_name, raw) => {
  expect(splitToken(raw)).toBeUndefined();
  expect(readToken(raw)).toBeUndefined();
  expect(looksLikeJwt(raw)).toBe(false);
});

test('exactly 16 KB is read', () => {
  const filler = 'x'.repeat(12_000);
  let raw = signJws({ alg: 'ES256' }, { filler }, key);
  raw = signJws(
    { alg: 'ES256' },
    { filler: filler + 'x'.repeat(Math.floor(((16_384 - raw.length) * 3) / 4)) },
    key,
  );
  expect(raw.length).toBeGreaterThan(16_380);
  expect(raw.length).toBeLessThanOrEqual(16_384);
  expect(readToken(raw)).toBeDefined();
});

test('a header that is no JSON object with an alg does not look like a JWT', () => {
  for (const odd of ['[]', 'null', '"text"', '{}', '{"alg":1}', 'plain']) {
    expect(looksLikeJwt(signJws(odd, '{}', key))).toBe(false);
  }
});

test.each([
  ['an object', '{"a":1,"b":{"a":2},"c":[{"a":1},{"a":2}]}', true],
  ['colons and quotes in strings', '{"a:b":"c:\\"d\\":","e":"\\\\"}', true],
  ['a member called __proto__', '{"__proto__":{"a":1}}', true],
  ['an empty object', '{}', true],
  ['a repeated member', '{"scope":"read","scope":"admin"}', false],
  ['a repeated member in another spelling', '{"scope":"read","sc\\u006fpe":"admin"}', false],
  ['a repeated member below', '{"a":[{"b":1,"b":1}]}', false],
  ['a repeated __proto__', '{"__proto__":1,"__proto__":2}', false],
  ['an array', '[]', false],
  ['null', 'null', false],
  ['a number', '1', false],
  ['a trailing comma', '{"a":1,}', false],
  ['a byte order mark', '\ufeff{"a":1}', false],
  ['something after it', '{"a":1}{"a":1}', false],
  ['nothing', '', false],
])('JSON: %s', (_name, text, accepted) => {
  const parsed = parseJsonObject(Buffer.from(text));
  expect(parsed !== undefined).toBe(accepted);
  if (accepted) expect(JSON.stringify(parsed)).toBe(text);
});

test('JSON: bytes that are not UTF-8', () => {
  expect(parseJsonObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBeUndefined();
});

test('JSON: deep nesting and long texts are read as any other', () => {
  const deep = `{"a":${'['.repeat(6000)}${']'.repeat(6000)}}`;
  expect(parseJsonObject(Buffer.from(deep))).toEqual({ a: expect.any(Array) });
  expect(parseJsonObject(Buffer.from(`{"a":"${'\\"'.repeat(6000)}"}`))).toEqual({ a: '"'.repeat(6000) });
  expect(parseJsonObject(Buffer.from(`{"a":"${'\\"'.repeat(6000)}`))).toBeUndefined();
});
