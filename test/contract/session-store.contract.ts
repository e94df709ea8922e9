import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Session } from '../../src/session/session.ts';
import type { SessionStore } from '../../src/session/session-store.ts';

/** A store to be held to the contract; it may share what it keeps with other processes. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /** Another process of the same deployment. */
  readonly replica: SessionStore;
  /** Moves the clocks of both, which the store was given. */
  advance(seconds: number): void;
}

export const START = 1_767_225_600;

/** A session of an hour. Each has an id of its own. */
export const sessionOf = (parts: Partial<Session> = {}): Session => ({
  version: 1,
  id: randomUUID(),
  host: 'shop.example.com',
  tenant: 'acme',
  provider: 'default',
  clientId: 'shop',
  subject: 'alice',
  sid: 'session-of-the-provider',
  profile: { name: 'Älice 🚪', groups: ['staff', 'admin'] },
  idToken: 'eyJhbGciOiJSUzI1NiJ9.id.sig',
  asked: [{ audience: 'https://api.shop.example.com', scopes: ['openid', 'orders:read'] }],
  tokens: [{ audience: 'https://api.shop.example.com', raw: 'eyJhbGciOiJSUzI1NiJ9.at.sig' }],
  createdAt: START,
  expiresAt: START + 3600,
  revision: 0,
  ...parts,
});

/** What a store cannot do by its nature, by the name of the test. */
export type Exceptions = Readonly<Record<string, string>>;

/**
 * What every session store promises (`session-store.ts`).
 * @param exceptions tests that are turned round: name of the test -> why this store does otherwise
 */
export function sessionStoreContract(
  name: string,
  open: () => StoreUnderTest | Promise<StoreUnderTest>,
  exceptions: Exceptions = {},
): void {
  const promise = (what: string, prove: (under: StoreUnderTest) => Promise<void>): void => {
    const reason = exceptions[what];
    if (reason === undefined) test(what, async () => prove(await open()));
    else test.failing(`NOT: ${what} (${reason})`, async () => prove(await open()));
  };
  const load = (
    store: SessionStore,
    handle: string,
    at = START,
    host = 'shop.example.com',
    tenant = 'acme',
  ) => store.load(handle, host, tenant, at);

  describe(`${name} session store`, () => {
    promise('what was saved is loaded, whole', async ({ store }) => {
      const session = sessionOf();
      expect(await load(store, await store.save(session))).toEqual(session);
    });

    promise('a session without an ID token stays without', async ({ store }) => {
      const { idToken: _, ...session } = sessionOf();
      expect(await load(store, await store.save(session))).toStrictEqual(session);
    });

    promise('a replica loads it as well', async ({ store, replica }) => {
      const session = sessionOf();
      expect(await load(replica, await store.save(session))).toEqual(session);
    });

    promise('a handle tells nothing of what it stands for, and no two are alike', async ({ store }) => {
      const session = sessionOf();
      const handles = await Promise.all([store.save(session), store.save(session), store.save(sessionOf())]);
      expect(new Set(handles).size).toBe(3);
      for (const handle of handles) {
        expect(handle).toMatch(/^[\w.-]+$/);
        const decoded = handle.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
        for (const secret of [session.id, 'alice', 'acme', 'shop.example', '.at.sig']) {
          expect([handle, ...decoded].filter((text) => text.includes(secret))).toEqual([]);
        }
      }
    });

    for (const [what, host, tenant] of [
      ['another host', 'other.example.com', 'acme'],
      ['a host below it', 'a.shop.example.com', 'acme'],
      ['another tenant', 'shop.example.com', 'globex'],
      ['no tenant', 'shop.example.com', ''],
      ['host and tenant swapped', 'acme', 'shop.example.com'],
    ] as const) {
      promise(`CS5: for ${what} it is none`, async ({ store }) => {
        expect(await load(store, await store.save(sessionOf()), START, host, tenant)).toBeUndefined();
      });
    }

    promise('it ends at its second', async ({ store }) => {
      const handle = await store.save(sessionOf());
      expect(await load(store, handle, START + 3599)).toBeDefined();
      expect(await load(store, handle, START + 3600)).toBeUndefined();
      expect(await load(store, handle, START + 3601)).toBeUndefined();
    });

    promise('a handle that it did not make is none', async ({ store }) => {
      const handle = await store.save(sessionOf());
      for (const forged of [
        '',
        'x',
        '....',
        'A'.repeat(43),
        handle.slice(1),
        `${handle}x`,
        `${handle}.x`,
        `${handle}\n`,
        handle.toUpperCase(),
      ]) {
        expect(await load(store, forged)).toBeUndefined();
      }
    });

    promise('a session of another version is none', async ({ store }) => {
      for (const version of [0, 2, '1', undefined]) {
        expect(await load(store, await store.save(sessionOf({ version: version as never })))).toBeUndefined();
      }
    });

    promise('a loaded session is current, and goes on being so', async ({ store, advance }) => {
      const session = sessionOf();
      const handle = await store.save(session);
      await load(store, handle);
      for (const seconds of [0, 1, 60, 3000]) {
        advance(seconds);
        expect(await store.isCurrent(handle, session)).toBe(true);
      }
    });

    promise('LO1: a revoked session is over at once, every copy of it', async ({ store }) => {
      const session = sessionOf();
      const handles = [await store.save(session), await store.save(session)];
      for (const handle of handles) expect(await store.isCurrent(handle, session)).toBe(true);
      await store.revoke(session.id, session.expiresAt, 'ended');
      for (const handle of handles) {
        expect(await store.isCurrent(handle, session)).toBe(false);
        expect(await load(store, handle)).toBeUndefined();
      }
    });

    promise(
      'a load that was under way when the session was revoked does not bring it back',
      async ({ store }) => {
        const session = sessionOf();
        const handle = await store.save(session);
        const order: string[] = [];
        const loading = load(store, handle).then((loaded) =>
          order.push(loaded === undefined ? 'none' : 'loaded'),
        );
        await store.revoke(session.id, session.expiresAt, 'ended');
        order.push('revoked');
        await loading;
        expect(['revoked none', 'none revoked', 'loaded revoked']).toContain(order.join(' '));
        expect(await store.isCurrent(handle, session)).toBe(false);
      },
    );

    promise('revoking one session leaves the others', async ({ store }) => {
      const [one, other] = [sessionOf(), sessionOf()];
      const handle = await store.save(other);
      await store.revoke(one.id, one.expiresAt, 'ended');
      expect(await store.isCurrent(handle, other)).toBe(true);
      expect(await load(store, handle)).toEqual(other);
    });

    promise('revoking twice, an unknown session, or one that has ended, is harmless', async ({ store }) => {
      const session = sessionOf();
      const handle = await store.save(session);
      await store.revoke(session.id, session.expiresAt, 'ended');
      await store.revoke(session.id, session.expiresAt, 'ended');
      await store.revoke('unknown', START + 3600, 'ended');
      await store.revoke('ended', START - 1, 'ended');
      expect(await store.isCurrent(handle, session)).toBe(false);
    });

    promise('a session that was revoked cannot be saved again', async ({ store }) => {
      const session = sessionOf();
      await store.revoke(session.id, session.expiresAt, 'ended');
      const handle = await store.save(session);
      expect(await load(store, handle)).toBeUndefined();
    });

    promise('a revoked session stays revoked until it would have ended', async ({ store, advance }) => {
      const session = sessionOf();
      const handle = await store.save(session);
      await store.revoke(session.id, session.expiresAt, 'ended');
      advance(3599);
      expect(await store.isCurrent(handle, session)).toBe(false);
      expect(await load(store, handle, START + 3599)).toBeUndefined();
    });

    promise('a logout is told from a login that goes on; a later one does not undo it', async ({ store }) => {
      const [one, other] = [sessionOf(), sessionOf()];
      expect(await store.hasEnded(one.id)).toBe(false);
      await store.revoke(one.id, one.expiresAt, 'replaced');
      expect(await store.hasEnded(one.id)).toBe(false);
      await store.revoke(one.id, one.expiresAt, 'ended');
      expect(await store.hasEnded(one.id)).toBe(true);
      await store.revoke(other.id, other.expiresAt, 'ended');
      await store.revoke(other.id, other.expiresAt, 'replaced');
      expect(await store.hasEnded(other.id)).toBe(true);
    });

    promise(
      'A4: a replica refuses a revoked session within a second',
      async ({ store, replica, advance }) => {
        const session = sessionOf();
        const handle = await store.save(session);
        expect(await load(replica, handle)).toEqual(session);
        await store.revoke(session.id, session.expiresAt, 'ended');
        advance(1);
        expect(await replica.isCurrent(handle, session)).toBe(false);
        expect(await load(replica, handle)).toBeUndefined();
        expect(await replica.hasEnded(session.id)).toBe(true);
      },
    );
  });
}
