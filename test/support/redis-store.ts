import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisConfig, RedisPasswords } from '../../src/config/config.ts';
import type { KeptSessions } from '../../src/session/kept-sessions.ts';
import type { SecretKeys } from '../../src/session/keys.ts';
import { createRedisConnection, type RedisConnection } from '../../src/session/redis-connection.ts';
import { createRedisKeys } from '../../src/session/redis-keys.ts';
import { openPrimary } from '../../src/session/redis-primary.ts';
import { createSealer } from '../../src/session/seal.ts';
import { createRedisStore } from '../../src/session/session-store-redis.ts';
import { START } from '../contract/session-store.contract.ts';
import { NEW, OLD } from './cookies.ts';

export const PLAIN: RedisConfig = {
  host: '127.0.0.1',
  port: 6379,
  tls: false,
  ca: undefined,
  database: 0,
  username: undefined,
  keyPrefix: 'postern:',
  sentinel: undefined,
};

const NO_PASSWORDS: RedisPasswords = { password: undefined, sentinelPassword: undefined };

/** Clocks of one deployment, which stand still unless moved. */
export class Clocks {
  #passed = 0;
  readonly now = (): number => START + this.#passed;
  readonly milliseconds = (): number => 1_000_000 + this.#passed * 1000;
  readonly advance = (seconds: number): void => {
    this.#passed += seconds;
  };
}

/** One process of a deployment: a store with a connection of its own. */
export interface RedisProcess extends Disposable {
  readonly store: KeptSessions;
  readonly connection: RedisConnection;
  /** Commands that were sent for the store. */
  sent(): number;
  /** What the connection said of itself: undefined for reached, else why not. */
  readonly changes: readonly (string | undefined)[];
}

export interface ProcessOptions {
  readonly config: Partial<RedisConfig>;
  readonly clocks: Pick<Clocks, 'now' | 'milliseconds'>;
  readonly passwords?: Partial<RedisPasswords>;
  readonly idle?: number | undefined;
  readonly secrets?: readonly SecretKeys[];
}

export async function startProcess(options: ProcessOptions): Promise<RedisProcess> {
  const { clocks, idle, secrets = [NEW, OLD] } = options;
  const config = { ...PLAIN, ...options.config };
  const passwords = { ...NO_PASSWORDS, ...options.passwords };
  const changes: (string | undefined)[] = [];
  let sent = 0;
  const connection = createRedisConnection(
    () => openPrimary(config, passwords),
    (why) => changes.push(why),
  );
  const counted: RedisConnection = {
    ...connection,
    run: (...command) => {
      sent += 1;
      return connection.run(...command);
    },
    evaluate: (...call) => {
      sent += 1;
      return connection.evaluate(...call);
    },
  };
  await connection.start();
  // Where many tests run at once, the first attempt may take longer than a start waits for it.
  while (connection.down() === 'not connected yet') await sleep(20);
  const store = createRedisStore({
    connection: counted,
    keys: createRedisKeys(config.keyPrefix, secrets),
    sealer: createSealer(secrets),
    idle,
    grace: 60,
    now: clocks.now,
    milliseconds: clocks.milliseconds,
  });
  return {
    store,
    connection,
    sent: () => sent,
    changes,
    [Symbol.dispose]: () => connection.stop(),
  };
}

/** A prefix that no other test has. */
export const newPrefix = (): string => `test:${randomUUID()}:`;
