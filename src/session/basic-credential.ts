const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** RFC 7617 section 2: no control characters. */
const TEXT = /^[^\p{Cc}]+$/u;

/** Bytes of both together: a longer one is nobody's, and would only be carried to the provider. */
const MOST = 1024;

/**
 * Reads the user-id and the password of HTTP Basic (RFC 7617 section 2), here a client id and its secret, in their one
 * spelling.
 * @param credentials what follows the scheme
 * @returns undefined when they are malformed
 */
export function readBasic(credentials: string): { readonly id: string; readonly secret: string } | undefined {
  const bytes = Buffer.from(credentials, 'base64');
  if (bytes.length > MOST || bytes.toString('base64') !== credentials) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  if (colon < 1 || colon > 255 || colon === text.length - 1 || !TEXT.test(text)) return undefined;
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}
