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
  readonly excerpt?: { readonly text: string; readonly length: number };
}

/** @returns `file:line:column`, or the file alone where there is no line. */
export const placeOf = ({ file, line, column }: Problem): string =>
  line === 0 ? file : `${file}:${line}:${column}`;
