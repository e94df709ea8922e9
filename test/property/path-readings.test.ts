import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath, TOLERANCES } from '../../src/forwarded/canonical-path.ts';
import { pathReadings } from '../../src/forwarded/path-readings.ts';
import { RUNS } from '../support/property-runs.ts';

// -- Upstreams: each step is what some server or framework does to a path, in any order. --

const STEPS = {
  /** Path parameters dropped, as Tomcat and Spring do. */
  strip: (text: string) => text.replaceAll(/;[^/]*/g, ''),
  decode: decodeURIComponent,
  hash: (text: string) => text.replace(/#.*/s, ''),
  question: (text: string) => text.replace(/\?.*/s, ''),
  /** `merge_slashes` of nginx. */
  merge: (text: string) => text.replaceAll(/\/{2,}/g, '/'),
};
type Step = keyof typeof STEPS;

/** Splits into segments after so many of its steps; the rest is done to each segment. */
interface Upstream {
  readonly steps: readonly Step[];
  readonly whole: number;
}

/** What the upstream makes of it; undefined when it refuses. */
function read(path: string, { steps, whole }: Upstream): readonly string[] | undefined {
  try {
    const text = steps.slice(0, whole).reduce((before, step) => STEPS[step](before), path);
    let segments = text.slice(1).split('/');
    for (const step of steps.slice(whole)) {
      if (step === 'merge') segments = segments.filter((one, at) => one !== '' || at === segments.length - 1);
      else if (step === 'strip') segments = segments.map((one) => one.replace(/;.*/s, ''));
      else if (step === 'decode') segments = segments.map(STEPS.decode);
      else {
        const at = segments.findIndex((one) => STEPS[step](one) !== one);
        if (at !== -1) segments = [...segments.slice(0, at), STEPS[step](segments[at] ?? '')];
      }
    }
    return segments.at(-1) === '' ? segments.slice(0, -1) : segments;
  } catch {
    return undefined; // a bad escape
  }
}

const upstream: fc.Arbitrary<Upstream> = fc
  .record({
    others: fc.array(fc.constantFrom<Step[]>('strip', 'hash', 'question', 'merge'), { maxLength: 4 }),
    decodings: fc.uniqueArray(fc.nat({ max: 4 }), { minLength: 1, maxLength: 2 }),
    whole: fc.nat({ max: 6 }),
  })
  .map(({ others, decodings, whole }) => {
    const steps: Step[] = [...others];
    for (const at of decodings) steps.splice(at, 0, 'decode');
    return { steps, whole };
  });

// -- Paths full of what is tolerated, and some of what never is. --

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'C', '.', '%41', '%C3%B6', '%20') },
  { weight: 6, arbitrary: fc.constantFrom(';', '%3B', '%2F', '%2f', '%23', '%3F', '%25', '%2541', '%253B') },
  { weight: 3, arbitrary: fc.constantFrom('%252F', '%2523', '%253F', '/', '%25zz', '41', '2F') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('..', '%2e', '%252e', '%5C', '\\', '%00', '%ff', '%', '?', '#', 'ö'),
  },
);
const target = fc
  .array(
    fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
    { minLength: 1, maxLength: 4 },
  )
  .map((segments) => `/${segments.join('/')}`);
const tolerated = fc.oneof(fc.constant([...TOLERANCES]), fc.subarray([...TOLERANCES]));
const runs = { numRuns: RUNS * 20 };

/** Several empty segments in a row choose the same rules as one. */
const keyOf = (reading: readonly string[]): string =>
  JSON.stringify(reading.filter((one, at) => one !== '' || reading[at - 1] !== ''));

test('what any upstream reads is among the readings, so no other rule can be meant', () => {
  fc.assert(
    fc.property(
      target,
      tolerated,
      fc.array(upstream, { minLength: 10, maxLength: 10 }),
      (path, tolerate, all) => {
        const readings = new Set(pathReadings(path, tolerate).map(keyOf));
        if (readings.size === 0) return;
        for (const one of all) {
          const segments = read(path, one);
          if (segments !== undefined) expect([...readings]).toContain(keyOf(segments));
        }
      },
    ),
    runs,
  );
});

test('no reading leads upwards, begins empty, or holds what is never tolerated', () => {
  fc.assert(
    fc.property(target, tolerated, (path, tolerate) => {
      for (const reading of pathReadings(path, tolerate)) {
        expect(reading[0]).not.toBe('');
        for (const segment of reading) {
          expect(segment.includes('.') && /^[. ]+$/.test(segment)).toBe(false);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes must not occur
          expect(segment).not.toMatch(/[\\\u0000-\u001f\u007f-\u009f]/);
        }
      }
    }),
    runs,
  );
});

test('a reading without any mark of structure is a canonical path of its own', () => {
  fc.assert(
    fc.property(target, tolerated, (path, tolerate) => {
      for (const reading of pathReadings(path, tolerate)) {
        if (reading.some((segment) => segment === '' || /[/;#?]|%[0-9A-Fa-f]{2}/.test(segment))) continue;
        expect(canonicalPath(`/${reading.map(encodeURIComponent).join('/')}`)).toEqual(reading);
      }
    }),
    runs,
  );
});

test('tolerating nothing reads canonical paths only, and tolerating more changes nothing about what was readable', () => {
  fc.assert(
    fc.property(target, tolerated, tolerated, (path, some, more) => {
      const strict = canonicalPath(path);
      expect(pathReadings(path, [])).toEqual(strict === undefined ? [] : [strict]);
      const before = pathReadings(path, some).map(keyOf).toSorted();
      if (before.length === 0) return;
      expect(
        pathReadings(path, [...new Set([...some, ...more])])
          .map(keyOf)
          .toSorted(),
      ).toEqual(before);
    }),
    runs,
  );
});

test('a spelling never reaches more than the path itself: it is read as the same path, or refused', () => {
  const character = fc.constantFrom(
    'a',
    'Z',
    '0',
    '-',
    '_',
    '~',
    '.x',
    'ö',
    '€',
    '🚪',
    ' ',
    '+',
    ',',
    '(',
    '"',
    '%',
  );
  const segment = fc
    .array(character, { minLength: 1, maxLength: 4 })
    .map((characters) => characters.join(''));
  const choices = fc.infiniteStream(fc.nat({ max: 3 }));
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 4 }), choices, fc.boolean(), (segments, stream, slash) => {
      const spelled = segments.map((text) =>
        [...new TextEncoder().encode(text)]
          .map((byte) => {
            const plain = /[A-Za-z0-9._~+,("-]/.test(String.fromCharCode(byte));
            const choice = stream.next().value as number;
            const hex = byte.toString(16).padStart(2, '0');
            if (plain && choice < 2) return String.fromCharCode(byte);
            return `%${choice % 2 === 0 ? hex : hex.toUpperCase()}`;
          })
          .join(''),
      );
      const path = canonicalPath(`/${spelled.join('/')}${slash && segments.length > 0 ? '/' : ''}`);
      expect([undefined, segments]).toContainEqual(path);
      // Refused for `%` before two hex digits only: nothing else here is ambiguous.
      const ambiguous = segments.some((text) => /%[0-9A-Fa-f]{2}/.test(text) || /^[. ]*\.[. ]*$/.test(text));
      expect(path === undefined).toBe(ambiguous);
    }),
    runs,
  );
});

test('canonicalising is idempotent: the segments, encoded again, give the same', () => {
  fc.assert(
    fc.property(target, (path) => {
      const once = canonicalPath(path);
      if (once !== undefined)
        expect(canonicalPath(`/${once.map(encodeURIComponent).join('/')}`)).toEqual(once);
    }),
    runs,
  );
});
