import { parseAddress } from './address.ts';
import { readAuthorities } from './authorities.ts';
import type { Address, RedisConfig, SessionConfig } from './config.ts';
import { durationBetween } from './duration-between.ts';
import type { Findings } from './findings.ts';
import { redisUrlFault } from './redis-url.ts';
import type { RawConfig } from './schema.ts';

type RawSession = RawConfig['session'];
type RawRedis = NonNullable<RawSession['redis']>;

const STORE = ['session', 'store'] as const;
const REDIS = ['session', 'redis'] as const;
const KEEPS = 'write `session.store: memory` for a single process, `redis` for any number';

/**
 * Reads how sessions are kept.
 * @param readCa reads the file of certificate authorities; undefined when it cannot be read
 */
export function readSession(
  raw: RawConfig,
  readCa: (path: string) => string | undefined,
  findings: Findings,
): SessionConfig {
  const { store, maxAge, idle, storeGrace, refresh, redis } = raw.session;
  const between = (text: string, name: string, least: string, most: string): number =>
    durationBetween(text, ['session', name], [least, most], findings);
  const needsKeeping = (name: string, why: string): void =>
    findings.add(
      ['session', name],
      `\`session.${name}\` does not go with \`session.store: cookie\`: ${why}.`,
      `${KEEPS}; or remove \`session.${name}\``,
      { restsOn: [STORE] },
    );
  if (store === 'cookie') {
    if (idle !== undefined) needsKeeping('idle', 'nobody keeps when a session was last used');
    if (refresh) needsKeeping('refresh', 'a cookie cannot be changed while the proxy asks about a request');
  }
  if (store !== 'redis') {
    const set = Object.entries(redis ?? {}).find(([, value]) => value !== undefined)?.[0];
    if (redis !== undefined) onlyForRedis(['redis', ...(set === undefined ? [] : [set])], store, findings);
    if (storeGrace !== undefined) onlyForRedis(['storeGrace'], store, findings);
  }
  return {
    store,
    maxAge: between(maxAge, 'maxAge', '1m', '400d'),
    idle: idle === undefined ? undefined : between(idle, 'idle', '1m', '400d'),
    storeGrace: between(storeGrace ?? '60s', 'storeGrace', '0s', '15m'),
    refresh,
    redis: store === 'redis' ? readRedis(redis ?? {}, readCa, findings) : undefined,
  };
}

function onlyForRedis(key: readonly string[], store: string, findings: Findings): void {
  const [name = ''] = key;
  findings.add(
    ['session', ...key],
    `\`session.${name}\` is for \`session.store: redis\`, and the store is \`${store}\`.`,
    `write \`session.store: redis\`, or remove \`session.${name}\``,
    { restsOn: [STORE], on: 'key', blind: true },
  );
}

function readRedis(
  raw: RawRedis,
  readCa: (path: string) => string | undefined,
  findings: Findings,
): RedisConfig {
  const { url, username, password, ca, keyPrefix = 'postern:', sentinel } = raw;
  const say = (key: string, words: string, wayOut: string): void =>
    findings.add([...REDIS, key], `\`session.redis.${key}\` ${words}.`, wayOut, { blind: true });
  if (url === undefined)
    findings.add(
      STORE,
      'No Redis is configured.',
      'set `session.redis.url` or POSTERN_SESSION_REDIS_URL, for example `rediss://redis.internal:6379`',
      { restsOn: [[...REDIS, 'url']] },
    );
  const fault = url === undefined ? undefined : redisUrlFault(url, sentinel !== undefined);
  if (fault !== undefined) say('url', fault.words, fault.wayOut);
  const parsed = fault === undefined && url !== undefined ? new URL(url) : undefined;
  const tls = parsed?.protocol === 'rediss:';
  if (username !== undefined && password === undefined)
    say('username', 'needs a password', 'set `session.redis.password`, or remove the user');
  if (ca !== undefined && parsed !== undefined && !tls)
    say('ca', 'is for TLS', 'write `rediss://` in `session.redis.url`, or remove it');
  return {
    host: (parsed?.hostname ?? '').replace(/^\[(.*)\]$/, '$1'),
    port: Number(parsed?.port || 6379),
    tls,
    ca: ca === undefined ? undefined : readAuthorities(ca, [...REDIS, 'ca'], readCa, findings),
    database: Number(parsed?.pathname.slice(1) ?? 0),
    username,
    keyPrefix,
    sentinel: sentinel === undefined ? undefined : readSentinel(sentinel, findings),
  };
}

function readSentinel(
  { nodes, username, password }: NonNullable<RawRedis['sentinel']>,
  findings: Findings,
): RedisConfig['sentinel'] {
  const path = [...REDIS, 'sentinel'];
  if (nodes === undefined)
    findings.add(
      path,
      'No sentinels are listed.',
      'set `session.redis.sentinel.nodes`, for example `[10.0.0.1:26379, 10.0.0.2:26379]`',
      { blind: true },
    );
  if (username !== undefined && password === undefined)
    findings.add(
      [...path, 'username'],
      '`session.redis.sentinel.username` needs a password.',
      'set `session.redis.sentinel.password`, or remove the user',
    );
  const addresses = (nodes ?? []).flatMap((node, at): Address[] => {
    const address = parseAddress(node);
    if (address !== undefined && address.host !== '' && address.port !== 0) return [address];
    findings.add(
      [...path, 'nodes', at],
      `\`session.redis.sentinel.nodes[${at}]\` is no address with a port.`,
      'write for example `10.0.0.1:26379` or `sentinel-0.redis:26379`',
    );
    return [];
  });
  return { nodes: addresses, username };
}
