import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../token/deadline.ts';
import type { RedisClient, RedisReply } from './redis-client.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** A connection that comes back by itself. Its calls reject with nothing but `StoreUnavailable`, within two seconds. */
export interface RedisConnection {
  run(...command: readonly string[]): Promise<RedisReply>;
  evaluate: RedisClient['evaluate'];
  /** Why it cannot be reached; undefined while it can. */
  down(): string | undefined;
  /** Whether it was reached since the start. */
  wasReached(): boolean;
  /** Connects, and stays so until `stop`. Resolves when the first attempt has ended somehow, after a second at the latest. */
  start(): Promise<void>;
  stop(): void;
}

/**
 * Milliseconds. A command is answered or given up within its limit, and the connection with it: who does not answer one
 * command will not answer the next.
 */
export const COMMAND_LIMIT = 1000;
/** Milliseconds: how often an idle connection is asked whether it lives. */
const HEARTBEAT = 2000;
/** Milliseconds between two attempts: twice as many each time, up to the most. */
const [LEAST_PAUSE, MOST_PAUSE] = [100, 2000];

/**
 * @param open opens a connection, or throws `StoreUnavailable`
 * @param onChange called with why when it cannot be reached, and with undefined when it can again
 */
export function createRedisConnection(
  open: () => Promise<RedisClient>,
  onChange: (why: string | undefined) => void,
): RedisConnection {
  const stopping = new AbortController();
  let client: RedisClient | undefined;
  let why: string | undefined = 'not connected yet';
  let told: string | undefined;
  let reached = false;
  /**
   * Until then (by `performance.now`) a command waits for the next connection: one that was closed is often replaced in
   * a moment. Afterwards it is refused at once, so that nothing piles up.
   */
  let patientUntil = 0;
  let arrival = Promise.withResolvers<void>();

  const tell = (reason: string | undefined): void => {
    why = reason;
    if (reason === told || stopping.signal.aborted) return;
    told = reason;
    onChange(reason);
  };

  async function reachable(): Promise<RedisClient> {
    const left = patientUntil - performance.now();
    if (client === undefined && left > 0) await withDeadline(left, arrival.promise, () => undefined);
    if (client === undefined) throw new StoreUnavailable(why ?? 'not connected');
    return client;
  }

  /** Uses one connection for as long as it lives. */
  async function use(opened: RedisClient): Promise<void> {
    client = opened;
    reached = true;
    tell(undefined);
    arrival.resolve();
    // A failure here is a loss too, and told as one.
    const timer = setInterval(() => void opened.send(['PING']).catch(() => undefined), HEARTBEAT).unref();
    const { why: reason, silent } = await opened.lost;
    clearInterval(timer);
    client = undefined;
    arrival = Promise.withResolvers();
    patientUntil = silent ? 0 : performance.now() + COMMAND_LIMIT;
    tell(reason);
  }

  async function keep(attempted: () => void): Promise<void> {
    let pause = 0;
    while (!stopping.signal.aborted) {
      try {
        const opened = await open();
        attempted();
        pause = 0;
        if (stopping.signal.aborted) opened.close();
        await use(opened);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        tell(error.why);
      }
      attempted();
      pause = Math.min(Math.max(2 * pause, LEAST_PAUSE), MOST_PAUSE);
      await sleep(pause, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined);
    }
  }

  return {
    run: async (...command) => (await reachable()).send(command),
    evaluate: async (...call) => (await reachable()).evaluate(...call),
    down: () => why,
    wasReached: () => reached,
    start() {
      patientUntil = performance.now() + COMMAND_LIMIT;
      const { promise, resolve } = Promise.withResolvers<void>();
      void keep(resolve);
      return withDeadline(COMMAND_LIMIT, promise, () => undefined);
    },
    stop() {
      stopping.abort();
      client?.close();
    },
  };
}
