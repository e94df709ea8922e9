/** A request target as Traefik hands it on: the check and the upstream both get `path + query`, byte for byte. */
export interface Target {
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

// What Go's net/url keeps as it came when a path holds nothing else (validEncoded).
const VALID = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/;

// What Go's net/url leaves alone when it has to write a path anew (escape, encodePath).
const PLAIN = /[^A-Za-z0-9\-._~$&+,;=:@/]/g;

/**
 * Cleans a request target as Traefik's entry point does by default (normalizePath, sanitizePath and
 * no encodeQuerySemicolons).
 * @param target as it came in the request line, one char per byte
 * @returns undefined for what Traefik answers with 400: no leading slash, a fragment, a bad escape
 */
export function cleanTarget(target: string): Target | undefined {
  const mark = target.indexOf('?');
  const raw = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  if (!raw.startsWith('/') || target.includes('#') || /%(?![0-9A-Fa-f]{2})/.test(raw)) return undefined;
  const escaped = VALID.test(raw) ? raw.replace(/%../g, normalised) : decoded(raw).replace(PLAIN, percent);
  return { path: withoutDots(escaped), query: query.replaceAll(';', '&') };
}

/** An escape of an unreserved character is that character; any other is written in upper case (RFC 3986 section 6.2.2). */
function normalised(triplet: string): string {
  const char = decoded(triplet);
  return /[A-Za-z0-9\-._~]/.test(char) ? char : triplet.toUpperCase();
}

const decoded = (text: string): string =>
  text.replace(/%(..)/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const percent = (char: string): string =>
  `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** Go's `path.Clean`, with one final slash kept. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  const clean = `/${kept.join('/')}`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}
