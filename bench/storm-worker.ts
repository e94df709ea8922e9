import { parentPort } from 'node:worker_threads';
import { pace } from './paced.ts';

/** What the thread that makes a storm is told. */
export interface StormOrder {
  readonly port: number;
  readonly requests: readonly Uint8Array[];
  readonly rate: number;
  readonly seconds: number;
}

/** What came of it. */
export interface Storm {
  /** How often each status came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Answers a second, which is less than was ordered where one of the two did not keep up. */
  readonly rate: number;
}

// A thread of its own, so that the storm does not hold up the clock of the good requests.
parentPort?.on('message', async ({ port, requests, rate, seconds }: StormOrder) => {
  const left = requests.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength));
  const load = await pace({ port, rate, seconds, next: () => left.pop(), connections: 32 });
  const storm: Storm = { statuses: load.statuses, rate: load.requests / load.seconds };
  parentPort?.postMessage(storm);
});
