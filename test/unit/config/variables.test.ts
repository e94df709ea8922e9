import { describe, expect, test } from '@jest/globals';
import { KEYS } from '../../../src/config/keys.ts';
import { configOf, LEAST, problemsOf, SECRET } from './_load.ts';

describe('names', () => {
  test('no two keys have the same variable', () => {
    const names = KEYS.flatMap(({ variable }) =>
      variable === undefined ? [] : [variable, `${variable}_FILE`],
    );
    expect(new Set(names).size).toBe(names.length);
  });

  test('every key but a map has one, and what is in a list of maps', () => {
    const own = KEYS.filter(({ path }) => !path[0]?.endsWith('[]'));
    expect(own.filter(({ variable }) => variable === undefined).map(({ path }) => path.join('.'))).toEqual([
      'public',
      'provider',
      'provider.authorizationParameters',
      'provider.metadata',
      'provider.tokens',
      'providers',
      'tenants',
      'session',
      'session.redis',
      'session.redis.sentinel',
      'exchange',
      'federation',
      'log',
    ]);
  });
});

test.each<[string, Record<string, string>, string]>([
  [
    'both forms of a secret',
    { POSTERN_SESSION_SECRET_FILE: '/run/s' },
    'POSTERN_SESSION_SECRET: `POSTERN_SESSION_SECRET` and `POSTERN_SESSION_SECRET_FILE` are both set. -> unset one of the two',
  ],
  [
    'one secret and a list',
    { POSTERN_SESSION_SECRETS: `${SECRET}!` },
    'POSTERN_SESSION_SECRET: `session.secret` and `session.secrets` are both set. -> keep one of the two',
  ],
  [
    'an empty variable',
    { POSTERN_PROVIDER_CLIENT_SECRET: '' },
    'POSTERN_PROVIDER_CLIENT_SECRET: `POSTERN_PROVIDER_CLIENT_SECRET` is set but empty. -> give it a value, or unset it',
  ],
  [
    'a slip in a name',
    { POSTERN_PROVIDER_CLIENTID: 'x' },
    'POSTERN_PROVIDER_CLIENTID: `POSTERN_PROVIDER_CLIENTID` is not a variable of Postern. -> did you mean `POSTERN_PROVIDER_CLIENT_ID`?',
  ],
  [
    'half a name',
    { POSTERN_SCOPE_CLAIM: 'scp' },
    'POSTERN_SCOPE_CLAIM: `POSTERN_SCOPE_CLAIM` is not a variable of Postern. -> did you mean `POSTERN_PROVIDER_TOKENS_SCOPE_CLAIM`?',
  ],
  [
    'a strange name',
    { POSTERN_QUUX: 'x' },
    'POSTERN_QUUX: `POSTERN_QUUX` is not a variable of Postern. -> unset it',
  ],
  [
    'a file for what is no secret',
    { POSTERN_LOG_LEVEL_FILE: '/x' },
    'POSTERN_LOG_LEVEL_FILE: `POSTERN_LOG_LEVEL_FILE` is not a variable of Postern. -> set `POSTERN_LOG_LEVEL`; only secrets can stand in a file',
  ],
  [
    'a key for the file alone',
    { POSTERN_EXCHANGE: 'x' },
    'POSTERN_EXCHANGE: `POSTERN_EXCHANGE` is not a variable of Postern. -> unset it',
  ],
  [
    'no boolean',
    { POSTERN_INSECURE_HTTP: '1' },
    'POSTERN_INSECURE_HTTP: `insecureHttp` must be true or false. -> write `true` or `false`',
  ],
  [
    'no number',
    { POSTERN_PUBLIC_PORT: '0x50' },
    'POSTERN_PUBLIC_PORT: `public.port` must be a port from 1 to 65535. -> write for example `443`',
  ],
  [
    'a gap in a list',
    { POSTERN_TRUSTED_PROXIES: 'loopback,' },
    'POSTERN_TRUSTED_PROXIES: `trustedProxies[1]` is no IP address, no range and no known word. -> write for example 10.1.2.3, 10.0.0.0/8, fd00::/8, loopback or private; host names are not looked up',
  ],
])('%s', (_, env, problem) => {
  expect(problemsOf({ env: { ...LEAST, ...env } })).toEqual([problem]);
});

test('what Kubernetes injects is no concern', () => {
  const { config } = configOf({
    env: {
      ...LEAST,
      POSTERN_PORT: 'tcp://10.0.0.1:4180',
      POSTERN_PORT_4180_TCP: 'tcp://10.0.0.1:4180',
      POSTERN_PORT_4180_TCP_ADDR: '10.0.0.1',
      POSTERN_SERVICE_HOST: '10.0.0.1',
      POSTERN_SERVICE_PORT: '4180',
      POSTERN_SERVICE_PORT_HTTP: '4180',
      POSTERN_PAGES_SERVICE_HOST: '10.0.0.2',
      POSTERN_PAGES_SERVICE_PORT_HTTP: '4182',
      POSTERN_PAGES_PORT: 'tcp://10.0.0.2:4182',
      POSTERN_PAGES_PORT_4182_TCP_PROTO: 'tcp',
      POSTERN_PUBLIC_PORT: 'tcp://10.0.0.3:443',
    },
  });
  expect(config.public).toBeUndefined();
});

test('a secret of the environment is never shown', () => {
  const canary = 'hunter2-hunter2';
  const names = [
    'SESSION_SECRET',
    'SESSION_SECRETS',
    'PROVIDER_CLIENT_SECRET',
    'PROVIDER_CLIENT_SECRETS',
    'SESSION_REDIS_URL',
    'SESSION_REDIS_PASSWORD',
    'SESSION_REDIS_SENTINEL_PASSWORD',
    'SECRET',
    'PROVIDER',
  ];
  const env = Object.fromEntries(names.map((name) => [`POSTERN_${name}`, `${canary},${canary}`]));
  const problems = problemsOf({ env });
  expect(problems.length).toBeGreaterThan(6);
  expect(problems.join('\n')).not.toContain('hunter2');
});
