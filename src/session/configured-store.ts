import type { RedisPasswords, SessionConfig } from '../config/config.ts';
import type { KeptSessions } from './kept-sessions.ts';
import type { SecretKeys } from './keys.ts';
import { createRedisConnection } from './redis-connection.ts';
import { createRedisKeys } from './redis-keys.ts';
import type { Sealer } from './seal.ts';
import type { SessionStore } from './session-store.ts';
import { createCookieStore } from './session-store-cookie.ts';
import { createMemoryStore } from './session-store-memory.ts';
import { createRedisStore } from './session-store-redis.ts';

/** The store that the configuration names, and what there is to know of it beside the sessions. */
export interface ConfiguredStore {
  readonly store: SessionStore;
  /** The same one, where it keeps sessions itself. */
  readonly kept: KeptSessions | undefined;
  /** Why it cannot be reached; undefined while it can. */
  down(): string | undefined;
  /** Whether it was reached since the start. */
  wasReached(): boolean;
  /** Resolves after a second at the latest, reached or not; it goes on trying. */
  start(): Promise<void>;
  stop(): void;
}

export interface StoreParts {
  readonly sealer: Sealer;
  /** The first seals, all open. */
  readonly secrets: readonly SecretKeys[];
  readonly passwords: RedisPasswords;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told with why when the store cannot be reached, and with undefined when it can again. */
  readonly onChange: (why: string | undefined) => void;
}

export function createConfiguredStore(config: SessionConfig, parts: StoreParts): ConfiguredStore {
  const { sealer, secrets, passwords, now, onChange } = parts;
  const { idle, redis, storeGrace: grace } = config;
  const milliseconds = (): number => performance.now();
  if (config.store === 'cookie') return { store: createCookieStore(sealer, now), kept: undefined, ...WITHIN };
  if (redis === undefined) {
    const kept = createMemoryStore({ idle, now, milliseconds });
    return { store: kept, kept, ...WITHIN };
  }
  // Loaded with the first connection: the package takes 14 MB, which the other stores need not pay.
  const connection = createRedisConnection(
    async () => (await import('./redis-primary.ts')).openPrimary(redis, passwords),
    onChange,
  );
  const keys = createRedisKeys(redis.keyPrefix, secrets);
  const kept = createRedisStore({ connection, keys, sealer, idle, grace, now, milliseconds });
  const { down, wasReached, start, stop } = connection;
  return { store: kept, kept, down, wasReached, start, stop };
}

/** What lives in the process itself is always there. */
const WITHIN = { down: () => undefined, wasReached: () => true, start: async () => {}, stop: () => {} };
