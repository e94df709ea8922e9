import { expect, test } from '@jest/globals';
import { createCookies } from '../../../src/session/cookies.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { createSessionReader } from '../../../src/session/session-reader.ts';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import type { AccessToken } from '../../../src/token/access-token.ts';
import type { IssuerTrusts } from '../../../src/token/token-reader.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import { NEW, PlainJar } from '../../support/cookies.ts';

/** A reader over a store that keeps sessions itself: the cookie stays, and what it leads to changes. */

const cookies = createCookies(signingRing([NEW]))('https');
const terms: IssuerTrusts = new Map();

async function begin(idle?: number) {
  let at = START;
  const store = createMemoryStore({ idle, now: () => at, milliseconds: () => at * 1000 });
  const reader = createSessionReader(
    store,
    (raw) => ({ raw }) as AccessToken,
    () => at,
  );
  const session = sessionOf();
  const handle = await store.save(session);
  const jar = new PlainJar().take(cookies.session.write(handle, cookies.split([]), 3600) ?? []);
  return {
    store,
    session,
    handle,
    advance: (seconds: number) => {
      at += seconds;
    },
    read: async () => reader.read('shop.example.com', 'acme', cookies, cookies.split(jar.lines), terms),
  };
}

test('a session that was changed in its place is read anew, under the same cookie', async () => {
  const { store, session, handle, read } = await begin();
  expect((await read())?.session).toEqual(session);
  const tokens = [{ audience: 'https://api.shop.example.com', raw: 'the.next.one' }];
  expect(await store.update(handle, { ...session, tokens })).toBe(true);
  const changed = { session: { ...session, tokens, revision: 1 }, tokens: [{ raw: 'the.next.one' }] };
  expect(await read()).toEqual(changed);
  expect(await read()).toEqual(changed);
});

test('a session that was ended by its person is none', async () => {
  const { store, read } = await begin();
  expect(await read()).toBeDefined();
  expect(await store.endWhere({ by: 'subject', provider: 'default', subject: 'alice' })).toBe(1);
  expect(await read()).toBeUndefined();
  expect(await read()).toBeUndefined();
});

test('CS6: every request is a use, also of a session that is warm', async () => {
  const { read, advance } = await begin(600);
  for (let use = 0; use < 5; use += 1) {
    expect(await read()).toBeDefined();
    advance(599);
  }
  expect(await read()).toBeDefined();
  advance(600);
  expect(await read()).toBeUndefined();
});
