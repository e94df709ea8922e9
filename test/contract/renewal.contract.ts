import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { createFreshTokens } from '../../src/broker/fresh-tokens.ts';
import { createRenewals, type Renew, type RenewalParts } from '../../src/login/renewal.ts';
import type { KeptSessions } from '../../src/session/kept-sessions.ts';
import type { RefreshOutcome } from '../../src/session/refreshable.ts';
import type { Session } from '../../src/session/session.ts';
import {
  API,
  accessTokenFor,
  liveOf,
  OTHER,
  RefreshingProvider,
  TRUSTS,
  tokenFor,
  visitWith,
} from '../support/refreshing-provider.ts';
import { START, sessionOf } from './session-store.contract.ts';

/** Two processes of one store; the same one twice where nothing is shared. Locks end in real time. */
export type Processes = readonly [store: KeptSessions, replica: KeptSessions];

/** Renewals of one process, and how its calls to the provider ended. */
export interface RenewingProcess {
  readonly renew: Renew;
  readonly settled: () => Promise<void>;
  readonly outcomes: readonly RefreshOutcome[];
}

export function renewing(
  store: KeptSessions,
  provider: RefreshingProvider,
  more: Partial<RenewalParts> & { readonly moreAudiences?: 'redirect' | 'refresh' } = {},
): RenewingProcess {
  const { moreAudiences = 'redirect', ...parts } = more;
  const outcomes: RefreshOutcome[] = [];
  const { renew, settled } = createRenewals({
    store,
    providerOf: () => ({ config: { name: 'default', moreAudiences }, identityProvider: provider }) as never,
    trustsOf: () => TRUSTS,
    readFresh: createFreshTokens({ of: () => TRUSTS, offlineOf: () => TRUSTS }, undefined, () => START),
    now: () => START,
    onRefresh: (_provider, outcome) => void outcomes.push(outcome),
    onFailure: (error) => {
      throw error;
    },
    ...parts,
    limits: { poll: 10, ...parts.limits },
  });
  return { renew, settled, outcomes };
}

/** What a renewal promises over a store, whatever the store (RF2, RF3, RF6). */
export function renewalContract(name: string, open: () => Processes | Promise<Processes>): void {
  const sessionWith = (parts: Partial<Session> = {}): Session =>
    sessionOf({ tokens: [tokenFor(API, 'r1'), tokenFor(OTHER, 's1')], ...parts });

  async function begin(parts?: Partial<Session>, limits: RenewalParts['limits'] = {}) {
    const [store, replica] = await open();
    const provider = new RefreshingProvider();
    const session = sessionWith(parts);
    const handle = await store.save(session);
    const [one, other] = [renewing(store, provider, { limits }), renewing(replica, provider, { limits })];
    const load = (from: KeptSessions = store) => from.load(handle, session.host, session.tenant, START);
    const ask = async ({ renew }: RenewingProcess, seen = session, audiences = [API]) =>
      renew(visitWith(handle), liveOf(seen), audiences);
    return { store, replica, provider, session, handle, one, other, load, ask };
  }

  describe(`renewals over ${name}`, () => {
    test('RF2, RF3: fifty requests of two processes make one call, and all find what it brought', async () => {
      const { replica, provider, session, one, other, load, ask } = await begin();
      provider.delay = () => sleep(50);
      const asked = Array.from({ length: 50 }, async (_, at) => {
        const renewal = await ask(at % 2 === 0 ? one : other);
        return [renewal, (await load())?.tokens[0]?.refreshToken];
      });
      expect(new Set((await Promise.all(asked)).map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify([{ kind: 'changed' }, "r1'"])]),
      );
      expect(provider.sent).toEqual(['r1']);
      for (const latest of [await load(), await load(replica)]) {
        expect(latest).toMatchObject({ revision: 1, expiresAt: session.expiresAt });
        expect(latest?.tokens.map(({ raw }) => raw)).toEqual([
          expect.not.stringMatching(session.tokens[0]?.raw ?? ''),
          session.tokens[1]?.raw,
        ]);
      }
      expect([...one.outcomes, ...other.outcomes]).toEqual(['renewed']);
    });

    test('RF2: two audiences of one session are renewed one after the other', async () => {
      const { provider, one, other, load, ask, session } = await begin();
      let underWay = 0;
      let most = 0;
      provider.delay = async () => {
        underWay += 1;
        most = Math.max(most, underWay);
        await sleep(30);
        underWay -= 1;
      };
      await Promise.all([ask(one), ask(other, session, [OTHER]), ask(one, session, [OTHER]), ask(other)]);
      expect(most).toBe(1);
      expect([...provider.sent].sort()).toEqual(['r1', 's1']);
      expect((await load())?.tokens.map(({ refreshToken }) => refreshToken)).toEqual(["r1'", "s1'"]);
    });

    test('RF3: no refresh token is sent twice, by whichever process', async () => {
      const { provider, one, other, load, ask } = await begin();
      for (const process of [one, other, other, one]) await ask(process, (await load()) as Session);
      expect(provider.sent).toEqual(['r1', "r1'", "r1''", "r1'''"]);
      expect([...one.outcomes, ...other.outcomes]).toEqual(Array(4).fill('renewed'));
    });

    test('RF3: who has not heard of the renewal yet makes none', async () => {
      const { provider, one, other, ask, session } = await begin();
      await ask(one, session);
      expect(await ask(other, session)).toEqual({ kind: 'changed' });
      expect(await ask(one, session)).toEqual({ kind: 'changed' });
      expect(provider.sent).toEqual(['r1']);
    });

    test('RF3: who has not heard of the renewal yet renews what has expired since', async () => {
      const { store, provider, one, ask, session, handle, load } = await begin();
      const raw = accessTokenFor(API, { iat: START - 600, exp: START + 5 });
      const expired = { ...session, tokens: [{ ...tokenFor(API, 'r2'), raw }] };
      expect(await store.update(handle, expired)).toBe(true);
      expect(await ask(one, session)).toEqual({ kind: 'changed' });
      expect(provider.sent).toEqual(['r2']);
      expect((await load())?.tokens[0]?.refreshToken).toBe("r2'");
    });

    test('RF2: a process that died with the lock is waited for no longer than the lock lives', async () => {
      const { replica, provider, one, ask, session, load } = await begin();
      expect(await replica.lock(`refresh ${session.id}`, 300)).toBeDefined();
      expect(await ask(one)).toEqual({ kind: 'changed' });
      expect(provider.sent).toEqual(['r1']);
      expect((await load())?.tokens[0]?.refreshToken).toBe("r1'");
    });

    test.each(['ended', 'replaced'] as const)(
      'RF6: a session that is %s meanwhile stays so',
      async (fate) => {
        const { store, replica, provider, one, ask, session, load } = await begin();
        provider.delay = () => replica.revoke(session.id, session.expiresAt, fate);
        expect(await ask(one)).toEqual({ kind: 'changed' });
        for (const from of [store, replica]) expect(await load(from)).toBeUndefined();
        expect(one.outcomes).toEqual(['dropped']);
      },
    );

    test('a change that was made meanwhile stays, and so does what the refresh brought', async () => {
      const { replica, provider, one, ask, session, handle, load } = await begin();
      const changed = { ...session, profile: { changed: true } };
      provider.delay = async () => void (await replica.update(handle, changed));
      await ask(one);
      expect(await load()).toMatchObject({
        revision: 2,
        profile: { changed: true },
        tokens: [{ refreshToken: "r1'" }, session.tokens[1] ?? {}],
      });
    });

    test('where the lock was lost, the refresh that was quicker wins', async () => {
      const { replica, provider, one, ask, session, handle, load } = await begin();
      const quicker = { ...session, tokens: [tokenFor(API, 'quicker')] };
      provider.delay = async () => void (await replica.update(handle, quicker));
      expect(await ask(one)).toEqual({ kind: 'changed' });
      expect((await load())?.tokens).toEqual(quicker.tokens);
      expect(one.outcomes).toEqual(['dropped']);
    });

    test('RF5: a spent refresh token ends the session in every process', async () => {
      const { store, replica, provider, one, other, ask, session, load } = await begin();
      await provider.refresh({ refreshToken: 'r1', audience: API, profile: {} });
      expect(await Promise.all([ask(one), ask(one)])).toEqual([{ kind: 'ended' }, { kind: 'ended' }]);
      for (const from of [store, replica]) expect(await load(from)).toBeUndefined();
      expect(await store.hasEnded(session.id)).toBe(true);
      expect(await ask(other)).toEqual({ kind: 'changed' });
      expect(provider.sent).toEqual(['r1', 'r1']);
    });

    test('RF5: not where another process was quicker with it', async () => {
      const { replica, provider, one, ask, session, handle, load } = await begin();
      const quicker = { ...session, tokens: [tokenFor(API, 'quicker')] };
      await provider.refresh({ refreshToken: 'r1', audience: API, profile: {} });
      provider.delay = async () => void (await replica.update(handle, quicker));
      expect(await ask(one)).toEqual({ kind: 'changed' });
      expect((await load())?.tokens).toEqual(quicker.tokens);
    });

    test('who waits for too long goes on without it; what comes later is stored all the same', async () => {
      const { provider, one, ask, load } = await begin({}, { wait: 30 });
      const { promise, resolve } = Promise.withResolvers<void>();
      provider.delay = () => promise;
      const late = {
        kind: 'kept',
        reason: 'provider-unavailable',
        cause: 'the refresh takes longer than 30 ms',
      };
      expect(await Promise.all([ask(one), ask(one)])).toEqual([late, late]);
      expect(await ask(one)).toEqual(late);
      resolve();
      while ((await load())?.revision !== 1) await sleep(5);
      expect((await load())?.tokens[0]?.refreshToken).toBe("r1'");
      expect(provider.sent).toEqual(['r1']);
    });
  });
}
