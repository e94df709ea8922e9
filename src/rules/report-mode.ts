import type { AccessToken } from '../token/access-token.ts';
import type { Decision } from './decide.ts';
import { COMMON_METHODS } from './method.ts';
import { type Rule, type TokenNeed, tokenNeed } from './rule.ts';
import type { App } from './rule-set.ts';

type Denial = Extract<Decision, { permit: false }>;

/** What report mode lets pass, and only for sessions: a token that lacks scopes or a step-up. */
const RELAXED: ReadonlySet<Denial['reason']> = new Set<Denial['reason']>(['scope-missing', 'step-up-needed']);

/**
 * Whether `mode: report` lets a session pass that was denied. `deny`, other audiences and bearer callers stay enforced.
 * @param token the token of the session that was decided on; in force
 */
export const passesReported = (app: App, denial: Denial, token: AccessToken | undefined): boolean =>
  app.mode === 'report' && RELAXED.has(denial.reason) && token !== undefined && isOfApp(app, token);

/**
 * The rule that `mode: report` puts where no rule covers a path: a session with a token of the app passes. Methods that must
 * be named are denied there as anywhere.
 * @param reason why there is no rule
 * @returns undefined where the app enforces, or has no audience that a token could be for
 */
export const reportedRule = (
  app: App,
  method: string,
  reason: string,
): (Rule & { readonly need: TokenNeed }) | undefined =>
  app.mode === 'report' && app.audiences.length > 0 && reason === 'no-rule' && COMMON_METHODS.has(method)
    ? { id: 'none', path: 'none', method: undefined, need: tokenNeed(app.audiences) }
    : undefined;

const isOfApp = (app: App, token: AccessToken): boolean =>
  app.audiences.some((audience) => token.audiences.includes(audience));
