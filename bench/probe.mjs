// @ts-check
// Loaded into each measured process (`node --import`): answers its parent's questions about itself, and counts
// cryptography where BENCH_COUNT asks for it. Apart from a listener on the IPC channel it changes nothing. Plain
// JavaScript: to read TypeScript, Node would load a compiler into the process that is measured.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const counts = { hmac: 0, decrypt: 0, verify: 0 };

if (process.env['BENCH_COUNT'] === '1') {
  count(crypto, 'createHmac', 'hmac');
  count(crypto, 'createDecipheriv', 'decrypt');
  count(crypto, 'createVerify', 'verify');
  count(crypto, 'verify', 'verify');
  const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle);
  count(subtle, 'decrypt', 'decrypt');
  count(subtle, 'verify', 'verify');
  syncBuiltinESMExports();
}

process.on('message', (question) => {
  if (question !== 'usage') return;
  const { user, system } = process.cpuUsage();
  /** @type {import('./usage.ts').Usage} */
  const usage = { cpu: user + system, rss: process.memoryUsage.rss(), crypto: counts };
  process.send?.(usage);
});
// The program ends when it wants to, not when its parent lets go of the channel.
process.channel?.unref();

/**
 * @template {object} Room
 * @param {Room} room
 * @param {keyof Room & string} name
 * @param {keyof typeof counts} as
 */
function count(room, name, as) {
  const inner = /** @type {Function} */ (room[name]);
  Object.defineProperty(room, name, {
    configurable: true,
    writable: true,
    /** @param {unknown[]} values */
    value(...values) {
      counts[as] += 1;
      return inner.apply(this, values);
    },
  });
}
