import { reportedRule } from '../rules/report-mode.ts';
import type { TokenNeed } from '../rules/rule.ts';
import type { App } from '../rules/rule-set.ts';
import { type ChangeKind, kindOf, type Verdict, verdictText } from './diff-verdict.ts';

/** A token meets it by any one of its parts. */
interface Clause {
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly acr: readonly string[];
  /** Seconds since the sign-in, at most; below zero for never. */
  readonly within: number;
}

/** The tokens with which a session passes: those that meet every clause. None: everybody passes; undefined: nobody. */
type Sessions = readonly Clause[] | undefined;

/**
 * Whether sessions are to be compared on their own: where the new app is in report mode. The old one is then read as if it were
 * too: what the mode itself opens is a line of the app, and what it closes opens nothing.
 */
export const comparesSessions = (after: App | undefined): after is App =>
  after?.mode === 'report' && after.credentials.includes('session');

/**
 * Compares the sessions that two verdicts let through in report mode: exact, as a clause that all of one side's tokens meet is
 * always a wider spelling of one of its clauses.
 * @param apps the apps that the verdicts are of; undefined for a host that is not known
 * @returns undefined when they are the same
 */
export function sessionChangeOf(
  [before, after]: readonly [Verdict, Verdict],
  apps: readonly [App | undefined, App | undefined],
  method: string,
): ChangeKind | undefined {
  const [from, to] = [sessionsOf(before, apps[0], method), sessionsOf(after, apps[1], method)];
  return kindOf({
    fewer: areWithin(to, from),
    more: areWithin(from, to),
    wasClosed: from === undefined,
    isClosed: to === undefined,
    isPublic: to?.length === 0,
  });
}

/** The verdict as `verdictText` spells it, and which sessions pass without meeting it. */
export function sessionText(
  verdict: Verdict,
  app: App | undefined,
  method: string,
  audiences: readonly string[],
): string {
  const text = verdictText(verdict, audiences);
  const sessions = sessionsOf(verdict, app, method);
  if ((app?.audiences.length ?? 0) === 0) return text;
  const isRelaxed = verdict.need === undefined ? sessions !== undefined : (sessions?.length ?? 0) > 1;
  return isRelaxed ? `${text}; only reported for a token for ${app?.audiences.join(' or ')}` : text;
}

function sessionsOf(verdict: Verdict, app: App | undefined, method: string): Sessions {
  const { need } = verdict;
  if (need?.kind === 'public') return [];
  if (need?.kind === 'token') return clausesOf(need, app?.audiences ?? []);
  if (need !== undefined || app === undefined) return undefined;
  const reported = reportedRule({ ...app, mode: 'report' }, method, verdict.reason ?? '');
  return reported === undefined ? undefined : clausesOf(reported.need, app.audiences);
}

/** @param own the app's audiences: a token for one of them needs no scopes and no step-up */
const clausesOf = (
  { audiences, allOf, anyOf, acr, loginWithin }: TokenNeed,
  own: readonly string[],
): readonly Clause[] => [
  { ...NEVER, audiences },
  ...allOf.map((scope) => ({ ...NEVER, audiences: own, scopes: [scope] })),
  ...(anyOf.length === 0 ? [] : [{ ...NEVER, audiences: own, scopes: anyOf }]),
  ...(acr.length === 0 ? [] : [{ ...NEVER, audiences: own, acr }]),
  ...(loginWithin === undefined ? [] : [{ ...NEVER, audiences: own, within: loginWithin }]),
];

const NEVER: Clause = { audiences: [], scopes: [], acr: [], within: -1 };

const areWithin = (inner: Sessions, outer: Sessions): boolean =>
  inner === undefined || (outer?.every((wide) => inner.some((narrow) => isNarrower(narrow, wide))) ?? false);

const isNarrower = (narrow: Clause, wide: Clause): boolean =>
  (['audiences', 'scopes', 'acr'] as const).every((part) =>
    narrow[part].every((member) => wide[part].includes(member)),
  ) && narrow.within <= wide.within;
