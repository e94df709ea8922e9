import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { RedisConfig, RedisPasswords } from '../../../src/config/config.ts';
import { sessionOf } from '../../contract/session-store.contract.ts';
import { missingRedis, startRedis, startSentinel } from '../../support/redis-server.ts';
import { Clocks, newPrefix, type RedisProcess, startProcess } from '../../support/redis-store.ts';

// A Redis of its own starts in a moment, but not where many tests run at once.
jest.setTimeout(30_000);

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function redisWith(options: readonly string[], plain = true) {
  const redis = await startRedis(options, plain);
  open.push(async () => redis[Symbol.asyncDispose]());
  return redis;
}

async function connect(
  config: Partial<RedisConfig>,
  passwords: Partial<RedisPasswords> = {},
): Promise<RedisProcess> {
  const started = await startProcess({
    clocks: new Clocks(),
    config: { keyPrefix: newPrefix(), ...config },
    passwords,
    idle: 600,
  });
  open.push(() => started[Symbol.dispose]());
  return started;
}

/** @returns undefined when a session can be kept, else why not. */
async function tried({ store, connection }: RedisProcess): Promise<string | undefined> {
  const session = sessionOf();
  try {
    const handle = await store.save(session);
    expect(await store.load(handle, 'shop.example.com', 'acme', session.createdAt)).toEqual(session);
    expect(await store.update(handle, session)).toBe(true);
    for await (const listed of store.list()) expect(listed.host).toBe(session.host);
    await (await store.lock('one', 1000))?.();
    expect(await store.endWhere({ by: 'id', id: session.id })).toBe(1);
    expect(await store.hasEnded(session.id)).toBe(true);
    return connection.down();
  } catch (error) {
    return error instanceof Error
      ? error.message.replace('the session store cannot be reached: ', '')
      : String(error);
  }
}

if (missingRedis !== undefined) {
  test.skip(`the ways to Redis: ${missingRedis}`, () => {});
} else {
  describe('the way to Redis', ways);
  describe('by TLS', tls);
  describe('by sentinels', sentinels);
}

function ways(): void {
  test.each([
    ['the right password', 'open sesame', undefined],
    ['a wrong one', 'close sesame', 'WRONGPASS'],
    ['none', undefined, 'NOAUTH'],
  ])('wants a password: %s', async (_which, password, why) => {
    const { port } = await redisWith(['--requirepass', 'open sesame']);
    expect(await tried(await connect({ port }, { password }))).toBe(why);
  });

  test('takes a user who may do no more than the documents say', async () => {
    const user = [
      '--user',
      'postern',
      'on',
      '>open sesame',
      '~test:*',
      '+@read',
      '+@write',
      '+@scripting',
      '+@connection',
      '-@dangerous',
    ];
    const { port } = await redisWith(user);
    expect(
      await tried(await connect({ port, username: 'postern' }, { password: 'open sesame' })),
    ).toBeUndefined();
    const elsewhere = await connect(
      { port, username: 'postern', keyPrefix: 'other:' },
      { password: 'open sesame' },
    );
    expect(await tried(elsewhere)).toBe('NOPERM');
  });

  test('leads to one database', async () => {
    const { port } = await redisWith([]);
    const [second, first] = [await connect({ port, database: 2 }), await connect({ port })];
    await second.store.save(sessionOf());
    expect(await second.connection.run('DBSIZE')).not.toBe(0);
    expect(await first.connection.run('DBSIZE')).toBe(0);
  });
}

/** Certificates for 127.0.0.1, of an authority of their own. */
function certificates() {
  const folder = mkdtempSync(join(tmpdir(), 'postern-tls-'));
  open.push(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...parameters: string[]): void =>
    void execFileSync('openssl', parameters, { cwd: folder, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  for (const name of ['ca', 'other'])
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    );
  openssl(
    'req',
    ...key,
    '-keyout',
    'redis.key',
    '-out',
    'redis.csr',
    '-subj',
    '/CN=redis',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'redis.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-out',
    'redis.crt',
    '-days',
    '2',
    '-copy_extensions',
    'copy',
  );
  const file = (name: string): string => join(folder, name);
  return {
    options: [
      '--tls-cert-file',
      file('redis.crt'),
      '--tls-key-file',
      file('redis.key'),
      '--tls-ca-cert-file',
      file('ca.crt'),
      '--tls-auth-clients',
      'no',
    ],
    ca: readFileSync(file('ca.crt'), 'utf8'),
    otherCa: readFileSync(file('other.crt'), 'utf8'),
  };
}

function tls(): void {
  test('a certificate is believed if its authority is the configured one, and its name fits', async () => {
    const { options, ca, otherCa } = certificates();
    const { port } = await redisWith(options, false);
    expect(await tried(await connect({ port, tls: true, ca }))).toBeUndefined();
    const unknown = 'SELF_SIGNED_CERT_IN_CHAIN';
    expect(await tried(await connect({ port, tls: true, ca: otherCa }))).toBe(unknown);
    expect(await tried(await connect({ port, tls: true }))).toBe(unknown);
    expect(await tried(await connect({ port, tls: true, ca, host: 'localhost' }))).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });
}

function sentinels(): void {
  test('the primary is the one that they name, also after it was changed', async () => {
    const primary = await redisWith(['--repl-diskless-sync-delay', '0']);
    const replica = await redisWith(['--replicaof', '127.0.0.1', String(primary.port)]);
    const sentinel = await startSentinel('mymaster', primary.port);
    open.push(async () => sentinel[Symbol.asyncDispose]());
    const nodes = [
      { host: '127.0.0.1', port: 1 },
      { host: '127.0.0.1', port: sentinel.port },
    ];
    const one = await connect({ host: 'mymaster', sentinel: { nodes, username: undefined } });
    expect(await tried(one)).toBeUndefined();
    const portOf = async ({ connection }: RedisProcess) =>
      String(await connection.run('CONFIG', 'GET', 'port'));
    expect(await portOf(one)).toBe(`port,${primary.port}`);
    const session = sessionOf();
    const handle = await one.store.save(session);
    while ((await one.connection.run('WAIT', '1', '900')) !== 1) await sleep(50);

    await primary.kill();
    for (;;) {
      const port = await portOf(one).catch(() => undefined);
      if (port === `port,${replica.port}`) break;
      await sleep(50);
    }
    expect(await one.store.load(handle, 'shop.example.com', 'acme', session.createdAt)).toEqual(session);
    expect(await tried(one)).toBeUndefined();
  }, 60_000);

  test('users may do no more than the documents say, there and at the primary', async () => {
    const rights = ['~test:*', '+@read', '+@write', '+@scripting', '+@connection', '-@dangerous', '+role'];
    const primary = await redisWith(['--user', 'postern', 'on', '>open sesame', ...rights]);
    const guard = 'on >guarded +@connection +sentinel|get-master-addr-by-name';
    const sentinel = await startSentinel('mymaster', primary.port, [`user guard ${guard}`]);
    open.push(async () => sentinel[Symbol.asyncDispose]());
    const nodes = [{ host: '127.0.0.1', port: sentinel.port }];
    const config = { host: 'mymaster', username: 'postern', sentinel: { nodes, username: 'guard' } };
    const passwords = { password: 'open sesame', sentinelPassword: 'guarded' };
    expect(await tried(await connect(config, passwords))).toBeUndefined();
    expect(await tried(await connect(config, { ...passwords, sentinelPassword: 'wrong' }))).toBe(
      'no sentinel names the primary mymaster (WRONGPASS)',
    );
  });

  test('a name that they do not know leads nowhere', async () => {
    const primary = await redisWith([]);
    const sentinel = await startSentinel('mymaster', primary.port);
    open.push(async () => sentinel[Symbol.asyncDispose]());
    const nodes = [{ host: '127.0.0.1', port: sentinel.port }];
    const one = await connect({ host: 'theirs', sentinel: { nodes, username: undefined } });
    expect(await tried(one)).toBe('no sentinel names the primary theirs (unknown name)');
  });
}
