/**
 * Makes any text safe inside a header: UTF-8, percent-encoded outside printable ASCII, `%` included, so that it can be
 * decoded again without doubt and no CR or LF can forge a header. A blank at either end is encoded too: it would be lost
 * on the way (RFC 9110 section 5.5), and ` admin` would arrive as `admin`.
 */
export function headerValue(text: string): string {
  if (/^(?:[!-$&-~](?:[ -$&-~]*[!-$&-~])?)?$/.test(text)) return text;
  const bytes = Buffer.from(text, 'utf8');
  let value = '';
  for (const [index, byte] of bytes.entries()) {
    const isEnd = index === 0 || index === bytes.length - 1;
    const isPlain = byte > 0x20 && byte <= 0x7e && byte !== 0x25;
    value += isPlain || (byte === 0x20 && !isEnd) ? String.fromCharCode(byte) : encoded(byte);
  }
  return value;
}

/**
 * A profile claim as a header value: lists joined by comma, objects and lists in lists as JSON, absent as empty. A comma
 * inside a member of a list is encoded, or one member would arrive as two.
 */
export function claimValue(claim: unknown): string {
  if (!Array.isArray(claim)) return headerValue(textOf(claim));
  return claim.map((member) => headerValue(textOf(member)).replaceAll(',', encoded(0x2c))).join(',');
}

const textOf = (claim: unknown): string => {
  if (claim === undefined || claim === null) return '';
  return typeof claim === 'object' ? JSON.stringify(claim) : String(claim);
};

const encoded = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
