import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieTogether, endChild } from '../demo/child.ts';
import { type Answer, ask } from './answer.ts';
import type { Usage } from './usage.ts';

/** A server in a process of its own that tells what it costs. */
export interface MeasuredServer extends AsyncDisposable {
  readonly port: number;
  usage(): Promise<Usage>;
}

export interface BareServer extends MeasuredServer {
  /** From now on it sends this answer. */
  send(answer: Answer): Promise<void>;
}

export interface Gateway extends MeasuredServer {
  /** From the start of the process until /readyz answered 200, in milliseconds. */
  readonly readyAfter: number;
  /** @returns the number of lines in its log, which is empty from then on. */
  takeLog(): number;
}

export interface GatewayOptions {
  /** The built program. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Counts cryptography, which costs a little. */
  readonly count?: boolean;
  /** False: the program alone, which can then not tell what it costs. */
  readonly probe?: boolean;
  /** Where to write a CPU profile when it ends. */
  readonly profile?: string;
}

const here = (file: string): string => join(import.meta.dirname, file);
const PATIENCE = 15_000;

/** Starts the yardstick. */
export async function startBare(): Promise<BareServer> {
  const child = spawn(process.execPath, ['--import', here('probe.mjs'), here('bare.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  child.once('exit', dieTogether(child));
  const { port } = (await answerOf(child)) as { port: number };
  return {
    port,
    usage: () => usageOf(child),
    async send(answer) {
      child.send({ answer });
      await answerOf(child);
    },
    [Symbol.asyncDispose]: () => endChild(child),
  };
}

/** Starts the built gateway with its log in a file, and waits until it is ready. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const log = join(folder, 'log');
  const out = openSync(log, 'a');
  const flags = [
    ...(options.probe === false ? [] : ['--import', here('probe.mjs')]),
    ...(options.profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', options.profile]),
  ];
  // Settings of the shell would mix with those of the bench.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:POSTERN|NODE)_/.test(name));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...flags, options.program], {
    stdio: ['ignore', out, 'inherit', options.probe === false ? 'ignore' : 'ipc'],
    env: {
      ...Object.fromEntries(inherited),
      POSTERN_LISTEN: '127.0.0.1:0',
      POSTERN_PAGES_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
      ...(options.count === true ? { BENCH_COUNT: '1' } : {}),
      ...options.env,
    },
  });
  closeSync(out);
  child.once('exit', dieTogether(child));
  const close = async (): Promise<void> => {
    await endChild(child);
    rmSync(folder, { recursive: true });
  };
  try {
    const port = await ready(child, log);
    return {
      port,
      readyAfter: performance.now() - startedAt,
      usage: () => usageOf(child),
      takeLog() {
        const lines = readFileSync(log, 'latin1').split('\n').length - 1;
        // The gateway appends: it goes on at the new end.
        truncateSync(log);
        return lines;
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const READYZ = Buffer.from('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');

async function ready(child: ChildProcess, log: string): Promise<number> {
  for (const end = performance.now() + PATIENCE; performance.now() < end; await sleep(2)) {
    if (child.exitCode !== null) {
      throw new Error(`the gateway ended with ${child.exitCode}: ${readFileSync(log, 'utf8')}`);
    }
    const [, port] =
      /"event":"started","listen":"127\.0\.0\.1:([0-9]+)"/.exec(readFileSync(log, 'utf8')) ?? [];
    if (port !== undefined && (await ask(Number(port), READYZ)).status === 200) return Number(port);
  }
  throw new Error(`the gateway is not ready after ${PATIENCE} ms: ${readFileSync(log, 'utf8')}`);
}

async function usageOf(child: ChildProcess): Promise<Usage> {
  child.send('usage');
  return (await answerOf(child)) as Usage;
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(() => {
    throw new Error('a measured process ended by itself');
  });
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
  gone.abort();
  return message;
}
