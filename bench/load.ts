import { type Connection, connect } from './connection.ts';

/** One request after the other, as bytes; undefined: there are no more. */
export type Requests = () => Buffer | undefined;

export interface LoadOptions {
  readonly port: number;
  readonly host?: string;
  readonly next: Requests;
  /** Kept open all the time; each sends the next request when it has its answer. */
  readonly connections: number;
  /** The load ends after so long, or when there are no more requests. */
  readonly seconds: number;
}

/** What came of a load. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array;
  /** How often each status came. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** @returns the value that a part of the sorted values stays below. */
export const quantile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;

/** Sends requests to a server, as many as it answers. */
export async function drive(options: LoadOptions): Promise<Load> {
  const { port, host = '127.0.0.1', next, seconds } = options;
  const latencies: number[] = [];
  const statuses = new Map<number, number>();
  const sentAt = new Map<Connection, number>();

  const connections = await Promise.all(
    Array.from({ length: options.connections }, () =>
      connect(host, port, (connection, status) => {
        latencies.push(performance.now() - (sentAt.get(connection) ?? Number.NaN));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        send(connection);
      }),
    ),
  );
  const started = performance.now();
  const end = started + seconds * 1000;

  function send(connection: Connection): void {
    const now = performance.now();
    const request = now < end ? next() : undefined;
    if (request === undefined) {
      sentAt.delete(connection);
      return;
    }
    sentAt.set(connection, now);
    connection.send(request);
  }

  connections.forEach(send);
  const finished = new Promise<void>((resolve) => {
    // Never sleeps: a server pays for waking up its client, and a slow one would do so more often than a fast one.
    const turn = (): void => void (sentAt.size === 0 ? resolve() : setImmediate(turn));
    turn();
  });
  await Promise.race([finished, ...connections.map(({ lost }) => lost)]);
  const took = (performance.now() - started) / 1000;
  for (const connection of connections) connection.close();
  return {
    requests: latencies.length,
    seconds: took,
    latencies: Float64Array.from(latencies).sort(),
    statuses,
  };
}
