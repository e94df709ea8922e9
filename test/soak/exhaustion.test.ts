import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { canonicalPath } from '../../src/forwarded/canonical-path.ts';
import { parseHost } from '../../src/forwarded/host.ts';
import { requestKind } from '../../src/forwarded/request-kind.ts';
import { safeReturnUrl } from '../../src/login/return-url.ts';
import { claimValue, headerValue } from '../../src/outcome/header-value.ts';
import { readCredential } from '../../src/session/credential.ts';
import { splitCookies } from '../../src/session/own-cookies.ts';
import { parseJsonObject } from '../../src/token/json-object.ts';
import { parseScopes } from '../../src/token/scope.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, signJws } from '../support/jws.ts';
import { headersOf, shopApp, shopRules } from '../support/requests.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// Measured in time and memory, so for a quiet machine: `npm run test:soak`.
// Denial of service: ReDoS and quadratic parsing (CWE-1333), slow or
// silent providers (every check < 5 s, every callback < 10 s: FA16), state for anonymous requests (CWE-770).

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { /public: public, "/**": authenticated }
`;

describe('parsers take linear time', () => {
  const app = shopApp();
  const rules = shopRules();
  const repeat = (text: string) => (size: number) => text.repeat(size / text.length);
  test.each<[string, (size: number) => string, (text: string) => unknown]>([
    ['host of labels', repeat('a.'), parseHost],
    ['host of hyphens', repeat('-'), parseHost],
    ['path of slashes', repeat('/a'), canonicalPath],
    ['path of escapes', (size) => `/${'%61'.repeat(size / 3)}`, canonicalPath],
    ['path of percent signs', (size) => `/${'%25'.repeat(size / 3)}`, canonicalPath],
    ['path of bad UTF-8', (size) => `/${'%f0%90'.repeat(size / 6)}`, canonicalPath],
    [
      'accept of commas',
      (size) => `html${','.repeat(size)}`,
      (accept) => requestKind({ method: 'GET', headers: headersOf({ accept }) } as never),
    ],
    [
      'accept of parameters',
      (size) => `text/html${';q=1'.repeat(size / 4)}`,
      (accept) => requestKind({ method: 'GET', headers: headersOf({ accept }) } as never),
    ],
    [
      'accept of blanks',
      (size) => `text/html;${' '.repeat(size)}x`,
      (accept) => requestKind({ method: 'GET', headers: headersOf({ accept }) } as never),
    ],
    [
      'authorization of blanks',
      (size) => `Bearer ${' '.repeat(size)}\t`,
      (line) => readCredential(headersOf({ authorization: [line] }), app),
    ],
    [
      'authorization of equals',
      (size) => `Bearer ${'='.repeat(size)}`,
      (line) => readCredential(headersOf({ authorization: [line] }), app),
    ],
    [
      'authorization a=',
      (size) => `Bearer ${'a='.repeat(size / 2)}`,
      (line) => readCredential(headersOf({ authorization: [line] }), app),
    ],
    [
      'cookies of semicolons',
      (size) => `postern${';'.repeat(size)}`,
      (line) => splitCookies([line], 'postern'),
    ],
    [
      'cookies of blanks',
      (size) => `postern;${' '.repeat(size)}x`,
      (line) => splitCookies([line], 'postern'),
    ],
    [
      'cookies of blank runs',
      (size) => `postern;${`x${' '.repeat(500)}`.repeat(size / 501)}x`,
      (line) => splitCookies([line], 'postern'),
    ],
    [
      'cookies of ours',
      (size) => 'postern-t.a=b;'.repeat(size / 14),
      (line) => splitCookies([line], 'postern'),
    ],
    [
      'JSON of quotes',
      (size) => `{"a":"${'\\"'.repeat(size / 2)}"}`,
      (text) => parseJsonObject(Buffer.from(text)),
    ],
    [
      'JSON of backslashes',
      (size) => `{"a":"${'\\\\'.repeat(size / 2)}"}`,
      (text) => parseJsonObject(Buffer.from(text)),
    ],
    [
      'JSON of brackets',
      (size) => `{"a":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
      (text) => parseJsonObject(Buffer.from(text)),
    ],
    [
      'JSON of members',
      (size) => `{${Array.from({ length: size / 10 }, (_, at) => `"${at}":1`).join()}}`,
      (text) => parseJsonObject(Buffer.from(text)),
    ],
    ['scopes of blanks', repeat(' '), parseScopes],
    ['header value', repeat('é'), headerValue],
    ['claim list', (size) => 'a'.repeat(size), (text) => claimValue([...text])],
    [
      'return url',
      (size) => `http://${'a'.repeat(size)}@`,
      (text) => safeReturnUrl(text, SHOP, rules, undefined),
    ],
  ])('%s', (_, make, parse) => {
    const time = (size: number): number => {
      const text = make(size);
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 3; round += 1) {
        const from = performance.now();
        try {
          parse(text);
        } catch (error) {
          // Deeper than the stack is fine here as long as it is quick; the listener turns it into a refusal.
          if (!(error instanceof RangeError)) throw error;
        }
        best = Math.min(best, performance.now() - from);
      }
      return best;
    };
    time(6_000);
    const small = time(6_000);
    const large = time(60_000);
    // Ten times the size: linear is 10, quadratic 100. Short times are noise.
    expect(large < 10 || large < 40 * small).toBe(true);
    expect(large).toBeLessThan(200);
  });
});

describe('with a provider that is slow, silent or storms are made against', () => {
  let op: HostileProvider;
  let world: World;
  let offset = 0;
  beforeAll(async () => {
    op = await startHostileProvider();
  });
  beforeEach(async () => {
    op.misbehaviour = {};
    op.requests.length = 0;
    offset = 0;
  });
  afterAll(async () => {
    await op[Symbol.asyncDispose]();
  });
  const start = (): Promise<World> =>
    startTestWorld({
      rules: { 'shop.yaml': RULES },
      issuer: op.issuer,
      now: () => Math.floor(Date.now() / 1000) + offset,
    });
  const stranger = makeKey('ES256', 'x');
  const token = (kid: string): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: op.issuer,
      sub: 's',
      aud: 'https://api.example',
      client_id: 'c',
      scope: '',
      iat: now,
      exp: now + 300,
      jti: 'j',
    };
    return signJws(
      { alg: 'ES256', kid, typ: 'at+jwt' },
      claims,
      kid === 'at' ? op.keys.accessToken : stranger,
    );
  };
  const ask = (lines: readonly string[], uri = '/x'): Promise<Answer> =>
    world.send('listen', '/verify', [
      ...[
        'X-Forwarded-Method',
        'GET',
        'X-Forwarded-Proto',
        'http',
        'X-Forwarded-Host',
        'shop.localhost:8080',
      ],
      ...['X-Forwarded-Uri', uri, ...lines],
    ]);
  const timed = async <T>(work: Promise<T>): Promise<[T, number]> => {
    const from = performance.now();
    return [await work, performance.now() - from];
  };
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

  test('a provider that uses up every limit: the callback < 10 s', async () => {
    world = await start();
    // The keys are known before the trouble begins.
    expect((await ask(['Authorization', `Bearer ${token('at')}`])).status).toBe(200);
    const browser = new Browser(world);
    const started = await browser.check(`${SHOP}/x`);
    const callback = op.authorize(String(started.headers.location));
    const late = makeKey('RS256', 'late');
    let fetched = 0;
    op.misbehaviour = {
      signIdTokenWith: late,
      accessTokenHeader: (header) => ({ ...header, kid: 'never' }),
      jwks: (keys) => [...keys, ...(fetched > 1 ? [late.jwk] : [])],
      answer: async (path) => {
        // While the token endpoint is slow, somebody's unknown kid puts a fetch under way.
        if (path === '/token') {
          await wait(2000);
          void ask(['Authorization', `Bearer ${token('other')}`]);
          await wait(300);
        }
        if (path === '/jwks') {
          fetched += 1;
          await wait(2850);
        }
        return false;
      },
    };
    offset = 30;
    const [answer, took] = await timed(browser.check(callback.href));
    expect([answer.status >= 400, took < 10_000 || Math.round(took)]).toEqual([true, true]);
    await wait(200);
    await world[Symbol.asyncDispose]();
  }, 25_000);

  test('a silent key set and a discovery that is nearly too slow: every check < 5 s', async () => {
    op.misbehaviour = {
      answer: async (path) => {
        if (path === '/.well-known/openid-configuration') await wait(3700);
        if (path === '/jwks') await wait(6000);
        return false;
      },
    };
    world = await start();
    const asks = [
      ask(['Authorization', `Bearer ${token('at')}`]),
      ask(['Accept', 'text/html']),
      ask(['Authorization', `Bearer ${token('at')}`], '/public'),
    ];
    const answers = await Promise.all(asks.map(timed));
    expect(answers.map(([{ status }, took]) => [status, took < 5000 || Math.round(took)])).toEqual([
      [503, true],
      [302, true],
      [200, true],
    ]);
    await world[Symbol.asyncDispose]();
  }, 20_000);

  test('anonymous requests leave nothing behind', async () => {
    world = await start();
    const round = async (): Promise<number> => {
      for (let index = 0; index < 40; index += 1)
        await Promise.all(
          Array.from({ length: 50 }, () =>
            ask(['Accept', 'text/html', 'Cookie', `postern-t.${Math.random()}=x; postern=y`]),
          ),
        );
      world.log.length satisfies number;
      (world.log as unknown[]).length = 0;
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await round();
    const first = await round();
    const second = await round();
    expect(second - first).toBeLessThan(24 * 1024 * 1024);
    await world[Symbol.asyncDispose]();
  }, 30_000);
});
