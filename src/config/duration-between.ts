import { parseDuration } from '../document/duration.ts';
import type { Findings } from './findings.ts';

/** @returns the seconds of a duration that the schema let through; what lies outside the bounds is found. */
export function durationBetween(
  text: string,
  path: readonly string[],
  [least, most]: readonly [string, string],
  findings: Findings,
): number {
  const [seconds, from, to] = [text, least, most].map((one) => parseDuration(one) ?? 0) as [
    number,
    number,
    number,
  ];
  if (seconds < from || seconds > to)
    findings.add(
      path,
      `\`${path.join('.')}\` must be between ${least} and ${most}.`,
      `write a duration from ${least} to ${most}`,
    );
  return seconds;
}
