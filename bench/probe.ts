// Loaded into each measured process (`node --import`): answers its parent's questions about itself, and counts
// cryptography where BENCH_COUNT asks for it. Apart from a listener on the IPC channel it changes nothing.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** What a process says of itself. */
export interface Usage {
  /** Microseconds since its start, user and system, of all its threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly crypto: CryptoCounts;
}

/** How often cryptography ran since the start; all zero unless it is counted. */
export interface CryptoCounts {
  readonly hmac: number;
  readonly decrypt: number;
  readonly verify: number;
}

const counts = { hmac: 0, decrypt: 0, verify: 0 };

if (process.env['BENCH_COUNT'] === '1') {
  count(crypto, 'createHmac', 'hmac');
  count(crypto, 'createDecipheriv', 'decrypt');
  count(crypto, 'createVerify', 'verify');
  count(crypto, 'verify', 'verify');
  const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle) as typeof crypto.webcrypto.subtle;
  count(subtle, 'decrypt', 'decrypt');
  count(subtle, 'verify', 'verify');
  syncBuiltinESMExports();
}

process.on('message', (question) => {
  if (question !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const usage: Usage = { cpu: user + system, rss: process.memoryUsage.rss(), crypto: counts };
  process.send?.(usage);
});
// The program ends when it wants to, not when its parent lets go of the channel.
process.channel?.unref();

function count<Room extends object>(room: Room, name: keyof Room & string, as: keyof typeof counts): void {
  const inner = room[name] as (...values: unknown[]) => unknown;
  Object.defineProperty(room, name, {
    configurable: true,
    writable: true,
    value(this: unknown, ...values: unknown[]): unknown {
      counts[as] += 1;
      return inner.apply(this, values);
    },
  });
}
