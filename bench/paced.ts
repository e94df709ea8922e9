import { type Connection, connect } from './connection.ts';
import type { Load, Requests } from './load.ts';

export interface PacedOptions {
  readonly port: number;
  readonly next: Requests;
  /** Requests a second, whether those before were answered or not. */
  readonly rate: number;
  /** As many as can be under way; what is due while none is free waits, and that wait counts. */
  readonly connections: number;
  readonly seconds: number;
}

/**
 * Sends requests at a steady rate, and sleeps in between: beside a client that never does, the threads of the server would
 * have one processor less. A request that no connection was free for counts from when it was due: a server that stands still
 * does not spare itself the requests of that time.
 */
export async function pace({ port, next, rate, connections, seconds }: PacedOptions): Promise<Load> {
  const latencies: number[] = [];
  const statuses = new Map<number, number>();
  const began = new Map<Connection, number>();
  const idle: Connection[] = [];
  const all = await Promise.all(
    Array.from({ length: connections }, () =>
      connect('127.0.0.1', port, (connection, status) => {
        latencies.push(performance.now() - (began.get(connection) ?? Number.NaN));
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        began.delete(connection);
        idle.push(connection);
      }),
    ),
  );
  idle.push(...all);
  const started = performance.now();
  const total = Math.floor(rate * seconds);
  let sent = 0;
  let wasFull = false;
  const finished = new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      while (sent < total && started + (sent * 1000) / rate <= now) {
        const connection = idle.shift();
        const request = connection === undefined ? undefined : next();
        if (connection === undefined || request === undefined) {
          wasFull = true;
          break;
        }
        began.set(connection, wasFull ? started + (sent * 1000) / rate : performance.now());
        sent += 1;
        connection.send(request);
      }
      if (idle.length > 0) wasFull = false;
      if (sent >= total && began.size === 0) resolve();
      else setTimeout(turn, 1);
    };
    turn();
  });
  await Promise.race([finished, ...all.map(({ lost }) => lost)]);
  for (const connection of all) connection.close();
  return {
    requests: latencies.length,
    seconds: (performance.now() - started) / 1000,
    latencies: Float64Array.from(latencies).sort(),
    statuses,
  };
}
