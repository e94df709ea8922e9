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
    const kept: string[] = [];
    for (const [index, part] of line.split(';').entries()) {
      const start = blanksAt(part);
      const pair = part.slice(start, blanksBefore(part, start));
      if (!pair.startsWith(prefix)) {
        // Ours by name, in the spelling that is not in use: never read, and not the upstream's either.
        if (pair.startsWith(SECURE)) continue;
        // What was the first of ours leaves no blank in front of the next.
        kept.push(index > 0 && kept.length === 0 ? part.slice(start) : part);
        continue;
      }
      const equals = pair.indexOf('=');
      const name = equals === -1 ? pair : pair.slice(0, equals);
      if (own.has(name)) repeated.add(name);
      own.set(name, equals === -1 ? '' : pair.slice(equals + 1));
    }
    if (kept.some((part) => part !== '')) rest.push(kept.join(';'));
  }
  for (const name of repeated) own.delete(name);
  return { own, rest: rest.length === 0 ? undefined : rest.join('; ') };
}

/**
 * Blanks and tabs only (RFC 6265 section 4.2.1): `trim` would take a byte 0xA0 for one, and another's cookie for ours.
 * Loops, since a pattern anchored at the end takes quadratic time over long runs of blanks.
 */
function blanksAt(text: string): number {
  let start = 0;
  while (isBlank(text, start)) start += 1;
  return start;
}

function blanksBefore(text: string, start: number): number {
  let end = text.length;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return end;
}

const isBlank = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';
