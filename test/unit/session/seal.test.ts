import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { deriveKeys } from '../../../src/session/keys.ts';
import { type Binding, createSealer, type Purpose } from '../../../src/session/seal.ts';
import { NEW, OLD, oneCharacterOff, RETIRED } from '../../support/cookies.ts';

const NOW = 1_767_225_600;
const LATER = NOW + 600;
const BINDING: Binding = { purpose: 'state', host: 'shop.example.com', context: '' };
const PAYLOAD = { accessToken: 'eyJhbGciOiJSUzI1NiJ9.secret', subject: 'alice', url: '/orders?q=1' };

const sealer = createSealer([NEW, OLD]);
const opens = async (text: string, binding = BINDING, now = NOW): Promise<unknown> =>
  (await sealer.open(binding, text, now))?.payload;

describe('a sealed text opens for the same purpose, host and context only (CS5)', () => {
  const purposes: Purpose[] = ['session', 'transaction', 'state', 'asked'];
  const bindings = purposes.flatMap((purpose) =>
    ['shop.example.com', 'evil.shop.example.com'].flatMap((host) =>
      ['', 'acme', 'globex'].map((context): Binding => ({ purpose, host, context })),
    ),
  );
  const nameOf = ({ purpose, host, context }: Binding): string => `${purpose} ${host} ${context}`;

  test.each(bindings.map((binding) => [nameOf(binding), binding] as const))('%s', async (name, binding) => {
    const text = await sealer.seal(binding, name, LATER);
    const opened = await Promise.all(bindings.map(async (other) => (await opens(text, other)) as string));
    expect(opened.filter((payload) => payload !== undefined)).toEqual([name]);
    expect(await opens(text, binding)).toBe(name);
  });

  test('no part of a binding can be moved into the next one', async () => {
    const text = await sealer.seal({ purpose: 'session', host: 'a', context: 'b","c' }, 1, LATER);
    expect(await opens(text, { purpose: 'session', host: 'a","b', context: 'c' })).toBeUndefined();
    expect(await opens(text, { purpose: 'session', host: 'a', context: 'b' })).toBeUndefined();
  });
});

describe('rotation of secrets', () => {
  test.each([
    ['the newest', NEW, true],
    ['the second', OLD, true],
    ['a retired one', RETIRED, false],
  ])('a text sealed by %s opens: %s', async (_which, keys, expected) => {
    const text = await createSealer([keys]).seal(BINDING, PAYLOAD, LATER);
    const opened = await sealer.open(BINDING, text, NOW);
    expect(opened).toEqual(expected ? { payload: PAYLOAD, secret: keys.id } : undefined);
  });

  test('the first seals; the order of the others does not matter', async () => {
    const text = await createSealer([OLD, NEW]).seal(BINDING, PAYLOAD, LATER);
    expect(await sealer.open(BINDING, text, NOW)).toEqual({ payload: PAYLOAD, secret: OLD.id });
  });

  test('a secret’s id does not help under another key', async () => {
    const text = await createSealer([{ ...RETIRED, id: NEW.id }]).seal(BINDING, PAYLOAD, LATER);
    expect(await opens(text)).toBeUndefined();
  });

  test('without a secret there is no sealer', () => {
    expect(() => createSealer([])).toThrow(new TypeError('at least one session secret'));
  });
});

test.each([
  [NOW + 1, true],
  [NOW, false],
  [NOW - 1, false],
  [0, false],
])('sealed until %d, opened at 1767225600: %s', async (expiresAt, expected) => {
  const text = await sealer.seal(BINDING, PAYLOAD, expiresAt);
  expect(await opens(text)).toEqual(expected ? PAYLOAD : undefined);
});

describe('it reveals nothing (CS4)', () => {
  test('its header names the secret, nothing else; two are never alike', async () => {
    const texts = await Promise.all([1, 2].map(() => sealer.seal(BINDING, PAYLOAD, LATER)));
    expect(new Set(texts).size).toBe(2);
    for (const text of texts) {
      expect(text).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
      expect(decodeProtectedHeader(text)).toEqual({ alg: 'dir', enc: 'A256GCM', kid: NEW.id });
      const bytes = text.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
      for (const secret of ['alice', 'secret', 'orders', 'state', 'shop.example.com', String(LATER)]) {
        expect([text, ...bytes].filter((part) => part.includes(secret))).toEqual([]);
      }
    }
  });
});

/** Lengths of the inside by remainder of three: the last character of base64url then has no, two or four unused bits. */
describe.each(['x', 'xx', 'xxx'])('AR4, CS4: one character off is nothing; payload %j', (payload) => {
  test.each([
    ['header', 0],
    ['key', 1],
    ['initialization vector', 2],
    ['ciphertext', 3],
    ['tag', 4],
  ])('in the %s', async (_part, at) => {
    const parts = (await sealer.seal(BINDING, payload, LATER)).split('.');
    const variants = oneCharacterOff(parts[at] as string).map((part) => parts.with(at, part).join('.'));
    const opened = await Promise.all(
      variants.map(async (text) => ((await opens(text)) === undefined ? [] : [text])),
    );
    expect(opened.flat()).toEqual([]);
  });
});

const valid = await sealer.seal(BINDING, PAYLOAD, LATER);
const compressed = await new CompactEncrypt((await compactDecrypt(valid, NEW.sealing)).plaintext)
  .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: NEW.id, zip: 'DEF' })
  .encrypt(NEW.sealing);

describe('texts that this gateway did not write', () => {
  const [header = '', , vector, ciphertext, tag] = valid.split('.');
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each<[what: string, text: string]>([
    ['nothing', ''],
    ['a word', 'x'],
    ['dots', '....'],
    ['a JWS', 'eyJhbGciOiJIUzI1NiJ9.e30.c2ln'],
    ['no JSON for a header', `e30x.${valid.slice(valid.indexOf('.') + 1)}`],
    ['a header without kid', valid.replace(header, encoded({ alg: 'dir', enc: 'A256GCM' }))],
    [
      'a header with an unknown kid',
      valid.replace(header, encoded({ alg: 'dir', enc: 'A256GCM', kid: 'x' })),
    ],
    ['a kid that is no text', valid.replace(header, encoded({ alg: 'dir', enc: 'A256GCM', kid: [NEW.id] }))],
    [
      'a kid named like a property',
      valid.replace(header, encoded({ alg: 'dir', enc: 'A256GCM', kid: '__proto__' })),
    ],
    ['alg none', valid.replace(header, encoded({ alg: 'none', kid: NEW.id }))],
    [
      'PBES2',
      valid.replace(
        header,
        encoded({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', kid: NEW.id, p2c: 1e9, p2s: 'x' }),
      ),
    ],
    ['a key where none belongs', valid.replace('..', '.eA.')],
    ['a part too few', [header, vector, ciphertext, tag].join('.')],
    ['a part too many', `${valid}.x`],
    ['a short tag', valid.slice(0, -6)],
    ['swapped parts', [header, '', vector, tag, ciphertext].join('.')],
    [
      'another spelling of the header',
      valid.replace(header, encoded({ kid: NEW.id, enc: 'A256GCM', alg: 'dir' })),
    ],
    ['compressed', compressed],
    ['padding', `${valid}=`],
    ['a line end behind it', `${valid}\n`],
    ['a line end inside', valid.replace('..', '.\n.')],
    ['a blank inside its tag', `${valid.slice(0, -3)} ${valid.slice(-3)}`],
    ['bytes', '\u0000\u00ff'.repeat(100)],
    ['much of nothing', 'A'.repeat(100_000)],
  ])('%s', async (_what, text) => expect(await opens(text)).toBeUndefined());

  test('and the one it did write', async () => expect(await opens(valid)).toEqual(PAYLOAD));
});

test('keys: derived from the secret alone, told apart by id', async () => {
  const again = await deriveKeys('the newest session secret, which seals');
  expect(again.id).toBe(NEW.id);
  expect(again.id).toMatch(/^[\w-]{8}$/);
  expect(new Set([NEW.id, OLD.id, RETIRED.id]).size).toBe(3);
  expect(again.signing.equals(NEW.signing)).toBe(true);
  expect(again.sealing).toMatchObject({ extractable: false, usages: ['encrypt', 'decrypt'] });
});
