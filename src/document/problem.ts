/** Something wrong in a file that an operator wrote, with its place and the way out. */
export interface Problem {
  readonly file: string;
  /** 1-based; 0 when the problem has no line (an environment variable, a missing file). */
  readonly line: number;
  /** 1-based, in characters. */
  readonly column: number;
  /** What is wrong, one sentence. Never a secret value. */
  readonly message: string;
  /** What to write or do instead, one sentence. */
  readonly wayOut: string;
  /** The source line and how many characters the caret underlines. */
  readonly excerpt?: Excerpt;
}

export interface Excerpt {
  readonly text: string;
  readonly length: number;
  /** Characters of a long line that stand before the text; 0 when absent. */
  readonly skipped?: number;
}

/** Problems that are told of one file: nobody mends more at once, and a file that is wrong throughout has a million. */
export const MAX_PROBLEMS = 100;

/** The last problem of a file that has more of them. */
export const furtherProblems = (file: string): Problem => ({
  file,
  line: 0,
  column: 0,
  message: 'This file has more problems than are shown.',
  wayOut: 'mend these first',
});

/** A sentence that quotes what an operator wrote, with a long quote (80 characters and more) cut short. */
export const shortSentence = (sentence: string): string =>
  sentence
    .replace(/`([^`]{80})[^`]+`/gu, '`$1…`')
    .replace(/(\S{200})\S+/gu, '$1…')
    .replace(/^(.{800}).+$/su, '$1…');

/** @returns `file:line:column`, or the file alone where there is no line. */
export const placeOf = ({ file, line, column }: Problem): string =>
  line === 0 ? file : `${file}:${line}:${column}`;
