/** How a duration is written: whole number and unit, `12h`. */
export const DURATION = /^[0-9]{1,9}[smhd]$/;

/** Completes "must be …" for a key that holds a duration. */
export const DURATION_FORM = 'a duration with its unit';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** @returns the seconds of `30s`, `15m`, `12h` or `2d`; undefined for anything else, a plain number included. */
export function parseDuration(text: string): number | undefined {
  const unit = SECONDS[text.slice(-1)];
  return unit !== undefined && DURATION.test(text) ? Number(text.slice(0, -1)) * unit : undefined;
}

/** @returns what to write in place of something that is no duration. */
export function durationWayOut(value: unknown): string {
  const digits = String(value);
  return /^[0-9]{1,9}$/.test(digits)
    ? `add the unit: \`${digits}s\` for seconds, \`${digits}m\` for minutes, \`${digits}h\` for hours`
    : 'write a whole number and one unit (s, m, h or d), for example `12h`';
}

const WORDS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;

/** @returns whole seconds for people, in the largest unit that leaves no rest: `15 minutes`. */
export function durationWords(seconds: number): string {
  const [size, word] = WORDS.find(([length]) => seconds > 0 && seconds % length === 0) ?? [1, 'second'];
  return `${seconds / size} ${word}${seconds === size ? '' : 's'}`;
}
