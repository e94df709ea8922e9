import { expect, test } from '@jest/globals';
import { claimValue, headerValue } from '../../../src/outcome/header-value.ts';
import { loginAddress } from '../../../src/outcome/login-address.ts';

/** FA12: UTF-8, percent-encoded outside printable ASCII, `%` included. */
test.each<[text: string, value: string]>([
  ['', ''],
  ['alice', 'alice'],
  ['auth0|5f7c', 'auth0|5f7c'],
  ['Alice Example <a@b.de>; "x", y=z', 'Alice Example <a@b.de>; "x", y=z'],
  [' ~', '%20~'],
  ['~ ', '~%20'],
  ['a b', 'a b'],
  [' ', '%20'],
  ['orders:read orders:write', 'orders:read orders:write'],
  ['100%', '100%25'],
  ['%0d%0a', '%250d%250a'],
  ['%C3%A9', '%25C3%25A9'],
  ['a\r\nX-Auth-Scopes: admin', 'a%0D%0AX-Auth-Scopes: admin'],
  ['a\nb', 'a%0Ab'],
  ['a\rb', 'a%0Db'],
  ['a\u0000b', 'a%00b'],
  ['a\tb', 'a%09b'],
  ['a\u007fb', 'a%7Fb'],
  ['é', '%C3%A9'],
  ['Größe 5 %', 'Gr%C3%B6%C3%9Fe 5 %25'],
  ['Ωmega', '%CE%A9mega'],
  ['名前', '%E5%90%8D%E5%89%8D'],
  ['🚪', '%F0%9F%9A%AA'],
  ['a\u2028b', 'a%E2%80%A8b'],
  ['\u0085', '%C2%85'],
  ['\u00a0', '%C2%A0'],
  ['\ufeffx', '%EF%BB%BFx'],
])('headerValue(%j)', (text, value) => {
  expect(headerValue(text)).toBe(value);
  expect(decodeURIComponent(headerValue(text))).toBe(text);
});

test.each([
  ['a lone high surrogate', '\ud83d', '%EF%BF%BD'],
  ['a lone low surrogate', 'a\udeaab', 'a%EF%BF%BDb'],
])('%s becomes a replacement character', (_what, text, value) => expect(headerValue(text)).toBe(value));

test.each<[claim: unknown, value: string]>([
  [undefined, ''],
  [null, ''],
  ['', ''],
  ['alice@example.com', 'alice@example.com'],
  ['Älice', '%C3%84lice'],
  [true, 'true'],
  [false, 'false'],
  [0, '0'],
  [1767225600, '1767225600'],
  [1.5, '1.5'],
  [[], ''],
  [['staff'], 'staff'],
  [['staff', 'admin'], 'staff,admin'],
  [['größe', '50%'], 'gr%C3%B6%C3%9Fe,50%25'],
  [['a', null, undefined, 1, true], 'a,,,1,true'],
  [[['a', 'b'], 'c'], '["a"%2C"b"],c'],
  [['a,b', 'c'], 'a%2Cb,c'],
  [{}, '{}'],
  [{ street: 'Straße\r\n1' }, '{"street":"Stra%C3%9Fe\\r\\n1"}'],
  [[{ a: 1 }, { b: 2 }], '{"a":1},{"b":2}'],
  [['a\r\nX: y'], 'a%0D%0AX: y'],
])('the claim %j', (claim, value) => expect(claimValue(claim)).toBe(value));

const ORIGIN = 'https://shop.example.com';

test.each<[rd: string, encoded: string]>([
  ['https://shop.example.com/', 'https%3A%2F%2Fshop.example.com%2F'],
  ['/a?b=c&d=e', '%2Fa%3Fb%3Dc%26d%3De'],
  ['/a?x=%20+%2B', '%2Fa%3Fx%3D%2520%2B%252B'],
  ['/a?q="<>#', '%2Fa%3Fq%3D%22%3C%3E%23'],
  // a target holds one char per byte: valid UTF-8 stays what it was
  ['/a?q=\u00c3\u00a9', '%2Fa%3Fq%3D%C3%A9'],
  // and what is not, keeps its bytes as characters
  ['/a?q=\u00e9', '%2Fa%3Fq%3D%C3%A9'],
  ['/a?q=\u00ff', '%2Fa%3Fq%3D%C3%BF'],
])('a login that comes back to %s', (rd, encoded) => {
  expect(loginAddress(ORIGIN, '/_auth', rd)).toBe(`${ORIGIN}/_auth/login?rd=${encoded}`);
  expect(loginAddress(ORIGIN, '/gate/auth', rd, 'select_account')).toBe(
    `${ORIGIN}/gate/auth/login?rd=${encoded}&prompt=select_account`,
  );
});
