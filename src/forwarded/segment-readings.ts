import type { Tolerance } from './canonical-path.ts';

/** What one raw segment can be read as: no, one or several segments; after a cut nothing of the path counts. */
export interface SegmentReading {
  readonly segments: readonly string[];
  readonly cut: boolean;
}

/** Characters that end or split a segment for some upstream, and what tolerates them. */
const STRUCTURAL: Readonly<Record<string, Tolerance>> = {
  '/': 'encoded-slash',
  ';': 'semicolon',
  '#': 'encoded-hash',
  '?': 'encoded-question',
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
const NEVER = /[\\\u0000-\u001f\u007f-\u009f]/;
const ESCAPE = /%[0-9A-Fa-f]{2}/;

/**
 * All readings of the text between two slashes.
 * @returns undefined when it holds what is not tolerated, or has more readings than the limit
 */
export function segmentReadings(
  raw: string,
  tolerate: readonly Tolerance[],
  limit: number,
): readonly SegmentReading[] | undefined {
  const once = decoded(raw, tolerate);
  if (once === undefined) return undefined;
  const readings = spread(once, limit);
  if (!ESCAPE.test(once)) return readings;
  // An upstream, or a proxy before it, that decodes again. A third time is nobody's honest spelling.
  const twice = tolerate.includes('encoded-percent') ? decoded(once, tolerate) : undefined;
  if (twice === undefined || ESCAPE.test(twice)) return undefined;
  const more = spread(twice, limit);
  return readings === undefined || more === undefined ? undefined : [...readings, ...more];
}

function decoded(text: string, tolerate: readonly Tolerance[]): string | undefined {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    return undefined; // a bad escape or bytes that are not UTF-8
  }
  if (NEVER.test(plain)) return undefined;
  const unbearable = Object.entries(STRUCTURAL).some(
    ([character, tolerance]) => plain.includes(character) && !tolerate.includes(tolerance),
  );
  return unbearable ? undefined : plain;
}

/**
 * Reads each structural character as itself, and as what it does: a slash splits; a semicolon begins parameters, which end
 * with the segment or before any later slash, hash or question mark; these two end the path. From the right, so that what
 * follows a character is read once.
 */
function spread(text: string, limit: number): readonly SegmentReading[] | undefined {
  const places = [...text.matchAll(/[/;#?]/g)].map(({ index }) => index);
  /** Readings of the text from a place on. */
  const from = new Map<number, readonly SegmentReading[]>();
  let end = text.length;
  for (const place of places.toReversed()) {
    const rest = text.slice(place + 1, end);
    const after: readonly SegmentReading[] =
      end === text.length ? [{ segments: [rest], cut: false }] : glued(rest, from.get(end) ?? []);
    const character = text[place] ?? '';
    const readings = [...glued(character, after)];
    if (character === '/')
      readings.push(...after.map(({ segments, cut }) => ({ segments: ['', ...segments], cut })));
    else if (character === ';') {
      readings.push({ segments: [''], cut: false });
      for (const [later, its] of from) if (text[later] !== ';') readings.push(...its);
    } else readings.push({ segments: [''], cut: true });
    if (readings.length > limit) return undefined;
    from.set(place, readings);
    end = place;
  }
  const head = text.slice(0, end);
  return end === text.length ? [{ segments: [text], cut: false }] : glued(head, from.get(end) ?? []);
}

/** The text joined to the first segment of each reading. */
const glued = (text: string, readings: readonly SegmentReading[]): readonly SegmentReading[] =>
  readings.map(({ segments: [first = '', ...others], cut }) => ({
    segments: [text + first, ...others],
    cut,
  }));
