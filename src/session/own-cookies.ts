/**
 * The gateway's own cookies among a client's. INVARIANT: only one spelling is ever read, `__Host-postern…` or (on
 * plain http) `postern…`; the other is the upstream's business.
 */
export type CookiePrefix = '__Host-postern' | 'postern';

/** https and the `__Host-` prefix belong together: a browser keeps such a cookie only with Secure, Path=/ and no Domain. */
export const cookiePrefix = (scheme: 'http' | 'https'): CookiePrefix =>
  scheme === 'https' ? '__Host-postern' : 'postern';

const SECURE: CookiePrefix = '__Host-postern';

export interface SplitCookies {
  /** Own cookies by name. A name that came twice is not among them: no one can tell whose it is. */
  readonly own: ReadonlyMap<string, string>;
  /** The rest byte for byte, one line; undefined when nothing is left. */
  readonly rest: string | undefined;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Splits the `Cookie` lines (RFC 6265 section 4.2.1) into the gateway's own and the rest. */
export function splitCookies(lines: readonly string[], prefix: CookiePrefix): SplitCookies {
  if (!lines.some((line) => line.includes('postern'))) {
    return { own: NONE, rest: lines.length === 0 ? undefined : lines.join('; ') };
  }
  const own = new Map<string, string>();
  const repeated = new Set<string>();
  const rest: string[] = [];
  for (const line of lines) {
    let kept: string | undefined;
    let isEmpty = true;
    for (let at = 0; at <= line.length; ) {
      const semicolon = line.indexOf(';', at);
      const end = semicolon === -1 ? line.length : semicolon;
      const start = blanksFrom(line, at);
      if (line.startsWith(prefix, start)) {
        const pair = line.slice(start, blanksBefore(line, start, end));
        const equals = pair.indexOf('=');
        const name = equals === -1 ? pair : pair.slice(0, equals);
        if (own.has(name)) repeated.add(name);
        own.set(name, equals === -1 ? '' : pair.slice(equals + 1));
        // Ours by name, in the spelling that is not in use: never read, and not the upstream's either.
      } else if (!line.startsWith(SECURE, start)) {
        // What was the first of ours leaves no blank in front of the next.
        const part = line.slice(at > 0 && kept === undefined ? start : at, end);
        kept = kept === undefined ? part : `${kept};${part}`;
        if (part !== '') isEmpty = false;
      }
      at = end + 1;
    }
    if (kept !== undefined && !isEmpty) rest.push(kept);
  }
  for (const name of repeated) own.delete(name);
  return { own, rest: rest.length === 0 ? undefined : rest.join('; ') };
}

/**
 * Blanks and tabs only (RFC 6265 section 4.2.1): `trim` would take a byte 0xA0 for one, and another's cookie for ours.
 * Loops, since a pattern anchored at the end takes quadratic time over long runs of blanks.
 * @returns the place of the first character from `start` on that is none
 */
function blanksFrom(text: string, start: number): number {
  let at = start;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** @returns the end of the text between `start` and `end` without the blanks behind it. */
function blanksBefore(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at -= 1;
  return at;
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
