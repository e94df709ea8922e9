import { type CanonicalPath, canonicalPath, isDots, RAW, type Tolerance } from './canonical-path.ts';
import { segmentReadings } from './segment-readings.ts';

/** More readings than these are nothing that anybody sends honestly, and each costs a lookup. */
export const MAX_READINGS = 256;

/** Characters of a path that is not canonical: as much as servers commonly take for a whole request line. */
const MAX_LENGTH = 8_192;

/** A path as far as it was read. After a cut nothing of it counts. */
interface Reading {
  readonly segments: string[];
  readonly cut: boolean;
}

/**
 * Every reading that a reasonable upstream could make of a path, as far as its app tolerates the spelling. What is written
 * in the one canonical form has exactly one, the same as `canonicalPath`.
 *
 * Dot segments in any reading, backslashes, control bytes, bad escapes or UTF-8 and raw bytes that are not ASCII are never
 * tolerated, nor is a reading that begins with an empty segment: `//host/x` is an address of its own to some readers.
 * @param path the part of a request target before the first `?`, one char per byte
 * @returns in no order, some perhaps equal; none when the path is ambiguous beyond what is tolerated
 */
export function pathReadings(path: string, tolerate: readonly Tolerance[]): readonly CanonicalPath[] {
  const strict = canonicalPath(path);
  if (strict !== undefined) return [strict];
  if (tolerate.length === 0 || path.length > MAX_LENGTH || path.charCodeAt(0) !== 0x2f) return [];
  if (!RAW.test(tolerate.includes('semicolon') ? path.replaceAll(';', '') : path)) return [];

  let readings: readonly Reading[] = [{ segments: [], cut: false }];
  for (const raw of path.slice(1).split('/')) {
    const further = segmentReadings(raw, tolerate, MAX_READINGS);
    if (further === undefined) return [];
    const [only, ...others] = further;
    if (only !== undefined && others.length === 0 && !only.cut) {
      for (const { segments, cut } of readings) if (!cut) segments.push(...only.segments);
      continue;
    }
    if (readings.length * further.length > MAX_READINGS) return [];
    readings = readings.flatMap((left) =>
      left.cut
        ? [left]
        : further.map(({ segments, cut }) => ({ segments: [...left.segments, ...segments], cut })),
    );
  }
  return settled(readings, tolerate.includes('empty-segment'));
}

/** Drops the final slash, and refuses or reads in both ways what is empty. */
function settled(readings: readonly Reading[], emptiesTolerated: boolean): readonly CanonicalPath[] {
  const paths: CanonicalPath[] = [];
  for (const { segments } of readings) {
    if (segments.at(-1) === '') segments.pop();
    if (segments.some(isDots) || segments[0] === '') return [];
    if (segments.includes('') && !emptiesTolerated) return [];
    const runs = segments.filter((segment, at) => segment === '' && segments[at - 1] !== '').length;
    if (paths.length + 2 ** runs > MAX_READINGS) return [];
    for (let kept = 0; kept < 2 ** runs; kept++) paths.push(collapsed(segments, kept));
  }
  return paths;
}

/** @param kept which runs of empty segments stay as they are, one bit each */
function collapsed(segments: readonly string[], kept: number): CanonicalPath {
  let run = -1;
  return segments.filter((segment, at) => {
    if (segment !== '') return true;
    if (segments[at - 1] !== '') run++;
    return (kept >> run) & 1;
  });
}
