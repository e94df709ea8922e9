/** What looks like a blank and is none: YAML takes it for text, so that it indents nothing. */
const FOREIGN_BLANK = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff]/u;
const NO_BREAK_SPACES = new Set(['\u00a0', '\u202f']);

/** @returns whether such a character is anywhere in the text. */
export const holdsForeignBlank = (text: string): boolean => FOREIGN_BLANK.test(text);

function blankName(text: string): string {
  const [found = ''] = FOREIGN_BLANK.exec(text) ?? [];
  if (NO_BREAK_SPACES.has(found)) return 'A no-break space';
  return `The space U+${found.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** @returns message and way out when the text begins or ends with what only looks like a blank. */
export function foreignBlank(text: string): readonly [message: string, wayOut: string] | undefined {
  if (!holdsForeignBlank(text[0] ?? '') && !holdsForeignBlank(text.at(-1) ?? '')) return undefined;
  return [`${blankName(text)} stands here, which is no blank to YAML.`, 'put a plain blank in its place'];
}

/** @returns message and way out for a line that holds such a character somewhere. */
export const blankWithin = (line: string): readonly [message: string, wayOut: string] => [
  `${blankName(line)} stands on this line, which is no blank to YAML.`,
  'put plain blanks there',
];
