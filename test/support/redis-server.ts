import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../demo/listener.ts';
import { type Child, startChild } from './e2e-child.ts';

const PROGRAM = process.env['REDIS_SERVER_BIN'] ?? '/usr/bin/redis-server';

/** Why there is no Redis to test with; undefined where there is one. */
export const missingRedis = existsSync(PROGRAM)
  ? undefined
  : `no ${PROGRAM}; install the package redis-server, or name one by REDIS_SERVER_BIN`;

/** A real Redis on a loopback port of its own, with a folder of its own. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** Ends it without a word, as a machine that loses its power. */
  kill(): Promise<void>;
  /** Starts it again on the same port; with `appendonly` it has what it had. */
  restart(): Promise<void>;
  /** It takes connections and commands, and answers nothing. */
  pause(): void;
  resume(): void;
}

/**
 * @param options further ones of redis-server, as `--name value`
 * @param plain false when the plain port is closed (TLS alone)
 */
export async function startRedis(options: readonly string[] = [], plain = true): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'postern-redis-'));
  const listening = plain ? ['--port', String(port)] : ['--port', '0', '--tls-port', String(port)];
  const common = ['--bind', '127.0.0.1', '--save', '', '--dir', folder];
  return startServer(port, folder, [...listening, ...common, ...options]);
}

/** A sentinel that watches one primary, and is quick to find it gone. @param more lines of its configuration */
export async function startSentinel(
  name: string,
  primary: number,
  more: readonly string[] = [],
): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'postern-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor ${name} 127.0.0.1 ${primary} 1`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 5000`,
    ...more,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return startServer(port, folder, [file, '--sentinel'], '+monitor');
}

async function startServer(
  port: number,
  folder: string,
  parameters: readonly string[],
  readyWord = 'Ready to accept connections',
): Promise<RedisServer> {
  const start = async (): Promise<Child> => {
    const started = startChild(`redis ${port}`, PROGRAM, parameters, {});
    await started.wrote(readyWord);
    return started;
  };
  let child = await start();
  return {
    port,
    kill: async () => void (await child.stop('SIGKILL')),
    async restart() {
      child = await start();
    },
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await child.stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
