import type { AccessToken } from '../token/access-token.ts';
import type { Rule } from './rule.ts';

/** The answer to "may this token open this rule?", with why. */
export type Decision =
  | { readonly permit: true; readonly reason: 'public' | 'permitted'; readonly rule: Rule }
  | {
      readonly permit: false;
      readonly reason: 'rule-deny' | 'login-needed' | 'token-audience' | 'scope-missing';
      readonly rule: Rule;
      /** Scopes that would satisfy the rule: all that are missing, and every alternative of an unmet *any of*. */
      readonly missing: readonly string[];
    };

/**
 * Decides by the audience and the scopes of a validated access token, and by nothing else.
 * Pure: no clock, so it does *not* check expiry; the caller hands over `undefined` for a token that is not in force.
 */
export function decide(rule: Rule, token: AccessToken | undefined): Decision {
  const need = rule.need;
  if (need.kind === 'public') return { permit: true, reason: 'public', rule };
  if (need.kind === 'deny') return { permit: false, reason: 'rule-deny', rule, missing: [] };
  if (token === undefined) return { permit: false, reason: 'login-needed', rule, missing: [] };
  if (!need.audiences.some((audience) => token.audiences.includes(audience))) {
    return { permit: false, reason: 'token-audience', rule, missing: [] };
  }
  const missing = need.allOf.filter((scope) => !token.scopes.has(scope));
  if (need.anyOf.length > 0 && !need.anyOf.some((scope) => token.scopes.has(scope)))
    missing.push(...need.anyOf);
  return missing.length === 0
    ? { permit: true, reason: 'permitted', rule }
    : { permit: false, reason: 'scope-missing', rule, missing: [...new Set(missing)] };
}
