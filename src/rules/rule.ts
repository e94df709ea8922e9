/**
 * Types of the rule set. Where + need: where is host, path and method; a need is what a caller must hold.
 * INVARIANT: nothing in this room can import a session, a clock, the network or a logger (test/house.test.ts).
 */

/** What a caller must hold. */
export type Need = PublicNeed | DenyNeed | TokenNeed;
export interface PublicNeed {
  readonly kind: 'public';
}
export interface DenyNeed {
  readonly kind: 'deny';
}
/** A valid access token for *any of* `audiences` with *all of* `allOf` and, when not empty, *any of* `anyOf`. */
export interface TokenNeed {
  readonly kind: 'token';
  /** At least one; exact strings. */
  readonly audiences: readonly string[];
  readonly allOf: readonly string[];
  readonly anyOf: readonly string[];
  /** Authentication context classes, any of (RFC 9470); empty when none is asked for. */
  readonly acr: readonly string[];
  /** Seconds since the person authenticated, at most; undefined when nothing is asked. */
  readonly loginWithin: number | undefined;
}

/** A need that any valid token for one of the audiences meets, with the scopes that it holds as well. */
export const tokenNeed = (
  audiences: readonly string[],
  allOf: readonly string[] = [],
  anyOf: readonly string[] = [],
): TokenNeed => ({ kind: 'token', audiences, allOf, anyOf, acr: [], loginWithin: undefined });

export interface Rule {
  /** `file:line` of the need, for logs and explanations. */
  readonly id: string;
  /** The pattern as written, or `otherwise` for the app's own. */
  readonly path: string;
  /** The method this need was written for; `otherwise` for the rest; undefined when the path lists no methods. */
  readonly method: string | undefined;
  readonly need: Need;
}
