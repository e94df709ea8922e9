import type { Need } from '../rules/rule.ts';
import type { App, RuleSet } from '../rules/rule-set.ts';
import { implies } from './implies.ts';
import { needText } from './need-text.ts';

/** What a rule set says of a request before any credential is opened. */
export type Verdict =
  | { readonly need: Need; readonly place: string }
  | { readonly need: undefined; readonly reason: 'unknown-host' | 'no-rule' | 'method-not-listed' };

/** What becomes of a request class; in the order of a report, what opens first. */
export const CHANGE_KINDS = ['public', 'opens', 'less', 'other', 'more', 'closes'] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** Kinds after which some caller passes who did not pass before. */
export const OPENING: ReadonlySet<ChangeKind> = new Set(['public', 'opens', 'less', 'other']);

/** Asks the real engine. */
export function verdictOf(
  ruleSet: RuleSet,
  app: App | undefined,
  method: string,
  path: readonly string[],
): Verdict {
  if (app === undefined) return { need: undefined, reason: 'unknown-host' };
  const match = ruleSet.match(app, method, path);
  if (match.kind === 'rule') return { need: match.rule.need, place: match.rule.id };
  return { need: undefined, reason: match.reason === 'method-not-listed' ? match.reason : 'no-rule' };
}

/**
 * Compares the sets of callers that two verdicts let through, as sets: exact, see `implies`.
 * @returns undefined when they are the same
 */
export function changeOf(before: Verdict, after: Verdict): ChangeKind | undefined {
  return kindOf({
    fewer: implies(after.need, before.need),
    more: implies(before.need, after.need),
    wasClosed: isClosed(before),
    isClosed: isClosed(after),
    isPublic: after.need?.kind === 'public',
  });
}

/** How two sets of callers compare. */
interface Comparison {
  /** Whoever passes now passed before. */
  readonly fewer: boolean;
  /** Whoever passed before passes now. */
  readonly more: boolean;
  readonly wasClosed: boolean;
  readonly isClosed: boolean;
  readonly isPublic: boolean;
}

/** @returns undefined when the two sets are the same */
export function kindOf(sets: Comparison): ChangeKind | undefined {
  if (sets.fewer && sets.more) return undefined;
  if (sets.fewer) return sets.isClosed ? 'closes' : 'more';
  if (!sets.more) return 'other';
  if (sets.isPublic) return 'public';
  return sets.wasClosed ? 'opens' : 'less';
}

/** The verdict as a rules file or a reason would spell it. */
export const verdictText = (verdict: Verdict, audiences: readonly string[]): string =>
  verdict.need === undefined ? REASONS[verdict.reason] : needText(verdict.need, audiences);

const REASONS = {
  'unknown-host': 'unknown host',
  'no-rule': 'no rule',
  'method-not-listed': 'method not listed',
} as const;

const isClosed = ({ need }: Verdict): boolean => need === undefined || need.kind === 'deny';
