import { expect, test } from '@jest/globals';
import { createSealer } from '../../../src/session/seal.ts';
import { createCookieStore } from '../../../src/session/session-store-cookie.ts';
import { START, sessionOf, sessionStoreContract } from '../../contract/session-store.contract.ts';
import { NEW, OLD, RETIRED } from '../../support/cookies.ts';

const sealer = createSealer([NEW, OLD]);

sessionStoreContract(
  'cookie',
  () => {
    let at = START;
    const now = (): number => at;
    return {
      store: createCookieStore(sealer, now),
      replica: createCookieStore(sealer, now),
      advance: (seconds) => {
        at += seconds;
      },
    };
  },
  {
    'A4: a replica refuses a revoked session within a second':
      'stateless: only the process that saw a logout knows of it, design §5',
  },
);

const store = createCookieStore(sealer, () => START);

test.each([
  ['the newest', NEW, true],
  ['the second', OLD, true],
  ['a retired one', RETIRED, false],
])('CS5: a session sealed with %s secret lives: %s', async (_which, keys, lives) => {
  const session = sessionOf();
  const handle = await createCookieStore(createSealer([keys]), () => START).save(session);
  expect(await store.load(handle, session.host, session.tenant, START)).toEqual(lives ? session : undefined);
});

test.each(['transaction', 'state', 'asked'] as const)(
  'CS5: what was sealed as %s is no session',
  async (purpose) => {
    const session = sessionOf();
    const binding = { purpose, host: session.host, context: session.tenant };
    const handle = sealer.seal(binding, session, session.expiresAt);
    expect(await store.load(handle, session.host, session.tenant, START)).toBeUndefined();
  },
);

test('a session that names another host or tenant than it was sealed for is none', async () => {
  const session = sessionOf({ host: 'other.example.com' });
  const binding = { purpose: 'session', host: 'shop.example.com', context: 'acme' } as const;
  const handle = sealer.seal(binding, session, session.expiresAt);
  expect(await store.load(handle, 'shop.example.com', 'acme', START)).toBeUndefined();
});
