import type { RedisConfig, RedisPasswords } from '../config/config.ts';
import { openClient, type RedisClient, type RedisTarget } from './redis-client.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/**
 * Opens a connection to the server that takes writes: the configured one, or the one that the sentinels name (Redis,
 * "Guidelines for Redis clients with support for Redis Sentinel"): the first that answers is believed, and the server is
 * asked whether it is a primary indeed.
 * @throws StoreUnavailable
 */
export async function openPrimary(config: RedisConfig, passwords: RedisPasswords): Promise<RedisClient> {
  const { sentinel, username, database } = config;
  const tls = config.tls ? { ca: config.ca } : undefined;
  const login = { tls, username, password: passwords.password, database };
  if (sentinel === undefined) return openClient({ host: config.host, port: config.port, ...login });

  const refusals: string[] = [];
  for (const node of sentinel.nodes) {
    const guard = { username: sentinel.username, password: passwords.sentinelPassword };
    const found = await askSentinel({ ...node, tls, ...guard, database: 0 }, config.host).catch(
      (error: unknown) => {
        if (!(error instanceof StoreUnavailable)) throw error;
        refusals.push(error.why);
      },
    );
    if (found !== undefined) return asPrimary(await openClient({ ...found, ...login }));
  }
  throw new StoreUnavailable(`no sentinel names the primary ${config.host} (${refusals.join(', ')})`);
}

async function askSentinel(
  target: RedisTarget,
  name: string,
): Promise<{ readonly host: string; readonly port: number }> {
  const client = await openClient(target);
  try {
    const reply = await client.send(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name]);
    if (!Array.isArray(reply)) throw new StoreUnavailable('unknown name');
    const [host, port] = reply;
    return { host: String(host), port: Number(port) };
  } finally {
    client.close();
  }
}

/** A sentinel may not have heard yet that the primary it names became a replica. */
async function asPrimary(client: RedisClient): Promise<RedisClient> {
  const role = await client.send(['ROLE']);
  if (Array.isArray(role) && role[0] === 'master') return client;
  client.close();
  throw new StoreUnavailable('the sentinels name a server that is no primary');
}
