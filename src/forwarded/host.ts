/** A host as the client named it, and as rules know it. */
export interface Host {
  /** Lower case, no port, no final dot: what rules are matched on. IPv6 stays in brackets. */
  readonly name: string;
  readonly port: number | undefined;
  readonly finalDot: boolean;
}

// Labels of letters, digits, `-` and `_`; or an IPv6 literal. Anything else (userinfo, comma, blank, non-ASCII,
// percent signs) would be read differently by a browser or an upstream.
const HOST = /^([a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*|\[[0-9a-f:.]{2,45}\])(\.?)(?::([0-9]{1,5}))?$/i;

/**
 * Parses `host[:port]` (RFC 9110 section 7.2).
 * @returns undefined when it is not in the strict form. Does *not* check that the host belongs to an app.
 */
export function parseHost(text: string): Host | undefined {
  const match = text.length <= 261 ? HOST.exec(text) : null;
  if (match === null) return undefined;
  const [, name = '', dot, digits] = match;
  const port = digits === undefined ? undefined : Number(digits);
  if (port !== undefined && (port === 0 || port > 65535)) return undefined;
  return { name: name.toLowerCase(), port, finalDot: dot === '.' };
}

/** @returns whether browsers treat the name as this very machine: `localhost`, `*.localhost`, 127.0.0.0/8, [::1]. */
export function isLoopbackName(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127(?:\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}$/.test(name)
  );
}
