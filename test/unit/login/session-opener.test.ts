import { expect, test } from '@jest/globals';
import { createSessionOpener } from '../../../src/login/session-opener.ts';
import type { AppVisit } from '../../../src/outcome/visit.ts';
import type { KeptSessions } from '../../../src/session/kept-sessions.ts';
import type { Session } from '../../../src/session/session.ts';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import { renewing } from '../../contract/renewal.contract.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import {
  API,
  accessTokenFor,
  liveOf,
  OTHER,
  RefreshingProvider,
  tokenFor,
  visitWith,
} from '../../support/refreshing-provider.ts';

/** A browser whose session is refreshed, and a login of the same person for another audience. Times in milliseconds. */
async function begin(wait = 10_000) {
  const store: KeptSessions = {
    ...createMemoryStore({ idle: undefined, now: () => START, milliseconds: () => performance.now() }),
  };
  const session = sessionOf({ tenant: '', tokens: [tokenFor(API, 'r1', { signedIn: { nonce: 'a' } })] });
  const handle = await store.save(session);
  let given = '';
  const visit = {
    ...visitWith(handle),
    request: { host: { name: session.host } },
    tenant: '',
    cookies: {
      session: {
        read: () => handle,
        write: (text: string) => {
          given = text;
          return [];
        },
      },
    },
  } as unknown as AppVisit;
  const open = createSessionOpener(store, 3600, () => START, { wait, lock: 60_000, poll: 5 });
  const login = () =>
    open(visit, session, {
      id: 'of-the-login',
      provider: session.provider,
      clientId: session.clientId,
      result: { idToken: 'id', profile: {}, subject: session.subject, accessToken: 'at', refreshToken: 's1' },
      token: { audience: OTHER, raw: accessTokenFor(OTHER) },
      further: [],
      asked: { audience: OTHER, scopes: [] },
      askedBefore: [],
      released: new Set(),
    });
  const load = async (): Promise<Session> => {
    const loaded = await store.load(given, session.host, '', START);
    if (loaded === undefined) throw new Error('no session was opened');
    return loaded;
  };
  return { store, session, handle, visit, login, load, given: () => given };
}

const refreshTokensOf = ({ tokens }: Session): readonly unknown[] =>
  tokens.map(({ audience, refreshToken }) => [audience, refreshToken]);

test('a login goes on from what a refresh brings that is under way', async () => {
  const { store, session, handle, login, load, given } = await begin();
  const provider = new RefreshingProvider();
  const sent = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  provider.delay = () => {
    sent.resolve();
    return answer.promise;
  };
  const { renew, outcomes } = renewing(store, provider);
  const renewal = renew(visitWith(handle), liveOf(session), [API]);
  await sent.promise;
  const opened = login();
  await new Promise((resolve) => setImmediate(resolve));
  answer.resolve();
  expect(await renewal).toEqual({ kind: 'changed' });
  expect(await opened).toMatchObject({ samePerson: true });
  expect(refreshTokensOf(await load())).toEqual([
    [API, "r1'"],
    [OTHER, 's1'],
  ]);
  expect(await renew(visitWith(given()), liveOf(await load()), [API])).toEqual({ kind: 'changed' });
  expect([provider.sent, outcomes]).toEqual([
    ['r1', "r1'"],
    ['renewed', 'renewed'],
  ]);
});

test.each<[what: string, before: (parts: Awaited<ReturnType<typeof begin>>) => Promise<unknown>]>([
  ['whose lock another keeps', ({ store, session }) => store.lock(`refresh ${session.id}`, 60_000)],
  [
    'that another login has replaced',
    ({ store, session }) => store.revoke(session.id, session.expiresAt, 'replaced'),
  ],
])('a login takes no refresh token from a session %s', async (_what, before) => {
  const parts = await begin(50);
  await before(parts);
  await parts.login();
  const session = await parts.load();
  expect(session.tokens).toEqual([
    { audience: API, raw: parts.session.tokens[0]?.raw },
    expect.objectContaining({ audience: OTHER, refreshToken: 's1' }),
  ]);
});

test('a login lets the lock go', async () => {
  const { store, session, login } = await begin();
  await login();
  expect(await store.lock(`refresh ${session.id}`, 1)).toBeDefined();
});
