import { beforeEach, expect, test } from '@jest/globals';
import { createCookies } from '../../../src/session/cookies.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { createSealer } from '../../../src/session/seal.ts';
import type { Session } from '../../../src/session/session.ts';
import { createSessionReader, type SessionReader } from '../../../src/session/session-reader.ts';
import type { SessionStore } from '../../../src/session/session-store.ts';
import { createCookieStore } from '../../../src/session/session-store-cookie.ts';
import type { AccessToken } from '../../../src/token/access-token.ts';
import type { IssuerTrusts } from '../../../src/token/token-reader.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import { NEW, OLD, PlainJar, spoiled } from '../../support/cookies.ts';

const cookiesOf = createCookies(signingRing([NEW, OLD]));
const P = '__Host-postern';

/** A clock, and a store that counts. */
let at: number;
let loads: number;
let answers: 'at once' | 'later';
let store: SessionStore;
let reopened: string[];
let refused: Set<string>;
let reader: SessionReader;
let terms: IssuerTrusts;

beforeEach(() => {
  at = START;
  loads = 0;
  answers = 'at once';
  reopened = [];
  refused = new Set();
  terms = new Map();
  const cookieStore = createCookieStore(createSealer([NEW, OLD]), () => at);
  store = {
    ...cookieStore,
    load: (...parts) => {
      loads += 1;
      return cookieStore.load(...parts);
    },
    isCurrent: (handle, session) => {
      const current = cookieStore.isCurrent(handle, session);
      return answers === 'at once' ? current : Promise.resolve(current);
    },
  };
  const reopen = (raw: string, on: IssuerTrusts): AccessToken | undefined => {
    expect(on).toBe(terms);
    reopened.push(raw);
    return refused.has(raw) ? undefined : ({ raw } as AccessToken);
  };
  reader = createSessionReader(store, reopen, () => at);
});

/** What the cache holds of a session whose cookie has all of it. */
const slender = ({ idToken: _, ...rest }: Session): Session => rest;

async function signedIn(session: Session, scheme: 'http' | 'https' = 'https'): Promise<PlainJar> {
  const cookies = cookiesOf(scheme);
  return new PlainJar().take(cookies.session.write(await store.save(session), cookies.split([]), 3600) ?? []);
}

async function read(
  jar: PlainJar,
  host = 'shop.example.com',
  tenant = 'acme',
  scheme: 'http' | 'https' = 'https',
) {
  const cookies = cookiesOf(scheme);
  return reader.read(host, tenant, cookies, cookies.split(jar.lines), terms);
}

test('opens a session once; every further request finds it warm', async () => {
  const session = sessionOf();
  const jar = await signedIn(session);
  for (const _ of [1, 2, 3]) {
    expect(await read(jar)).toEqual({
      session: slender(session),
      tokens: session.tokens.map(({ raw }) => ({ raw })),
    });
  }
  expect(loads).toBe(1);
  expect(reopened).toEqual([session.tokens[0]?.raw]);
});

test('what stands beside the session’s cookies changes nothing', async () => {
  const jar = await signedIn(sessionOf());
  await read(jar);
  expect(
    await read(jar.copy().set('theme', 'dark').set(`${P}-t.abc`, 'x').set(`${P}.1000000`, 'x')),
  ).toBeDefined();
  expect(loads).toBe(1);
});

test('without cookies the store is not asked, and a cookie with no signature of ours is never looked into (CS9)', async () => {
  expect(await read(new PlainJar())).toBeUndefined();
  expect(await read(new PlainJar().set(P, 'x'))).toBeUndefined();
  expect(await read(new PlainJar().set(P, 'x').set(`${P}.sig`, 'y'))).toBeUndefined();
  expect(loads).toBe(0);
});

test('tokens that no longer fit today’s configuration are left out', async () => {
  const session = sessionOf({
    tokens: [
      { audience: 'a', raw: 'one' },
      { audience: 'b', raw: 'two' },
    ],
  });
  refused.add('one');
  expect(await read(await signedIn(session))).toEqual({
    session: slender(session),
    tokens: [{ raw: 'two' }],
  });
});

test('a warm session has its tokens read again, once, when the terms have changed', async () => {
  const session = sessionOf({
    tokens: [
      { audience: 'a', raw: 'one' },
      { audience: 'b', raw: 'two' },
    ],
  });
  const jar = await signedIn(session);
  const held = async () => (await read(jar))?.tokens.map(({ raw }) => raw);
  expect(await held()).toEqual(['one', 'two']);
  refused.add('one');
  expect(await held()).toEqual(['one', 'two']);
  terms = new Map();
  expect([await held(), await held()]).toEqual([['two'], ['two']]);
  refused.clear();
  terms = new Map();
  expect([await held(), await held()]).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);
  expect([loads, reopened.length]).toEqual([1, 6]);
});

test.each(['at once', 'later'] as const)(
  'a hit asks again whether the session was revoked; the store answers %s',
  async (when) => {
    const session = sessionOf();
    const jar = await signedIn(session);
    answers = when;
    expect(await read(jar)).toBeDefined();
    await store.revoke(session.id, session.expiresAt, 'ended');
    expect(await read(jar)).toBeUndefined();
    expect(await read(jar)).toBeUndefined();
  },
);

test.each([
  [3599, true],
  [3600, false],
  [3601, false],
  [36_000, false],
])('a warm session of an hour lives after %d seconds: %s', async (seconds, lives) => {
  const jar = await signedIn(sessionOf());
  expect(await read(jar)).toBeDefined();
  at += seconds;
  expect((await read(jar)) !== undefined).toBe(lives);
});

test('TS3: a clock that is set back revives nothing that was revoked', async () => {
  const session = sessionOf();
  const jar = await signedIn(session);
  await read(jar);
  await store.revoke(session.id, session.expiresAt, 'ended');
  at -= 3600;
  expect(await read(jar)).toBeUndefined();
});

test('an ended session is not kept from a new one in the same browser', async () => {
  const [before, after] = [sessionOf(), sessionOf()];
  const jar = await signedIn(before);
  await read(jar);
  await store.revoke(before.id, before.expiresAt, 'ended');
  const next = await signedIn(after);
  expect((await read(next))?.session).toEqual(slender(after));
  expect(await read(jar)).toBeUndefined();
});

test.each<[what: string, host: string, tenant: string, scheme: 'http' | 'https']>([
  ['another host', 'other.example.com', 'acme', 'https'],
  ['another tenant', 'shop.example.com', 'globex', 'https'],
  ['host and tenant cut elsewhere', 'shop.example.com acme', '', 'https'],
  ['the other spelling', 'shop.example.com', 'acme', 'http'],
])('a warm session is none for %s', async (_what, host, tenant, scheme) => {
  const jar = await signedIn(sessionOf());
  expect(await read(jar)).toBeDefined();
  expect(await read(jar, host, tenant, scheme)).toBeUndefined();
});

/** What is warm is found by the exact text only; anything else is opened, and fails as it would cold. */
test.each<[what: string, change: (jar: PlainJar) => PlainJar]>([
  ['a changed first chunk', (jar) => jar.set(P, spoiled(jar.get(P)))],
  ['a changed second chunk', (jar) => jar.set(`${P}.1`, spoiled(jar.get(`${P}.1`)))],
  ['no second chunk', (jar) => jar.delete(`${P}.1`)],
  ['no signature of the second', (jar) => jar.delete(`${P}.1.sig`)],
  ['another first chunk under the same signature', (jar) => jar.set(P, 'eyJ0IjoiMTp4In0=')],
  ['a changed signature', (jar) => jar.set(`${P}.sig`, spoiled(jar.get(`${P}.sig`)))],
])('a warm session is none with %s', async (_what, change) => {
  const jar = await signedIn(sessionOf({ profile: { picture: 'x'.repeat(3000) } }));
  expect(jar.names).toContain(`${P}.1`);
  expect(await read(jar)).toBeDefined();
  expect(await read(change(jar.copy()))).toBeUndefined();
  expect(await read(jar)).toBeDefined();
});

test('CS8: a warm session is none where its cookie comes twice', async () => {
  const jar = await signedIn(sessionOf());
  await read(jar);
  const cookies = cookiesOf('https');
  const twice = cookies.split([...jar.lines, `${P}=x`]);
  expect(await reader.read('shop.example.com', 'acme', cookies, twice, terms)).toBeUndefined();
});

test('what a store cannot say is no answer', async () => {
  const session = sessionOf();
  const jar = await signedIn(session);
  await read(jar);
  const down = new Error('store down');
  store = Object.assign(store, { isCurrent: () => Promise.reject(down) });
  await expect(read(jar)).rejects.toBe(down);
});

test('a warm session is there at once, and one that has to be opened is not', async () => {
  const jar = await signedIn(sessionOf());
  const cookies = cookiesOf('https');
  const readOnce = () => reader.read('shop.example.com', 'acme', cookies, cookies.split(jar.lines), terms);
  const cold = readOnce();
  expect(cold).toBeInstanceOf(Promise);
  const live = await cold;
  expect(readOnce()).toBe(live);
  answers = 'later';
  const later = readOnce();
  expect(later).toBeInstanceOf(Promise);
  expect(await later).toBe(live);
});

test.each<[keeps: boolean, idToken: string | undefined, what: string]>([
  [false, undefined, 'left out where the cookie is the session'],
  [true, 'e.y.J', 'kept where a store has the session and may be given it back'],
])(
  'keeps: %s: the ID token of a warm session is %s, %s; the whole session has it',
  async (keeps, idToken) => {
    store = { ...store, keeps };
    reader = createSessionReader(
      store,
      (raw) => ({ raw }) as AccessToken,
      () => at,
    );
    const session = sessionOf({ idToken: 'e.y.J' });
    const jar = await signedIn(session);
    const cookies = cookiesOf('https');
    for (const _ of [1, 2]) expect((await read(jar))?.session.idToken).toBe(idToken);
    const whole = (lines: readonly string[]) =>
      reader.whole('shop.example.com', 'acme', cookies, cookies.split(lines));
    expect(await whole(jar.lines)).toEqual(session);
    expect(await whole([])).toBeUndefined();
    await store.revoke(session.id, session.expiresAt, 'ended');
    expect(await whole(jar.lines)).toBeUndefined();
  },
);

test('sessions that asked for the same hold it in common', async () => {
  const [one, two] = [await read(await signedIn(sessionOf())), await read(await signedIn(sessionOf()))];
  expect(one?.session.id).not.toBe(two?.session.id);
  expect(one?.session.asked).toEqual(sessionOf().asked);
  expect(two?.session.asked).toBe(one?.session.asked);
});
