import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import { deriveKeys, type Purpose } from '../../../src/session/keys.ts';
import { type Binding, createSealer } from '../../../src/session/seal.ts';
import { NEW, OLD, oneCharacterOff, RETIRED } from '../../support/cookies.ts';

const NOW = 1_767_225_600;
const LATER = NOW + 600;
const BINDING: Binding = { purpose: 'state', host: 'shop.example.com', context: '' };
const PAYLOAD = { accessToken: 'eyJhbGciOiJSUzI1NiJ9.secret', subject: 'alice', url: '/orders?q=1' };

const sealer = createSealer([NEW, OLD]);
const opens = (text: string, binding = BINDING, now = NOW): unknown =>
  sealer.open(binding, text, now)?.payload;
const HEADER = { alg: 'dir', enc: 'A256GCM', kid: NEW.id };
/** The envelope of a text, as jose opens it. */
const inside = async (text: string): Promise<Uint8Array> =>
  (await compactDecrypt(text, NEW.sealing[BINDING.purpose])).plaintext;

describe('a sealed text opens for the same purpose, host and context only (CS5)', () => {
  const purposes: Purpose[] = ['session', 'kept', 'transaction', 'state', 'asked'];
  const bindings = purposes.flatMap((purpose) =>
    ['shop.example.com', 'evil.shop.example.com'].flatMap((host) =>
      ['', 'acme', 'globex'].map((context): Binding => ({ purpose, host, context })),
    ),
  );
  const nameOf = ({ purpose, host, context }: Binding): string => `${purpose} ${host} ${context}`;

  test.each(bindings.map((binding) => [nameOf(binding), binding] as const))('%s', (name, binding) => {
    const text = sealer.seal(binding, name, LATER);
    const opened = bindings.map((other) => opens(text, other));
    expect(opened.filter((payload) => payload !== undefined)).toEqual([name]);
    expect(opens(text, binding)).toBe(name);
  });

  test('no part of a binding can be moved into the next one', () => {
    const text = sealer.seal({ purpose: 'session', host: 'a', context: 'b","c' }, 1, LATER);
    expect(opens(text, { purpose: 'session', host: 'a","b', context: 'c' })).toBeUndefined();
    expect(opens(text, { purpose: 'session', host: 'a', context: 'b' })).toBeUndefined();
  });
});

describe('rotation of secrets', () => {
  test.each([
    ['the newest', NEW, true],
    ['the second', OLD, true],
    ['a retired one', RETIRED, false],
  ])('a text sealed by %s opens: %s', (_which, keys, expected) => {
    const text = createSealer([keys]).seal(BINDING, PAYLOAD, LATER);
    const opened = sealer.open(BINDING, text, NOW);
    expect(opened).toEqual(expected ? { payload: PAYLOAD, secret: keys.id } : undefined);
  });

  test('the first seals; the order of the others does not matter', () => {
    const text = createSealer([OLD, NEW]).seal(BINDING, PAYLOAD, LATER);
    expect(sealer.open(BINDING, text, NOW)).toEqual({ payload: PAYLOAD, secret: OLD.id });
  });

  test('a secret’s id does not help under another key', () => {
    const text = createSealer([{ ...RETIRED, id: NEW.id }]).seal(BINDING, PAYLOAD, LATER);
    expect(opens(text)).toBeUndefined();
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
])('sealed until %d, opened at 1767225600: %s', (expiresAt, expected) => {
  const text = sealer.seal(BINDING, PAYLOAD, expiresAt);
  expect(opens(text)).toEqual(expected ? PAYLOAD : undefined);
});

describe('it reveals nothing (CS4)', () => {
  test('its header names the secret, nothing else; two are never alike', () => {
    const texts = [1, 2].map(() => sealer.seal(BINDING, PAYLOAD, LATER));
    expect(new Set(texts).size).toBe(2);
    for (const text of texts) {
      expect(text).toMatch(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
      expect(decodeProtectedHeader(text)).toEqual(HEADER);
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
  ])('in the %s', (_part, at) => {
    const parts = sealer.seal(BINDING, payload, LATER).split('.');
    const variants = oneCharacterOff(parts[at] as string).map((part) => parts.with(at, part).join('.'));
    expect(variants.filter((text) => opens(text) !== undefined)).toEqual([]);
  });
});

const valid = sealer.seal(BINDING, PAYLOAD, LATER);
describe('a JWE', () => {
  test('jose opens what is sealed here', async () => {
    const { protectedHeader, plaintext } = await compactDecrypt(valid, NEW.sealing.state, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    expect(protectedHeader).toEqual(HEADER);
    expect(JSON.parse(Buffer.from(plaintext).toString())).toEqual({
      b: expect.stringMatching(/^[\w-]{22}$/),
      x: LATER,
      p: PAYLOAD,
    });
  });

  const key = NEW.sealing[BINDING.purpose];
  test.each<[what: string, header: object, key: typeof key, payload: unknown]>([
    ['the same', {}, key, PAYLOAD],
    ['another key', {}, NEW.sealing.session, undefined],
    ['another member in its header', { typ: 'JWT' }, key, undefined],
    ['compression', { zip: 'DEF' }, key, undefined],
    ['another algorithm', { alg: 'A256KW' }, key, undefined],
    ['another secret’s id', { kid: OLD.id }, key, undefined],
  ])('what jose seals with %s', async (_what, header, by, payload) => {
    const text = await new CompactEncrypt(await inside(valid))
      .setProtectedHeader({ ...HEADER, ...header })
      .encrypt(by);
    expect(opens(text)).toEqual(payload);
  });

  test('what jose seals with the same header in another order is not ours', async () => {
    const text = await new CompactEncrypt(await inside(valid))
      .setProtectedHeader({ kid: NEW.id, alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
    expect(await inside(text)).toEqual(await inside(valid));
    expect(opens(text)).toBeUndefined();
  });

  test('a session that jose sealed, of the first release, lives', () => {
    const text = [
      'eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiVEUzUnFiTEQifQ..iH23xUn0DP3jkUfX',
      'EotwXJ_JQwLgbUaaaxkWqgwk36tBqzFAt5cRKIuIbMZb33nu8NnbC9bPttgx8Ii_Q7EJMfl3_CuHz_w1wF5jJjrJsmxc',
      'hlqqK9h3LspTtDjIHs9qjw',
    ].join('.');
    expect(opens(text, { ...BINDING, purpose: 'session' })).toEqual({ subject: 'alice' });
  });
});

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
    ['padding', `${valid}=`],
    ['a line end behind it', `${valid}\n`],
    ['a line end inside', valid.replace('..', '.\n.')],
    ['a blank inside its tag', `${valid.slice(0, -3)} ${valid.slice(-3)}`],
    ['bytes', '\u0000\u00ff'.repeat(100)],
    ['much of nothing', 'A'.repeat(100_000)],
  ])('%s', (_what, text) => expect(opens(text)).toBeUndefined());

  test('and the one it did write', () => expect(opens(valid)).toEqual(PAYLOAD));
});

test('keys: derived from the secret alone, told apart by id', () => {
  const again = deriveKeys('the newest session secret, which seals');
  expect(again.id).toBe(NEW.id);
  expect(again.id).toMatch(/^[\w-]{8}$/);
  expect(new Set([NEW.id, OLD.id, RETIRED.id]).size).toBe(3);
  expect(again.signing.equals(NEW.signing)).toBe(true);
  const keys = [...Object.values(again.sealing), again.signing, again.deriving];
  expect(keys.map((key) => key.symmetricKeySize)).toEqual(keys.map(() => 32));
  expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(keys.length);
});
