import { type CookieCarrier, cookieBytes } from './cookie-carrier.ts';
import type { SplitCookies } from './own-cookies.ts';

/**
 * Text per chunk: cookie-session encodes it in base64 once more (4/3), and name, signature and attributes must stay
 * below a browser's 4096 bytes per cookie.
 */
const CHUNK = 3000;

/** The session's chunks: `__Host-postern`, `__Host-postern.1` … */
const chunkNames = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}.${index}`));

/**
 * A short key and the exact text it stands for: hashing kilobytes at every request would cost more than the rest of
 * the lookup. INVARIANT: the key is the client's word; only equal `parts` make two fingerprints the same.
 */
export interface Fingerprint {
  readonly key: string;
  readonly parts: readonly string[];
}

export const isSameFingerprint = (a: Fingerprint, b: Fingerprint): boolean =>
  a.parts.length === b.parts.length && a.parts.every((part, index) => part === b.parts[index]);

/** The handle of a session, carried in chunks. */
export interface SessionCookie {
  /** What a cache finds the session by; undefined when there is none. */
  fingerprint(cookies: SplitCookies): Fingerprint | undefined;
  read(cookies: SplitCookies): string | undefined;
  /** @returns Set-Cookie lines; undefined when the handle does not fit into the chunks. */
  write(handle: string, cookies: SplitCookies, maxAge: number): readonly string[] | undefined;
  /** @returns lines that remove what the browser has. */
  clear(cookies: SplitCookies): readonly string[];
}

/**
 * @param name of the first chunk
 * @param maxChunks beyond them a session does not fit
 * @param others names that begin so are other tenants' of the host: they go where a new session would leave them no room
 */
export function createSessionCookie(
  name: string,
  carrier: CookieCarrier,
  maxChunks: number,
  others?: { readonly prefixes: readonly string[]; readonly room: number },
): SessionCookie {
  const names = chunkNames(name, maxChunks);
  const signatures = names.map((one) => `${one}.sig`);
  const present = (cookies: SplitCookies): readonly string[] =>
    names.filter((one) => cookies.own.has(one) || cookies.own.has(`${one}.sig`));
  /** A browser that was signed in to many tenants would send more than proxies take, and get nothing at all. */
  function makeRoom({ own }: SplitCookies, lines: readonly string[]): readonly string[] {
    if (others === undefined) return [];
    const isOurs = (one: string): boolean => one === name || one.startsWith(`${name}.`);
    const theirs = [...own].filter(
      ([one]) => !isOurs(one) && others.prefixes.some((prefix) => one.startsWith(prefix)),
    );
    const bytes = theirs.reduce(
      (sum, [one, value]) => sum + one.length + value.length + 3,
      cookieBytes(lines),
    );
    if (bytes <= others.room) return [];
    return theirs.flatMap(([one]) => (one.endsWith('.sig') ? [] : carrier.clear(one)));
  }

  return {
    fingerprint({ own }) {
      const first = own.get(name);
      const signature = own.get(signatures[0] as string);
      if (first === undefined || signature === undefined) return undefined;
      const parts = [first, signature];
      for (let index = 1; index < names.length; index += 1) {
        parts.push(own.get(names[index] as string) ?? '', own.get(signatures[index] as string) ?? '');
      }
      return { key: signature, parts };
    },
    read(cookies) {
      // The first chunk says how many there are; what an earlier, longer session left behind is not read.
      const first = carrier.read(cookies.own, name);
      const separator = first?.indexOf(':') ?? -1;
      if (first === undefined || separator === -1) return undefined;
      const count = Number(first.slice(0, separator));
      if (!Number.isInteger(count) || count < 1 || count > maxChunks) return undefined;
      let handle = first.slice(separator + 1);
      for (const more of names.slice(1, count)) {
        const chunk = carrier.read(cookies.own, more);
        if (chunk === undefined) return undefined;
        handle += chunk;
      }
      return handle;
    },
    write(handle, cookies, maxAge) {
      const chunks: string[] = [];
      for (let at = 0; at < handle.length; at += CHUNK) chunks.push(handle.slice(at, at + CHUNK));
      if (chunks.length > maxChunks) return undefined;
      const lines: string[] = [];
      for (const [index, chunk] of chunks.entries()) {
        const text = index === 0 ? `${chunks.length}:${chunk}` : chunk;
        const written = carrier.write(names[index] as string, text, maxAge);
        if (written === undefined) return undefined;
        lines.push(...written);
      }
      const stale = present(cookies).filter((one) => names.indexOf(one) >= chunks.length);
      return [...lines, ...stale.flatMap(carrier.clear), ...makeRoom(cookies, lines)];
    },
    clear: (cookies) => present(cookies).flatMap(carrier.clear),
  };
}
