#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

/**
 * How V8 keeps its heap, so that the process takes the memory it needs rather than the memory it can get. Set before the
 * rest of the program is loaded: loading it makes the young generation grow, and it would stay so.
 */
const HEAP = [
  // The young generation stays at 1 MB. It would grow to 64 MB twice; it is collected more often for that.
  '--semi-space-growth-factor=1',
  // The next full collection comes when the heap has grown by a fifth, not when it has doubled.
  '--heap-growing-percent=20',
  // The HTTP parser of `fetch` is WebAssembly; optimising it takes 25 MB, for a few answers of the provider.
  '--wasm-tiering-budget=2000000000',
];

// The package needs Node 24: on an older one, TypeScript sources do not even load, and the build says so itself.
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(`postern needs Node 24 or newer; this is ${process.version}\n`);
  process.exitCode = 2;
} else {
  for (const flag of HEAP) setFlagsFromString(flag);
  const { main } = await import('./command-line.ts');
  process.exitCode = await main(process.argv.slice(2));
}
