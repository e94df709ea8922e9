/** What a finding is about, in the order in which findings are told. */
export const TOPICS = ['provider', 'callback', 'proxy', 'traefik', 'store', 'cookies', 'secrets'] as const;
export type Topic = (typeof TOPICS)[number];

/** Something that was looked at. */
export interface Finding {
  /** `problem`: people or programs are turned away, or get in where they must not. `warning`: it may come to that. */
  readonly level: 'problem' | 'warning' | 'ok';
  readonly topic: Topic;
  /** Which one: the name of a provider, a host, an address. */
  readonly subject: string;
  /** What was seen; never a secret, token or code. */
  readonly seen: string;
  /** Why it matters; empty where nothing needs to be said. */
  readonly why: string;
  /** What to change; empty for what is good. */
  readonly change: string;
}

/** Something that could not be looked at, or was not asked for. */
export interface Open {
  readonly level: 'open';
  readonly topic: Topic;
  readonly subject: string;
  readonly what: string;
  /** How it can be looked at. */
  readonly how: string;
}

export type Note = Finding | Open;

/** Makes notes about one subject. */
export interface Notes {
  ok(seen: string, why?: string): Finding;
  warning(seen: string, why: string, change: string): Finding;
  problem(seen: string, why: string, change: string): Finding;
  open(what: string, how: string): Open;
}

export const notesAbout = (topic: Topic, subject: string): Notes => ({
  ok: (seen, why = '') => ({ level: 'ok', topic, subject, seen, why, change: '' }),
  warning: (seen, why, change) => ({ level: 'warning', topic, subject, seen, why, change }),
  problem: (seen, why, change) => ({ level: 'problem', topic, subject, seen, why, change }),
  open: (what, how) => ({ level: 'open', topic, subject, what, how }),
});

const MOST_SHOWN = 12;
const LONGEST_SHOWN = 120;

/** @returns what somebody else wrote, cut to a length that does not bury the rest. */
export const shown = (text: string): string =>
  text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;

/** @returns a list in words, of many the first. */
export function listed(items: readonly string[]): string {
  if (items.length === 0) return 'none';
  const rest = items.length - MOST_SHOWN;
  const first = items.slice(0, MOST_SHOWN).map(shown).join(', ');
  return rest > 0 ? `${first} and ${rest} more` : first;
}
