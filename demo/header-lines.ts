/** Header lines in order, a repeated header as repeated lines. One char per byte. */
export type HeaderLines = readonly HeaderLine[];
export type HeaderLine = readonly [name: string, value: string];

/** @param raw `rawHeaders` of a message: names and values by turns */
export function headerLines(raw: readonly string[]): HeaderLines {
  const lines: HeaderLine[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) lines.push([canonicalName(raw[i] ?? ''), raw[i + 1] ?? '']);
  return lines;
}

/** The spelling that Go gives to a header name: upper case at the start and after each `-`, lower case elsewhere. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** @returns the values of one header, in order. */
export function valuesOf(lines: HeaderLines, name: string): readonly string[] {
  return lines.filter(([other]) => other === name).map(([, value]) => value);
}

/** @returns the lines of all other headers. Names are canonical. */
export function without(lines: HeaderLines, names: readonly string[]): HeaderLines {
  const dropped = new Set(names);
  return lines.filter(([name]) => !dropped.has(name));
}

/** Host and User-Agent first, then by name, as Go writes them; lines of one name keep their order. */
export function sorted(lines: HeaderLines): HeaderLines {
  const rank = (name: string) => (name === 'Host' ? '\u0000' : name === 'User-Agent' ? '\u0001' : name);
  return [...lines].sort(([a], [b]) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
}

const HOP_BY_HOP = ['Connection', 'Keep-Alive', 'Te', 'Trailer', 'Trailers', 'Transfer-Encoding', 'Upgrade'];

/** Drops what concerns one connection only, and what `Connection` lists (RFC 9110 section 7.6.1). */
export function withoutHopByHop(lines: HeaderLines): HeaderLines {
  const listed = valuesOf(lines, 'Connection').flatMap((value) => value.split(','));
  return without(lines, [...HOP_BY_HOP, ...listed.map((name) => canonicalName(name.trim()))]);
}

const MANAGED = new Set(
  'For Host Port Proto Server Uri Method Prefix Tls-Client-Cert Tls-Client-Cert-Info'
    .split(' ')
    .map((name) => `X-Forwarded-${name}`)
    .concat('X-Real-Ip'),
);

/** Drops the headers that only the proxy may set, with `_` for `-` too: the client is never believed. */
export function withoutManaged(lines: HeaderLines): HeaderLines {
  return lines.filter(([name]) => !MANAGED.has(canonicalName(name.replaceAll('_', '-'))));
}

/** As node's client takes them: a name once, with all of its values. */
export function grouped(lines: HeaderLines): ReadonlyMap<string, readonly string[]> {
  return new Map(lines.map(([name]) => [name, valuesOf(lines, name)]));
}
