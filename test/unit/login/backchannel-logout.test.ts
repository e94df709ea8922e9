import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ProviderConfig } from '../../../src/config/config.ts';
import { createBackchannelLogout } from '../../../src/login/backchannel-logout.ts';
import type { Reply } from '../../../src/outcome/reply.ts';
import type { KeptSessions } from '../../../src/session/kept-sessions.ts';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import { StoreUnavailable } from '../../../src/session/store-unavailable.ts';
import { createKeySet } from '../../../src/token/key-set.ts';
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
function open(over: Partial<KeptSessions> = {}) {
  let passed = 0;
  const now = (): number => Math.floor(Date.now() / 1000) + passed;
  const store = createMemoryStore({ idle: undefined, now, milliseconds: () => now() * 1000 });
  const keys = createKeySet({
    jwksUri: async () => new URL(`${provider.issuer}/jwks`),
    fetch: async () => Response.json({ keys: [provider.keys.idToken.jwk] }),
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
