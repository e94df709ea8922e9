import type { AccessToken } from '../token/access-token.ts';
import type { Rule, TokenNeed } from './rule.ts';

/** The answer to "may this token open this rule?", with why. */
export type Decision =
  | { readonly permit: true; readonly reason: 'public' | 'permitted'; readonly rule: Rule }
  | {
      readonly permit: false;
      readonly reason: 'rule-deny' | 'login-needed' | 'token-audience' | 'scope-missing' | 'step-up-needed';
      readonly rule: Rule;
      /** Scopes that would satisfy the rule: all that are missing, and every alternative of an unmet *any of*. */
      readonly missing: readonly string[];
    };

/**
 * Decides by the audience, the scopes and the two step-up claims of a validated access token, and by nothing else.
 * Pure. It does *not* check expiry: the caller hands over `undefined` for a token that is not in force.
 * @param now Unix seconds
 */
export function decide(rule: Rule, token: AccessToken | undefined, now: number): Decision {
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
  if (missing.length > 0)
    return { permit: false, reason: 'scope-missing', rule, missing: [...new Set(missing)] };
  if (!isSteppedUp(need, token, now)) return { permit: false, reason: 'step-up-needed', rule, missing: [] };
  return { permit: true, reason: 'permitted', rule };
}

/**
 * RFC 9470: how the person authenticated, and how long ago. A token that does not say so does not satisfy either.
 * @param now Unix seconds
 */
export function isSteppedUp(
  { acr, loginWithin }: Pick<TokenNeed, 'acr' | 'loginWithin'>,
  token: AccessToken,
  now: number,
): boolean {
  if (acr.length > 0 && (token.acr === undefined || !acr.includes(token.acr))) return false;
  if (loginWithin === undefined) return true;
  const { authenticatedAt: at, issuedAt } = token;
  // Nobody signs in after the token says so; the issuer's clock may be ahead of ours by what `iat` was let through with.
  return at !== undefined && at <= Math.max(now, issuedAt) && now - at <= loginWithin;
}
