import type { Need } from '../rules/rule.ts';

/**
 * A need as a rules file would spell it.
 * @param audiences the app's: said only where the need's own differ
 */
export function needText(need: Need, audiences: readonly string[]): string {
  if (need.kind !== 'token') return need.kind;
  const own = need.audiences.join(' ') === audiences.join(' ') ? [] : need.audiences;
  const { allOf, anyOf, acr, loginWithin } = need;
  const parts = [
    ...(own.length === 0 ? [] : [`audience: ${own.length === 1 ? own[0] : listText(own)}`]),
    ...(allOf.length === 0 ? [] : [`all: ${listText(allOf)}`]),
    ...(anyOf.length === 0 ? [] : [`any: ${listText(anyOf)}`]),
    ...(acr.length === 0 ? [] : [`acr: ${listText(acr)}`]),
    ...(loginWithin === undefined ? [] : [`loginWithin: ${durationText(loginWithin)}`]),
  ];
  if (parts.length === 0) return 'authenticated';
  return parts.length === 1 && allOf.length === 1 ? listText(allOf) : `{ ${parts.join(', ')} }`;
}

const listText = (texts: readonly string[]): string => `[${texts.join(', ')}]`;

const UNITS = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
] as const;

/** @returns seconds with the largest unit that leaves no rest, as rules files and the configuration write durations. */
export function durationText(seconds: number): string {
  const [size, unit] = UNITS.find(([length]) => seconds > 0 && seconds % length === 0) ?? [1, 's'];
  return `${seconds / size}${unit}`;
}
