import type { CanonicalPath } from '../forwarded/canonical-path.ts';
import { hostKey, wildcardFor } from '../rules/host-pattern.ts';
import {
  type App,
  type AppRules,
  type Match,
  type PathRules,
  type RuleSet,
  writtenFor,
} from '../rules/rule-set.ts';
import { asWritten } from '../rules/tenant-app.ts';
import type { Evaluation } from './evaluate.ts';
import { rulesOf } from './methods.ts';
import { covering, whyLost } from './precedence.ts';

/** A pattern that matches the request, and did not decide. */
export interface Loser {
  /** As written. */
  readonly path: string;
  /** `file:line` of its first need. */
  readonly place: string | undefined;
  readonly why: string;
}

/** What a reading of the path leads to. */
export interface ReadingMatch {
  readonly path: CanonicalPath;
  readonly match: Match;
}

/** Why the rule that decided is the one, beside what an evaluation tells. */
export interface Explanation {
  /** The app's host pattern that matched. */
  readonly hostPattern: string | undefined;
  /** Apps whose host patterns match as well: the host alone chooses, and nothing falls back to them. */
  readonly otherApps: readonly { readonly app: App; readonly hostPattern: string }[];
  /** The pattern that won, also where it denies by not naming the method; undefined for the app's `otherwise` and none. */
  readonly winner: PathRules | undefined;
  readonly losers: readonly Loser[];
  /** One for each reading, where there are several. */
  readonly readings: readonly ReadingMatch[];
}

/** Explains an evaluation. The rule set must be the one it was made with. */
export function explain(ruleSet: RuleSet, { request, app, readings }: Evaluation): Explanation {
  const host = request?.host.name ?? '';
  const patterns = [host, wildcardFor(host)];
  const matching = ruleSet.apps.flatMap((one) =>
    one.hosts
      .filter((pattern) => patterns.includes(hostKey(pattern)))
      .map((hostPattern) => ({ app: one, hostPattern })),
  );
  const written = app === undefined ? undefined : asWritten(app);
  const own = matching.filter((one) => one.app === written);
  const exact = own.find(({ hostPattern }) => hostPattern === host);
  const rules = writtenFor(ruleSet, app);
  const [first] = readings;
  const all = rules === undefined || first === undefined ? [] : covering(rules, first);
  const [winner, ...others] = all;
  return {
    hostPattern: (exact ?? own[0])?.hostPattern,
    otherApps: matching.filter((one) => one.app !== written),
    winner,
    losers: winner === undefined ? [] : others.map((other) => loserOf(winner, other)),
    readings:
      app === undefined || readings.length < 2
        ? []
        : readings.map((path) => ({ path, match: ruleSet.match(app, request?.method ?? '', path) })),
  };
}

const loserOf = (winner: PathRules, loser: PathRules): Loser => ({
  path: writtenPath(loser),
  place: rulesOf(loser)[0]?.id,
  why: whyLost(winner.pattern, loser.pattern),
});

/** @returns the path as its file spells it. */
export const writtenPath = (rules: PathRules): string => rulesOf(rules)[0]?.path ?? '';

/** @returns the rules of an app as they were written. */
export function rulesOfApp(ruleSet: RuleSet, app: App): AppRules {
  const rules = writtenFor(ruleSet, app);
  if (rules === undefined) throw new TypeError(`the rule set has no app ${app.name}`);
  return rules;
}
