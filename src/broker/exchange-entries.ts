import type { Config, ExchangeConfig, FederationConfig } from '../config/config.ts';
import { fillTenant } from '../document/tenant-text.ts';
import type { App } from '../rules/rule-set.ts';
import type { AccessToken } from '../token/access-token.ts';
import { providerOfApp } from '../trust.ts';

/** A service of another issuer, and the exchange that its tokens go through. */
export interface FederationEntry extends FederationConfig {
  readonly entry: ExchangeConfig;
}

/** Which exchanges there are for an app. Pure; `{tenant}` is filled in. */
export interface ExchangeEntries {
  /** Those that lead to one of the audiences, in the order of the configuration. */
  leadingTo(app: App, audiences: readonly string[]): readonly ExchangeConfig[];
  /**
   * @returns the audience that a login asks for, where a token for this one is had by exchange: that which the exchange begins
   * at. Where the provider gives all further audiences by exchange and none leads to this one: the app's first, so that no
   * session begins where no exchange does. Else the same one.
   */
  loginAudience(app: App, audience: string): string;
  /** Whether a session of the app has a way to a token for one of the audiences that it does not hold. */
  isListed(app: App, audiences: readonly string[]): boolean;
  /** Services whose tokens the app takes, exchanged. */
  federated(app: App): readonly FederationEntry[];
}

/** What of a configuration has to do with exchanges. */
export type ExchangingConfig = Pick<Config, 'exchanges' | 'federation' | 'providers'>;

interface OfApp {
  readonly entries: readonly ExchangeConfig[];
  readonly federated: readonly FederationEntry[];
}

const NONE: OfApp = { entries: [], federated: [] };

/** @returns the exchanges of a configuration, by the apps that say so and by their providers' `moreAudiences: exchange`. */
export function createExchangeEntries(config: ExchangingConfig): ExchangeEntries {
  const known = new WeakMap<App, OfApp>();
  const of = (app: App): OfApp => {
    if (config.exchanges.length === 0) return NONE;
    const before = known.get(app);
    if (before !== undefined) return before;
    const found = collect(config, app);
    known.set(app, found);
    return found;
  };
  const leadingTo = (app: App, audiences: readonly string[]): readonly ExchangeConfig[] => {
    const { entries } = of(app);
    return entries.length === 0 ? entries : entries.filter(({ to }) => audiences.includes(to.audience));
  };
  return {
    leadingTo,
    loginAudience(app, audience) {
      if (config.exchanges.length === 0) return audience;
      const { issuer, moreAudiences } = providerOfApp(config, app);
      const own = of(app).entries.filter(({ from }) => from.issuer === issuer);
      if (own.some(({ from }) => from.audience === audience)) return audience;
      const first = own.find(({ to }) => to.audience === audience);
      const usual = moreAudiences === 'exchange' ? (app.audiences[0] ?? audience) : audience;
      return first?.from.audience ?? usual;
    },
    isListed: (app, audiences) =>
      config.exchanges.length === 0 ||
      providerOfApp(config, app).moreAudiences !== 'exchange' ||
      audiences.includes(app.audiences[0] ?? '') ||
      leadingTo(app, audiences).length > 0,
    federated: (app) => of(app).federated,
  };
}

function collect(config: ExchangingConfig, app: App): OfApp {
  const provider = providerOfApp(config, app);
  const named = config.exchanges.filter(({ name }) => app.exchange.includes(name)).map(filledFor(app));
  const further =
    provider.moreAudiences === 'exchange'
      ? config.exchanges
          .filter(({ name }) => !app.exchange.includes(name))
          .map(filledFor(app))
          .filter(({ from }) => from.issuer === provider.issuer)
      : [];
  return {
    entries: [...named, ...further],
    // Only an exchange that the app itself names: a partner is let into that app, and into no other.
    federated: config.federation.flatMap((one) => {
      const entry = named.find(({ name }) => name === one.exchange);
      return entry === undefined ? [] : [{ ...one, entry }];
    }),
  };
}

const filledFor =
  ({ tenant }: App) =>
  (entry: ExchangeConfig): ExchangeConfig => {
    if (tenant === '') return entry;
    const fill = (text: string): string => fillTenant(text, tenant);
    return {
      ...entry,
      from: { issuer: fill(entry.from.issuer), audience: fill(entry.from.audience) },
      to: { ...entry.to, audience: fill(entry.to.audience) },
    };
  };

/** @returns whether an exchange begins at this token. */
export const beginsAt = ({ from }: ExchangeConfig, token: AccessToken): boolean =>
  token.issuer === from.issuer && token.audiences.includes(from.audience);
