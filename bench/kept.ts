import { createRedisConnection } from '../src/session/redis-connection.ts';
import { createRedisKeys } from '../src/session/redis-keys.ts';
import { openPrimary } from '../src/session/redis-primary.ts';
import type { Session } from '../src/session/session.ts';
import { createRedisStore } from '../src/session/session-store-redis.ts';
import { startRedis } from '../test/support/redis-server.ts';
import { createSessionMint, type SessionMint, sealing } from './mint.ts';

/** Sessions in a real Redis on loopback. */
export interface KeptSessionsOfBench extends AsyncDisposable {
  /** `POSTERN_*` of a gateway that keeps its sessions there. */
  readonly env: Readonly<Record<string, string>>;
  readonly sessions: SessionMint;
}

export async function startKeptSessions(secret: string, session: Session): Promise<KeptSessionsOfBench> {
  await using parts = new AsyncDisposableStack();
  const redis = parts.use(await startRedis());
  const { keys, sealer } = sealing(secret);
  const config = {
    ...{ host: '127.0.0.1', port: redis.port, tls: false, ca: undefined, database: 0 },
    ...{ username: undefined, keyPrefix: 'postern:', sentinel: undefined },
  };
  const none = { password: undefined, sentinelPassword: undefined };
  const connection = createRedisConnection(
    () => openPrimary(config, none),
    () => {},
  );
  parts.defer(() => connection.stop());
  await connection.start();
  const store = createRedisStore({
    ...{ connection, keys: createRedisKeys(config.keyPrefix, keys), sealer, idle: undefined, grace: 60 },
    now: () => Math.floor(Date.now() / 1000),
    milliseconds: () => performance.now(),
  });
  const sessions = await createSessionMint(secret, session, store);
  if (sessions === undefined) throw new Error('the key to a session does not fit into a cookie');
  const env = {
    POSTERN_SESSION_STORE: 'redis',
    POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  };
  const running = parts.move();
  return { env, sessions, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
