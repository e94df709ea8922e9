import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SHOP_API } from '../../../demo/people.ts';
import type { SessionsValues } from '../../../src/commands/sessions/sessions-command.ts';
import { sessions } from '../../../src/commands/sessions.ts';
import { Browser } from '../../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../../support/hostile-provider.ts';
import { logoutToken, sendLogoutToken } from '../../support/logout-tokens.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import {
  type Answer,
  CLIENT_SECRET,
  SESSION_SECRET,
  startTestWorld,
  type World,
} from '../../support/world.ts';

// A session that ended lives on in whoever has a copy of its cookie: gateways that keep it in the browser alone, or that
// write it back while something is under way. Here the copy is replayed, on every replica.

const SHOP = 'http://shop.localhost:8080';
const rules = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${SHOP_API}
rules:
  /**: authenticated
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
`,
};

let provider: HostileProvider;
let redis: RedisServer | undefined;
let who = { sub: '', sid: '' };
let count = 0;
const more: AsyncDisposable[] = [];

/** How a session comes to its end, in front of one replica. */
type End = (deployment: Deployment, browser: Browser) => Promise<void>;

interface Deployment {
  readonly one: World;
  /** Another process; the same one where there can be none. */
  readonly two: World;
  readonly env: Readonly<Record<string, string>>;
}

const REFRESH = { POSTERN_SESSION_REFRESH: 'true' };
const STORES: Readonly<Record<string, () => Readonly<Record<string, string>>>> = {
  cookie: () => ({ POSTERN_SESSION_STORE: 'cookie' }),
  memory: () => ({ POSTERN_SESSION_STORE: 'memory', ...REFRESH }),
  redis: () => ({
    POSTERN_SESSION_STORE: 'redis',
    POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis?.port}`,
    ...REFRESH,
  }),
};

beforeAll(async () => {
  provider = await startHostileProvider();
  more.push(provider);
  if (missingRedis !== undefined) return;
  redis = await startRedis();
  more.push(redis);
});
beforeEach(() => {
  count += 1;
  who = { sub: `alice-${count}`, sid: `s${count}` };
  provider.misbehaviour = honest;
});
afterAll(async () => {
  for (const one of more.reverse()) await one[Symbol.asyncDispose]();
});

const honest = { idTokenClaims: (claims: object) => ({ ...claims, ...who }) };

const ask = (browser: Browser): Promise<Answer> => browser.check(`${SHOP}/`, { manner: 'script' });
const post = (browser: Browser): Promise<Answer> =>
  browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines: ['Origin', SHOP] });

async function signOut(browser: Browser): Promise<void> {
  expect(await post(browser)).toMatchObject({ status: 303, reason: 'logged-out' });
}

/** `postern sessions kill`, as an operator on any machine runs it. */
async function kill({ env }: Deployment, values: SessionsValues): Promise<void> {
  let out = '';
  const code = await sessions({
    env: {
      POSTERN_PROVIDER_ISSUER: provider.issuer,
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: SESSION_SECRET,
      ...env,
    },
    cwd: '/',
    configPath: undefined,
    json: true,
    out: (text) => {
      out += text;
    },
    err: (text) => {
      out += text;
    },
    words: ['kill'],
    values,
  });
  expect([code, out]).toEqual([0, expect.stringContaining('"ended": 1')]);
}

async function sent(world: World, claims: Record<string, unknown>): Promise<void> {
  const answer = await sendLogoutToken(world, logoutToken(provider, claims));
  expect(answer).toMatchObject({ status: 200, reason: 'backchannel-logout' });
}

/** Holds the token endpoint until it is told to go on. */
function holdTokens(): { readonly asked: Promise<void>; release(): void } {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<boolean>();
  provider.misbehaviour = {
    ...honest,
    answer: (path) => {
      if (path !== '/token') return false;
      asked.resolve();
      return held.promise;
    },
  };
  return { asked: asked.promise, release: () => held.resolve(false) };
}

/** A further login of the browser, whose code is being redeemed while something else happens. */
async function during(browser: Browser, happens: () => Promise<void>): Promise<Answer> {
  const started = await browser.check(`${SHOP}/status/1`);
  expect(started).toMatchObject({ status: 302 });
  const callback = await browser.atProvider(String(started.headers.location));
  const hold = holdTokens();
  const answer = browser.check(callback);
  await hold.asked;
  await happens();
  hold.release();
  return answer;
}

const tokensOf = async (browser: Browser): Promise<readonly unknown[]> => {
  const { body } = await browser.page(`${SHOP}/_auth/me`, { manner: 'script' });
  return ((JSON.parse(body) as { tokens?: readonly unknown[] }).tokens ?? []) as readonly unknown[];
};

const KEPT = ['memory', 'redis'];
const ALL = ['cookie', ...KEPT];

const ENDS: readonly (readonly [what: string, stores: readonly string[], end: End])[] = [
  ['a logout', ALL, (_deployment, browser) => signOut(browser)],
  ['a kill of the session of the provider', ['redis'], (deployment) => kill(deployment, { sid: who.sid })],
  ['a kill of the person', ['redis'], (deployment) => kill(deployment, { subject: who.sub })],
  ['a back-channel logout by sid', KEPT, ({ one }) => sent(one, { sid: who.sid })],
  ['a back-channel logout by sub', KEPT, ({ one }) => sent(one, { sub: who.sub })],
  [
    'a further login of the same person',
    ALL,
    async (_deployment, browser) => {
      expect(await browser.signIn(`${SHOP}/status/1`)).toMatchObject({ status: 303 });
      expect(await tokensOf(browser)).toHaveLength(2);
    },
  ],
  [
    'a login of another person',
    ALL,
    async (_deployment, browser) => {
      who = { sub: 'mallory', sid: 'another' };
      expect(await browser.signIn(`${SHOP}/_auth/login?rd=/`)).toMatchObject({ status: 303 });
      expect(await tokensOf(browser)).toHaveLength(1);
    },
  ],
  [
    'a logout while a further login is under way, which takes nothing of it along',
    ALL,
    async (_deployment, browser) => {
      const answer = await during(browser, () => signOut(browser.copy()));
      expect(answer).toMatchObject({ status: 303, reason: 'login-completed' });
      expect(await tokensOf(browser)).toHaveLength(1);
    },
  ],
  [
    'a back-channel logout while a further login of the same session of the provider is under way, which dies too',
    KEPT,
    async ({ two }, browser) => {
      expect(await during(browser, () => sent(two, { sid: who.sid }))).toMatchObject({ status: 303 });
      expect(await ask(browser)).toMatchObject({ status: 401, reason: 'login-needed' });
    },
  ],
];

describe.each(ALL)('store: %s', (store) => {
  if (store === 'redis' && missingRedis !== undefined) {
    test.skip(`not tested: ${missingRedis}`, () => {});
    return;
  }
  let deployment: Deployment;
  beforeAll(async () => {
    const env = STORES[store]?.() ?? {};
    const open = async (): Promise<World> => {
      const world = await startTestWorld({ rules, issuer: provider.issuer, env });
      more.push(world);
      return world;
    };
    const one = await open();
    deployment = { one, two: store === 'memory' ? one : await open(), env };
  });

  const signedIn = async (): Promise<Browser> => {
    const browser = new Browser(deployment.one);
    expect(await browser.signIn(`${SHOP}/`)).toMatchObject({ status: 303, reason: 'login-completed' });
    return browser;
  };

  test.each(ENDS.filter(([, stores]) => stores.includes(store)))(
    'a cookie that was copied before %s opens nothing',
    async (_what, _stores, end) => {
      const browser = await signedIn();
      const [here, there] = [browser.copy(), browser.copy(deployment.two)];
      for (const copy of [here, there]) expect(await ask(copy)).toMatchObject({ status: 200 });
      await end(deployment, browser);
      if (store === 'redis') await sleep(1000);
      expect(await ask(here)).toMatchObject({ status: 401, reason: 'login-needed' });
      // What the cookie alone holds, no other process can know to be over: docs/operations.md, "Ending sessions".
      const elsewhere = store === 'cookie' ? { status: 200 } : { status: 401, reason: 'login-needed' };
      expect(await ask(there)).toMatchObject(elsewhere);
      // And it stays so, whatever was under way.
      expect(await here.page(`${SHOP}/_auth/me`, { manner: 'script' })).toMatchObject({ status: 401 });
      expect(await post(here)).toMatchObject({ status: 303, reason: 'logged-out' });
      expect(await ask(here)).toMatchObject({ status: 401 });
    },
  );

  if (store !== 'cookie')
    test('a logout while a refresh is under way is not undone by it', async () => {
      provider.misbehaviour = {
        ...honest,
        accessTokenClaims: (claims) => ({ ...claims, exp: Math.floor(Date.now() / 1000) + 2 }),
      };
      const browser = await signedIn();
      const copy = browser.copy();
      await sleep(2100);
      const hold = holdTokens();
      const waiting = ask(browser.copy());
      await hold.asked;
      await signOut(browser);
      hold.release();
      expect(await waiting).toMatchObject({ status: 401, reason: 'login-needed' });
      expect(provider.requests.findLast(({ path }) => path === '/token')?.form.get('grant_type')).toBe(
        'refresh_token',
      );
      expect(await ask(copy)).toMatchObject({ status: 401, reason: 'login-needed' });
    });
});

describe('what cannot be ended from outside', () => {
  test.each([
    ['cookie', /session\.store is cookie: .*nobody can list them or end one from here/],
    ['memory', /session\.store is memory: .*another process cannot see them/],
  ])('the command says so with store %s', async (store, words) => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-kill-'));
    try {
      writeFileSync(
        join(folder, 'postern.yaml'),
        `provider: { issuer: "https://id.example.com/", clientId: shop }\nsession: { secret: "${SESSION_SECRET}", store: ${store} }\n`,
      );
      let [out, err] = ['', ''];
      const code = await sessions({
        ...{
          env: {},
          cwd: folder,
          configPath: undefined,
          json: false,
          words: ['kill'],
          values: { sid: 's' },
        },
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
      });
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(words);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
