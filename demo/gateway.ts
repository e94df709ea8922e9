import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieTogether, endChild } from './child.ts';
import { DecisionLog } from './decision-log.ts';

/** The gateway as a program of its own, as in production. */
export interface RunningGateway extends AsyncDisposable {
  /** Origin of the checks: `http://127.0.0.1:<port>`. */
  readonly checks: string;
  /** Origin of the pages for people. */
  readonly pages: string;
  readonly decisions: DecisionLog;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly sessionSecret: string;
  /** More of `POSTERN_*`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each event that it logs. */
  readonly onEvent?: (event: Readonly<Record<string, unknown>>) => void;
}

const ROOT = resolve(import.meta.dirname, '..');
const PATIENCE = 15_000;

/** Starts `postern serve` on free loopback ports and waits until it is ready. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const decisions = new DecisionLog();
  // Settings of the shell would win over demo/postern.yaml.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
  const child = spawn(process.execPath, ['src/main.ts', 'serve', '--config', 'demo/postern.yaml'], {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(inherited),
      POSTERN_LISTEN: '127.0.0.1:0',
      POSTERN_PAGES_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
      POSTERN_PROVIDER_ISSUER: options.issuer,
      POSTERN_PROVIDER_CLIENT_ID: options.clientId,
      POSTERN_PROVIDER_CLIENT_SECRET: options.clientSecret,
      POSTERN_SESSION_SECRET: options.sessionSecret,
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const close = () => endChild(child);
  child.once('exit', dieTogether(child));

  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints += text;
  });
  const started = Promise.withResolvers<Record<string, unknown>>();
  started.promise.catch(() => {});
  createInterface(child.stdout).on('line', (line) => {
    const event = decisions.read(line);
    if (event === undefined) return;
    options.onEvent?.(event);
    if (event['event'] === 'started') started.resolve(event);
  });
  child.once('exit', (code) => started.reject(new Error(`the gateway ended with ${code}:\n${complaints}`)));
  child.once('error', (error) => started.reject(error));
  try {
    const { listen, pagesListen } = await started.promise;
    const checks = `http://${listen}`;
    await ready(checks, child);
    return { checks, pages: `http://${pagesListen}`, decisions, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function ready(checks: string, child: ChildProcess): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE);
  for (;;) {
    const { status } = await fetch(`${checks}/readyz`, { signal: patience });
    if (status === 200) return;
    if (child.exitCode !== null) throw new Error('the gateway ended before it was ready');
    await sleep(25, undefined, { signal: patience });
  }
}
