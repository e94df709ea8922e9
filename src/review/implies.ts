import type { Need, TokenNeed } from '../rules/rule.ts';

/**
 * @returns whether every caller who meets the first need meets the second too. Audiences and scopes are plain texts, so this
 * is exact for needs that stand alone; undefined stands for a place without a rule, which nobody may open.
 */
export function implies(first: Need | undefined, second: Need | undefined): boolean {
  if (first === undefined || first.kind === 'deny' || second?.kind === 'public') return true;
  if (second === undefined || second.kind === 'deny' || first.kind === 'public') return false;
  return (
    isSubset(first.audiences, second.audiences) &&
    second.allOf.every((scope) => surelyHolds(first, [scope])) &&
    (second.anyOf.length === 0 || surelyHolds(first, second.anyOf)) &&
    (second.acr.length === 0 || (first.acr.length > 0 && isSubset(first.acr, second.acr))) &&
    (first.loginWithin ?? Number.POSITIVE_INFINITY) <= (second.loginWithin ?? Number.POSITIVE_INFINITY)
  );
}

/** Whether whoever meets the need holds at least one of the scopes. */
const surelyHolds = ({ allOf, anyOf }: TokenNeed, scopes: readonly string[]): boolean =>
  allOf.some((scope) => scopes.includes(scope)) || (anyOf.length > 0 && isSubset(anyOf, scopes));

const isSubset = (part: readonly string[], whole: readonly string[]): boolean =>
  part.every((member) => whole.includes(member));
