import { type Problem, placeOf } from './problem.ts';

const WIDTH = 100;

/** What problems name in place of a file: the environment, and one variable of it. */
const ENVIRONMENT = /^(?:environment|POSTERN_[A-Z0-9_]*)$/;

/**
 * Prints problems for a terminal: place and sentence, the source line with a caret run, the way out; sorted by file and
 * line, closed by a count. Does *not* colour, and lets no control character of a file through.
 */
export function formatProblems(problems: readonly Problem[]): string {
  const sorted = problems.toSorted(
    (a, b) =>
      compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.message, b.message),
  );
  const files = new Set(sorted.map(({ file }) => file).filter((file) => !ENVIRONMENT.test(file))).size;
  const count = `${plural(sorted.length, 'problem')}${files > 1 ? ` in ${plural(files, 'file')}` : ''}`;
  return `${[...sorted.map(formatProblem), count].join('\n\n')}\n`;
}

function formatProblem(problem: Problem): string {
  return [
    ...wrap(`${placeOf(problem)}: ${problem.message}`, '', '  '),
    ...excerpt(problem),
    ...wrap(problem.wayOut, '  -> ', '     '),
  ].join('\n');
}

/** The source line, or a window of it around the caret run. */
function excerpt(problem: Problem): string[] {
  if (problem.excerpt === undefined) return [];
  const gutter = `  ${problem.line} | `;
  const room = WIDTH - gutter.length;
  let text = [...printable(problem.excerpt.text)];
  let column = problem.column - 1 - (problem.excerpt.skipped ?? 0);
  if (text.length === column) text.push(' '); // something is missing at the end of the line
  if (text.length > room) {
    const from = Math.max(0, Math.min(column - Math.floor(room / 3), text.length - room));
    const cut = text.slice(from, from + room);
    if (from > 0) cut[0] = '…';
    if (from + room < text.length) cut[cut.length - 1] = '…';
    text = cut;
    column -= from;
  }
  const length = Math.max(1, Math.min(problem.excerpt.length, text.length - column));
  return [
    `${gutter}${text.join('')}`.trimEnd(),
    `${' '.repeat(gutter.length - 2)}| ${' '.repeat(column)}${'^'.repeat(length)}`,
  ];
}

function wrap(text: string, first: string, next: string): string[] {
  const lines: string[] = [];
  let line = first;
  let words = 0;
  for (const word of printable(text).split(' ')) {
    if (words > 0 && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = next;
      words = 0;
    }
    line += words++ > 0 ? ` ${word}` : word;
    while (line.length > WIDTH) {
      lines.push(line.slice(0, WIDTH));
      line = next + line.slice(WIDTH);
    }
  }
  return [...lines, line];
}

// What a terminal would act on, or a reader would not see.
const printable = (text: string): string =>
  text.replace(/\t/g, ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
