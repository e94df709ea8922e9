import type { Problem } from './problem.ts';

/** A stretch of text on one line: 1-based line and column, and how many characters a caret underlines. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** The text of one file, able to say where an offset is and to quote a line without showing a secret. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #starts: readonly number[];
  readonly #hidden: (readonly [from: number, to: number])[] = [];
  readonly #secret: (readonly [from: number, to: number])[] = [];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
  }

  /** From now on these offsets are quoted as asterisks. */
  hide(from: number, to: number): void {
    this.#hidden.push([from, to]);
  }

  /** Between these offsets stands a secret somewhere. Hides nothing yet. */
  secret(from: number, to: number): void {
    this.#secret.push([from, to]);
  }

  isSecret(offset: number): boolean {
    return this.#secret.some(([from, to]) => from <= offset && offset < to);
  }

  place(from: number, to: number): Place {
    const line = this.#lineOf(from);
    const start = this.#starts[line - 1] ?? 0;
    const end = Math.max(from, Math.min(to, start + this.#raw(line).length));
    return {
      line,
      column: [...this.text.slice(start, from)].length + 1,
      length: Math.max(1, [...this.text.slice(from, end).trimEnd()].length),
    };
  }

  problem(from: number, to: number, message: string, wayOut: string): Problem {
    const { line, column, length } = this.place(from, to);
    return { file: this.file, line, column, message, wayOut, excerpt: { text: this.#quote(line), length } };
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  #raw(line: number): string {
    const end = (this.#starts[line] ?? this.text.length + 1) - 1;
    return this.text.slice(this.#starts[line - 1], end).replace(/\r$/, '');
  }

  #quote(line: number): string {
    let text = this.#raw(line);
    const start = this.#starts[line - 1] ?? 0;
    for (const [from, to] of this.#hidden) {
      const [left, right] = [Math.max(from - start, 0), Math.min(to - start, text.length)];
      if (left < right) text = text.slice(0, left) + asterisks(text.slice(left, right)) + text.slice(right);
    }
    // A password inside a URL is a secret wherever it stands.
    return text.replace(/(?<=:\/\/)[^\s/@"']+(?=@)/g, asterisks);
  }
}

// As many characters as before, so that the caret stays under its text.
const asterisks = (text: string): string => [...text].map((char) => (char === ' ' ? ' ' : '*')).join('');
