import { type ChildProcess, spawn } from 'node:child_process';

/** A program that runs beside the test. Disposing ends it, by its own id. */
export interface Child extends AsyncDisposable {
  readonly name: string;
  /** All that it wrote, both streams in the order of arrival. */
  output(): string;
  /** Waits until it has written this; rejects with all that it wrote when it ends before, or takes too long. */
  wrote(text: string): Promise<void>;
  /** Sends it a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it. @returns its exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

const PATIENCE = 20_000;

/** @param env the whole environment: nothing of the test's own leaks in */
export function startChild(
  name: string,
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Child {
  const child: ChildProcess = spawn(command, args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let ended: number | NodeJS.Signals | undefined;
  const waiting = new Set<() => void>();
  const tell = (): void => {
    for (const check of [...waiting]) check();
  };
  const hear = (chunk: string): void => {
    output += chunk;
    tell();
  };
  child.stdout?.setEncoding('utf8').on('data', hear);
  child.stderr?.setEncoding('utf8').on('data', hear);
  const gone = new Promise<number | NodeJS.Signals>((resolve) => {
    const end = (how: number | NodeJS.Signals): void => {
      ended = how;
      resolve(how);
      tell();
    };
    child.once('error', (error) => {
      output += `${error.message}\n`;
      end(-1);
    });
    child.once('close', (code, signal) => end(code ?? signal ?? -1));
  });
  const leash = leashFor(child.pid);
  void gone.then(() => leash?.kill('SIGKILL'));

  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | NodeJS.Signals> => {
    if (ended !== undefined) return ended;
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 5_000);
    try {
      return await gone;
    } finally {
      clearTimeout(force);
    }
  };
  return {
    name,
    output: () => output,
    wrote: (text) =>
      new Promise((resolve, reject) => {
        const done = (finish: () => void): void => {
          clearTimeout(timer);
          waiting.delete(check);
          finish();
        };
        const fail = (why: string): void => done(() => reject(new Error(`${name} ${why}:\n${output}`)));
        const timer = setTimeout(() => fail(`never wrote ${JSON.stringify(text)}`), PATIENCE);
        const check = (): void => {
          if (output.includes(text)) done(resolve);
          else if (ended !== undefined) fail(`ended (${ended}) before it wrote ${JSON.stringify(text)}`);
        };
        waiting.add(check);
        check();
      }),
    signal: (signal) => void child.kill(signal),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/**
 * Ends the child should this process die without a word. Jest hands its tests a copy of `process` that hears no `exit`;
 * but a pipe is closed whatever happens.
 */
function leashFor(pid: number | undefined): ChildProcess | undefined {
  if (pid === undefined) return undefined;
  const leash = spawn('/bin/sh', ['-c', 'read -r _; kill -9 "$1"', 'leash', String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  leash.once('error', () => {});
  return leash;
}
