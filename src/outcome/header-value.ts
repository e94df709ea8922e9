/**
 * Makes any text safe inside a header: UTF-8, percent-encoded outside printable ASCII, `%` included, so that it can be
 * decoded again without doubt and no CR or LF can forge a header.
 */
export function headerValue(text: string): string {
  if (/^[\x20-\x24\x26-\x7e]*$/.test(text)) return text;
  let value = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    value +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return value;
}

/** A profile claim as a header value: lists joined by comma, objects as JSON, absent as empty. */
export function claimValue(claim: unknown): string {
  if (claim === undefined || claim === null) return '';
  if (Array.isArray(claim)) return claim.map(claimValue).join(',');
  return headerValue(typeof claim === 'object' ? JSON.stringify(claim) : String(claim));
}
