import { isLoopbackAddress } from './address.ts';
import type { Config } from './config.ts';

/** What loads, and yet may surprise whoever wrote it; one sentence each. */
export function notesOn({ session }: Config): readonly string[] {
  const { redis, store } = session;
  const notes: string[] = [];
  if (redis !== undefined && !redis.tls && (redis.sentinel !== undefined || !isLoopbackAddress(redis)))
    notes.push(
      'session.redis.url is redis://, in plain text: whoever is on the way sees the password of Redis, and can end sessions. Sessions themselves are sealed. Write rediss:// for TLS.',
    );
  if (store === 'cookie')
    notes.push(
      'session.store is cookie: signing out is final in the browser and in the process that saw it. A copy of the cookie lives on in other processes, and after a restart, until session.maxAge; nobody can list or end sessions, the provider neither. Write memory or redis for that.',
    );
  if (store === 'memory')
    notes.push(
      'session.store is memory: sessions end with the process, and other processes do not know them.',
    );
  return notes;
}
