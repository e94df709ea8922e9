import { describe, expect, test } from '@jest/globals';
import { configOf, LEAST, problemsOf, SECRET } from './_load.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const FILES = {
  '/app/ca.pem': CA,
  '/certs/ca.pem': CA,
  '/app/notes.txt': 'no certificate',
  '/run/redis': 'sesame\n',
};
const world = (keys: string, env: Record<string, string> = {}) => ({
  env,
  files: {
    ...FILES,
    '/app/postern.yaml': `provider: { issuer: "https://id.example.com/", clientId: shop }\nsession: { secret: "${SECRET}", ${keys} }\n`,
  },
});
/** From the beginning of what the test wrote on the second line. */
const problems = (keys: string, env: Record<string, string> = {}): string[] =>
  problemsOf(world(keys, env)).map((one) =>
    one.replace(/^\/app\/postern\.yaml:2:(\d+)/, (_, column) => String(Number(column) - 60)),
  );
const redis = (keys: string): string => `store: redis, redis: { ${keys} }`;

const DEFAULTS = { maxAge: 43_200, idle: undefined, storeGrace: 60, refresh: false, redis: undefined };
const REDIS = {
  host: 'redis.internal',
  port: 6379,
  tls: true,
  ca: undefined,
  database: 0,
  username: undefined,
  keyPrefix: 'postern:',
  sentinel: undefined,
};
const NONE = { password: undefined, sentinelPassword: undefined };

test.each<[keys: string, session: object, passwords: object]>([
  ['store: cookie', { ...DEFAULTS, store: 'cookie' }, NONE],
  ['store: cookie, refresh: false', { ...DEFAULTS, store: 'cookie' }, NONE],
  [
    'store: memory, idle: 1h, refresh: true',
    { ...DEFAULTS, store: 'memory', idle: 3600, refresh: true },
    NONE,
  ],
  [
    'store: redis, storeGrace: 0s, idle: 1m, redis: { url: "rediss://redis.internal" }',
    { ...DEFAULTS, store: 'redis', storeGrace: 0, idle: 60, redis: REDIS },
    NONE,
  ],
  [
    redis(
      'url: "redis://10.0.0.1:6380/2", username: postern, password: { file: /run/redis }, keyPrefix: "shop:"',
    ),
    {
      ...DEFAULTS,
      store: 'redis',
      redis: {
        ...REDIS,
        tls: false,
        host: '10.0.0.1',
        port: 6380,
        database: 2,
        username: 'postern',
        keyPrefix: 'shop:',
      },
    },
    { ...NONE, password: 'sesame' },
  ],
  [
    redis('url: "rediss://[::1]/", ca: ca.pem'),
    { ...DEFAULTS, store: 'redis', redis: { ...REDIS, host: '::1', ca: CA } },
    NONE,
  ],
  [
    redis(
      'url: "rediss://My_Master/3", sentinel: { nodes: ["10.0.0.1:26379", "[::1]:26380"], username: guard, password: open }',
    ),
    {
      ...DEFAULTS,
      store: 'redis',
      redis: {
        ...REDIS,
        host: 'My_Master',
        database: 3,
        sentinel: {
          nodes: [
            { host: '10.0.0.1', port: 26_379 },
            { host: '::1', port: 26_380 },
          ],
          username: 'guard',
        },
      },
    },
    { ...NONE, sentinelPassword: 'open' },
  ],
])('%s', (keys, session, passwords) => {
  const { config, secrets } = configOf(world(keys));
  expect(config.session).toEqual(session);
  expect(secrets.redis).toEqual(passwords);
});

test('the environment says the same', () => {
  const { config, secrets } = configOf({
    files: FILES,
    env: {
      ...LEAST,
      POSTERN_SESSION_STORE: 'redis',
      POSTERN_SESSION_STORE_GRACE: '5m',
      POSTERN_SESSION_IDLE: '2h',
      POSTERN_SESSION_REFRESH: 'true',
      POSTERN_SESSION_REDIS_URL: 'rediss://mymaster',
      POSTERN_SESSION_REDIS_USERNAME: 'postern',
      POSTERN_SESSION_REDIS_PASSWORD_FILE: '/run/redis',
      POSTERN_SESSION_REDIS_CA: 'ca.pem',
      POSTERN_SESSION_REDIS_KEY_PREFIX: 'shop:',
      POSTERN_SESSION_REDIS_SENTINEL_NODES: '10.0.0.1:26379,sentinel-1:26379',
      POSTERN_SESSION_REDIS_SENTINEL_PASSWORD: 'open',
    },
  });
  expect(config.session).toEqual({
    store: 'redis',
    maxAge: 43_200,
    idle: 7200,
    storeGrace: 300,
    refresh: true,
    redis: {
      ...REDIS,
      host: 'mymaster',
      username: 'postern',
      ca: CA,
      keyPrefix: 'shop:',
      sentinel: {
        nodes: [
          { host: '10.0.0.1', port: 26_379 },
          { host: 'sentinel-1', port: 26_379 },
        ],
        username: undefined,
      },
    },
  });
  expect(secrets.redis).toEqual({ password: 'sesame', sentinelPassword: 'open' });
});

describe('what does not go together', () => {
  const KEEPS = 'write `session.store: memory` for a single process, `redis` for any number; or remove';
  const ONLY = (key: string, store: string): string =>
    `\`session.${key}\` is for \`session.store: redis\`, and the store is \`${store}\`. -> write \`session.store: redis\`, or remove \`session.${key}\``;
  test.each<[keys: string, found: readonly string[]]>([
    [
      'idle: 1h',
      [
        `6: \`session.idle\` does not go with \`session.store: cookie\`: nobody keeps when a session was last used. -> ${KEEPS} \`session.idle\``,
      ],
    ],
    [
      'refresh: true',
      [
        `9: \`session.refresh\` does not go with \`session.store: cookie\`: a cookie cannot be changed while the proxy asks about a request. -> ${KEEPS} \`session.refresh\``,
      ],
    ],
    ['redis: { url: "redis://h" }', [`9: ${ONLY('redis', 'cookie')}`]],
    ['store: memory, redis: { keyPrefix: "a:" }', [`24: ${ONLY('redis', 'memory')}`]],
    ['redis: {}', [`0: ${ONLY('redis', 'cookie')}`]],
    ['store: memory, storeGrace: 60s', [`15: ${ONLY('storeGrace', 'memory')}`]],
    // Which store it is to be is unknown.
    [
      'store: file, idle: 1h, refresh: true, redis: {}',
      ['7: `session.store` cannot be `file`. -> use one of cookie, memory, redis'],
    ],
    [
      'store: redis',
      [
        '7: No Redis is configured. -> set `session.redis.url` or POSTERN_SESSION_REDIS_URL, for example `rediss://redis.internal:6379`',
      ],
    ],
  ])('%s', (keys, found) => {
    expect(problems(keys)).toEqual(found);
  });

  test('a variable that is of no use is named', () => {
    expect(problemsOf({ env: { ...LEAST, POSTERN_SESSION_REDIS_URL: 'redis://u:hunter2@h' } })).toEqual([
      `POSTERN_SESSION_REDIS_URL: ${ONLY('redis', 'cookie')}`,
    ]);
  });
});

test.each<[key: string, text: string, bounds: string | undefined]>([
  ['idle', '1m', undefined],
  ['idle', '400d', undefined],
  ['idle', '59s', '1m and 400d'],
  ['idle', '401d', '1m and 400d'],
  ['storeGrace', '0s', undefined],
  ['storeGrace', '15m', undefined],
  ['storeGrace', '16m', '0s and 15m'],
])('session.%s %s', (key, text, bounds) => {
  const found = problems(`${key}: ${text}, ${redis('url: "rediss://h"')}`).map((one) =>
    one.replace(/ -> .*/, ''),
  );
  expect(found).toEqual(
    bounds === undefined ? [] : [`${key.length + 2}: \`session.${key}\` must be between ${bounds}.`],
  );
});

test.each<[url: string, fault: string | undefined]>([
  ['redis://redis', undefined],
  ['rediss://10.0.0.1:6380/15', undefined],
  ['redis://[fd00::1]:6379/', undefined],
  ['http://redis', 'must be a URL that begins with rediss:// or redis://'],
  ['redis:6379', 'must be a URL that begins with rediss:// or redis://'],
  ['redis://', 'must be a URL that begins with rediss:// or redis://'],
  ['redis://a b', 'must be a URL that begins with rediss:// or redis://'],
  ['redis://h:99999', 'must be a URL that begins with rediss:// or redis://'],
  ['redis://postern:sesame@redis', 'must not hold a user name or password'],
  ['redis://:sesame@redis', 'must not hold a user name or password'],
  ['redis://redis?db=1', 'must not have a query or a fragment'],
  ['redis://redis#1', 'must not have a query or a fragment'],
  ['redis://redis/one', 'has a path that is no number of a database'],
  ['redis://redis/1/2', 'has a path that is no number of a database'],
])('session.redis.url %s', (url, fault) => {
  const found = problems(redis(`url: "${url}"`)).map((one) => one.replace(/ -> .*/, ''));
  expect(found).toEqual(fault === undefined ? [] : [`28: \`session.redis.url\` ${fault}.`]);
});

test.each<[keys: string, found: readonly string[]]>([
  [
    redis('url: "redis://h", username: postern'),
    ['51: `session.redis.username` needs a password. -> set `session.redis.password`, or remove the user'],
  ],
  [
    redis('url: "redis://h", ca: ca.pem'),
    ['45: `session.redis.ca` is for TLS. -> write `rediss://` in `session.redis.url`, or remove it'],
  ],
  [
    redis('url: "rediss://h", ca: gone.pem'),
    [
      '46: `session.redis.ca`: the file cannot be read. -> check the path, who may read the file, and that it begins with `-----BEGIN CERTIFICATE-----`',
    ],
  ],
  [
    redis('url: "rediss://h", ca: notes.txt'),
    [
      '46: `session.redis.ca`: the file holds no certificate in PEM form. -> check the path, who may read the file, and that it begins with `-----BEGIN CERTIFICATE-----`',
    ],
  ],
  [
    redis('url: "redis://h", keyPrefix: "a*"'),
    [
      '52: `session.redis.keyPrefix` must be 1 to 64 letters, digits and :_.-. -> write for example `postern:`',
    ],
  ],
  [
    redis('url: "redis://mymaster:6379", sentinel: { nodes: ["10.0.0.1:26379"] }'),
    [
      '28: `session.redis.url` has a port, which the sentinels know. -> write the name of the primary alone, for example `rediss://mymaster`',
    ],
  ],
  [
    redis('url: "redis://m", sentinel: { username: guard }'),
    [
      '51: No sentinels are listed. -> set `session.redis.sentinel.nodes`, for example `[10.0.0.1:26379, 10.0.0.2:26379]`',
      '63: `session.redis.sentinel.username` needs a password. -> set `session.redis.sentinel.password`, or remove the user',
    ],
  ],
  [
    redis('url: "redis://m", sentinel: { nodes: [sentinel, ":26379", "a:0", "b:1"] }'),
    [
      '61: `session.redis.sentinel.nodes[0]` is no address with a port. -> write for example `10.0.0.1:26379` or `sentinel-0.redis:26379`',
      '71: `session.redis.sentinel.nodes[1]` is no address with a port. -> write for example `10.0.0.1:26379` or `sentinel-0.redis:26379`',
      '81: `session.redis.sentinel.nodes[2]` is no address with a port. -> write for example `10.0.0.1:26379` or `sentinel-0.redis:26379`',
    ],
  ],
  [
    redis('url: "redis://h", password: { env: REDIS_PASSWORD }'),
    [
      '58: `session.redis.password`: The environment variable `REDIS_PASSWORD` is not set. -> set it, or say where else the secret is',
    ],
  ],
])('%s', (keys, found) => {
  expect(problems(keys)).toEqual(found);
});

test('no problem shows a password', () => {
  const canary = 'hunter2-hunter2';
  for (const keys of [
    redis(`url: "redis://u:${canary}@h", username: u`),
    redis(`url: "redis://h", password: [${canary}]`),
    `redis: { password: ${canary} }`,
    redis(`url: "redis://h", sentinel: { password: ${canary} }`),
  ]) {
    const found = problemsOf(world(keys));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain(canary);
  }
});
