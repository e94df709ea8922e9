import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallOutcome } from './oidc/count-calls.ts';
import type { Reply } from './outcome/reply.ts';
import type { Reason } from './reason.ts';

/** What is measured. INVARIANT: labels come from the configuration and from closed tables, never from a request. */
export interface Metrics {
  /** A check was answered. @param seconds from the first byte read to the reply at hand */
  checked(reply: Reply, seconds: number): void;
  /** A page was answered on the pages listener. */
  paged(reply: Reply): void;
  /** A call to a provider ended. */
  called(provider: string, outcome: CallOutcome): void;
  /** The text that Prometheus scrapes, and its content type. */
  text(): Promise<{ readonly body: string; readonly type: string }>;
}

/** What is read at each scrape rather than counted. */
export interface Readings {
  readonly rules: () => { readonly version: string; readonly loadedAt: number };
  /** Seconds since the keys in use were fetched, by issuer; undefined when there are none. */
  readonly keySets: () => readonly (readonly [issuer: string, age: number | undefined])[];
  readonly providers: () => readonly (readonly [name: string, ready: boolean])[];
  /** Unix seconds, by provider and place in its list; only secrets that expire. */
  readonly secrets: () => readonly (readonly [provider: string, place: number, expiresAt: number])[];
  readonly warmSessions: () => number;
}

/** The ends and beginnings of logins and logouts, among the reasons. */
const LOGINS: ReadonlySet<Reason> = new Set<Reason>([
  'login-started',
  'login-completed',
  'login-resumed',
  'login-loop',
  'logged-out',
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

/** Seconds. */
const BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];

export function createMetrics(readings: Readings): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const decisions = new Counter({
    name: 'postern_decisions_total',
    help: 'Answers of the check, by app and reason.',
    labelNames: ['app', 'reason'],
    registers,
  });
  const duration = new Histogram({
    name: 'postern_check_duration_seconds',
    help: 'Time from a read check to its reply.',
    buckets: BUCKETS,
    registers,
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
    self.set({ store: 'cookie' }, readings.warmSessions()),
  );

  // prom-client finds a labelled counter by a text it makes of the labels: too much for every check.
  const children = new Map<string, ReturnType<typeof decisions.labels>>();
  const decided = (app: string, reason: Reason): ReturnType<typeof decisions.labels> => {
    const key = `${reason} ${app}`;
    const child = children.get(key) ?? decisions.labels(app, reason);
    children.set(key, child);
    return child;
  };

  const login = ({ reason, facts }: Reply): void => {
    if (LOGINS.has(reason)) logins.inc({ app: facts?.app ?? '', outcome: reason });
  };
  return {
    checked(reply, seconds) {
      decided(reply.facts?.app ?? '', reply.reason).inc();
      duration.observe(seconds);
      login(reply);
    },
    paged: login,
    called: (provider, outcome) => calls.inc({ provider, outcome }),
    text: async () => ({ body: await registry.metrics(), type: registry.contentType }),
  };
}
