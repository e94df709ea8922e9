/**
 * The address of a login that comes back to `rd`.
 * Does *not* check `rd`: the login does, when it is opened.
 */
export const loginAddress = (
  origin: string,
  basePath: string,
  rd: string,
  prompt?: 'select_account',
): string =>
  `${origin}${basePath}/login?rd=${encodeURIComponent(latin1ToUtf8(rd))}${prompt === undefined ? '' : `&prompt=${prompt}`}`;

/** A target holds one char per byte; as text it is UTF-8 where it is valid, else it stays as it is. */
function latin1ToUtf8(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
