import { foreignBlank } from './foreign-blank.ts';

/** Matches exactly one segment that is not empty. */
export const ANY_SEGMENT = Symbol('*');

/** Where a rule applies within an app: segments from the root, as `canonicalPath` gives them. */
export interface PathPattern {
  readonly segments: readonly (string | typeof ANY_SEGMENT)[];
  /** Whether everything below the segments is meant too: a final `/**`. */
  readonly below: boolean;
}

/** Why a path is refused, and the form to use. */
export interface PathRefusal {
  readonly message: string;
  readonly wayOut: string;
}

const MAX_SEGMENTS = 128;

/** Beyond what clients and proxies let through as a request line. */
const MAX_LENGTH = 2048;

// Regular expressions, and the placeholders of other routers. Literal dots, dollars, plus signs and brackets occur in real
// paths, so only what can hardly be meant as text is refused.
const REGEX = /^[~^]|\$$|[.)\]][*+]|\(\?|\||\\[dDwWsSbB.]/;
const PLACEHOLDER = /^:[A-Za-z_]|[{}]|^<[^<>]*>$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Parses a path of a rules file. Paths are written decoded; no Unicode normalisation is applied. */
export function parsePathPattern(text: string): PathPattern | PathRefusal {
  if (text.length > MAX_LENGTH)
    return refuse(`A path has at most ${MAX_LENGTH} characters.`, 'end the path earlier, with `/**`');
  const refusal = refuseWhole(text);
  if (refusal !== undefined) return refusal;
  const raw = text.slice(1).split('/');
  if (raw.at(-1) === '') raw.pop(); // one final slash makes no difference
  const below = raw.at(-1) === '**' && !text.endsWith('/');
  if (below) raw.pop();
  if (raw.length > MAX_SEGMENTS)
    return refuse(`A path has at most ${MAX_SEGMENTS} segments.`, 'end the path earlier, with `/**`');
  const segments: (string | typeof ANY_SEGMENT)[] = [];
  for (const segment of raw) {
    const bad = refuseSegment(segment, raw);
    if (bad !== undefined) return bad;
    segments.push(segment === '*' ? ANY_SEGMENT : segment);
  }
  return { segments, below };
}

/**
 * A pattern, or a request's segment, in lower case, for apps with `ignoreCase`: the simple mapping of each character (Unicode
 * section 3.13), as upstreams do it. What only upper-casing or full case folding joins stays apart (ß and ss, ı and i, ſ and
 * s, the two small sigmas), and no Unicode normalisation is applied.
 */
export function foldSegment(segment: string): string {
  if (ASCII.test(segment)) return segment.toLowerCase();
  // Character by character: a sigma does not look at its place in the word, and U+0130 becomes the one letter i.
  let folded = '';
  for (const character of segment) folded += character === 'İ' ? 'i' : character.toLowerCase();
  return folded;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what this tells apart
const ASCII = /^[\u0000-\u007f]*$/;

export const foldPattern = ({ segments, below }: PathPattern): PathPattern => ({
  segments: segments.map((segment) => (segment === ANY_SEGMENT ? segment : foldSegment(segment))),
  below,
});

/** @returns one spelling for all patterns that match the same paths. */
export const patternKey = ({ segments, below }: PathPattern): string =>
  [
    '',
    ...segments.map((segment) => (segment === ANY_SEGMENT ? '*' : segment)),
    ...(below ? ['**'] : []),
  ].join('/');

/** @returns whether the pattern names a path at or below these segments by literal segments. */
export const isWithin = (pattern: PathPattern, base: readonly string[]): boolean =>
  base.every((segment, index) => pattern.segments[index] === segment);

/** A character class. Searched and not matched: an expression would begin anew at each `[`. */
function holdsClass(text: string): boolean {
  const opened = text.indexOf('[');
  return opened !== -1 && text.includes(']', opened);
}

function refuseWhole(text: string): PathRefusal | undefined {
  if (REGEX.test(text) || holdsClass(text))
    return refuse(
      'Paths are no regular expressions.',
      'write literal segments, `*` for exactly one segment, and a final `/**` for everything below',
    );
  const blank = foreignBlank(text);
  if (blank !== undefined) return refuse(...blank);
  if (!text.startsWith('/'))
    return text.includes('://')
      ? refuse(
          'A path begins with `/`; scheme and host do not belong here.',
          'write the path alone; hosts go to `hosts`',
        )
      : refuse('A path begins with `/`.', `write \`/${text}\``);
  if (text.includes('?'))
    return refuse('The query never takes part in a rule.', `write \`${text.slice(0, text.indexOf('?'))}\``);
  if (text.includes('%')) return refuse('Paths are written decoded, without `%`.', decodedForm(text));
  if (CONTROL.test(text) || !text.isWellFormed())
    return refuse(
      'The path holds a control character, and no such request is ever let through.',
      'remove it',
    );
  const bad = /[\\;#]/.exec(text)?.[0];
  if (bad !== undefined)
    return refuse(
      `A request path with \`${bad}\` is refused or read in more than one way, so this rule could never match.`,
      bad === '\\' ? 'write `/`' : `remove everything from \`${bad}\` on`,
    );
  if (text.includes('//'))
    return refuse('The path holds an empty segment.', `write \`${text.replace(/\/{2,}/g, '/')}\``);
  return undefined;
}

function refuseSegment(segment: string, raw: readonly string[]): PathRefusal | undefined {
  if (segment === '.' || segment === '..')
    return refuse('A path holds no `.` or `..` segments.', 'write the path that is meant');
  if (PLACEHOLDER.test(segment))
    return refuse(`\`${segment}\` is no placeholder here.`, 'write `*` for exactly one segment');
  if (segment === '**')
    return refuse(
      '`**` can only be the last segment, without a slash behind it.',
      `write \`${['', ...raw.slice(0, raw.indexOf('**')), '**'].join('/')}\`, or \`*\` for each single segment`,
    );
  if (segment !== '*' && segment.includes('*'))
    return refuse(
      `\`*\` stands for one whole segment, it cannot be part of \`${segment}\`.`,
      'write `*` alone for one segment, or a final `/**` for everything below',
    );
  return undefined;
}

function decodedForm(text: string): string {
  try {
    const segments = text.split('/').map(decodeURIComponent);
    if (!segments.some((segment) => /[%/\\;#?*]/.test(segment) || CONTROL.test(segment)))
      return `write \`${segments.join('/')}\``;
  } catch {
    // no valid escapes: the general advice fits
  }
  return 'write the character itself; no rule can name an escaped slash, a percent sign and the like';
}

const refuse = (message: string, wayOut: string): PathRefusal => ({ message, wayOut });
