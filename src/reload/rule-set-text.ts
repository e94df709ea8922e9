import { compile } from '../rules/compile.ts';
import { ANY_SEGMENT } from '../rules/path-pattern.ts';
import type { App, AppRules, PathRules, RuleSet } from '../rules/rule-set.ts';

/** A rule set as texts, one for each app: what passes between threads. Texts are quicker to copy than objects. */
export interface RuleSetText {
  readonly version: string;
  readonly apps: readonly string[];
}

/** @throws TypeError when an app holds a value that JSON would lose: then this file must learn it. */
export const writeRuleSet = ({ version, written }: RuleSet): RuleSetText => ({
  version,
  apps: written.map(({ app, paths, ...rest }) =>
    JSON.stringify(
      {
        app: { ...app, scopesByAudience: [...app.scopesByAudience] },
        paths: paths.map(({ pattern, byMethod, ...more }) => ({
          ...more,
          pattern: {
            ...pattern,
            segments: pattern.segments.map((segment) => (segment === ANY_SEGMENT ? null : segment)),
          },
          byMethod: [...byMethod],
        })),
        ...rest,
      },
      refuseLoss,
    ),
  ),
});

/** @param turn awaited between two apps, so that checks are answered meanwhile */
export async function readRuleSet(
  { version, apps }: RuleSetText,
  turn: () => Promise<unknown>,
): Promise<RuleSet> {
  const written: AppRules[] = [];
  for (const text of apps) {
    written.push(readApp(text));
    await turn();
  }
  return compile(version, written);
}

/** As `writeRuleSet` writes it: `JSON.parse` gives exactly this. */
interface AppText extends Omit<AppRules, 'app' | 'paths'> {
  readonly app: Omit<App, 'scopesByAudience'> & {
    readonly scopesByAudience: readonly [string, readonly string[]][];
  };
  readonly paths: readonly (Omit<PathRules, 'pattern' | 'byMethod'> & {
    readonly pattern: { readonly segments: readonly (string | null)[]; readonly below: boolean };
    readonly byMethod: readonly (readonly [string, NonNullable<PathRules['rest']>])[];
  })[];
}

function readApp(text: string): AppRules {
  const { app, paths, ...rest } = JSON.parse(text) as AppText;
  return {
    app: { ...app, scopesByAudience: new Map(app.scopesByAudience) },
    paths: paths.map(({ pattern, byMethod, ...more }) => ({
      ...more,
      pattern: { ...pattern, segments: pattern.segments.map((segment) => segment ?? ANY_SEGMENT) },
      byMethod: new Map(byMethod),
    })),
    ...rest,
  };
}

// The holder's own value: a date would come as the text that it makes of itself.
function refuseLoss(this: Readonly<Record<string, unknown>>, key: string): unknown {
  const value = this[key];
  const isPlain =
    value === null ||
    ['string', 'boolean', 'undefined'].includes(typeof value) ||
    (typeof value === 'number' && Number.isFinite(value)) ||
    Array.isArray(value) ||
    (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype);
  if (!isPlain) throw new TypeError(`"${key}" of a rule set is no plain value`);
  return value;
}
