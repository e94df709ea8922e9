import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createLoginMemory } from '../../../src/login/login-memory.ts';
import {
  createTransactions,
  type StateContent,
  TRANSACTION_LIFETIME,
} from '../../../src/login/transaction.ts';
import { type CookieBudget, NGINX_BUDGET, USUAL_BUDGET } from '../../../src/session/cookie-budget.ts';
import { createCookies } from '../../../src/session/cookies.ts';
import { createDeriver } from '../../../src/session/deriver.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { createSealer } from '../../../src/session/seal.ts';
import { NEW, OLD, oneCharacterOff, PlainJar, parseSetCookie, RETIRED } from '../../support/cookies.ts';

const START = 1_767_225_600;
const HOST = 'shop.example.com';
const cookies = createCookies(signingRing([NEW, OLD]))('https');
let at = START;
const transactions = createTransactions(createSealer([NEW, OLD]), createDeriver([NEW, OLD]), () => at);

interface Begin {
  readonly returnTo?: string;
  readonly host?: string;
  readonly keep?: boolean;
  readonly jar?: PlainJar;
  readonly audience?: string;
  readonly scopes?: readonly string[];
  readonly attempt?: number;
}
const splitOf = (jar: PlainJar) => cookies.split(jar.lines);
const begin = ({
  returnTo = '/orders?q=1',
  host = HOST,
  keep = true,
  jar = new PlainJar(),
  ...more
}: Begin = {}) =>
  transactions.start(
    { host, cookies, split: splitOf(jar), keep },
    {
      provider: 'default',
      audience: 'https://api.shop.example.com',
      scopes: ['orders:write'],
      attempt: 0,
      returnTo,
      ...more,
    },
  );
const find = (state: string, jar: PlainJar, host = HOST) => {
  const content = transactions.openState(state, host);
  return content && transactions.find(content, host, cookies, splitOf(jar));
};
const sizeOf = (jar: PlainJar): number =>
  jar.names.reduce((sum, name) => sum + name.length + 1 + (jar.get(name) as string).length + 2, 0);
const mains = (jar: PlainJar): string[] => jar.names.filter((name) => !name.endsWith('.sig'));

describe('a transaction', () => {
  test('comes back whole, with the cookie of the browser that began it', () => {
    at = START;
    const { transaction, state, setCookie } = begin({ attempt: 1 });
    expect(transaction.codeVerifier).toMatch(/^[\w-]{43}$/);
    expect(transaction.nonce).toMatch(/^[\w-]{43}$/);
    expect(transaction.state).toEqual({
      challenge: hash('sha256', transaction.codeVerifier, 'base64url'),
      id: transaction.id,
      provider: 'default',
      audience: 'https://api.shop.example.com',
      scopes: ['orders:write'],
      returnTo: '/orders?q=1',
      startedAt: START,
      attempt: 1,
    });
    expect(find(state, new PlainJar().take(setCookie))).toEqual(transaction);
  });

  test('is one cookie of ten minutes and its signature, named by its id', () => {
    const { transaction, setCookie } = begin();
    const set = setCookie.map(parseSetCookie);
    const name = `__Host-postern-t.${transaction.id}`;
    expect(set.map((cookie) => cookie.name)).toEqual([name, `${name}.sig`]);
    for (const { attributes } of set) {
      expect(attributes).toMatchObject({ path: '/', samesite: 'lax', secure: '', httponly: '' });
      expect(attributes['domain']).toBeUndefined();
      const seconds = (Date.parse(attributes['expires'] ?? '') - Date.now()) / 1000;
      expect(Math.abs(seconds - TRANSACTION_LIFETIME)).toBeLessThan(5);
    }
  });

  test('AR4: reveals nothing in state or cookie', () => {
    const { transaction, state, setCookie } = begin();
    const texts = [state, ...setCookie].flatMap((text) => text.split(/[.;=]/));
    const decoded = texts.flatMap((text) => [text, Buffer.from(text, 'base64').toString('latin1')]);
    for (const secret of [transaction.codeVerifier, transaction.nonce, 'orders', 'default', HOST]) {
      expect(decoded.filter((text) => text.includes(secret))).toEqual([]);
    }
  });

  test('AR4: no state, verifier, nonce or id comes twice', () => {
    const many = Array.from({ length: 200 }, () => begin());
    for (const part of [
      many.map(({ state }) => state),
      many.map(({ transaction }) => transaction.codeVerifier),
      many.map(({ transaction }) => transaction.nonce),
      many.map(({ transaction }) => transaction.id),
    ]) {
      expect(new Set(part).size).toBe(200);
    }
  });

  test('a HEAD request sets no cookie', () => {
    const jar = new PlainJar().take(begin().setCookie);
    for (const returnTo of ['/', `/${'x'.repeat(1023)}`, `/${'x'.repeat(1500)}`, `/${'x'.repeat(9000)}`]) {
      const { setCookie, state } = begin({ keep: false, jar, returnTo });
      expect(setCookie).toEqual([]);
      expect(transactions.openState(state, HOST)?.returnTo).toBe(returnTo.length <= 1024 ? returnTo : '/');
      expect(find(state, jar)).toBeUndefined();
    }
  });
});

describe('what state and cookie are bound to', () => {
  test('CB7: another host opens neither', () => {
    at = START;
    const { state, setCookie } = begin();
    const jar = new PlainJar().take(setCookie);
    expect(transactions.openState(state, 'other.example.com')).toBeUndefined();
    const content = transactions.openState(state, HOST) as StateContent;
    expect(transactions.find(content, 'other.example.com', cookies, splitOf(jar))).toBeUndefined();
  });

  test('XS1: another browser, and another transaction of the same browser, has not its cookie', () => {
    const [one, other] = [begin(), begin()];
    expect(find(one.state, new PlainJar().take(other.setCookie))).toBeUndefined();
    expect(find(one.state, new PlainJar())).toBeUndefined();
    // nor does the other's value help under this one's name
    const forged = new PlainJar();
    for (const [index, { name }] of one.setCookie.map(parseSetCookie).entries()) {
      forged.set(name, parseSetCookie(other.setCookie[index] as string).value);
    }
    expect(find(one.state, forged)).toBeUndefined();
  });

  test('AR4: one character off in state is no state', () => {
    const { state } = begin();
    const opened = oneCharacterOff(state).filter((text) => transactions.openState(text, HOST) !== undefined);
    expect(opened).toEqual([]);
  });

  test.each(['', 'x', '....', 'a.b.c.d.e', 'null', '%00'])('%j is no state', (text) => {
    expect(transactions.openState(text, HOST)).toBeUndefined();
  });

  test.each([
    ['the second', OLD, true],
    ['a retired one', RETIRED, false],
  ])('sealed with %s secret: %s', (_which, keys, expected) => {
    const before = createTransactions(createSealer([keys]), createDeriver([keys]), () => at);
    const { state } = before.start(
      { host: HOST, cookies, split: splitOf(new PlainJar()), keep: true },
      { provider: 'default', audience: '', scopes: [], returnTo: '/', attempt: 0 },
    );
    expect(transactions.openState(state, HOST) !== undefined).toBe(expected);
  });

  test.each([
    [599, true, true],
    [600, false, true],
    [3600, false, true],
  ])('CB9: after %d seconds the cookie opens: %s, state: %s', (seconds, cookie, state) => {
    at = START;
    const begun = begin();
    const jar = new PlainJar().take(begun.setCookie);
    at = START + seconds;
    const content = transactions.openState(begun.state, HOST);
    expect(content !== undefined).toBe(state);
    expect(content && transactions.find(content, HOST, cookies, splitOf(jar)) !== undefined).toBe(cookie);
    at = START;
  });
});

describe('AR10: the return URL travels in state up to 1 KB, in the cookie up to 2 KB, beyond that it is /', () => {
  const URLS: Readonly<Record<string, (length: number) => string>> = {
    'a target': (length) => `/${'x'.repeat(length - 1)}`,
    'an absolute URL': (length) => `https://www.example.com/${'x'.repeat(length - 24)}`,
  };
  const HOSTS = [
    'a.de',
    HOST,
    'orders.internal.apps.company.example.com',
    `${'a'.repeat(60)}.shop.eu-central-1.company.example.com`,
  ];
  const rows = Object.keys(URLS).flatMap((what) => HOSTS.map((host) => [what, host] as const));

  describe.each(rows)('%s, on %s', (what, host) => {
    test.each<[length: number, where: 'state' | 'cookie' | 'nowhere']>([
      [30, 'state'],
      [1023, 'state'],
      [1024, 'state'],
      [1025, 'cookie'],
      [1500, 'cookie'],
      [2047, 'cookie'],
      [2048, 'cookie'],
      [2049, 'nowhere'],
      [8192, 'nowhere'],
    ])('%d bytes: in %s', (length, where) => {
      const returnTo = URLS[what]?.(length) as string;
      expect(returnTo).toHaveLength(length);
      const { state, setCookie } = begin({ returnTo, host });
      const jar = new PlainJar().take(setCookie);
      const content = transactions.openState(state, host);
      expect(content?.returnTo).toBe({ state: returnTo, cookie: undefined, nowhere: '/' }[where]);
      const found = find(state, jar, host);
      expect(found?.state.returnTo).toBe(where === 'nowhere' ? '/' : returnTo);
      for (const name of jar.names)
        expect(name.length + (jar.get(name) as string).length).toBeLessThanOrEqual(4096);
    });
  });

  test('on the longest host name there is, a login works, and state stays short enough for a URL', () => {
    const host = `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(61)}`;
    for (const length of [1024, 2048, 8192]) {
      const { state, setCookie } = begin({ host, returnTo: `/${'x'.repeat(length - 1)}` });
      expect(state.length).toBeLessThanOrEqual(4096);
      expect(find(state, new PlainJar().take(setCookie), host)).toBeDefined();
    }
  });
});

describe('AR9: many tabs', () => {
  test('20 parallel starts have 20 names; each is met by its own cookie', () => {
    at = START;
    const begun = Array.from({ length: 20 }, (_, tab) => begin({ returnTo: `/tab/${tab}` }));
    expect(new Set(begun.map(({ setCookie }) => parseSetCookie(setCookie[0] as string).name)).size).toBe(20);
    const jar = new PlainJar();
    for (const { setCookie } of begun) jar.take(setCookie);
    for (const [tab, { state }] of begun.entries()) {
      expect(find(state, jar)?.state.returnTo).toBe(`/tab/${tab}`);
    }
  });

  test('beyond 6 KB in all the oldest are dropped, the newest always stays', () => {
    const jar = new PlainJar();
    const states: string[] = [];
    for (let tab = 0; tab < 30; tab += 1) {
      at = START + tab;
      const { state, setCookie } = begin({ jar, returnTo: `/tab/${tab}` });
      jar.take(setCookie);
      states.push(state);
      expect(sizeOf(jar)).toBeLessThanOrEqual(6 * 1024);
      expect(find(state, jar)?.state.returnTo).toBe(`/tab/${tab}`);
    }
    const alive = states.map((state) => find(state, jar) !== undefined);
    const kept = alive.filter(Boolean).length;
    expect(kept).toBeGreaterThanOrEqual(20);
    expect(alive).toEqual(states.map((_, tab) => tab >= 30 - kept));
    at = START;
  });

  test('a transaction too large for 6 KB with others drops just enough of them', () => {
    const jar = new PlainJar();
    for (let tab = 0; tab < 20; tab += 1) {
      at = START + tab;
      jar.take(begin({ jar }).setCookie);
    }
    const before = mains(jar);
    at = START + 30;
    jar.take(begin({ jar, returnTo: `/${'x'.repeat(1800)}` }).setCookie);
    expect(sizeOf(jar)).toBeLessThanOrEqual(6 * 1024);
    const dropped = before.filter((name) => !mains(jar).includes(name));
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped).toEqual(before.slice(0, dropped.length));
    at = START;
  });

  test('a session, and cookies of other kinds, are never dropped', () => {
    const jar = new PlainJar().take(
      cookies.session.write('s'.repeat(9000), splitOf(new PlainJar()), 600) ?? [],
    );
    jar.set('__Host-postern-asked', 'x'.repeat(500)).set('theme', 'dark');
    const others = jar.names;
    for (let tab = 0; tab < 20; tab += 1) {
      at = START + tab;
      jar.take(begin({ jar }).setCookie);
      expect(sizeOf(jar.copy().delete('theme'))).toBeLessThanOrEqual(16 * 1024);
    }
    for (const name of others) expect(jar.names).toContain(name);
    at = START;
  });
});

describe('making room for a session', () => {
  const sessionLines = (length: number, jar: PlainJar): readonly string[] =>
    cookies.session.write('s'.repeat(length), splitOf(jar), 600) ?? [];
  const withTabs = (count: number, jar = new PlainJar()): PlainJar => {
    for (let tab = 0; tab < count; tab += 1) {
      at = START + tab;
      jar.take(begin({ jar }).setCookie);
    }
    at = START;
    return jar;
  };
  const room = (jar: PlainJar, added: readonly string[]): string[] =>
    transactions
      .makeRoom(cookies, splitOf(jar), added)
      .map((line) => parseSetCookie(line).name)
      .filter((name) => !name.endsWith('.sig'));

  test.each<[what: string, tabs: number, session: number]>([
    ['a small session beside one tab', 1, 1500],
    ['a small session beside eight tabs', 8, 1500],
    ['a session of two chunks beside one tab', 1, 6000],
    ['a session of three chunks beside four tabs', 4, 9000],
  ])('%s, all within 16 KB: no tab loses its transaction', (_what, tabs, length) => {
    const jar = withTabs(tabs);
    const added = sessionLines(length, jar);
    expect(sizeOf(jar.copy().take(added))).toBeLessThanOrEqual(16 * 1024);
    expect(room(jar, added)).toEqual([]);
  });

  test('a session that takes the place of one as large needs no room', () => {
    const jar = withTabs(3, new PlainJar().take(sessionLines(9000, new PlainJar())));
    const added = sessionLines(9000, jar);
    expect(sizeOf(jar.copy().take(added))).toBeLessThanOrEqual(16 * 1024);
    expect(room(jar, added)).toEqual([]);
  });

  test('beyond 16 KB in all the oldest are dropped', () => {
    const jar = withTabs(24);
    const added = sessionLines(9000, jar);
    expect(sizeOf(jar.copy().take(added))).toBeGreaterThan(16 * 1024);
    const dropped = room(jar, added);
    expect(dropped.length).toBeGreaterThan(0);
    expect(dropped).toEqual(mains(jar).slice(0, dropped.length));
    const lines = [...added, ...transactions.makeRoom(cookies, splitOf(jar), added)];
    expect(sizeOf(jar.take(lines))).toBeLessThanOrEqual(16 * 1024);
  });
});

/** Design §5: ours are 16 KB in all, 8,000 bytes with nginx, whatever comes together. */
describe.each<[which: string, bytes: number, budget: CookieBudget, session: number]>([
  ['16 KB', 16 * 1024, USUAL_BUDGET, 9000],
  ['8,000 bytes with nginx', 8000, NGINX_BUDGET, 3000],
])('never more than %s', (_which, bytes, budget, length) => {
  const tight = createCookies(signingRing([NEW]), budget)('https');
  const memory = createLoginMemory(createSealer([NEW]), () => START);
  const of = (jar: PlainJar) => tight.split(jar.lines);
  const start = (jar: PlainJar, returnTo: string) =>
    transactions.start(
      { host: HOST, cookies: tight, split: of(jar), keep: true },
      { provider: 'default', audience: '', scopes: [], attempt: 0, returnTo },
    );
  const largestSession = (jar: PlainJar): PlainJar =>
    jar.take(tight.session.write('s'.repeat(length), of(jar), 600) ?? []);
  const largestMemory = (jar: PlainJar): PlainJar => {
    const end = (scopes: number) => ({
      audience: 'https://api.shop.example.com',
      scopes: Array.from({ length: scopes }, (_, index) => `scope-number-${index}`),
      at: START,
      completed: true,
    });
    return jar.take(memory.remember(HOST, tight, [end(40), end(40), end(40)], end(20)));
  };

  test('a session that fits is the largest that does', () => {
    expect(largestSession(new PlainJar()).names).toHaveLength(2 * budget.chunks);
    expect(tight.session.write('s'.repeat(length + 1), of(new PlainJar()), 600)).toBeUndefined();
  });

  test.each<[what: string, fill: (jar: PlainJar) => PlainJar, returnTo: number]>([
    ['twenty tabs', (jar) => jar, 30],
    ['twenty tabs with long return URLs', (jar) => jar, 2048],
    ['the largest session, and twenty tabs', largestSession, 30],
    ['the largest session, and twenty tabs with long return URLs', largestSession, 2048],
    ['the largest memory, and twenty tabs', largestMemory, 30],
    ['the largest session and memory', (jar) => largestMemory(largestSession(jar)), 30],
    [
      'the largest session and memory, and long return URLs',
      (jar) => largestMemory(largestSession(jar)),
      2048,
    ],
  ])('%s', (_what, fill, returnTo) => {
    const jar = fill(new PlainJar());
    const sizes: number[] = [];
    for (let tab = 0; tab < 20; tab += 1) {
      at = START + tab;
      const { setCookie, state } = start(jar, `/${'x'.repeat(returnTo - 1)}`);
      jar.take(setCookie);
      sizes.push(sizeOf(jar));
      const content = transactions.openState(state, HOST) as StateContent;
      expect(transactions.find(content, HOST, tight, of(jar))).toBeDefined();
    }
    at = START;
    expect(Math.max(...sizes)).toBeLessThanOrEqual(bytes);
  });
});

test('ending removes the one transaction, or what is left of it', () => {
  const jar = new PlainJar();
  const [one, other] = [begin({ jar }), begin({ jar })];
  jar.take(one.setCookie).take(other.setCookie);
  const { id } = one.transaction;
  const names = (from: PlainJar) =>
    transactions.end(id, cookies, splitOf(from)).map((line) => parseSetCookie(line).name);
  const name = `__Host-postern-t.${id}`;
  expect(names(jar)).toEqual([name, `${name}.sig`]);
  expect(names(jar.copy().delete(name))).toEqual([name, `${name}.sig`]);
  jar.take(transactions.end(id, cookies, splitOf(jar)));
  expect(mains(jar)).toEqual([`__Host-postern-t.${other.transaction.id}`]);
  expect(names(jar)).toEqual([]);
});

describe('in the central shape', () => {
  const LOGIN = 'login.example.com';
  const central = createTransactions(createSealer([NEW]), createDeriver([NEW]), () => at, LOGIN);
  const start = (host: string, port?: number) =>
    central.start(
      { host, port, cookies, split: splitOf(new PlainJar()), keep: true },
      { provider: 'default', audience: '', scopes: [], returnTo: '/orders', attempt: 0 },
    );

  test.each<[host: string, port: number | undefined]>([
    [HOST, undefined],
    ['shop.localhost', 8080],
    [LOGIN, undefined],
  ])('state of %s:%s opens there, and for the relay, which it tells the host', (host, port) => {
    const { state, setCookie } = start(host, port);
    const jar = new PlainJar().take(setCookie);
    const content = central.openState(state, host);
    expect(content?.returnTo).toBe('/orders');
    expect(content?.home).toEqual({ name: host, port });
    expect(content && central.find(content, host, cookies, splitOf(jar))).toBeDefined();
    expect(central.openRelayed(state)).toEqual(content);
  });

  test.each(['other.example.com', LOGIN, '', `${HOST}.`, `x.${HOST}`])('it does not open at %s', (host) => {
    expect(central.openState(start(HOST).state, host)).toBeUndefined();
  });

  test('a state of the per-host shape is none here, nor the other way round', () => {
    for (const host of [HOST, LOGIN]) {
      const { state } = begin({ host });
      expect(central.openState(state, host)).toBeUndefined();
      expect(central.openRelayed(state)).toBeUndefined();
      const other = start(host).state;
      for (const opener of [HOST, LOGIN]) expect(transactions.openState(other, opener)).toBeUndefined();
      expect(transactions.openRelayed(other)).toBeUndefined();
    }
  });

  test('one character off is nothing to relay', () => {
    const { state } = start(HOST);
    expect(oneCharacterOff(state).filter((text) => central.openRelayed(text) !== undefined)).toEqual([]);
  });

  test('a state of another login host, or sealed with another secret, is nothing to relay', () => {
    const elsewhere = [
      createTransactions(createSealer([NEW]), createDeriver([NEW]), () => at, 'login.example.org'),
      createTransactions(createSealer([RETIRED]), createDeriver([RETIRED]), () => at, LOGIN),
    ];
    for (const other of elsewhere) {
      const { state } = other.start(
        { host: HOST, cookies, split: splitOf(new PlainJar()), keep: true },
        { provider: 'default', audience: '', scopes: [], returnTo: '/', attempt: 0 },
      );
      expect(central.openRelayed(state)).toBeUndefined();
    }
  });
});
