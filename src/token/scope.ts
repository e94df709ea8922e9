// RFC 6749 section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** @returns whether the text is one RFC 6749 scope token. */
export const isScopeToken = (text: string): boolean => SCOPE_TOKEN.test(text);

/**
 * Reads a scope claim: a space-separated string (RFC 9068 section 2.2.3) or an array of scope tokens (`scp`, `permissions`).
 * @returns undefined when it is neither, or a member is no scope token. An absent claim is the empty set.
 */
export function parseScopes(claim: unknown): ReadonlySet<string> | undefined {
  if (claim === undefined) return new Set();
  const tokens = typeof claim === 'string' ? claim.split(' ').filter((token) => token !== '') : claim;
  if (!Array.isArray(tokens)) return undefined;
  const scopes = new Set<string>();
  for (const token of tokens) {
    if (typeof token !== 'string' || !isScopeToken(token)) return undefined;
    scopes.add(token);
  }
  return scopes;
}
