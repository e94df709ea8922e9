import { hash } from 'node:crypto';
import type { StepUp } from '../outcome/challenge.ts';
import { type App, everyRule, type RuleSet, writtenFor } from '../rules/rule-set.ts';
import type { LoginEnd } from './login-memory.ts';

/** @returns what a need wants of the sign-in itself (RFC 9470); undefined when it wants nothing of it. */
export const stepUpOf = ({ acr, loginWithin }: StepUp): StepUp | undefined =>
  acr.length === 0 && loginWithin === undefined ? undefined : { acr, loginWithin };

/** Characters: 66 bits, which nobody but us chooses from. */
const NAME_LENGTH = 11;

/** A short name for the memory of a browser: `acr` values may be longer than its cookie. */
export const stepUpName = ({ acr, loginWithin }: StepUp): string =>
  hash('sha256', JSON.stringify([acr, loginWithin ?? null]), 'base64url').slice(0, NAME_LENGTH);

/** @returns whether a login of the last ten minutes was asked for this, and did not bring it. */
export const wasUnmet = (ends: readonly LoginEnd[], stepUp: StepUp): boolean =>
  ends.some(({ unmet }) => unmet === stepUpName(stepUp));

/** @returns the ends without the mark that this was not met: it has been by now. */
export const nowMet = (ends: readonly LoginEnd[], stepUp: StepUp): readonly LoginEnd[] =>
  ends.map((end) => {
    const { unmet, ...rest } = end;
    return unmet === stepUpName(stepUp) ? rest : end;
  });

interface Askable {
  readonly acr: ReadonlySet<string>;
  readonly loginWithin: ReadonlySet<number>;
}
const askableByApp = new WeakMap<App, Askable>();

/**
 * What a link may ask of a sign-in: of `acr_values` and `max_age` only what rules of the app name, so that no stranger's
 * link makes the provider ask for anything else.
 * @param query of the login page
 */
export function askedStepUp(app: App, rules: RuleSet, query: URLSearchParams): StepUp | undefined {
  const [acrValues, maxAge] = [query.get('acr_values'), query.get('max_age')];
  if (acrValues === null && maxAge === null) return undefined;
  const askable = askableByApp.get(app) ?? collect(app, rules);
  askableByApp.set(app, askable);
  const seconds = /^\d{1,9}$/.test(maxAge ?? '') ? Number(maxAge) : undefined;
  return stepUpOf({
    acr: (acrValues ?? '').split(' ').filter((value) => askable.acr.has(value)),
    loginWithin: seconds !== undefined && askable.loginWithin.has(seconds) ? seconds : undefined,
  });
}

/** @returns what each rule of the app wants of the sign-in, as often as rules do. */
export function stepUpsOf(app: App, rules: RuleSet): readonly StepUp[] {
  const written = writtenFor(rules, app);
  const all = [...(written?.paths ?? []).flatMap(everyRule), written?.otherwise];
  return all.flatMap((rule) => (rule?.need.kind === 'token' ? (stepUpOf(rule.need) ?? []) : []));
}

function collect(app: App, rules: RuleSet): Askable {
  const stepUps = stepUpsOf(app, rules);
  return {
    acr: new Set(stepUps.flatMap(({ acr }) => acr)),
    loginWithin: new Set(stepUps.flatMap(({ loginWithin }) => loginWithin ?? [])),
  };
}
