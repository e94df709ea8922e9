import type { Config, Secrets } from '../config/config.ts';
import { formatProblems } from '../document/format.ts';
import { nearestWord } from '../document/nearest-word.ts';
import { createConfiguredStore } from '../session/configured-store.ts';
import type { KeptSessions } from '../session/kept-sessions.ts';
import { deriveKeys } from '../session/keys.ts';
import { createSealer } from '../session/seal.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import { type ExitCode, misuse, printJson } from './command.ts';
import { configurationOf } from './load-all.ts';
import { killSessions } from './sessions/kill.ts';
import { listSessions } from './sessions/list.ts';
import type { SessionsCommand, SessionsInvocation, SessionsValues } from './sessions/sessions-command.ts';

interface Row {
  readonly command: SessionsCommand;
  readonly options: readonly (keyof SessionsValues)[];
}

const ROWS: Readonly<Record<string, Row>> = {
  list: { command: listSessions, options: ['subject', 'client', 'limit'] },
  kill: { command: killSessions, options: ['id', 'subject', 'client', 'sid', 'provider'] },
};

/** The options of each command, by its whole name. */
export const SESSIONS_OPTIONS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(ROWS).map(([name, { options }]) => [`sessions ${name}`, options]),
);

/**
 * `postern sessions list|kill`: what an operator does with the sessions that all processes share. Asks the store and nobody
 * else; the rules need not load.
 */
export async function sessions(invocation: SessionsInvocation): Promise<ExitCode> {
  const [name = '', ...more] = invocation.words;
  const row = Object.hasOwn(ROWS, name) ? ROWS[name] : undefined;
  if (row === undefined) {
    const near = nearestWord(name, Object.keys(ROWS));
    return misuse(
      invocation,
      name === '' ? 'what about the sessions?' : `there is no command "sessions ${name}"`,
      near === undefined ? 'write one of: postern sessions list|kill' : `did you mean "sessions ${near}"?`,
    );
  }
  if (more.length > 0) return misuse(invocation, `"${more[0]}" is one word too many`, 'see postern --help');
  const now = Math.floor(Date.now() / 1000);
  const loaded = configurationOf(invocation, now);
  if ('problems' in loaded) {
    if (invocation.json) printJson(invocation, { ok: false, problems: loaded.problems });
    else invocation.err(`${formatProblems(loaded.problems)}\n`);
    return 2;
  }
  const { config, secrets } = loaded;
  const elsewhere = WHERE[config.session.store];
  if (elsewhere !== undefined) return misuse(invocation, elsewhere, 'for that, use `session.store: redis`');
  try {
    return await withStore(config, secrets, now, (kept) => row.command(invocation, { kept, config, now }));
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return misuse(invocation, error.message, 'see session.redis, and that Redis can be reached from here');
  }
}

/** Why another process cannot see the sessions of a store. */
const WHERE: Readonly<Record<Config['session']['store'], string | undefined>> = {
  cookie:
    'session.store is cookie: every session is in its browser alone, so nobody can list them or end one from here',
  memory:
    'session.store is memory: the sessions are inside the gateway that opened them, and end with it; another process cannot see them',
  redis: undefined,
};

/** @throws StoreUnavailable */
async function withStore<T>(
  config: Config,
  secrets: Secrets,
  now: number,
  use: (kept: KeptSessions) => Promise<T>,
): Promise<T> {
  const keys = secrets.session.map(deriveKeys);
  const configured = createConfiguredStore(config.session, {
    sealer: createSealer(keys),
    secrets: keys,
    passwords: secrets.redis,
    now: () => now,
    onChange: () => {},
  });
  if (configured.kept === undefined) throw new TypeError('the store keeps no sessions');
  try {
    await configured.start();
    return await use(configured.kept);
  } finally {
    configured.stop();
  }
}
