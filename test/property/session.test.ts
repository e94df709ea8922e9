import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { claimValue, headerValue } from '../../src/outcome/header-value.ts';
import { createCookies } from '../../src/session/cookies.ts';
import { signingRing } from '../../src/session/keys.ts';
import { type CookiePrefix, splitCookies } from '../../src/session/own-cookies.ts';
import { createSealer } from '../../src/session/seal.ts';
import { NEW, OLD, PlainJar } from '../support/cookies.ts';

const NOW = 1_767_225_600;
const sealer = createSealer([NEW, OLD]);

const PREFIX: Record<'https' | 'http', CookiePrefix> = { https: '__Host-postern', http: 'postern' };
const scheme = fc.constantFrom('https' as const, 'http' as const);

/** Cookie pairs as a header may hold them: anything but `;`, one char per byte, no control bytes. */
const octets = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), fc.integer({ min: 0x80, max: 0xff })), {
      maxLength,
    })
    .map((bytes) => String.fromCharCode(...bytes).replaceAll(';', ':'));
const foreignName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_]{1,8}$/),
  fc.constantFrom(
    '__host-postern',
    '__HOST-POSTERN',
    'x__Host-postern',
    'Postern',
    '"__Host-postern"',
    '\u00a0__Host-postern',
    '\u00a0postern',
  ),
);
const isOwn = (pair: string, prefix: CookiePrefix): boolean => pair.replace(/^[ \t]+/, '').startsWith(prefix);
const foreign = fc
  .tuple(foreignName, octets(10))
  .map(([name, value]) => `${name}=${value}`.replace(/ +$/, ''))
  .filter((pair) => !isOwn(pair, 'postern') && !isOwn(pair, '__Host-postern'));
const ownSuffix = fc.constantFrom(
  '',
  '.sig',
  '.1',
  '.1.sig',
  '-t.abc',
  '-t.abc.sig',
  '-asked',
  'X',
  '.1000000',
);

test('the rest never holds an own cookie, and keeps every other byte for byte and in order', () => {
  fc.assert(
    fc.property(
      scheme,
      fc.array(
        fc.oneof(
          foreign,
          fc.tuple(ownSuffix, octets(10)).map(([suffix, value]) => ({ suffix, value })),
        ),
        { maxLength: 8 },
      ),
      fc.constantFrom('; ', ';'),
      fc.nat({ max: 8 }),
      (at, pairs, separator, cut) => {
        const prefix = PREFIX[at];
        const texts = pairs.map((pair) =>
          typeof pair === 'string' ? pair : `${prefix}${pair.suffix}=${pair.value}`,
        );
        const lines = [texts.slice(0, cut), texts.slice(cut)]
          .filter((some) => some.length > 0)
          .map((some) => some.join(separator));
        const { own, rest } = splitCookies(lines, prefix);
        const others = pairs.filter((pair) => typeof pair === 'string');
        expect((rest ?? '').split(/; ?/).filter((pair) => pair !== '')).toEqual(others);
        expect((rest ?? '').split(';').filter((pair) => isOwn(pair, prefix))).toEqual([]);
        const names = pairs.flatMap((pair) => (typeof pair === 'string' ? [] : [`${prefix}${pair.suffix}`]));
        const unique = names.filter((name) => names.filter((other) => other === name).length === 1);
        expect([...own.keys()].toSorted()).toEqual(unique.toSorted());
      },
    ),
    { numRuns: 600 },
  );
});

test('any lines at all are split without a fault, and splitting the rest again changes nothing', () => {
  const part = fc.constantFrom(
    'a=1',
    '__Host-postern=x',
    '__Host-postern',
    'postern=y',
    ' ',
    '\t',
    ';',
    '; ',
    '=',
    '"',
    '\u00a0',
    'é',
    '',
  );
  const line = fc.oneof(
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join('')),
    octets(40),
  );
  fc.assert(
    fc.property(scheme, fc.array(line, { maxLength: 3 }), (at, lines) => {
      const { rest } = splitCookies(lines, PREFIX[at]);
      const again = splitCookies(rest === undefined ? [] : [rest], PREFIX[at]);
      expect([again.own.size, again.rest]).toEqual([0, rest]);
    }),
    { numRuns: 200 },
  );
});

const purpose = fc.constantFrom(
  'session' as const,
  'transaction' as const,
  'state' as const,
  'asked' as const,
);
const binding = fc.record({
  purpose,
  host: fc.oneof(fc.stringMatching(/^[a-z]{1,5}\.de$/), fc.string({ maxLength: 5 })),
  context: fc.string({ maxLength: 5 }),
});

test('what is sealed opens as it was, for its binding and no other', () => {
  fc.assert(
    fc.property(
      binding,
      binding,
      fc.jsonValue(),
      fc.integer({ min: -2, max: 600 }),
      (to, other, payload, lifetime) => {
        const text = sealer.seal(to, payload, NOW + lifetime);
        const expected =
          lifetime > 0 ? { payload: JSON.parse(JSON.stringify(payload)), secret: NEW.id } : undefined;
        expect(sealer.open(to, text, NOW)).toEqual(expected);
        const same = to.purpose === other.purpose && to.host === other.host && to.context === other.context;
        if (!same) expect(sealer.open(other, text, NOW)).toBeUndefined();
      },
    ),
    { numRuns: 100 },
  );
});

test('what is sealed is a JWE: jose opens it, and what jose seals opens here', async () => {
  await fc.assert(
    fc.asyncProperty(binding, fc.jsonValue(), async (to, payload) => {
      const key = NEW.sealing[to.purpose];
      const text = sealer.seal(to, payload, NOW + 600);
      const { plaintext, protectedHeader } = await compactDecrypt(text, key);
      expect(JSON.parse(Buffer.from(plaintext).toString()).p).toEqual(JSON.parse(JSON.stringify(payload)));
      const again = await new CompactEncrypt(plaintext).setProtectedHeader(protectedHeader).encrypt(key);
      expect(again).not.toBe(text);
      expect(sealer.open(to, again, NOW)).toEqual(sealer.open(to, text, NOW));
      expect(sealer.open(to, again, NOW)?.secret).toBe(NEW.id);
    }),
    { numRuns: 100 },
  );
});

test('a sealed text with any character replaced, whatever it holds, opens as nothing', () => {
  fc.assert(
    fc.property(binding, fc.jsonValue(), fc.nat({ max: 255 }), (to, payload, code) => {
      const text = sealer.seal(to, payload, NOW + 600);
      const touched = Array.from(text, (was, at) => {
        const other = String.fromCharCode(code);
        return other === was ? text.slice(0, at) : `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      });
      expect(touched.filter((one) => sealer.open(to, one, NOW) !== undefined)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('a sealed text that was touched anywhere, or any other text, opens as nothing', () => {
  const to = { purpose: 'state', host: 'shop.example.com', context: '' } as const;
  const valid = sealer.seal(to, { a: 1 }, NOW + 600);
  const touched = fc
    .tuple(fc.nat({ max: valid.length - 1 }), fc.nat({ max: 3 }), fc.string({ maxLength: 3 }))
    .map(([place, cut, text]) => valid.slice(0, place) + text + valid.slice(place + cut));
  fc.assert(
    fc.property(fc.oneof(touched, fc.string(), fc.base64String()), (text) => {
      if (text !== valid) expect(sealer.open(to, text, NOW)).toBeUndefined();
    }),
    { numRuns: 400 },
  );
});

test('a handle travels in cookies and comes back, whatever was in the browser before', () => {
  const cookies = createCookies(signingRing([NEW, OLD]));
  const handle = fc
    .tuple(fc.stringMatching(/^[\w.-]{1,20}$/), fc.integer({ min: 1, max: 9000 }))
    .map(([text, length]) => text.repeat(length).slice(0, length));
  fc.assert(
    fc.property(scheme, handle, handle, (at, before, after) => {
      const { session, split } = cookies(at);
      const jar = new PlainJar();
      for (const each of [before, after]) {
        jar.take(session.write(each, split(jar.lines), 600) ?? []);
        expect(session.read(split(jar.lines))).toBe(each);
      }
      expect(jar.take(session.clear(split(jar.lines))).names).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

/** Any UTF-16 text, lone surrogates too. */
const codeUnits = fc
  .array(fc.oneof(fc.nat({ max: 0xff }), fc.nat({ max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff })), {
    maxLength: 20,
  })
  .map((units) => String.fromCharCode(...units));

test('a header value is printable ASCII, and can be decoded without doubt', () => {
  fc.assert(
    fc.property(fc.oneof(codeUnits, fc.string()), (text) => {
      const value = headerValue(text);
      expect(value).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeURIComponent(value)).toBe(text.toWellFormed());
    }),
    { numRuns: 600 },
  );
});

test('any claim is printable ASCII', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), (claim) =>
      expect(claimValue(claim)).toMatch(/^[\x20-\x7e]*$/),
    ),
    { numRuns: 200 },
  );
});
