// Control characters would end a header line or be dropped by a browser (TAB, CR, LF inside a URL); a fragment never
// reaches a server honestly.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
const FORBIDDEN = /[\u0000-\u0020\u007f#]/;

/** RFC 9110 section 5.6.2. */
export const isHttpToken = (text: string): boolean => /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);

/**
 * @returns whether the text is an origin-form request target (RFC 9112 section 3.2.1) that begins with exactly one
 * `/`: `//host` would be read as another host when a return URL is built. Does *not* check the path.
 */
export function isRequestTarget(target: string): boolean {
  return target.charCodeAt(0) === 0x2f && target.charCodeAt(1) !== 0x2f && !FORBIDDEN.test(target);
}

/** The path of a request target: all before the first `?`. The query never takes part in matching. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

/** The query of a request target without its `?`; empty when there is none. */
export function queryOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? '' : target.slice(query + 1);
}
