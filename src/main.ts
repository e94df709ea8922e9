#!/usr/bin/env node
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * How V8 keeps its heap, so that the process takes the memory it needs rather than the memory it can get. Set before the
 * rest of the program is loaded: loading it makes the young generation grow, and it would stay so.
 */
const HEAP = [
  // The young generation stays as it is. It would grow to 64 MB twice; it is collected more often for that.
  '--semi-space-growth-factor=1',
  // The next full collection comes when the heap has grown by a fifth, not when it has doubled.
  '--heap-growing-percent=20',
  // The HTTP parser of `fetch` is WebAssembly; optimising it takes 25 MB, for a few answers of the provider.
  '--wasm-tiering-budget=2000000000',
];

/** Bytes. */
const YOUNG_GENERATION = 4 * 1024 * 1024;
const MOST_ROUNDS = 100;
const youngGeneration = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;

// The package needs Node 24: on an older one, TypeScript sources do not even load, and the build says so itself.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`postern needs Node 24 or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  growYoungGeneration();
  for (const flag of HEAP) setFlagsFromString(flag);
  const { main } = await import('./command-line.ts');
  process.exitCode = await main(process.argv.slice(2));
}

/**
 * Lets the young generation grow, before it is held: in the 1 MB that it begins with, a warm check pays more for its
 * collection. V8 has no setting for that once it runs: it grows when enough of it survives.
 */
function growYoungGeneration(): void {
  const survivors: object[] = [];
  // Bounded: where V8 decides otherwise, the process only does without.
  for (let rounds = 0; rounds < MOST_ROUNDS && youngGeneration() < YOUNG_GENERATION; rounds += 1)
    for (let count = 0; count < 2_000; count += 1) survivors.push({ count, rounds });
}
