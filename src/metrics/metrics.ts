import { Counter, Gauge, Registry } from 'prom-client';
import type { ExchangeEvent } from '../broker/exchanges.ts';
import type { CallOutcome } from '../oidc/count-calls.ts';
import type { Reply } from '../outcome/reply.ts';
import type { Reason } from '../reason.ts';
import type { RefreshOutcome } from '../session/refreshable.ts';
import { createDurations } from './durations.ts';
import { addProcess } from './process.ts';
import { createTally } from './tally.ts';

/** What is measured. INVARIANT: labels come from the configuration and from closed tables, never from a request. */
export interface Metrics {
  /** A check was answered. @param seconds from the first byte read to the reply at hand */
  checked(reply: Reply, seconds: number): void;
  /** A page was answered on the pages listener. */
  paged(reply: Reply): void;
  /** A call to a provider ended. */
  called(provider: string, outcome: CallOutcome): void;
  /** A call to a provider for a refresh ended. */
  refreshed(provider: string, outcome: RefreshOutcome): void;
  /** A call for an exchange ended, or was not made because there were too many. */
  exchanged(exchange: string, outcome: ExchangeEvent['outcome']): void;
  /** A caller brought a wrong client secret. */
  wrongSecret(provider: string): void;
  /** The rules on disk were read again. */
  reloaded(outcome: ReloadOutcome): void;
  /** The text that Prometheus scrapes, and its content type. */
  text(): Promise<{ readonly body: string; readonly type: string }>;
}

/** How a reload of the rules ended. */
export type ReloadOutcome = (typeof RELOAD_OUTCOMES)[number];
const RELOAD_OUTCOMES = ['swapped', 'refused', 'unchanged'] as const;

/** What is read at each scrape rather than counted. */
export interface Readings {
  /** `refusal`: other rules are on disk, and they were refused. */
  readonly rules: () => {
    readonly version: string;
    readonly loadedAt: number;
    readonly refusal: object | undefined;
  };
  readonly appsInReportMode: () => number;
  /** Seconds since the keys in use were fetched, by issuer; undefined when there are none. */
  readonly keySets: () => readonly (readonly [issuer: string, age: number | undefined])[];
  readonly providers: () => readonly (readonly [name: string, ready: boolean])[];
  /** Unix seconds, by provider and place in its list; only secrets that expire. */
  readonly secrets: () => readonly (readonly [provider: string, place: number, expiresAt: number])[];
  readonly warmSessions: () => number;
  readonly store: () => { readonly name: string; readonly reachable: boolean };
}

/** The ends and beginnings of logins and logouts, among the reasons. */
const LOGINS: ReadonlySet<Reason> = new Set<Reason>([
  'login-started',
  'login-completed',
  'login-resumed',
  'login-loop',
  'logged-out',
  'backchannel-logout',
  'logout-token-invalid',
  'callback-malformed',
  'callback-state',
  'callback-cookie-missing',
  'callback-expired',
  'callback-issuer',
  'provider-refused',
  'provider-answer-invalid',
  'provider-unavailable',
  'provider-disabled',
  'id-token-invalid',
  'access-token-opaque',
  'access-token-invalid',
  'session-too-large',
]);

export function createMetrics(readings: Readings): Metrics {
  const registry = new Registry();
  const registers = [registry];

  // Every check counts here, so in plain numbers; prom-client hears of them at the scrape.
  const decisions = createTally();
  const durations = createDurations();
  new Counter({
    name: 'postern_decisions_total',
    help: 'Answers of the check, by app and reason.',
    labelNames: ['app', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const [app, reason, count] of decisions.counts()) this.inc({ app, reason }, count);
    },
  });
  const logins = new Counter({
    name: 'postern_logins_total',
    help: 'Logins and logouts, by app and outcome.',
    labelNames: ['app', 'outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'postern_provider_calls_total',
    help: 'Calls to providers, by class of status.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const refreshes = new Counter({
    name: 'postern_refreshes_total',
    help: 'Calls for a refresh of a session, by provider and outcome.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const exchanges = new Counter({
    name: 'postern_exchanges_total',
    help: 'Exchanges of access tokens, by entry and outcome.',
    labelNames: ['exchange', 'outcome'],
    registers,
  });
  const wrongSecrets = new Counter({
    name: 'postern_wrong_client_secrets_total',
    help: 'Client ids and secrets of callers (HTTP Basic) that a provider refused.',
    labelNames: ['provider'],
    registers,
  });
  const reloads = new Counter({
    name: 'postern_rules_reloads_total',
    help: 'Times that the rules were read again, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  // From nought on, so that the first refusal is an increase.
  for (const outcome of RELOAD_OUTCOMES) reloads.inc({ outcome }, 0);
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    collect: (self: Gauge<Label>) => void,
  ): void => {
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect(this);
      },
    });
  };
  gauge('postern_rules_info', 'The rule set in force.', ['version'], (self) =>
    self.set({ version: readings.rules().version }, 1),
  );
  gauge('postern_rules_loaded_timestamp_seconds', 'When the rule set in force was loaded.', [], (self) =>
    self.set(readings.rules().loadedAt),
  );
  gauge('postern_rules_reload_failed', '1 while the rules on disk are refused.', [], (self) =>
    self.set(readings.rules().refusal === undefined ? 0 : 1),
  );
  gauge('postern_apps_in_report_mode', 'Apps whose rules are reported rather than enforced.', [], (self) =>
    self.set(readings.appsInReportMode()),
  );
  gauge('postern_key_set_age_seconds', 'Age of the keys in use; absent without keys.', ['issuer'], (self) => {
    for (const [issuer, age] of readings.keySets()) if (age !== undefined) self.set({ issuer }, age);
  });
  gauge('postern_provider_ready', 'Whether discovery has succeeded.', ['provider'], (self) => {
    for (const [provider, ready] of readings.providers()) self.set({ provider }, ready ? 1 : 0);
  });
  gauge(
    'postern_client_secret_expiry_timestamp_seconds',
    'When a client secret expires, by provider and place in the list.',
    ['provider', 'place'],
    (self) => {
      for (const [provider, place, at] of readings.secrets())
        self.set({ provider, place: String(place) }, at);
    },
  );
  gauge('postern_sessions_warm', 'Sessions in the cache of opened ones.', ['store'], (self) =>
    self.set({ store: readings.store().name }, readings.warmSessions()),
  );
  gauge('postern_store_reachable', '1 while the session store answers.', ['store'], (self) => {
    const { name, reachable } = readings.store();
    self.set({ store: name }, reachable ? 1 : 0);
  });

  addProcess(registry);

  const login = ({ reason, facts }: Reply): void => {
    if (LOGINS.has(reason)) logins.inc({ app: facts?.app ?? '', outcome: reason });
  };
  return {
    checked(reply, seconds) {
      decisions.add(reply.facts?.app ?? '', reply.reason);
      durations.add(seconds);
      login(reply);
    },
    paged: login,
    called: (provider, outcome) => calls.inc({ provider, outcome }),
    refreshed: (provider, outcome) => refreshes.inc({ provider, outcome }),
    exchanged: (exchange, outcome) => exchanges.inc({ exchange, outcome }),
    wrongSecret: (provider) => wrongSecrets.inc({ provider }),
    reloaded: (outcome) => reloads.inc({ outcome }),
    text: async () => ({
      body: `${await registry.metrics()}\n${durations.text()}\n`,
      type: registry.contentType,
    }),
  };
}
