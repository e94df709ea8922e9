import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { createBackchannelLogout } from '../../../src/login/backchannel-logout.ts';
import type { Reply } from '../../../src/outcome/reply.ts';
import type { KeptSessions } from '../../../src/session/kept-sessions.ts';
import type { Session } from '../../../src/session/session.ts';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import { StoreUnavailable } from '../../../src/session/store-unavailable.ts';
import { createKeySet } from '../../../src/token/key-set.ts';
import { listOf } from '../../contract/kept-sessions.contract.ts';
import { sessionOf } from '../../contract/session-store.contract.ts';
import { type HostileProvider, startHostileProvider } from '../../support/hostile-provider.ts';
import { logoutToken } from '../../support/logout-tokens.ts';
import { appVisitOf } from '../../support/requests.ts';

let provider: HostileProvider;
beforeAll(async () => {
  provider = await startHostileProvider();
});
afterAll(async () => {
  await provider[Symbol.asyncDispose]();
});

const VISIT = appVisitOf('POST shop.example.com/_auth/backchannel-logout', { door: 'direct' });

/** The page over a store in memory. @returns what it answers to a token, as the provider and the log see it */
function open(over: Partial<KeptSessions> = {}, onFetch = (): void => {}) {
  let passed = 0;
  const now = (): number => Math.floor(Date.now() / 1000) + passed;
  const store = createMemoryStore({ idle: undefined, now, milliseconds: () => now() * 1000 });
  const keys = createKeySet({
    jwksUri: async () => new URL(`${provider.issuer}/jwks`),
    fetch: async () => {
      onFetch();
      return Response.json({ keys: [provider.keys.idToken.jwk] });
    },
    now,
  });
  const config = { name: 'default', issuer: provider.issuer, clientId: 'shop', idTokenAlg: 'RS256' };
  const answer = createBackchannelLogout({
    kept: { ...store, ...over },
    configOf: () => config as ProviderConfig,
    keysOf: () => keys,
    clockTolerance: 5,
    now,
  });
  return {
    store,
    now,
    advance: (seconds: number) => {
      passed += seconds;
    },
    async send(token: string): Promise<string> {
      const reply: Reply = await answer(VISIT, new URLSearchParams({ logout_token: token }));
      return `${reply.status} ${reply.reason}: ${reply.facts?.cause}`;
    },
  };
}

test('a token that could not be carried out is good for another time', async () => {
  let failures = 1;
  const { store, now, send } = open({
    endWhere: async (selector) => {
      failures -= 1;
      if (failures >= 0) throw new StoreUnavailable('no answer in time');
      return store.endWhere(selector);
    },
  });
  await store.save(sessionOf({ expiresAt: now() + 60 }));
  const token = logoutToken(provider, { sid: 'session-of-the-provider' });
  expect(await send(token)).toBe(
    '400 store-unavailable: the session store cannot be reached: no answer in time',
  );
  expect(await send(token)).toBe('200 backchannel-logout: 1 of our sessions ended');
  expect(await send(token)).toBe('400 logout-token-invalid: jti was used before');
});

test('a token that failed for another reason of ours does so loudly, and is good for another time', async () => {
  let isBroken = true;
  const { store, send } = open({
    endWhere: async (selector) => {
      if (isBroken) throw new TypeError('a fault of ours');
      return store.endWhere(selector);
    },
  });
  const token = logoutToken(provider, { sub: 'alice' });
  await expect(send(token)).rejects.toThrow(new TypeError('a fault of ours'));
  isBroken = false;
  expect(await send(token)).toBe('200 backchannel-logout: 0 of our sessions ended');
});

test.each([
  ['exp', { exp: 60.123 }],
  ['iat', { iat: -500.8765, exp: 900 }],
  ['both', { iat: -0.5, exp: 60.1234 }],
])('a token whose time has a fraction counts, and once: %s', async (_which, times) => {
  const limits: number[] = [];
  const { store, now, send } = open({
    lock: async (name, limit) => {
      limits.push(limit);
      return store.lock(name, limit);
    },
  });
  await store.save(sessionOf({ expiresAt: now() + 60 }));
  const claims = Object.entries(times).map(([name, offset]) => [name, now() + offset]);
  const token = logoutToken(provider, { sub: 'alice', ...Object.fromEntries(claims) });
  expect(await send(token)).toBe('200 backchannel-logout: 1 of our sessions ended');
  expect(await send(token)).toBe('400 logout-token-invalid: jti was used before');
  expect(limits.map((limit) => Number.isSafeInteger(limit) && limit > 0)).toEqual([true, true]);
});

test('a token that ran out while the keys were fetched counts', async () => {
  const { store, now, advance, send } = open({}, () => advance(200));
  await store.save(sessionOf({ expiresAt: now() + 600 }));
  const token = logoutToken(provider, { sub: 'alice' });
  expect(await send(token)).toBe('200 backchannel-logout: 1 of our sessions ended');
  expect(await send(token)).toBe('400 logout-token-invalid: exp is missing or past');
});

const NAMED = { sid: 'session-of-the-provider' };
test.each<[what: string, token: object, sessions: readonly Partial<Session>[], left: readonly string[]]>([
  ['sid and sub', { ...NAMED, sub: 'alice' }, [NAMED], []],
  ['sid and sub: a session that holds no sid', { ...NAMED, sub: 'alice' }, [{ id: 'bare' }], []],
  [
    'sid and sub: both, and no other',
    { ...NAMED, sub: 'alice' },
    [
      NAMED,
      { id: 'bare' },
      { id: 'another sid', sid: 'another' },
      { id: 'bob', subject: 'bob' },
      { id: 'elsewhere', provider: 'staff' },
    ],
    ['another sid', 'bob', 'elsewhere'],
  ],
  ['sid alone: whose it is, nobody says', NAMED, [NAMED, { id: 'bare' }], ['bare']],
  ['sub alone', { sub: 'alice' }, [NAMED, { id: 'bare' }, { id: 'bob', subject: 'bob' }], ['bob']],
])('which sessions a token ends: %s', async (_what, claims, sessions, left) => {
  const { store, now, send } = open();
  for (const parts of sessions) {
    const { sid: _, ...bare } = sessionOf({ expiresAt: now() + 60 });
    await store.save({ ...bare, ...parts });
  }
  const ended = sessions.length - left.length;
  expect(await send(logoutToken(provider, { ...claims }))).toBe(
    `200 backchannel-logout: ${ended} of our sessions ended`,
  );
  expect((await listOf(store)).map(({ id }) => id).sort()).toEqual(left);
});

test('a token is remembered until it would be refused anyway', async () => {
  const { send, advance } = open();
  const token = logoutToken(provider, { sub: 'alice' });
  expect(await send(token)).toBe('200 backchannel-logout: 0 of our sessions ended');
  // It lives for 120 seconds, and the clocks may differ by five.
  advance(123);
  expect(await send(token)).toBe('400 logout-token-invalid: jti was used before');
  advance(2);
  expect(await send(token)).toBe('400 logout-token-invalid: exp is missing or past');
});

test('a token that was refused uses nothing up', async () => {
  const { send } = open();
  const claims = { jti: 'the-same', sub: 'alice' };
  expect(await send(logoutToken(provider, { ...claims, nonce: 'n' }))).toMatch(/^400 logout-token-invalid/);
  expect(await send(logoutToken(provider, claims))).toMatch(/^200 /);
});
