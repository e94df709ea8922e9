import type { CanonicalPath } from '../forwarded/canonical-path.ts';
import type { App, Match, RuleSet } from './rule-set.ts';

/**
 * Looks up every reading of a path (`pathReadings`): they must all choose the same rule, or all find none for the same reason.
 * @returns `path-ambiguous` when they do not, and when there is no reading at all
 */
export function matchReadings(
  rules: Pick<RuleSet, 'match'>,
  app: App,
  method: string,
  readings: readonly CanonicalPath[],
): Match {
  const [first, ...others] = readings;
  if (first === undefined) return { kind: 'none', app, reason: 'path-ambiguous' };
  const chosen = rules.match(app, method, first);
  return others.every((reading) => isSame(chosen, rules.match(app, method, reading)))
    ? chosen
    : { kind: 'none', app, reason: 'path-ambiguous' };
}

const isSame = (one: Match, other: Match): boolean =>
  one.kind === 'rule'
    ? other.kind === 'rule' && one.rule === other.rule
    : other.kind === 'none' && one.reason === other.reason;
