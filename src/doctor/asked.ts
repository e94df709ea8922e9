import type { Config, ProviderConfig } from '../config/config.ts';
import { scopesToAsk } from '../login/sign-in.ts';
import type { App, AppRules, RuleSet } from '../rules/rule-set.ts';
import { everyRule } from '../rules/rule-set.ts';
import { providerOfApp } from '../trust.ts';

/** What apps will ever ask a provider for. */
export interface Asked {
  readonly apps: readonly App[];
  /** Scope -> where it is named: `rules/shop.yaml:12`, or the app whose logins ask for it. */
  readonly scopes: ReadonlyMap<string, string>;
  /** Audience -> the scopes that rules name for it. */
  readonly audiences: ReadonlyMap<string, readonly string[]>;
  /** Authentication context class -> the rule that names it. */
  readonly acr: ReadonlyMap<string, string>;
}

export function askedOf(config: Config, ruleSet: RuleSet, provider: ProviderConfig): Asked {
  const written = ruleSet.written.filter(({ app }) => providerOfApp(config, app) === provider);
  const scopes = new Map<string, string>();
  const acr = new Map<string, string>();
  const audiences = new Map<string, readonly string[]>();
  const note = (map: Map<string, string>, key: string, place: string): void => {
    if (!map.has(key)) map.set(key, place);
  };
  for (const rules of written) {
    const { app } = rules;
    for (const { need, id } of rulesOfApp(rules)) {
      if (need.kind !== 'token') continue;
      for (const scope of [...need.allOf, ...need.anyOf]) note(scopes, scope, id);
      for (const value of need.acr) note(acr, value, id);
    }
    for (const scope of app.login.scopes) note(scopes, scope, `logins of ${app.name}`);
    for (const [audience, named] of app.scopesByAudience)
      audiences.set(audience, [...new Set([...(audiences.get(audience) ?? []), ...named])]);
  }
  if (config.session.refresh && written.length > 0) note(scopes, 'offline_access', 'session.refresh');
  return { apps: written.map(({ app }) => app), scopes, audiences, acr };
}

/** @returns the grants of the token endpoint that apps of a provider need beside those of logins, and what needs them */
export function grantsOf(
  config: Config,
  ruleSet: RuleSet,
  provider: ProviderConfig,
): ReadonlyMap<string, string> {
  const apps = ruleSet.apps.filter((app) => providerOfApp(config, app) === provider);
  const basic = apps.find(({ credentials }) => credentials.includes('basic'));
  const exchange = config.exchanges.find(({ provider: name, from, ...entry }) =>
    name === undefined
      ? apps.some((app) => app.exchange.includes(entry.name)) ||
        (provider.moreAudiences === 'exchange' && from.issuer === provider.issuer)
      : name === provider.name,
  );
  return new Map([
    ...(basic === undefined ? [] : [['client_credentials', `credentials: basic of ${basic.name}`] as const]),
    ...(exchange === undefined
      ? []
      : [
          [
            'urn:ietf:params:oauth:grant-type:token-exchange',
            `the exchange ${exchange.name} (RFC 8693)`,
          ] as const,
        ]),
  ]);
}

const rulesOfApp = ({ paths, otherwise }: AppRules) => [
  ...paths.flatMap(everyRule),
  ...(otherwise === undefined ? [] : [otherwise]),
];

/** @returns every scope that a login of an app may ask for along with an audience, those that rules add later among them */
export const scopesFor = (app: App, audience: string): readonly string[] =>
  scopesToAsk(app, audience, app.scopesByAudience.get(audience) ?? []);
