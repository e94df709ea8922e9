import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type {
  KeptSessions,
  Release,
  SessionSelector,
  SessionSummary,
} from '../../src/session/kept-sessions.ts';
import type { Session } from '../../src/session/session.ts';
import { START, sessionOf } from './session-store.contract.ts';

/** A store that keeps sessions, to be held to the contract. */
export interface KeptUnderTest {
  readonly store: KeptSessions;
  /** Another process of the same store; the same one where nothing is shared. */
  readonly replica: KeptSessions;
  /** Moves the clocks of both. */
  advance(seconds: number): void;
  /** Unix seconds of both. */
  now(): number;
}

/** Everything that a store lists. */
export async function listOf(store: KeptSessions): Promise<readonly SessionSummary[]> {
  const all: SessionSummary[] = [];
  for await (const one of store.list()) all.push(one);
  return all;
}

/**
 * What a store that keeps sessions promises beside what every store does (`kept-sessions.ts`).
 * @param open opens an empty one, where unused sessions end after so many seconds
 */
export function keptSessionsContract(
  name: string,
  open: (idle?: number) => KeptUnderTest | Promise<KeptUnderTest>,
): void {
  const load = ({ now }: KeptUnderTest, store: KeptSessions, handle: string, host = 'shop.example.com') =>
    store.load(handle, host, 'acme', now());
  const token = { audience: 'https://api.shop.example.com', raw: 'the.next.one' };
  const idsOf = async (store: KeptSessions): Promise<readonly string[]> =>
    (await listOf(store)).map(({ id }) => id).sort();

  describe(`${name} keeps sessions`, () => {
    test('a handle is short, whatever the session holds', async () => {
      const { store } = await open();
      const raw = 'x'.repeat(100_000);
      expect(await store.save(sessionOf({ tokens: [{ audience: 'a', raw }] }))).toHaveLength(43);
    });

    test('an updated session is the next revision of it, for every process', async () => {
      const under = await open();
      const { store, replica, advance } = under;
      const session = sessionOf();
      const handle = await store.save(session);
      await load(under, replica, handle);
      expect(await store.update(handle, { ...session, tokens: [token] })).toBe(true);
      const changed = { ...session, tokens: [token], revision: 1 };
      expect(await store.isCurrent(handle, session)).toBe(false);
      expect(await store.isCurrent(handle, changed)).toBe(true);
      expect(await load(under, store, handle)).toEqual(changed);
      advance(1);
      expect(await replica.isCurrent(handle, session)).toBe(false);
      expect(await load(under, replica, handle)).toEqual(changed);
      expect(await replica.isCurrent(handle, changed)).toBe(true);
    });

    test('of many who change one revision, one does', async () => {
      const under = await open();
      const { store, replica } = under;
      const session = sessionOf();
      const handle = await store.save(session);
      const attempts = Array.from({ length: 20 }, (_, at) =>
        (at % 2 === 0 ? store : replica).update(handle, { ...session, profile: { at } }),
      );
      const winners = (await Promise.all(attempts)).flatMap((won, at) => (won ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(await load(under, store, handle)).toMatchObject({ revision: 1, profile: { at: winners[0] } });
      expect(await store.update(handle, session)).toBe(false);
    });

    test.each<[what: string, change: (under: KeptUnderTest, session: Session) => unknown]>([
      ['was ended', ({ store }, { id, expiresAt }) => store.revoke(id, expiresAt, 'ended')],
      ['was replaced', ({ store }, { id, expiresAt }) => store.revoke(id, expiresAt, 'replaced')],
      ['was ended elsewhere', ({ replica }, { id, expiresAt }) => replica.revoke(id, expiresAt, 'ended')],
      ['ended by itself', ({ advance }) => advance(3600)],
    ])('RF6: an update brings no session back that %s', async (_what, end) => {
      const under = await open();
      const { store } = under;
      const session = sessionOf();
      const handle = await store.save(session);
      await end(under, session);
      expect(await store.update(handle, session)).toBe(false);
      expect(await load(under, store, handle)).toBeUndefined();
      expect(await idsOf(store)).toEqual([]);
    });

    test('RF6: an update while the session is ended does not survive it', async () => {
      const under = await open();
      const { store, replica } = under;
      for (let round = 0; round < 20; round += 1) {
        const session = sessionOf();
        const handle = await store.save(session);
        await Promise.all([
          replica.update(handle, session),
          store.revoke(session.id, session.expiresAt, 'ended'),
        ]);
        expect(await load(under, store, handle)).toBeUndefined();
        expect(await load(under, replica, handle)).toBeUndefined();
      }
    });

    test('RF6: an update does not put the end off', async () => {
      const under = await open();
      const session = sessionOf();
      const handle = await under.store.save(session);
      expect(await under.store.update(handle, { ...session, expiresAt: START + 9999 })).toBe(true);
      expect(await load(under, under.store, handle)).toMatchObject({ expiresAt: START + 3600 });
      under.advance(3600);
      expect(await load(under, under.store, handle)).toBeUndefined();
    });

    test('an update of what was never there is none', async () => {
      const { store } = await open();
      expect(await store.update('A'.repeat(43), sessionOf())).toBe(false);
    });

    test('a lock has one holder over all processes', async () => {
      const { store, replica } = await open();
      const take = (at: number) => (at % 2 === 0 ? store : replica).lock('refresh', 60_000);
      const holders = (await Promise.all(Array.from({ length: 20 }, (_, at) => take(at)))).filter(
        (release) => release !== undefined,
      );
      expect(holders).toHaveLength(1);
      expect(await replica.lock('another', 60_000)).toBeDefined();
      await holders[0]?.();
      expect(await replica.lock('refresh', 60_000)).toBeDefined();
    });

    test.each([0.5, 1.123, 0, -1, Number.NaN, 2 ** 53])(
      'a lock is for whole milliseconds, and for one at the least: not for %d',
      async (limit) => {
        const { store } = await open();
        await expect(store.lock('refresh', limit)).rejects.toThrow(RangeError);
        expect(await store.lock('refresh', 1000)).toBeDefined();
      },
    );

    test('a lock is let go by itself, and then no longer by whom it was taken from', async () => {
      const under = await open();
      const { store, replica } = under;
      const first = await store.lock('refresh', 50);
      let second: Release | undefined;
      while (second === undefined) {
        under.advance(1);
        await sleep(10);
        second = await replica.lock('refresh', 60_000);
      }
      await first?.();
      expect(await store.lock('refresh', 60_000)).toBeUndefined();
      await second();
      expect(await store.lock('refresh', 60_000)).toBeDefined();
    });

    test('the living sessions are listed, without their secrets', async () => {
      const { store, replica, advance } = await open();
      const [long, short, gone] = [sessionOf(), sessionOf({ expiresAt: START + 10 }), sessionOf()];
      for (const session of [long, short, gone]) await store.save(session);
      expect(await idsOf(replica)).toEqual([long.id, short.id, gone.id].sort());
      await store.revoke(gone.id, gone.expiresAt, 'ended');
      advance(10);
      expect(await listOf(replica)).toEqual([
        {
          id: long.id,
          subject: 'alice',
          provider: 'default',
          clientId: 'shop',
          host: 'shop.example.com',
          tenant: 'acme',
          createdAt: START,
          expiresAt: START + 3600,
        },
      ]);
    });

    test('more sessions than come in one page are listed, each once', async () => {
      const { store } = await open();
      const sessions = Array.from({ length: 1200 }, () => sessionOf());
      await Promise.all(sessions.map((session) => store.save(session)));
      expect(await idsOf(store)).toEqual(sessions.map(({ id }) => id).sort());
    });

    const WORLD: Readonly<Record<string, Partial<Session>>> = {
      'alice 1': { sid: 'one' },
      'alice 2': { sid: 'two', host: 'other.example.com' },
      'alice elsewhere': { provider: 'staff', sid: 'one', clientId: 'desk' },
      bob: { subject: 'bob', sid: 'three' },
      'bob without': { subject: 'bob', sid: undefined as never },
      'bob at a desk': { subject: 'bob', sid: 'four', clientId: 'desk' },
    };
    test.each<[what: string, selector: SessionSelector, gone: readonly string[]]>([
      ['an id', { by: 'id', id: 'bob' }, ['bob']],
      ['a person', { by: 'subject', provider: 'default', subject: 'alice' }, ['alice 1', 'alice 2']],
      [
        'a person of another provider',
        { by: 'subject', provider: 'staff', subject: 'alice' },
        ['alice elsewhere'],
      ],
      ['a session of the provider', { by: 'sid', provider: 'default', sid: 'one' }, ['alice 1']],
      ['a client', { by: 'client', clientId: 'desk' }, ['alice elsewhere', 'bob at a desk']],
      [
        'a person, with one and without',
        { by: 'subject', provider: 'default', subject: 'bob' },
        ['bob', 'bob at a desk', 'bob without'],
      ],
      [
        'a person, without a session of the provider',
        { by: 'subject', provider: 'default', subject: 'bob', withoutSid: true },
        ['bob without'],
      ],
      [
        'another person, without a session of the provider',
        { by: 'subject', provider: 'default', subject: 'alice', withoutSid: true },
        [],
      ],
      ['an unknown id', { by: 'id', id: 'alice' }, []],
      ['an unknown person', { by: 'subject', provider: 'default', subject: 'eve' }, []],
      ['provider and person cut elsewhere', { by: 'subject', provider: 'defaul', subject: 'talice' }, []],
      ['an unknown session of the provider', { by: 'sid', provider: 'staff', sid: 'two' }, []],
    ])('the sessions of %s are ended, for every process', async (_what, selector, gone) => {
      const under = await open();
      const { store, replica, advance } = under;
      const handles = new Map<string, string>();
      for (const [id, parts] of Object.entries(WORLD))
        handles.set(id, await store.save(sessionOf({ id, ...parts })));
      for (const [id, handle] of handles)
        await load(under, store, handle, WORLD[id]?.host ?? 'shop.example.com');
      expect(await replica.endWhere(selector)).toBe(gone.length);
      advance(1);
      for (const [id, handle] of handles) {
        const loaded = await load(under, store, handle, WORLD[id]?.host ?? 'shop.example.com');
        expect([id, loaded === undefined]).toEqual([id, gone.includes(id)]);
        expect([id, await store.hasEnded(id)]).toEqual([id, gone.includes(id)]);
      }
      expect(await idsOf(replica)).toEqual([...handles.keys()].filter((id) => !gone.includes(id)).sort());
      expect(await replica.endWhere(selector)).toBe(0);
    });

    test('a session without a session of the provider is found by the person', async () => {
      const { store } = await open();
      const { sid: _, ...session } = sessionOf();
      await store.save(session);
      expect(await store.endWhere({ by: 'sid', provider: 'default', sid: 'undefined' })).toBe(0);
      expect(await store.endWhere({ by: 'subject', provider: 'default', subject: 'alice' })).toBe(1);
    });

    describe('CS6: with an end for sessions that are not used', () => {
      test.each<
        [
          what: string,
          use: (under: KeptUnderTest, handle: string, session: Session) => unknown,
          lives: boolean,
        ]
      >([
        ['loading it', (under, handle) => load(under, under.replica, handle), true],
        [
          'asking for it in a cache',
          ({ replica }, handle, session) => replica.isCurrent(handle, session),
          true,
        ],
        ['nothing', () => undefined, false],
        [
          'a request of another host',
          (under, handle) => load(under, under.replica, handle, 'other.example.com'),
          false,
        ],
        ['listing it', ({ replica }) => listOf(replica), false],
      ])('%s is a use, or not', async (_what, use, lives) => {
        const under = await open(600);
        const session = sessionOf();
        const handle = await under.store.save(session);
        under.advance(599);
        await use(under, handle, session);
        under.advance(599);
        expect(await under.store.isCurrent(handle, session)).toBe(lives);
        expect((await load(under, under.store, handle)) !== undefined).toBe(lives);
      });

      test('an unused session ends at its second', async () => {
        const under = await open(600);
        const handle = await under.store.save(sessionOf());
        under.advance(600);
        expect(await idsOf(under.store)).toEqual([]);
        expect(await under.store.endWhere({ by: 'client', clientId: 'shop' })).toBe(0);
        expect(await load(under, under.store, handle)).toBeUndefined();
      });

      test('use does not put the absolute end off', async () => {
        const under = await open(600);
        const session = sessionOf();
        const handle = await under.store.save(session);
        for (let at = 0; at < 7; at += 1) {
          under.advance(500);
          expect(await load(under, under.store, handle)).toEqual(session);
        }
        under.advance(100);
        expect(await load(under, under.store, handle)).toBeUndefined();
      });

      test('the list says when a session was last used', async () => {
        const under = await open(600);
        const session = sessionOf();
        const handle = await under.store.save(session);
        under.advance(60);
        expect(await under.replica.isCurrent(handle, session)).toBe(true);
        under.advance(60);
        expect(await listOf(under.store)).toMatchObject([{ id: session.id, usedAt: START + 60 }]);
      });
    });
  });
}
