import { parentPort, workerData } from 'node:worker_threads';
import { pace } from './paced.ts';

/** What the thread that makes the storm is told. */
export interface StormOrder {
  readonly port: number;
  readonly requests: readonly Uint8Array[];
  readonly rate: number;
  readonly seconds: number;
}

// A thread of its own, so that the storm does not hold up the clock of the good requests.
const { port, requests, rate, seconds } = workerData as StormOrder;
const left = requests.map((one) => Buffer.from(one.buffer, one.byteOffset, one.byteLength));
const { statuses } = await pace({ port, rate, seconds, next: () => left.pop(), connections: 32 });
parentPort?.postMessage(statuses);
