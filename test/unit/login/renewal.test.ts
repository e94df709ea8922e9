import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ProviderError } from '../../../src/oidc/provider-error.ts';
import type { KeptSessions } from '../../../src/session/kept-sessions.ts';
import type { Session, SessionToken } from '../../../src/session/session.ts';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import { StoreUnavailable } from '../../../src/session/store-unavailable.ts';
import { renewalContract, renewing } from '../../contract/renewal.contract.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { Clocks, newPrefix, type RedisProcess, startProcess } from '../../support/redis-store.ts';
import {
  API,
  accessTokenFor,
  liveOf,
  OTHER,
  RefreshingProvider,
  tokenFor,
  visitWith,
} from '../../support/refreshing-provider.ts';

// A Redis of its own starts in a moment, but not where many tests run at once.
jest.setTimeout(30_000);

const openMemory = (): KeptSessions =>
  createMemoryStore({ idle: undefined, now: () => START, milliseconds: () => performance.now() });

renewalContract('memory', () => {
  const store = openMemory();
  return [store, store];
});

if (missingRedis !== undefined) {
  test.skip(`renewals over redis: ${missingRedis}`, () => {});
} else {
  let redis: RedisServer;
  const processes: RedisProcess[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });
  afterEach(() => {
    for (const one of processes.splice(0)) one[Symbol.dispose]();
  });
  renewalContract('redis', async () => {
    const config = { port: redis.port, keyPrefix: newPrefix() };
    const clocks = new Clocks();
    const [one, other] = [await startProcess({ config, clocks }), await startProcess({ config, clocks })];
    processes.push(one, other);
    return [one.store, other.store];
  });
}

/** A session in a store, whose renewals are asked for one by one. */
async function begin(tokens: readonly SessionToken[], more: Parameters<typeof renewing>[2] = {}) {
  const store = { ...openMemory() };
  const provider = new RefreshingProvider();
  const session = sessionOf({ tokens, asked: tokens.map(({ audience }) => ({ audience, scopes: [] })) });
  const handle = await store.save(session);
  let at = 0;
  const { renew, outcomes } = renewing(store, provider, { milliseconds: () => at, ...more });
  const load = async (): Promise<Session> => {
    const loaded = await store.load(handle, session.host, session.tenant, START);
    if (loaded === undefined) throw new Error('the session has ended');
    return loaded;
  };
  const ask = async (...audiences: readonly string[]) =>
    renew(visitWith(handle), liveOf(await load()), audiences.length === 0 ? [API] : audiences);
  const wait = (milliseconds: number): void => {
    at += milliseconds;
  };
  return { store, provider, session, outcomes, load, ask, wait };
}

const DOWN = new ProviderError('provider-unavailable', 'the token endpoint cannot be reached: ECONNREFUSED');
const REFUSED = new ProviderError('provider-answer-invalid', 'refused', { providerError: 'invalid_client' });
const KEPT = { kind: 'kept', reason: 'provider-unavailable', cause: DOWN.message };

describe('what can be renewed', () => {
  const bare = { audience: API, raw: accessTokenFor(API) };
  const shared = tokenFor(API, 'r1', { furtherAudiences: [OTHER] });
  test.each<
    [
      what: string,
      tokens: readonly SessionToken[],
      audiences: readonly string[],
      moreAudiences: 'redirect' | 'refresh',
      request: readonly [refreshToken: string, audience: string] | undefined,
    ]
  >([
    ['a token with a refresh token', [tokenFor(API, 'r1')], [API], 'redirect', ['r1', API]],
    ['a token without one', [bare], [API], 'refresh', undefined],
    ['any of several audiences', [tokenFor(OTHER, 's1')], [API, OTHER], 'redirect', ['s1', OTHER]],
    [
      'of several the one that has a refresh token',
      [bare, tokenFor(OTHER, 's1')],
      [API, OTHER],
      'redirect',
      ['s1', OTHER],
    ],
    [
      'a token that was asked for without an audience',
      [{ audience: '', raw: accessTokenFor(API), refreshToken: 'r1' }],
      [API],
      'redirect',
      ['r1', ''],
    ],
    ['an audience that is not held', [tokenFor(API, 'r1')], [OTHER], 'refresh', undefined],
    ['an audience that the login named', [shared], [OTHER], 'refresh', ['r1', OTHER]],
    ['the same, where the configuration does not say so any more', [shared], [OTHER], 'redirect', undefined],
    [
      'of several, the first alone is fetched',
      [shared],
      ['https://third.example', OTHER],
      'refresh',
      undefined,
    ],
    [
      'a token whose own login brought no refresh token',
      [shared, { audience: OTHER, raw: accessTokenFor(OTHER) }],
      [OTHER],
      'refresh',
      ['r1', OTHER],
    ],
  ])('%s', async (_what, tokens, audiences, moreAudiences, request) => {
    const { provider, ask } = await begin(tokens, { moreAudiences });
    expect(await ask(...audiences)).toEqual(request === undefined ? undefined : { kind: 'changed' });
    expect(provider.requests.map(({ refreshToken, audience }) => [refreshToken, audience])).toEqual(
      request === undefined ? [] : [request],
    );
  });
});

describe('what is stored', () => {
  test('RF4: the ID token is held against that of the refresh token’s own login', async () => {
    const [first, second] = [{ nonce: 'a' }, { nonce: 'b' }];
    const { provider, ask } = await begin([
      tokenFor(API, 'r1', { signedIn: first }),
      tokenFor(OTHER, 's1', { signedIn: second }),
    ]);
    await ask(API);
    await ask(OTHER);
    await ask(API);
    expect(provider.requests.map(({ profile }) => profile)).toEqual([first, second, first]);
  });

  test('A11: audiences that share a refresh token share the next one', async () => {
    const { provider, ask, load } = await begin([tokenFor(API, 'r1', { furtherAudiences: [OTHER] })], {
      moreAudiences: 'refresh',
    });
    for (const audience of [OTHER, API, OTHER]) await ask(audience);
    expect(provider.requests.map(({ refreshToken, audience }) => [refreshToken, audience])).toEqual([
      ['r1', OTHER],
      ["r1'", API],
      ["r1''", OTHER],
    ]);
    const { tokens, asked } = await load();
    expect(tokens.map(({ audience, refreshToken }) => [audience, refreshToken])).toEqual([
      [API, "r1'''"],
      [OTHER, "r1'''"],
    ]);
    expect(asked).toContainEqual({ audience: OTHER, scopes: ['read'] });
  });

  test('a provider that gives no further refresh token keeps the one it gave', async () => {
    const { provider, ask } = await begin([tokenFor(API, 'r1')]);
    provider.answer = (honest) => ({ ...honest, refreshToken: undefined });
    await ask();
    expect(provider.sent).toEqual(['r1']);
    expect(await ask()).toEqual({ kind: 'ended' });
  });

  test.each<[what: string, answer: (honest: { accessToken: string }) => object, kept: object]>([
    [
      'an access token for another audience',
      () => ({ accessToken: accessTokenFor(OTHER) }),
      { reason: undefined, cause: 'token-audience: aud is not that of the token before' },
    ],
    [
      'an opaque access token',
      () => ({ accessToken: 'opaque' }),
      { reason: undefined, cause: expect.stringContaining('the access token is no JWT') },
    ],
    [
      'an ID token that cannot be verified now',
      () => ({ fault: DOWN }),
      { reason: 'provider-unavailable', cause: DOWN.message },
    ],
  ])('RF3: the next refresh token, also beside %s', async (_what, answer, kept) => {
    const { provider, ask, load, session, wait } = await begin([tokenFor(API, 'r1'), tokenFor(OTHER, 's1')]);
    provider.answer = (honest) => ({ ...honest, ...answer(honest) });
    expect(await ask()).toEqual({ kind: 'kept', ...kept });
    const { tokens } = await load();
    expect(tokens.map(({ raw }) => raw)).toEqual(session.tokens.map(({ raw }) => raw));
    expect(tokens.map(({ refreshToken }) => refreshToken)).toEqual(["r1'", 's1']);
    provider.answer = (honest) => honest;
    wait(5_000);
    expect(await ask()).toEqual({ kind: 'changed' });
    expect(provider.sent).toEqual(['r1', "r1'"]);
  });
});

describe('RF5: after a failure', () => {
  test.each([
    ['that passes', DOWN, KEPT, 'unavailable'],
    ['that does not', REFUSED, { ...KEPT, reason: undefined, cause: 'refused' }, 'refused'],
  ] as const)('%s, the session rests for five seconds', async (_what, error, kept, outcome) => {
    const { provider, ask, wait, outcomes, session, load } = await begin([
      tokenFor(API, 'r1'),
      tokenFor(OTHER, 's1'),
    ]);
    provider.error = error;
    for (const after of [0, 1, 4_998]) {
      wait(after);
      expect(await Promise.all([ask(), ask()])).toEqual([kept, kept]);
    }
    expect(provider.sent).toEqual(['r1']);
    // Another token of the session does not rest for it.
    expect(await ask(OTHER)).toEqual(kept);
    expect(provider.sent).toEqual(['r1', 's1']);
    expect(await load()).toEqual(session);
    wait(1);
    provider.error = undefined;
    expect(await ask()).toEqual({ kind: 'changed' });
    expect(outcomes).toEqual([outcome, outcome, 'renewed']);
  });

  test('a silent provider ties up no more than so many renewals', async () => {
    const { provider, ask } = await begin([tokenFor(API, 'r1'), tokenFor(OTHER, 's1')], {
      limits: { most: 1, wait: 20 },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    provider.delay = () => promise;
    const first = ask(API);
    expect(await ask(OTHER)).toEqual({ ...KEPT, cause: 'too many calls are under way' });
    expect(await first).toEqual({ ...KEPT, cause: 'the refresh takes longer than 20 ms' });
    resolve();
    await promise;
  });
});

/** Sessions of two providers in one process; a test says how each answers. */
function beginMany(limits: Parameters<typeof renewing>[2] = {}) {
  const store = openMemory();
  const providers = { one: new RefreshingProvider(), other: new RefreshingProvider() };
  let at = 0;
  const process = renewing(store, providers.one, {
    milliseconds: () => at,
    providerOf: ({ name }) =>
      ({
        config: { name, moreAudiences: 'redirect' },
        identityProvider: providers[name as keyof typeof providers],
      }) as never,
    ...limits,
  });
  /** Renews a session of which nobody has heard before. */
  const ask = async (name: keyof typeof providers) => {
    const session = sessionOf({ provider: name, tokens: [tokenFor(API, `${name}${Math.random()}`)] });
    const visit = visitWith(await store.save(session));
    return process.renew({ ...visit, app: { ...visit.app, name } }, liveOf(session), [API]);
  };
  const wait = (milliseconds: number): void => {
    at += milliseconds;
  };
  return { ...process, ...providers, ask, wait };
}

describe('RF5: each provider by itself', () => {
  test('a silent one ties up no renewals of another', async () => {
    const { one, other, ask, settled } = beginMany({ limits: { most: 2, wait: 20 } });
    const silence = Promise.withResolvers<void>();
    one.delay = () => silence.promise;
    const held = [ask('one'), ask('one')];
    expect(await ask('one')).toEqual({ ...KEPT, cause: 'too many calls are under way' });
    expect(await ask('other')).toEqual({ kind: 'changed' });
    expect([one.sent.length, other.sent.length]).toEqual([2, 1]);
    silence.resolve();
    await Promise.all([...held, settled()]);
    expect(await ask('one')).toEqual({ kind: 'changed' });
  });

  test('one that fails again and again rests for all sessions, but for one attempt each five seconds', async () => {
    const { one, ask, wait } = beginMany();
    const resting = { ...KEPT, cause: 'the provider failed again and again' };
    one.error = DOWN;
    for (let failure = 0; failure < 5; failure += 1) expect(await ask('one')).toEqual(KEPT);
    for (const sent of [6, 7]) {
      for (const after of [0, 1, 4_998]) {
        wait(after);
        expect(await ask('one')).toEqual(resting);
      }
      wait(1);
      expect(await Promise.all([ask('one'), ask('one')])).toEqual([KEPT, resting]);
      expect(one.sent).toHaveLength(sent);
    }
    expect(await ask('other')).toEqual({ kind: 'changed' });
    one.error = undefined;
    wait(5_000);
    expect(await ask('one')).toEqual({ kind: 'changed' });
    expect(await ask('one')).toEqual({ kind: 'changed' });
  });

  test.each([
    ['an answer', undefined],
    ['a refusal', REFUSED],
  ])('%s in between counts as none of the failures', async (_what, between) => {
    const { one, ask } = beginMany();
    for (let round = 0; round < 3; round += 1) {
      one.error = DOWN;
      for (let failure = 0; failure < 4; failure += 1) expect(await ask('one')).toEqual(KEPT);
      one.error = between;
      await ask('one');
    }
    expect(one.sent).toHaveLength(15);
  });
});

test('whoever stops can wait for what is under way, also where its request has been answered', async () => {
  const { one, ask, settled, outcomes } = beginMany({ limits: { wait: 10 } });
  const answer = Promise.withResolvers<void>();
  one.delay = () => answer.promise;
  expect(await ask('one')).toMatchObject({ kind: 'kept' });
  const done = settled().then(() => [...outcomes]);
  await new Promise((resolve) => setImmediate(resolve));
  answer.resolve();
  expect(await done).toEqual(['renewed']);
  expect(await settled()).toBeUndefined();
});

describe('a store that fails', () => {
  const gone = new StoreUnavailable('timeout');

  test.each(['lock', 'load'] as const)('at %s makes no call, and ends nothing', async (call) => {
    const { store, provider, ask, session, load } = await begin([tokenFor(API, 'r1')]);
    const live = liveOf(await load());
    const whole = { ...store };
    store[call] = async () => {
      throw gone;
    };
    const { renew } = renewing(store, provider);
    expect(await renew(visitWith('handle'), live, [API])).toEqual({
      kind: 'kept',
      reason: 'store-unavailable',
      cause: gone.message,
    });
    expect(provider.sent).toEqual([]);
    Object.assign(store, whole);
    expect(await load()).toEqual(session);
    expect(await ask()).toEqual({ kind: 'changed' });
  });

  test('RF3: for a moment after the call, is tried again until it has the next refresh token', async () => {
    const { store, provider, ask, load } = await begin([tokenFor(API, 'r1')]);
    const { update } = store;
    let failures = 3;
    store.update = async (...call) => {
      failures -= 1;
      if (failures >= 0) throw gone;
      return update(...call);
    };
    expect(await ask()).toEqual({ kind: 'changed' });
    expect((await load()).tokens).toMatchObject([{ refreshToken: "r1'" }]);
    expect(provider.sent).toEqual(['r1']);
  });

  test('when the lock is let go changes nothing', async () => {
    const { store, ask, outcomes } = await begin([tokenFor(API, 'r1')]);
    store.lock = async () => async () => {
      throw gone;
    };
    expect(await ask()).toEqual({ kind: 'changed' });
    expect(outcomes).toEqual(['renewed']);
  });
});

test('what no one foresaw is thrown to who asked', async () => {
  const { provider, ask } = await begin([tokenFor(API, 'r1')]);
  provider.delay = async () => {
    throw new TypeError('bug');
  };
  await expect(ask()).rejects.toThrow(new TypeError('bug'));
});

test('what no one foresaw is told where nobody waits any more', async () => {
  const told = Promise.withResolvers<unknown>();
  const { provider, ask } = await begin([tokenFor(API, 'r1')], {
    limits: { wait: 10 },
    onFailure: told.resolve,
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  provider.delay = async () => {
    await promise;
    throw new TypeError('bug');
  };
  expect(await ask()).toMatchObject({ kind: 'kept' });
  resolve();
  expect(await told.promise).toEqual(new TypeError('bug'));
});
