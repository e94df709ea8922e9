/** No line of the output is longer, save where a word alone is. */
export const WIDTH = 100;

/** Comment lines of at most `WIDTH` columns. */
export function comment(text: string, indent = ''): string[] {
  return wrap(text.split(' '), `${indent}# `, `${indent}# `);
}

/** Words in lines of at most `WIDTH` columns. */
export function wrap(words: readonly string[], first: string, next: string, last = ''): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const [at, word] of words.entries()) {
    const end = at === words.length - 1 ? last.length : 0;
    if (!empty && line.length + 1 + word.length + end > WIDTH) {
      lines.push(line);
      line = next;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, `${line}${last}`];
}
