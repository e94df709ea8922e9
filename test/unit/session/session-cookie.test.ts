import { describe, expect, test } from '@jest/globals';
import { createCookies } from '../../../src/session/cookies.ts';
import { signingRing } from '../../../src/session/keys.ts';
import { isSameFingerprint } from '../../../src/session/session-cookie.ts';
import { NEW, PlainJar, parseSetCookie, spoiled } from '../../support/cookies.ts';

const P = '__Host-postern';
const cookies = createCookies(signingRing([NEW]))('https');
const { session } = cookies;
const splitOf = (jar: PlainJar) => cookies.split(jar.lines);
const NONE = new PlainJar();

/** A handle whose every position can be told. */
const handleOf = (length: number): string =>
  Array.from({ length: Math.ceil(length / 8) }, (_, index) => String(index).padStart(8, '.'))
    .join('')
    .slice(0, length);
const written = (length: number, jar = new PlainJar()): PlainJar =>
  jar.take(session.write(handleOf(length), splitOf(jar), 600) ?? []);
const read = (jar: PlainJar): string | undefined => session.read(splitOf(jar));
const both = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}.sig`]);

const base = written(5000);
function rename(jar: PlainJar, from: string, to: string): PlainJar {
  for (const suffix of ['', '.sig'])
    jar.set(`${to}${suffix}`, jar.get(`${from}${suffix}`) as string).delete(`${from}${suffix}`);
  return jar;
}
function sameText(a: PlainJar, b: PlainJar): boolean {
  const [one, other] = [session.fingerprint(splitOf(a)), session.fingerprint(splitOf(b))];
  return one !== undefined && other !== undefined && isSameFingerprint(one, other);
}

test.each<[length: number, names: string[]]>([
  [1, [P]],
  [2999, [P]],
  [3000, [P]],
  [3001, [P, `${P}.1`]],
  [6000, [P, `${P}.1`]],
  [6001, [P, `${P}.1`, `${P}.2`]],
  [9000, [P, `${P}.1`, `${P}.2`]],
])('%d characters travel in %j', (length, names) => {
  const jar = written(length);
  expect(jar.names).toEqual(both(...names));
  expect(read(jar)).toBe(handleOf(length));
});

test('every cookie stays below 4096 bytes, all of them below 16 KB', () => {
  const lines = session.write(handleOf(9000), splitOf(NONE), 600) ?? [];
  const sizes = lines.map(parseSetCookie).map(({ name, value }) => name.length + value.length);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
  expect(sizes.reduce((sum, size) => sum + size + 3, 0)).toBeLessThanOrEqual(16 * 1024);
});

test.each([9001, 12_000, 100_000])('%d characters do not fit', (length) => {
  expect(session.write(handleOf(length), splitOf(NONE), 600)).toBeUndefined();
});

describe('stale chunks', () => {
  test.each<[from: number, to: number, removed: string[]]>([
    [9000, 100, [`${P}.1`, `${P}.2`]],
    [9000, 5000, [`${P}.2`]],
    [5000, 100, [`${P}.1`]],
    [100, 9000, []],
    [5000, 5000, []],
  ])('of %d characters are removed when %d take their place', (from, to, removed) => {
    const jar = written(from);
    const lines = session.write(handleOf(to), splitOf(jar), 600) ?? [];
    const dropped = lines
      .map(parseSetCookie)
      .filter(({ attributes }) => attributes['expires']?.includes('1970'));
    expect(dropped.map(({ name }) => name)).toEqual(both(...removed));
    expect(read(jar.take(lines))).toBe(handleOf(to));
  });

  test('that a browser kept are not read', () => {
    const old = written(9000);
    const jar = written(100);
    for (const name of both(`${P}.1`, `${P}.2`)) jar.set(name, old.get(name) as string);
    expect(read(jar)).toBe(handleOf(100));
  });

  test('of which only the signature is left are removed as well', () => {
    const jar = written(100).set(`${P}.2.sig`, 'x');
    const lines = session.write(handleOf(100), splitOf(jar), 600) ?? [];
    expect(lines.map(parseSetCookie).map(({ name }) => name)).toEqual(both(P, `${P}.2`));
  });
});

describe('nothing is read', () => {
  const other = written(8900);

  test.each<[what: string, spoil: (jar: PlainJar) => PlainJar]>([
    ['without the first chunk', (jar) => jar.delete(P)],
    ['without its signature', (jar) => jar.delete(`${P}.sig`)],
    ['without the second', (jar) => jar.delete(`${P}.1`)],
    ['without the last', (jar) => jar.delete(`${P}.2`)],
    ['without the signature of the last', (jar) => jar.delete(`${P}.2.sig`)],
    [
      'with a chunk of another spelling',
      (jar) => jar.set(`postern.1`, jar.get(`${P}.1`) as string).delete(`${P}.1`),
    ],
    ['with a changed chunk', (jar) => jar.set(`${P}.1`, spoiled(jar.get(`${P}.1`)))],
    ['with the later chunks only', (jar) => jar.delete(P).delete(`${P}.sig`)],
    [
      'from the second chunk as the first',
      (jar) => jar.set(P, jar.get(`${P}.1`) as string).set(`${P}.sig`, jar.get(`${P}.1.sig`) as string),
    ],
  ])('%s', (_what, spoil) => expect(read(spoil(written(9000)))).toBeUndefined());

  test('of a session that was mixed with another one: the handle is neither’s', () => {
    const jar = written(9000);
    for (const name of both(`${P}.1`)) jar.set(name, other.get(name) as string);
    expect(read(jar)).not.toBe(handleOf(8900));
  });

  test.each(['', 'x', ':x', '0:x', '4:x', '-1:x', '1.5:x', '1e0x', 'NaN:x', '1000000:x'])(
    'of a first chunk that says %j',
    (text) => {
      expect(read(new PlainJar().take(cookies.carrier.write(P, text, 600) ?? []))).toBeUndefined();
    },
  );
});

test.each([`${P}.3`, `${P}.1000000`, `${P}.-1`, `${P}.01`, `${P}.1.1`, `${P}.NaN`, `${P}.0`, `${P}1`])(
  'CS7: a chunk by the name of %s is ignored',
  (name) => {
    const jar = written(5000);
    const forged = written(9000);
    for (const suffix of ['', '.sig']) jar.set(`${name}${suffix}`, forged.get(`${P}.1${suffix}`) as string);
    expect(read(jar)).toBe(handleOf(5000));
    expect(sameText(jar, written(5000))).toBe(true);
  },
);

describe('the fingerprint, for a cache', () => {
  test('is the same for the same cookies, whatever stands beside them', () => {
    expect(sameText(base.copy(), base.copy().set('theme', 'dark'))).toBe(true);
  });

  test('has a short key', () => {
    expect(session.fingerprint(splitOf(written(9000)))?.key.length).toBeLessThan(100);
  });

  test.each<[what: string, change: (jar: PlainJar) => PlainJar]>([
    ['the first chunk', (jar) => jar.set(P, 'x')],
    ['its signature', (jar) => jar.set(`${P}.sig`, 'x')],
    ['the second chunk', (jar) => jar.set(`${P}.1`, 'x')],
    ['the signature of the second', (jar) => jar.set(`${P}.1.sig`, 'x')],
    ['the absence of the second', (jar) => jar.delete(`${P}.1`)],
    ['the absence of the signature of the second', (jar) => jar.delete(`${P}.1.sig`)],
    ['a third', (jar) => jar.set(`${P}.2`, 'x')],
    ['the second under the name of the third', (jar) => rename(jar, `${P}.1`, `${P}.2`)],
  ])('differs by %s', (_what, change) => expect(sameText(change(base.copy()), base)).toBe(false));

  test.each<[what: string, jar: PlainJar]>([
    ['cookies', new PlainJar()],
    ['a first chunk', base.copy().delete(P)],
    ['its signature', base.copy().delete(`${P}.sig`)],
    ['this spelling', rename(base.copy(), P, 'postern')],
  ])('is none without %s', (_what, jar) => expect(session.fingerprint(splitOf(jar))).toBeUndefined());
});

test.each<[length: number, names: string[]]>([
  [100, [P]],
  [9000, [P, `${P}.1`, `${P}.2`]],
])('clearing removes the chunks of %d characters', (length, names) => {
  const jar = written(length).set('theme', 'dark');
  expect(
    session
      .clear(splitOf(jar))
      .map(parseSetCookie)
      .map(({ name }) => name),
  ).toEqual(both(...names));
  expect(jar.take(session.clear(splitOf(jar))).names).toEqual(['theme']);
});

test('clearing where there is nothing sends nothing', () => expect(session.clear(splitOf(NONE))).toEqual([]));

describe('tenants that share a host', () => {
  const sign = (jar: PlainJar, tenant: string, length: number): readonly string[] => {
    const own = cookies.forTenant(tenant, true);
    return own.session.write(handleOf(length), own.split(jar.lines), 600) ?? [];
  };

  test('have cookies by names of their own, and read no others', () => {
    const jar = new PlainJar();
    jar.take(sign(jar, 'acme', 3001)).take(sign(jar, 'globex', 1));
    expect(jar.names).toEqual(both(`${P}_acme`, `${P}_acme.1`, `${P}_globex`));
    expect(cookies.forTenant('acme', true).session.read(splitOf(jar))).toBe(handleOf(3001));
    expect(cookies.forTenant('globex', true).session.read(splitOf(jar))).toBe(handleOf(1));
    expect([read(jar), cookies.forTenant('acm', true).session.read(splitOf(jar))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('give way, with what was asked for them, where a new session would leave no room', () => {
    const jar = new PlainJar();
    jar.set(`${P}-asked_acme`, 'x').set(`${P}-t.1`, 'x').set(`${P}-asked`, 'x');
    jar.take(sign(jar, 'acme', 6000)).take(sign(jar, 'globex', 1));
    expect(jar.names).toContain(`${P}_acme`);
    jar.take(sign(jar, 'globex', 6000));
    expect(jar.names.filter((name) => !name.endsWith('.sig'))).toEqual([
      `${P}-t.1`,
      `${P}-asked`,
      `${P}_globex`,
      `${P}_globex.1`,
    ]);
  });

  test('at hosts of their own have the usual names', () => {
    expect(cookies.forTenant('acme', false)).toMatchObject({ tenant: 'acme', suffix: '' });
    expect(cookies.forTenant('acme', false)).toBe(cookies.forTenant('acme', false));
    expect(cookies.forTenant('acme', true)).not.toBe(cookies.forTenant('acme', false));
  });
});
