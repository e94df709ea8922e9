import { cpus } from 'node:os';
import type { MeasuredServer } from './servers.ts';

/** Microseconds of all processors, of everything that runs on this machine. */
const busy = (): number =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) * 1000;

/**
 * Does something, and watches what else runs meanwhile: latencies of a small machine are those of its neighbours.
 * @returns what came of it, and how many processors others had: neither this process nor the server
 */
export async function amongNeighbours<T>(
  server: MeasuredServer,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly neighbours: number }> {
  const [began, all, own, served] = [
    performance.now(),
    busy(),
    process.cpuUsage(),
    (await server.usage()).cpu,
  ];
  const value = await work();
  const { user, system } = process.cpuUsage(own);
  const ours = user + system + (await server.usage()).cpu - served;
  const took = (performance.now() - began) * 1000;
  return { value, neighbours: Math.max(0, (busy() - all - ours) / took) };
}
