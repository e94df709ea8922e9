import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, signJws } from '../support/jws.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// Denial of service: unknown-kid storms silent providers (DL1, DL4). What is a matter of
// time is in test/soak.
const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { /public: public, "/**": authenticated }
`;

describe('a storm', () => {
  let op: HostileProvider;
  let world: World;
  beforeAll(async () => {
    op = await startHostileProvider();
  });
  beforeEach(async () => {
    op.misbehaviour = {};
    op.requests.length = 0;
  });
  afterAll(async () => {
    await op[Symbol.asyncDispose]();
  });
  const start = (): Promise<World> =>
    startTestWorld({
      rules: { 'shop.yaml': RULES },
      issuer: op.issuer,
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
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const jwks = (): number => op.requests.filter(({ path }) => path === '/jwks').length;

  test('of unknown kids makes one fetch, and good tokens go on', async () => {
    world = await start();
    expect((await ask(['Authorization', `Bearer ${token('at')}`])).status).toBe(200);
    const before = jwks();
    const storm = Array.from({ length: 300 }, (_, at) => ask(['Authorization', `Bearer ${token(`k${at}`)}`]));
    expect((await ask(['Authorization', `Bearer ${token('at')}`])).status).toBe(200);
    for (const answer of await Promise.all(storm))
      expect([answer.status, answer.reason]).toEqual([401, 'token-signature']);
    expect(jwks() - before).toBeLessThanOrEqual(1);
    await world[Symbol.asyncDispose]();
  }, 20_000);

  test('of callbacks at a silent token endpoint makes a bounded number of calls', async () => {
    world = await start();
    let underWay = 0;
    let most = 0;
    op.misbehaviour = {
      answer: async (path) => {
        if (path !== '/token') return false;
        underWay += 1;
        most = Math.max(most, underWay);
        await wait(1500);
        underWay -= 1;
        return false;
      },
    };
    const callbacks = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const browser = new Browser(world);
        const started = await browser.check(`${SHOP}/x`);
        return { browser, url: op.authorize(String(started.headers.location)).href };
      }),
    );
    const redeeming = callbacks.map(({ browser, url }) => browser.check(url));
    expect((await ask([], '/public')).status).toBe(200);
    const redeemed = await Promise.all(redeeming);
    expect(redeemed.filter(({ reason }) => reason === 'provider-unavailable').length).toBeGreaterThan(0);
    // DL4: concurrent callbacks are capped. 200 is what one stranger makes with 200 page loads.
    expect(most).toBeLessThanOrEqual(100);
    await world[Symbol.asyncDispose]();
  }, 25_000);
});
