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
}

export interface Rule {
  /** `file:line` of the need, for logs and explanations. */
  readonly id: string;
  /** The pattern as written, or `otherwise` for the app's own. */
  readonly path: string;
  /** The method this need was written for; `otherwise` for the rest; undefined when the path lists no methods. */
  readonly method: string | undefined;
  readonly need: Need;
}

/** Which credentials an app takes. */
export type CredentialKind = 'session' | 'bearer';

/** An app: its hosts and everything that its rules file says beside the rules. */
export interface App {
  readonly name: string;
  readonly title: string;
  /** Canonical (lower-case, punycode): exact names, or `*.rest` for exactly one label. */
  readonly hosts: readonly string[];
  /** Name of the provider; undefined when the configuration has exactly one. */
  readonly provider: string | undefined;
  /** Further issuers whose access tokens are accepted, beside the provider's own. */
  readonly issuers: readonly string[];
  /** The app's audience (any of), empty when the file has none. The first is the one asked for at login. */
  readonly audiences: readonly string[];
  readonly login: { readonly scopes: readonly string[]; readonly ask: 'rules' | 'listed' };
  readonly credentials: readonly CredentialKind[];
  /** Serialised origins (`https://www.example.com`), or `upstream`: only preflights pass. */
  readonly origins: readonly string[] | 'upstream';
  /** Upstream header name -> profile claim. */
  readonly headers: Readonly<Record<string, string>>;
  readonly passAccessToken: boolean;
  /** Audience -> every scope that a rule of this app names for it, sorted: what `login.ask: rules` asks for. */
  readonly scopesByAudience: ReadonlyMap<string, readonly string[]>;
}

/** What the rule set says about host, method and path, before any credential is opened. */
export type Match =
  | { readonly kind: 'rule'; readonly app: App; readonly rule: Rule }
  | { readonly kind: 'none'; readonly app: App; readonly reason: 'no-rule' | 'method-not-listed' };

/** Immutable once built. */
export interface RuleSet {
  /** Names the content: a hash over the files. */
  readonly version: string;
  readonly apps: readonly App[];
  /** @param host canonical host name. An exact host beats a wildcard host. */
  appFor(host: string): App | undefined;
  /** The most specific path wins, then the need for the method. `path` is canonical segments. */
  match(app: App, method: string, path: readonly string[]): Match;
}
