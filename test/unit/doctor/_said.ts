import type { Note } from '../../../src/doctor/finding.ts';

/** Notes as one line each: `problem: what was seen`, or `open: what is left open`. */
export const said = (notes: readonly Note[]): readonly string[] =>
  notes.map((note) => `${note.level}: ${note.level === 'open' ? note.what : note.seen}`);

/** Those that are no good news. */
export const complaints = (notes: readonly Note[]): readonly string[] =>
  said(notes).filter((line) => !line.startsWith('ok'));

/** What nobody could act on: a complaint without a reason or a way out. */
export const mute = (notes: readonly Note[]): readonly Note[] =>
  notes.filter((note) =>
    note.level === 'open' ? note.how === '' : note.level !== 'ok' && (note.why === '' || note.change === ''),
  );
