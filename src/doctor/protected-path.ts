import { ANY_SEGMENT } from '../rules/path-pattern.ts';
import { type App, type AppRules, type RuleSet, writtenFor } from '../rules/rule-set.ts';

/** A request that nobody passes without a credential. */
export interface ProtectedPath {
  /** As it stands in a request line. */
  readonly path: string;
  /** What the gateway answers to a script that brings no credential. */
  readonly reason: 'login-needed' | 'no-rule' | 'rule-deny' | 'method-not-listed' | 'path-ambiguous';
}

/** In the place of `*`, and where any name would do. */
const ANY = 'postern-doctor';

/** @returns undefined for an app in which everything is public */
export function protectedPath(ruleSet: RuleSet, app: App): ProtectedPath | undefined {
  const rules = writtenFor(ruleSet, app);
  if (rules === undefined) return undefined;
  let other: ProtectedPath | undefined;
  for (const segments of candidates(rules)) {
    const found = ruleSet.match(app, 'GET', segments);
    const path = `/${segments.map(encodeURIComponent).join('/')}`;
    if (found.kind === 'none') other ??= { path, reason: found.reason };
    else if (found.rule.need.kind === 'deny') other ??= { path, reason: 'rule-deny' };
    else if (found.rule.need.kind === 'token') return { path, reason: 'login-needed' };
  }
  return other;
}

const candidates = ({ paths }: AppRules): readonly (readonly string[])[] => [
  ...paths.map(({ pattern }) => pattern.segments.map((segment) => (segment === ANY_SEGMENT ? ANY : segment))),
  [ANY],
  [],
];
