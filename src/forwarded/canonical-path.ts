/**
 * The one form of a path that rules are matched on: segments, each decoded once and wholly. `/` has none;
 * one final slash leaves no trace.
 */
export type CanonicalPath = readonly string[];

/** Spellings that two readers could read differently, and that an app may let through all the same. */
export const TOLERANCES = [
  'encoded-slash',
  'semicolon',
  'empty-segment',
  'encoded-percent',
  'encoded-hash',
  'encoded-question',
] as const;
export type Tolerance = (typeof TOLERANCES)[number];

// What may stand raw in a path: RFC 3986 pchar and a few characters that browsers send unescaped.
// Not `\` (browsers and IIS read it as `/`), `;` (path parameters), `#`, `?`, blanks, controls or bytes >= 0x80.
export const RAW = /^[!$&'()*+,\-./0-9:=@A-Z_a-z~"<>[\]^`{|}%]*$/;

// Decoded, these end or split a segment for some upstream: / \ ; # ? control bytes; and `%` before two hex digits
// would be decoded again by an upstream that decodes twice.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
const AMBIGUOUS = /[/\\;#?\u0000-\u001f\u007f-\u009f]|%[0-9A-Fa-f]{2}/;

// A dot segment, also as Windows reads it: it drops dots and blanks at the ends, so `.. ` and `...` lead upwards.
export const isDots = (segment: string): boolean => segment.includes('.') && /^[. ]+$/.test(segment);

/**
 * Canonicalises the path of a request target (RFC 3986 section 6.2.2; design: "Matching form").
 * @param path the part before the first `?`, one char per byte
 * @returns undefined when the path does not begin with one `/`, or two readers could read it differently.
 */
export function canonicalPath(path: string): CanonicalPath | undefined {
  if (path.charCodeAt(0) !== 0x2f || !RAW.test(path)) return undefined;
  const raw = path.slice(1).split('/');
  if (raw.at(-1) === '') raw.pop();
  const segments: string[] = [];
  for (const text of raw) {
    const segment = text.includes('%') ? decodeSegment(text) : text;
    if (segment === undefined || segment === '' || isDots(segment)) return undefined;
    segments.push(segment);
  }
  return segments;
}

function decodeSegment(text: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return undefined; // a bad escape or bytes that are not UTF-8
  }
  return AMBIGUOUS.test(decoded) ? undefined : decoded;
}
