import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// CS6: with the limits of a session in the hands of a clock that the test moves; the tokens outlive both limits.

const SHOP = 'http://shop.localhost:8080';
const [MINUTE, HOUR] = [60, 3600];
const rules = {
  'shop.yaml': `app: shop\nhosts: [shop.localhost]\naudience: ${SHOP_API}\nrules: { "/**": authenticated, "/open": public }\n`,
};

let world: World;
let offset = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;
beforeAll(async () => {
  world = await startTestWorld({
    rules,
    now,
    env: {
      POSTERN_SESSION_STORE: 'memory',
      POSTERN_SESSION_IDLE: '10m',
      POSTERN_SESSION_MAX_AGE: '2h',
    },
    provider: {
      people: PEOPLE,
      resources: RESOURCES.map((resource) => ({ ...resource, lifetime: 24 * HOUR })),
      signedInAs: 'anna',
    },
  });
});
let anna: Browser;
beforeEach(async () => {
  offset = 0;
  anna = new Browser(world);
  expect(await anna.signIn(`${SHOP}/`)).toMatchObject({ status: 303, reason: 'login-completed' });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const ask = async (path = '/'): Promise<string> => {
  const { status, reason } = await anna.check(SHOP + path, { manner: 'script' });
  return `${status} ${reason}`;
};
const limits = async (): Promise<Record<string, number>> => {
  const { body } = await anna.page(`${SHOP}/_auth/me`, { manner: 'script' });
  return (JSON.parse(body) as { session: Record<string, number> }).session;
};
/** Seconds that the test itself may take. */
const SLACK = 30;

describe('a session', () => {
  test('that nobody uses is over after its idle time, and the next page load signs in', async () => {
    offset += 10 * MINUTE + 1;
    expect(await ask()).toBe('401 login-needed');
    expect(await anna.check(`${SHOP}/`)).toMatchObject({ status: 302, reason: 'login-started' });
    expect(await anna.page(`${SHOP}/_auth/me`, { manner: 'script' })).toMatchObject({ status: 401 });
  });

  test.each([
    ['a page', () => ask(), '200 permitted'],
    ['a public page, which shows who is there', () => ask('/open'), '200 public'],
    ['asking who is signed in', async () => String(Object.keys(await limits())), /idle_expires_at/],
  ])('goes on while %s is opened now and then, up to its absolute end', async (_what, use, says) => {
    for (let at = 0; at < 13; at += 1) {
      offset += 9 * MINUTE;
      expect(await use()).toMatch(says);
    }
    expect(await ask()).toBe('200 permitted');
    // 117 minutes by now.
    offset += 3 * MINUTE;
    expect(await ask()).toBe('401 login-needed');
  });

  test('says when it ends: at the end of its idle time, or of its life if that is sooner', async () => {
    const opened = now();
    const first = await limits();
    expect(Math.abs((first['expires_at'] ?? 0) - opened - 2 * HOUR)).toBeLessThan(SLACK);
    expect(Math.abs((first['idle_expires_at'] ?? 0) - opened - 10 * MINUTE)).toBeLessThan(SLACK);
    for (let at = 0; at < 13; at += 1) {
      offset += 9 * MINUTE;
      await ask();
    }
    const last = await limits();
    expect(last['expires_at']).toBe(first['expires_at']);
    expect(last['idle_expires_at']).toBe(first['expires_at']);
  });

  test('is not kept alive by a stranger, by a logout page, or by what another host sends', async () => {
    offset += 9 * MINUTE;
    const stranger = new Browser(world);
    await stranger.check(`${SHOP}/`, { lines: ['Cookie', 'postern=x'] });
    await anna.check('http://other.localhost:8080/', { lines: ['Cookie', anna.cookieHeader(SHOP)] });
    await stranger.page(`${SHOP}/_auth/logged-out`);
    offset += MINUTE + 1;
    expect(await ask()).toBe('401 login-needed');
  });
});
