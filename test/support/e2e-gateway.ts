import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, startChild } from './e2e-child.ts';

export const PROJECT = join(import.meta.dirname, '../..');

/** A line of the gateway's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The built program, `node dist/main.js serve`, as a process of its own. */
export interface GatewayProcess extends AsyncDisposable {
  /** `host:port`; they stay the same after a restart. */
  readonly listen: string;
  readonly pagesListen: string;
  readonly adminListen: string;
  /** What all its runs wrote. */
  output(): string;
  /** The lines of the log, of all runs. */
  log(): readonly LogLine[];
  /** Sends SIGHUP. */
  hangUp(): void;
  /** Ends it without a word, as a crash does. */
  crash(): Promise<void>;
  /** Asks it to end. @returns the exit code or the signal that ended it */
  stop(): Promise<number | NodeJS.Signals>;
  /** Runs it again where it was. */
  restart(): Promise<void>;
}

/** @param settings the `POSTERN_…` environment, without the listeners */
export async function startGatewayProcess(
  settings: Readonly<Record<string, string>>,
): Promise<GatewayProcess> {
  const outputs: string[] = [];
  const run = async (listeners: Readonly<Record<string, string>>): Promise<Child> => {
    const child = startChild('the gateway', process.execPath, [join(PROJECT, 'dist/main.js'), 'serve'], {
      ...settings,
      ...listeners,
    });
    try {
      await child.wrote('"event":"started"');
      await ready(String(startOf(child)['listen']));
    } catch (error) {
      await child.stop('SIGKILL');
      throw error;
    }
    return child;
  };
  const any = '127.0.0.1:0';
  let child = await run({
    POSTERN_LISTEN: any,
    POSTERN_PAGES_LISTEN: any,
    POSTERN_ADMIN_LISTEN: any,
  });
  const started = startOf(child);
  const [listen, pagesListen, adminListen] = ['listen', 'pagesListen', 'adminListen'].map((name) =>
    String(started[name]),
  ) as [string, string, string];
  const end = async (signal: NodeJS.Signals): Promise<number | NodeJS.Signals> => {
    const how = await child.stop(signal);
    outputs.push(child.output());
    return how;
  };
  const output = (): string => {
    const now = child.output();
    return [...outputs.filter((one) => one !== now), now].join('');
  };
  return {
    listen,
    pagesListen,
    adminListen,
    output,
    log: () => linesOf(output()),
    hangUp: () => child.signal('SIGHUP'),
    crash: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    restart: async () => {
      child = await run({
        POSTERN_LISTEN: listen,
        POSTERN_PAGES_LISTEN: pagesListen,
        POSTERN_ADMIN_LISTEN: adminListen,
      });
    },
    [Symbol.asyncDispose]: async () => void (await child.stop()),
  };
}

const startOf = (child: Child): LogLine =>
  linesOf(child.output()).find(({ event }) => event === 'started') ?? {};

/** Ready means that the provider has been found, too. */
async function ready(listen: string): Promise<void> {
  const patience = AbortSignal.timeout(10_000);
  while ((await fetch(`http://${listen}/readyz`, { signal: patience })).status !== 200) await sleep(25);
}

function linesOf(output: string): LogLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as LogLine];
      } catch {
        return []; // half a line yet
      }
    });
}
