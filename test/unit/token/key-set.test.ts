import { expect, test } from '@jest/globals';
import { errors, type JWK } from 'jose';
import { createKeySet, type KeySetOptions, KeySetUnavailable } from '../../../src/token/key-set.ts';
import { makeKey } from '../../support/jws.ts';

const ES = makeKey('ES256', 'one');
const ES2 = makeKey('ES256', 'two');
const RSA = makeKey('RS256', 'one');
const ED = makeKey('EdDSA', 'one');

const NO_KEY = errors.JWKSNoMatchingKey;
const one = { alg: 'ES256', kid: 'one' };
const two = { alg: 'ES256', kid: 'two' };

/** A key set over a clock and an endpoint that the test turns by hand. */
function world(over: Partial<KeySetOptions> = {}) {
  const it = {
    now: 1000,
    fetches: 0,
    failures: [] as unknown[],
    keys: [ES.jwk] as unknown[],
    answer: (): Response | Promise<Response> => Response.json({ keys: it.keys }),
    set: undefined as unknown as ReturnType<typeof createKeySet>,
  };
  it.set = createKeySet({
    jwksUri: async () => new URL('https://op.example/jwks'),
    fetch: async () => {
      it.fetches += 1;
      return await it.answer();
    },
    now: () => it.now,
    cooldown: 30,
    onFailure: (cause) => it.failures.push(cause),
    ...over,
  });
  return it;
}
const down = () => {
  throw new TypeError('fetch failed');
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('nothing is fetched before it is needed; then once for many', async () => {
  const it = world();
  expect(it.fetches).toBe(0);
  expect(it.set.age()).toBeUndefined();
  await Promise.all(Array.from({ length: 50 }, () => it.set.key(one)));
  expect(it.fetches).toBe(1);
  it.now += 7;
  expect(it.set.age()).toBe(7);
});

test('a storm of unknown kids: one fetch per cool-down, and known keys go on at once', async () => {
  const it = world();
  await it.set.key(one);
  for (let second = 0; second < 90; second += 1) {
    for (let i = 0; i < 20; i += 1) {
      await expect(it.set.key({ alg: 'ES256', kid: `random-${second}-${i}` })).rejects.toBeInstanceOf(NO_KEY);
    }
    await it.set.key(one);
    it.now += 1;
  }
  // The first, and one at 30 and 60 s.
  expect(it.fetches).toBe(3);
});

test('a storm from cold: one fetch', async () => {
  const it = world();
  const storm = Array.from({ length: 50 }, (_, i) => it.set.key({ alg: 'ES256', kid: `r${i}` }));
  for (const outcome of await Promise.allSettled(storm)) expect(outcome.status).toBe('rejected');
  expect(it.fetches).toBe(1);
});

test.each<[string, () => Response]>([
  ['connection refused', down],
  ['503', () => new Response('', { status: 503 })],
  ['404', () => Response.json({ keys: [] }, { status: 404 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } })],
  ['HTML', () => new Response('<html>')],
  ['no keys member', () => Response.json({})],
  ['keys is no list', () => Response.json({ keys: {} })],
  ['a list', () => Response.json([])],
  ['null', () => Response.json(null)],
  ['more than a megabyte', () => new Response('x'.repeat(1_048_577))],
])(
  'a failing key set (%s) is asked once per cool-down and says that keys cannot be had',
  async (_name, answer) => {
    const it = world();
    it.answer = answer;
    for (let i = 0; i < 50; i += 1) await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
    expect(it.fetches).toBe(1);
    expect(it.failures).toHaveLength(1);
    it.now += 29;
    await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
    expect(it.fetches).toBe(1);
    it.now += 1;
    it.answer = () => Response.json({ keys: [ES.jwk] });
    await it.set.key(one);
    expect(it.fetches).toBe(2);
  },
);

test('an endless answer is cut while it streams', async () => {
  const it = world();
  let sent = 0;
  let cancelled = false;
  it.answer = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 65_536;
          controller.enqueue(new Uint8Array(65_536));
        },
        cancel() {
          cancelled = true;
        },
      }),
    );
  await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  expect(sent).toBeLessThan(2_000_000);
  expect(cancelled).toBe(true);
});

test('an answer that never comes is given up', async () => {
  const it = world({
    timeout: 20,
    fetch: (_url, init) =>
      new Promise((_resolve, reject) =>
        init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
      ),
  });
  const keepAlive = setTimeout(() => {}, 1000);
  await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  clearTimeout(keepAlive);
});

test('known keys serve 24 h while the key set is down, asked for in the background once per cool-down', async () => {
  const it = world();
  await it.set.key(one);
  it.answer = down;
  it.now += 599;
  await it.set.key(one);
  expect(it.fetches).toBe(1);
  for (let minute = 0; minute < 60; minute += 1) {
    it.now += 30;
    for (let i = 0; i < 10; i += 1) await it.set.key(one);
    await settle();
  }
  expect(it.fetches).toBe(61);
  it.now = 1000 + 86_400;
  await it.set.key(one);
  it.now += 1;
  await settle();
  await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  expect(it.set.age()).toBeUndefined();
});

test('while the key set is down, an unknown kid is "cannot be had", not "no such key"', async () => {
  const it = world();
  await it.set.key(one);
  it.answer = down;
  it.now += 60;
  await expect(it.set.key(two)).rejects.toBeInstanceOf(KeySetUnavailable);
  await expect(it.set.key(two)).rejects.toBeInstanceOf(KeySetUnavailable);
  expect(it.fetches).toBe(2);
});

test('an old key set is refreshed without anybody waiting for it', async () => {
  const it = world();
  await it.set.key(one);
  it.now += 601;
  const { promise, resolve } = Promise.withResolvers<Response>();
  it.answer = () => promise;
  await it.set.key(one);
  await it.set.key(one);
  expect(it.fetches).toBe(2);
  resolve(Response.json({ keys: [ES2.jwk] }));
  await settle();
  await it.set.key(two);
  // The provider withdrew it.
  await expect(it.set.key(one)).rejects.toBeInstanceOf(NO_KEY);
});

test('rotation: a new kid is found at the first use after the cool-down', async () => {
  const it = world();
  await it.set.key(one);
  it.keys = [ES.jwk, ES2.jwk];
  it.now += 10;
  await expect(it.set.key(two)).rejects.toBeInstanceOf(NO_KEY);
  it.now += 20;
  await it.set.key(two);
  expect(it.fetches).toBe(2);
});

test('rotation at login: force looks at once, and only for an unknown kid', async () => {
  const it = world();
  await it.set.key(one, { force: true });
  await it.set.key(one, { force: true });
  expect(it.fetches).toBe(1);
  it.keys = [ES.jwk, ES2.jwk];
  await it.set.key(two, { force: true });
  expect(it.fetches).toBe(2);
  await expect(it.set.key({ alg: 'ES256', kid: 'three' }, { force: true })).rejects.toBeInstanceOf(NO_KEY);
  expect(it.fetches).toBe(3);
});

test('force after a failure asks again, once', async () => {
  const it = world();
  it.answer = down;
  await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  await expect(it.set.key(one, { force: true })).rejects.toBeInstanceOf(KeySetUnavailable);
  expect(it.fetches).toBe(2);
});

test('a flight that left before the rotation does not use up the forced one', async () => {
  const it = world();
  await it.set.key(one);
  it.now += 31;
  const { promise, resolve } = Promise.withResolvers<Response>();
  it.answer = () => promise;
  const early = it.set.key(two).catch((error: unknown) => error);
  await settle();
  it.answer = () => Response.json({ keys: [ES.jwk, ES2.jwk] });
  const forced = it.set.key(two, { force: true });
  await settle();
  resolve(Response.json({ keys: [ES.jwk] }));
  await forced;
  expect(await early).toBeInstanceOf(NO_KEY);
  expect(it.fetches).toBe(3);
});

test('a clock set back prolongs neither the cool-down nor the age', async () => {
  const it = world();
  await it.set.key(one);
  it.now -= 3600;
  await it.set.key(one);
  await settle();
  expect(it.fetches).toBe(2);
  expect(it.set.age()).toBe(0);
});

test('the address is asked for at each fetch; without one nothing is fetched and no cool-down begins', async () => {
  let address: URL | undefined;
  const asked: string[] = [];
  const it = world({
    jwksUri: async () => {
      if (address === undefined) throw new Error('no discovery yet');
      return address;
    },
    fetch: async (url) => {
      asked.push(url);
      return Response.json({ keys: [ES.jwk] });
    },
  });
  await expect(it.set.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  address = new URL('https://op.example/a');
  await it.set.key(one);
  address = new URL('https://op.example/b');
  it.now += 601;
  await it.set.warm();
  expect(asked).toEqual(['https://op.example/a', 'https://op.example/b']);
});

test('warm fetches what is missing or old, and never rejects', async () => {
  const it = world();
  await it.set.warm();
  await it.set.warm();
  expect(it.fetches).toBe(1);
  it.now += 601;
  it.answer = down;
  await it.set.warm();
  expect(it.fetches).toBe(2);
  await it.set.key(one);
});

test('one kid for several kinds of keys: the algorithm chooses', async () => {
  const it = world();
  it.keys = [RSA.jwk, ED.jwk, ES.jwk];
  expect((await it.set.key(one)).algorithm.name).toBe('ECDSA');
  expect((await it.set.key({ alg: 'RS256', kid: 'one' })).algorithm.name).toBe('RSASSA-PKCS1-v1_5');
  expect((await it.set.key({ alg: 'EdDSA', kid: 'one' })).algorithm.name).toBe('Ed25519');
});

const { alg: _alg, ...anyAlg } = ES2.jwk;
test.each<[string, unknown]>([
  ['oct', { kty: 'oct', kid: 'two', k: 'AAAA', alg: 'HS256' }],
  ['private', { ...ES2.privateKey.export({ format: 'jwk' }), kid: 'two' }],
  ['use: enc', { ...ES2.jwk, use: 'enc' }],
  ['use of another type', { ...ES2.jwk, use: ['sig'] }],
  ['no kty', { kid: 'two' }],
  ['key_ops without verify', { ...ES2.jwk, key_ops: ['sign'] }],
  ['alg of another kind', { ...ES2.jwk, alg: 'ES384' }],
  ['another curve', { ...ES2.jwk, crv: 'P-384' }],
  ['no object', 'key'],
  ['null', null],
  ['a list', [ES2.jwk]],
])('a member that cannot verify (%s) is left out, and spoils nothing', async (_name, member) => {
  const it = world();
  it.keys = [member, ES.jwk];
  await it.set.key(one);
  await expect(it.set.key(two)).rejects.toBeInstanceOf(NO_KEY);
  it.keys = [member, anyAlg as JWK, ES.jwk];
  await it.set.key(two, { force: true });
});

test('several keys that fit are handed over together', async () => {
  const it = world();
  it.keys = [ES.jwk, { ...ES2.jwk, kid: 'one' }];
  await expect(it.set.key(one)).rejects.toBeInstanceOf(errors.JWKSMultipleMatchingKeys);
  await expect(it.set.key({ alg: 'ES256' })).rejects.toBeInstanceOf(errors.JWKSMultipleMatchingKeys);
  expect(it.fetches).toBe(1);
});

test('an empty set is an answer: the issuer has withdrawn its keys', async () => {
  const it = world();
  await it.set.key(one);
  it.keys = [];
  it.now += 601;
  await it.set.warm();
  await expect(it.set.key(one)).rejects.toBeInstanceOf(NO_KEY);
});

test('offline: the keys at hand, and never a call', async () => {
  const it = world();
  const offline = it.set.offline();
  await expect(offline.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
  await offline.warm();
  expect(it.fetches).toBe(0);
  await it.set.key(one);
  it.now += 601;
  await offline.key(one);
  await expect(offline.key(two, { force: true })).rejects.toBeInstanceOf(KeySetUnavailable);
  expect(it.fetches).toBe(1);
  it.now += 86_400;
  await expect(offline.key(one)).rejects.toBeInstanceOf(KeySetUnavailable);
});
