import { type Excerpt, type Problem, shortSentence } from './problem.ts';

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
  /** The last run that `#userAt` found: many problems may be on one line without a blank. */
  #user: readonly [left: number, right: number] = [-1, -1];
  /** Where the second halves of surrogate pairs are: everything else is a character. */
  readonly #halves: readonly number[];
  readonly #hidden: (readonly [from: number, to: number])[] = [];
  readonly #secret: (readonly [from: number, to: number])[] = [];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    const starts = [0];
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
    this.#halves = [...text.matchAll(/[\u{10000}-\u{10ffff}]/gu)].map(({ index }) => index + 1);
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
    const [start, lineEnd] = this.#ends(line);
    const end = Math.max(from, Math.min(to, lineEnd, from + WINDOW));
    return {
      line,
      column: this.#characters(start, from) + 1,
      length: Math.max(1, [...this.text.slice(from, end).trimEnd()].length),
    };
  }

  /** Quotes some 200 characters of a long line, and what an operator wrote at length in the sentences not in full. */
  problem(from: number, to: number, message: string, wayOut: string): Problem {
    const { line, column, length } = this.place(from, to);
    return {
      file: this.file,
      line,
      column,
      message: shortSentence(message),
      wayOut: shortSentence(wayOut),
      excerpt: { ...this.#excerpt(line, from), length },
    };
  }

  #excerpt(line: number, at: number): Omit<Excerpt, 'length'> {
    const [start, end] = this.#ends(line);
    if (end - start <= WINDOW) return { text: this.#quote(start, end, start, end) };
    const left = Math.max(start, Math.min(at - WINDOW / 2, end - WINDOW));
    const from = this.#isHalf(left) ? left + 1 : left;
    const to = this.#isHalf(from + WINDOW) ? from + WINDOW - 1 : from + WINDOW;
    const skipped = this.#characters(start, from);
    const text = this.#quote(from, Math.min(to, end), start, end);
    return skipped === 0 ? { text } : { text, skipped };
  }

  #lineOf(offset: number): number {
    return countUpTo(this.#starts, offset);
  }

  #characters(from: number, to: number): number {
    return to - from - (countUpTo(this.#halves, to - 1) - countUpTo(this.#halves, from - 1));
  }

  #isHalf(offset: number): boolean {
    return this.#halves[countUpTo(this.#halves, offset) - 1] === offset;
  }

  /** Where a line begins, and where it ends without its line break. */
  #ends(line: number): readonly [start: number, end: number] {
    const start = this.#starts[line - 1] ?? 0;
    const end = (this.#starts[line] ?? this.text.length + 1) - 1;
    return [start, end > start && this.text[end - 1] === '\r' ? end - 1 : end];
  }

  /** A stretch of the line between `start` and `end`, with asterisks for secrets: as many, so that carets stay in place. */
  #quote(from: number, to: number, start: number, end: number): string {
    const hidden = this.#hidden.filter(([one, other]) => one < to && from < other);
    // A password inside a URL is a secret wherever it stands, and where it is cut.
    for (const { index, 0: found } of this.text.slice(from, to).matchAll(USER))
      hidden.push([from + index, from + index + found.length]);
    for (const cut of [from, to]) {
      const [left, right] = this.#userAt(cut, start, end);
      if (this.text.slice(Math.max(start, left - 3), left) === '://' && this.text[right] === '@')
        hidden.push([left, right]);
    }
    let text = '';
    let at = from;
    for (const char of this.text.slice(from, to)) {
      const isHidden = char !== ' ' && hidden.some(([one, other]) => one <= at && at < other);
      text += isHidden ? '*' : char;
      at += char.length;
    }
    return text;
  }

  /** The run of characters that a user part of a URL may have, around an offset. */
  #userAt(offset: number, start: number, end: number): readonly [left: number, right: number] {
    if (this.#user[0] <= offset && offset <= this.#user[1]) return this.#user;
    let [left, right] = [offset, offset];
    while (left > start && !USER_END.test(this.text[left - 1] ?? '')) left -= 1;
    while (right < end && !USER_END.test(this.text[right] ?? '')) right += 1;
    this.#user = [left, right];
    return this.#user;
  }
}

/** UTF-16 units of a line that are quoted; a longer one is cut around the place. */
const WINDOW = 200;

const USER = /(?<=:\/\/)[^\s/@"']+(?=@)/g;
const USER_END = /[\s/@"']/;

/** @returns how many of the sorted numbers are at most this one. */
function countUpTo(sorted: readonly number[], limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
