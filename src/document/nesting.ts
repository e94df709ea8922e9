/** Levels of brackets, or of indentation, that a file may have. The rules language has six; the parser recurses for each. */
const MAX_DEPTH = 100;

/**
 * Looks for nesting that would cost the parser its stack, or all memory, in one pass and without parsing: brackets outside
 * of quotes and comments, and the columns at which blocks begin. Is *not* exact where YAML's grammar is needed to be: a
 * bracket behind a blank within plain text counts as one.
 * @returns the offset where the hundredth level is exceeded, if there is one
 */
export function tooDeepAt(text: string): number | undefined {
  const columns: number[] = [];
  let brackets = 0;
  let lineStart = 0;
  /** Whether only blanks and indicators of blocks stand before this on its line. */
  let isLead = true;
  /** Whether a value can begin here: elsewhere a bracket or a quote is part of plain text. */
  let isFresh = true;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '\n') {
      lineStart = at + 1;
      [isLead, isFresh] = [true, true];
      continue;
    }
    if (BLANK.has(char)) {
      isFresh = true;
      continue;
    }
    if (char === '#' && isFresh) {
      const end = text.indexOf('\n', at);
      if (end === -1) return undefined;
      at = end - 1;
      continue;
    }
    if (isLead && brackets === 0) {
      const column = at - lineStart;
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      if (columns.push(column) > MAX_DEPTH) return at;
      isLead = BLOCK.has(char) && END.has(text[at + 1] ?? '\n');
      if (isLead) continue;
    }
    if (isFresh && QUOTES.has(char)) {
      at = closingQuote(text, at, char);
      lineStart = Math.max(lineStart, text.lastIndexOf('\n', at) + 1);
      isFresh = brackets > 0; // as in {"a":[b]}
      continue;
    }
    if (isFresh && OPENING.has(char)) {
      brackets += 1;
      if (brackets > MAX_DEPTH) return at;
      continue;
    }
    if (CLOSING.has(char)) brackets = Math.max(0, brackets - 1);
    isFresh = brackets > 0 && FLOW.has(char);
  }
  return undefined;
}

const BLANK = new Set([' ', '\t', '\r']);
const END = new Set([...BLANK, '\n']);
const BLOCK = new Set(['-', '?', ':']);
const QUOTES = new Set(['"', "'"]);
const OPENING = new Set(['[', '{']);
const CLOSING = new Set([']', '}']);
const FLOW = new Set([',', ':', '?']);

/** @returns the offset of the quote that closes; the end of the text when none does */
function closingQuote(text: string, opened: number, quote: string): number {
  for (let at = opened + 1; at < text.length; at += 1) {
    if (text[at] === '\\' && quote === '"') at += 1;
    else if (text[at] === quote) return at;
  }
  return text.length;
}
