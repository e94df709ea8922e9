import { hostKey, isExactHost } from '../rules/host-pattern.ts';
import type { App } from '../rules/rule-set.ts';

/** What a change of an app does beside the needs of its paths. */
export type Effect = 'opens' | 'closes' | 'neither';

/** A key of an app that differs, though no need does. */
export interface AppChange {
  readonly before: string;
  readonly after: string;
  readonly key: keyof App;
  readonly effect: Effect;
  readonly beforeText: string;
  readonly afterText: string;
  /** What it means for requests. */
  readonly meaning: string;
}

interface Row<Value> {
  readonly text: (value: Value) => string;
  readonly effect: (before: Value, after: Value) => Effect;
  readonly meaning: string;
  /** Where the text says less, or more, than what is compared. */
  readonly differs?: (before: Value, after: Value) => boolean;
}

const listText = (values: readonly string[]): string => (values.length === 0 ? 'none' : values.join(', '));

/** Who has more opens: every member of the list lets something pass. */
const byMembers = (before: readonly string[], after: readonly string[]): Effect => {
  if (after.some((member) => !before.includes(member))) return 'opens';
  return before.some((member) => !after.includes(member)) ? 'closes' : 'neither';
};

const harmless = (): Effect => 'neither';

const list = (meaning: string): Row<readonly string[]> => ({ text: listText, effect: byMembers, meaning });

/** Undefined: the classes show it. A key that an app gets later has to be put in here, or this does not compile. */
const ROWS: { readonly [Key in keyof App]: Row<App[Key]> | undefined } = {
  name: { text: String, effect: harmless, meaning: 'the hosts belong to another app now' },
  title: undefined, // words for people
  tenant: undefined, // of none, as written
  usesTenant: undefined, // by hosts, audiences and issuers
  hosts: {
    text: (hosts) => listText(hosts.filter((host) => !isExactHost(host))),
    effect: harmless,
    meaning: '{tenant} keeps the label as the tenant, which sessions and tokens are bound to',
    differs: (before, after) => {
      const [was, is] = [before, after].map(
        (hosts) => new Map(hosts.map((host) => [hostKey(host), host.startsWith('{tenant}')])),
      );
      return [...(is ?? [])].some(([key, captures]) => was?.has(key) && was.get(key) !== captures);
    },
  },
  provider: {
    text: (provider) => provider ?? 'the only one',
    effect: () => 'opens',
    meaning: 'access tokens of another issuer pass',
  },
  issuers: list('access tokens of these issuers pass beside those of the provider'),
  audiences: undefined,
  login: {
    text: ({ scopes, ask }) => `${scopes.join(' ')}, ask: ${ask}`,
    effect: harmless,
    meaning: 'what a login asks for',
  },
  credentials: list('these kinds of credential are read'),
  origins: {
    text: (origins) => (typeof origins === 'string' ? origins : listText(origins)),
    effect: (before, after) => byMembers([before].flat(), [after].flat()),
    meaning: 'pages of these origins may send unsafe requests with cookies, and preflights pass',
  },
  headers: {
    text: (headers) => listText(Object.entries(headers).map(([name, claim]) => `${name}: ${claim}`)),
    effect: harmless,
    meaning: 'what the upstream is told of the person',
  },
  passAccessToken: {
    text: String,
    effect: harmless,
    meaning: 'whether the upstream gets the session’s access token',
  },
  assertion: {
    text: (algorithm) => algorithm ?? 'none',
    effect: harmless,
    meaning: 'whether the upstream gets a signed assertion',
  },
  exchange: list('access tokens that come of these exchanges pass'),
  mode: {
    text: String,
    effect: (_, after) => (after === 'report' ? 'opens' : 'closes'),
    meaning: 'in report, sessions pass that lack scopes or a step-up, or meet no rule',
  },
  ignoreCase: { text: String, effect: harmless, meaning: 'the classes show what it changes' },
  tolerate: list('these spellings of a path are read, and are no 400'),
  scopesByAudience: undefined,
};

/** Compares what two apps say beside their rules. */
export function diffApps(before: App, after: App): readonly AppChange[] {
  return (Object.keys(ROWS) as (keyof App)[]).flatMap((key) => changeOf(key, before, after));
}

function changeOf<Key extends keyof App>(key: Key, before: App, after: App): readonly AppChange[] {
  const row = ROWS[key] as Row<App[Key]> | undefined;
  if (row === undefined) return [];
  const [beforeText, afterText] = [row.text(before[key]), row.text(after[key])];
  const effect = row.effect(before[key], after[key]);
  // The order of a list has no meaning.
  const differs = row.differs ?? ((was, is) => effect !== 'neither' || !sameMembers(was, is));
  if (beforeText === afterText || !differs(before[key], after[key])) return [];
  return [
    { before: before.name, after: after.name, key, effect, beforeText, afterText, meaning: row.meaning },
  ];
}

const sameMembers = (before: unknown, after: unknown): boolean =>
  Array.isArray(before) &&
  Array.isArray(after) &&
  before.length === after.length &&
  before.every((member) => after.includes(member));
