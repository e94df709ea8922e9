import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// A sibling domain or a page on http writes cookies for this host: cookie tossing, session fixation (GHSA-f24x-5g9q-753f),
// __Host- prefix evasion by white space that the server strips ("Cookie Chaos", PortSwigger 2025), cookie bombs.

const rulesOf = (app: string): string => `
app: ${app}
hosts: [${app}.example.com, ${app}.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid, profile, email, "orders:read"], ask: listed }
rules:
  /public: public
  /**: authenticated
`;
const SHOP = 'https://shop.example.com';
const NAME = '__Host-postern';

let world: World;
let anna: Browser;
let ben: Browser;
/** Name and value of each of a browser's own cookies. */
const cookiesOf = (browser: Browser, url = SHOP): [string, string][] =>
  browser.jar.getCookiesSync(url).map(({ key, value }) => [key, value]);
const sessionOf = (browser: Browser): [string, string][] =>
  cookiesOf(browser).filter(([name]) => /^__Host-postern(\.\d)?(\.sig)?$/.test(name));
const header = (pairs: readonly (readonly [string, string])[], between = '; '): string =>
  pairs.map(([name, value]) => `${name}=${value}`).join(between);

beforeAll(async () => {
  world = await startTestWorld({
    rules: { 'shop.yaml': rulesOf('shop'), 'ops.yaml': rulesOf('ops') },
    hosts: ['shop.example.com', 'ops.example.com', 'shop.localhost:8080'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  await anna.signIn(`${SHOP}/x`);
  ben = new Browser(world);
  await ben.signIn(`${SHOP}/x`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ask = (cookies: readonly string[], host = 'shop.example.com', uri = '/x'): Promise<Answer> =>
  world.send('listen', '/verify', [
    ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'https', 'X-Forwarded-Host', host],
    ...['X-Forwarded-Uri', uri, ...cookies.flatMap((line) => ['Cookie', line])],
  ]);
const expectAnonymous = (answer: Answer): void =>
  expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);

test('the session works, and none of its cookies reaches the upstream', async () => {
  const answer = await ask([`a=1; ${header(sessionOf(anna))}; b="2;3"`]);
  expect([answer.status, answer.reason, answer.headers['cookie']]).toEqual([
    200,
    'permitted',
    'a=1; b="2;3"',
  ]);
});

describe('the name must be exactly ours', () => {
  // What Node hands over is one char per byte; String.prototype.trim would also strip U+00A0 and U+FEFF.
  test.each([
    ['upper case', (name: string) => name.replace('__Host-', '__HOST-')],
    ['lower case', (name: string) => name.replace('__Host-', '__host-')],
    ['__Secure-', (name: string) => name.replace('__Host-', '__Secure-')],
    ['the plain spelling', (name: string) => name.replace('__Host-', '')],
    ['__Http-', (name: string) => name.replace('__Host-', '__Http-')],
    ['a no-break space before', (name: string) => `\u00a0${name}`],
    ['a no-break space in UTF-8 before', (name: string) => `\u00c2\u00a0${name}`],
    ['a next-line byte before', (name: string) => `\u0085${name}`],
    ['a no-break space behind', (name: string) => `${name}\u00a0`],
    ['a blank behind', (name: string) => `${name} `],
    ['quotes', (name: string) => `"${name}"`],
    ['percent', (name: string) => name.replace('p', '%70')],
    ['$ prefix', (name: string) => `$${name}`],
    ['a comma before', (name: string) => `x=1,${name}`],
    ['an equals sign before', (name: string) => `=${name}`],
  ])('%s: nobody', async (_, spell) => {
    expectAnonymous(await ask([header(sessionOf(anna).map(([name, value]) => [spell(name), value]))]));
  });

  test('a tossed cookie cannot shadow the real one with another session', async () => {
    const mine = header(sessionOf(anna));
    for (const [name, value] of sessionOf(ben)) {
      for (const line of [`${mine}; ${name}=${value}`, `${name}=${value}; ${mine}`])
        expectAnonymous(await ask([line]));
      expectAnonymous(await ask([mine, `${name}=${value}`]));
      expectAnonymous(await ask([`${name}=${value}`, mine]));
    }
  });
});

describe('forged, swapped and tampered values', () => {
  const flip = (value: string, at: number): string =>
    `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`;
  test('no other byte anywhere, the last of the signature among them', async () => {
    const pairs = sessionOf(anna);
    for (const [index, [name, value]] of pairs.entries()) {
      const last = value.length - 1;
      const places = new Set([0, 1, 2, Math.floor(last / 2), last - 1, last]);
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const next = alphabet[(alphabet.indexOf(value[last] as string) + 1) % 64];
      const variants = [...places].map((at) => flip(value, at)).filter((other) => other !== value);
      variants.push(`${value}A`, `${value}=`, `${value} `.replace(' ', '*'), value.slice(1), '');
      variants.push(value.slice(0, -1) + next);
      for (const other of variants) {
        const line = header(pairs.map((pair, at) => (at === index ? [name, other] : pair)));
        const answer = await ask([line]);
        expect([name, other.slice(-6), answer.status]).toEqual([name, other.slice(-6), 401]);
      }
    }
  });
  test('parts of two sessions do not make one', async () => {
    const mine = sessionOf(anna);
    const other = new Map(sessionOf(ben));
    for (const [index] of mine.entries()) {
      const line = header(
        mine.map(([name, value], at) => [name, at === index ? (other.get(name) ?? '') : value]),
      );
      expectAnonymous(await ask([line]));
    }
  });
  test('chunks beyond the first, with any index, are no session', async () => {
    const [[, value], [, signature]] = sessionOf(anna) as [[string, string], [string, string]];
    for (const index of ['1', '2', '01', '-1', '1000000', '1e3', 'NaN', '__proto__', 'constructor', 'sig']) {
      const line = header([
        [`${NAME}.${index}`, value],
        [`${NAME}.${index}.sig`, signature],
      ]);
      expectAnonymous(await ask([line]));
      const mine = header(sessionOf(anna));
      expect([401, 200]).toContain((await ask([`${mine}; ${line}`])).status);
    }
  });
  test('a cookie for another purpose, host or scheme is nothing', async () => {
    const started = new Browser(world);
    await started.check(`${SHOP}/x`);
    const transaction = cookiesOf(started).filter(([name]) => name.includes('-t.'));
    expect(transaction).toHaveLength(2);
    const asSession: [string, string][] = transaction.map(([name, value]) => [
      name.endsWith('.sig') ? `${NAME}.sig` : NAME,
      value,
    ]);
    expectAnonymous(await ask([header(asSession)]));
    const asked = cookiesOf(anna).filter(([name]) => name.includes('-asked'));
    expectAnonymous(await ask([header(asked.map(([name, value]) => [name.replace('-asked', ''), value]))]));
    expectAnonymous(await ask([header(sessionOf(anna))], 'ops.example.com'));
    const plain = header(sessionOf(anna).map(([name, value]) => [name.replace('__Host-', ''), value]));
    expectAnonymous(await ask([plain], 'shop.localhost:8080'));
  });
  test('the session of a plain-http loopback host is none on https', async () => {
    const local = new Browser(world);
    await local.signIn('http://shop.localhost:8080/x');
    const pairs = cookiesOf(local, 'http://shop.localhost:8080');
    expectAnonymous(await ask([header(pairs)]));
    expectAnonymous(await ask([header(pairs.map(([name, value]) => [`__Host-${name}`, value]))]));
  });
});

describe('fixation', () => {
  test('a cookie set before the login is worthless after it, and so is the session before a second login', async () => {
    const victim = anna.copy();
    const before = header(sessionOf(victim));
    const callback = await victim.check(
      await victim.atProvider(String((await victim.check(`${SHOP}/_auth/login`)).headers.location)),
    );
    expect(callback.status).toBe(303);
    expect(header(sessionOf(victim))).not.toBe(before);
    expectAnonymous(await ask([before]));
    expect((await ask([header(sessionOf(victim))])).status).toBe(200);
    anna = victim;
  });
  test('garbage under our names does not survive or break a login', async () => {
    const victim = new Browser(world);
    for (const name of [
      NAME,
      `${NAME}.sig`,
      `${NAME}.1`,
      `${NAME}.1.sig`,
      `${NAME}-asked`,
      `${NAME}-asked.sig`,
    ])
      await victim.jar.setCookie(`${name}=evil; Path=/; Secure`, SHOP);
    expect((await victim.signIn(`${SHOP}/x`)).status).toBe(303);
    expect((await victim.check(`${SHOP}/x`)).status).toBe(200);
  });
});

describe('cookie bombs', () => {
  // CWE-770: what one anonymous request costs, and how much it makes the gateway answer.
  test('thousands of stale transaction cookies are answered briefly', async () => {
    const many = Array.from({ length: 2500 }, (_, at) => `${NAME}-t.${at.toString(36)}=x`).join('; ');
    expect(many.length).toBeLessThan(62_000);
    const received = await raw([
      ['Accept', 'text/html'],
      ['Cookie', many],
    ]);
    expect(received).toMatch(/^HTTP\/1\.1 302 /);
    expect(received.length).toBeLessThan(64 * 1024);
  });
  test('60 KB of foreign cookies, separators or unterminated quotes change nothing', async () => {
    const mine = header(sessionOf(anna));
    for (const filler of [';'.repeat(50_000), 'a="'.repeat(15_000), '='.repeat(50_000), ' '.repeat(50_000)]) {
      expect(await raw([['Cookie', `x=${filler}; ${mine}`]])).toMatch(/^HTTP\/1\.1 200 /);
    }
  });
});

/** Node's own client reads no answer of more than 16 KB of header. @returns all that came back. */
function raw(lines: readonly (readonly [string, string])[]): Promise<string> {
  const [host = '', port] = world.gateway.addresses.listen.split(':');
  const forwarded = [
    ...['GET /verify HTTP/1.1', 'Host: gateway', 'Connection: close', 'X-Forwarded-Method: GET'],
    ...['X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example.com', 'X-Forwarded-Uri: /x'],
  ];
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), host);
    socket.setTimeout(4000, () => socket.destroy());
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
    socket.write(
      [...forwarded, ...lines.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'),
      'latin1',
    );
  });
}
