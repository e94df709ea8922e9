import type { Note, Notes } from './finding.ts';

/** The clock of a server, as an answer of it shows. */
export interface ClockReading {
  /** The `Date` header (RFC 9110 section 6.6.1): whole seconds. */
  readonly date: string | null;
  /** The `Age` header, of an answer that came out of a cache. */
  readonly age: string | null;
  /** Unix milliseconds by our clock: before the call, after it. */
  readonly between: readonly [number, number];
}

/** @param tolerance seconds: `clockTolerance` */
export function clockNotes(reading: ClockReading, tolerance: number, notes: Notes): readonly Note[] {
  const said = Date.parse(reading.date ?? '');
  if (Number.isNaN(said))
    return [notes.open("the provider's clock: its answer has no date", 'compare by hand')];
  const [before, after] = reading.between;
  const age = /^\d{1,9}$/.test(reading.age ?? '') ? Number(reading.age) : 0;
  // The second that was said has begun, at a moment between question and answer.
  const ahead = (said + age * 1000 + 500 - (before + after) / 2) / 1000;
  const unsure = 0.5 + (after - before) / 2000;
  const seconds = Math.round(Math.abs(ahead));
  if (Math.abs(ahead) <= tolerance + unsure)
    return [notes.ok(`the clocks agree within clockTolerance (${tolerance} s)`)];
  return [
    notes.problem(
      `our clock is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} the provider's, and clockTolerance is ${tolerance} s`,
      ahead > 0
        ? 'Fresh tokens count as not valid yet: people cannot sign in.'
        : 'Tokens count as expired before they are.',
      'set the clock of this machine by NTP; clockTolerance goes up to 60s, for a provider that is wrong',
    ),
  ];
}
