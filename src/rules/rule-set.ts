import type { Problem } from '../document/problem.ts';
import type { Tolerance } from '../forwarded/canonical-path.ts';
import type { PathPattern } from './path-pattern.ts';
import type { Rule } from './rule.ts';
import type { RuleTest } from './rule-tests.ts';
import { asWritten } from './tenant-app.ts';

/** Which credentials an app takes. */
export type CredentialKind = 'session' | 'bearer' | 'basic';

/** Signature algorithms of the assertion for an upstream. */
export const ASSERTION_ALGORITHMS = ['ES256', 'EdDSA'] as const;
export type AssertionAlgorithm = (typeof ASSERTION_ALGORITHMS)[number];

/** An app: its hosts and everything that its rules file says beside the rules. */
export interface App {
  readonly name: string;
  readonly title: string;
  /** Whose the app is here, filled in below for every `{tenant}`; empty as it is written, and where there is no tenant. */
  readonly tenant: string;
  /** Whether its file has `{tenant}`, in a host, an audience or an issuer. */
  readonly usesTenant: boolean;
  /** Canonical (lower-case, punycode): exact names, or `*.rest` or `{tenant}.rest` for exactly one label. */
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
  /** Signature algorithm of the assertion for the upstream; undefined: none is made. */
  readonly assertion: AssertionAlgorithm | undefined;
  /** Names of exchanges of the configuration by which its access tokens come. */
  readonly exchange: readonly string[];
  /** `report`: a session that lacks scopes or a step-up, or meets no rule, passes and is logged. */
  readonly mode: 'enforce' | 'report';
  /** Paths are matched in lower case, for an upstream that folds case. */
  readonly ignoreCase: boolean;
  /** Spellings that are no 400 as long as every reading of them chooses the same rule. */
  readonly tolerate: readonly Tolerance[];
  /** Audience -> every scope that a rule of this app names for it, sorted: what `login.ask: rules` asks for. */
  readonly scopesByAudience: ReadonlyMap<string, readonly string[]>;
}

/** What the rule set says about host, method and path, before any credential is opened. */
export type Match =
  | { readonly kind: 'rule'; readonly app: App; readonly rule: Rule }
  | {
      readonly kind: 'none';
      readonly app: App;
      /** `path-ambiguous`: its readings choose different rules, or there is none (`matchReadings`). */
      readonly reason: 'no-rule' | 'method-not-listed' | 'path-ambiguous';
    };

/** What one path of a rules file says: a rule for each method that it names, and one for the rest. */
export interface PathRules {
  readonly pattern: PathPattern;
  /** GET stands for HEAD as well, unless HEAD is named. */
  readonly byMethod: ReadonlyMap<string, Rule>;
  /** For the common methods that are not named; undefined when they are denied. */
  readonly rest: Rule | undefined;
}

/** @returns what an app was written with; undefined for an app of another set. */
export const writtenFor = (
  { written }: Pick<RuleSet, 'written'>,
  app: App | undefined,
): AppRules | undefined =>
  app === undefined ? undefined : written.find((one) => one.app === asWritten(app));

/** @returns every rule of a path, as often as methods have it. */
export const everyRule = ({ byMethod, rest }: PathRules): readonly Rule[] => [
  ...byMethod.values(),
  ...(rest === undefined ? [] : [rest]),
];

/** Where something stands, as a problem says it. */
export type Place = Pick<Problem, 'file' | 'line' | 'column' | 'excerpt'>;

/** An app with the rules that it was written with, in any order. */
export interface AppRules {
  readonly app: App;
  readonly paths: readonly PathRules[];
  /** What holds for paths without a rule; undefined when they are denied. */
  readonly otherwise: Rule | undefined;
  readonly tests: readonly RuleTest[];
  /** Where the app names its provider; its name where it names none. */
  readonly providerPlace: Place;
  /** Where the app says `{tenant}`; its name where it does not. */
  readonly tenantPlace: Place;
  /** Where the app names its exchanges; its name where it names none. */
  readonly exchangePlace: Place;
}

/** Immutable once built. */
export interface RuleSet {
  /** Names the content: a hash over the files. */
  readonly version: string;
  readonly apps: readonly App[];
  /** What the set was built from, for reviews, and for what a login may ask; a permitted check never looks here. */
  readonly written: readonly AppRules[];
  /** @param host canonical host name. An exact host beats a wildcard host. */
  appFor(host: string): App | undefined;
  /**
   * The app as one tenant has it. The same for as long as it is in use; an app of no tenant is the app as written.
   * @param tenant one that exists: nothing is looked up here
   */
  forTenant(app: App, tenant: string): App;
  /** The most specific path wins, then the need for the method. `path` is canonical segments; `app` may be a tenant's. */
  match(app: App, method: string, path: readonly string[]): Match;
}
