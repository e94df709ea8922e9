/** Columns that every command's output fits into. */
export const WIDTH = 100;

const GAP = 2;

/** No column is narrower than this for the sake of the others. */
const LEAST = 12;

/**
 * Sets rows as columns, two blanks apart. What is too wide for the page is broken inside its cell: at blanks, else behind a
 * slash, else anywhere; every other row stays one line.
 */
export function columns(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const cells = rows.map((row) => row.map(printable));
  const widths = fitting(
    cells.reduce<number[]>(
      (widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, [...cell].length)),
      [],
    ),
    WIDTH - indent.length,
  );
  return cells.flatMap((row) => {
    const broken = row.map((cell, at) => breakText(cell, widths[at] ?? LEAST));
    const height = Math.max(...broken.map(({ length }) => length));
    return Array.from({ length: height }, (_, line) => {
      const parts = broken.map((lines, at) => pad(lines[line] ?? '', widths[at] ?? LEAST));
      return `${indent}${parts.join(' '.repeat(GAP))}`.trimEnd();
    });
  });
}

/** Sets a text in lines that begin with `first` and `next`. */
export function paragraph(text: string, first = '', next = first): readonly string[] {
  const lines = breakText(printable(text), WIDTH - Math.max(first.length, next.length));
  return lines.map((line, at) => `${at === 0 ? first : next}${line}`.trimEnd());
}

/** A line that is there to be copied, and so never broken, however long it is. */
export const wholeLine = (text: string, first = ''): readonly string[] => [`${first}${printable(text)}`];

/** Takes from the widest columns until the whole fits. */
function fitting(natural: readonly number[], room: number): readonly number[] {
  const widths = [...natural];
  const excess = () => widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - room;
  while (excess() > 0) {
    const widest = Math.max(...widths);
    if (widest <= LEAST) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

function breakText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => breakWord(each, width))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || [...longer].length <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** An address is broken behind its separators, so that the pieces can be read. */
function breakWord(word: string, width: number): readonly string[] {
  if ([...word].length <= width) return [word];
  const pieces = word
    .split(/(?<=[/,?&+])/)
    .flatMap((piece) => ([...piece].length <= width ? [piece] : chunks([...piece], width)));
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && [...last, ...piece].length <= width) lines[lines.length - 1] = last + piece;
    else lines.push(piece);
  }
  return lines;
}

const chunks = (characters: readonly string[], width: number): readonly string[] =>
  Array.from({ length: Math.ceil(characters.length / width) }, (_, at) =>
    characters.slice(at * width, (at + 1) * width).join(''),
  );

const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - [...text].length));

/** What a terminal would act on, or a reader would not see, shows as what it is. */
export const printable = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
