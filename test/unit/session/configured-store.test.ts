import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import type { SessionConfig } from '../../../src/config/config.ts';
import { createConfiguredStore } from '../../../src/session/configured-store.ts';
import { createSealer } from '../../../src/session/seal.ts';
import { START, sessionOf } from '../../contract/session-store.contract.ts';
import { NEW } from '../../support/cookies.ts';
import { PLAIN } from '../../support/redis-store.ts';

const CONFIG: SessionConfig = {
  store: 'cookie',
  maxAge: 3600,
  idle: undefined,
  storeGrace: 60,
  refresh: false,
  redis: undefined,
};

function open(config: Partial<SessionConfig>) {
  const changes: (string | undefined)[] = [];
  const configured = createConfiguredStore(
    { ...CONFIG, ...config },
    {
      sealer: createSealer([NEW]),
      secrets: [NEW],
      passwords: { password: undefined, sentinelPassword: undefined },
      now: () => START,
      onChange: (why) => changes.push(why),
    },
  );
  return { ...configured, changes };
}

test.each([
  ['cookie', false],
  ['memory', true],
] as const)('%s is always there, and keeps sessions: %s', async (store, keeps) => {
  const configured = open({ store });
  await configured.start();
  expect([configured.down(), configured.wasReached()]).toEqual([undefined, true]);
  expect(configured.store.keeps).toBe(keeps);
  expect(configured.kept).toBe(keeps ? configured.store : undefined);
  const session = sessionOf();
  const handle = await configured.store.save(session);
  expect(await configured.store.load(handle, session.host, session.tenant, START)).toEqual(session);
  configured.stop();
  expect(configured.changes).toEqual([]);
});

test('redis says that it is not there, and is stopped', async () => {
  // Port 1 of this machine: nobody listens.
  const configured = open({ store: 'redis', redis: { ...PLAIN, port: 1 } });
  expect(configured.down()).toBe('not connected yet');
  await configured.start();
  while (configured.down() === 'not connected yet') await sleep(20);
  expect([configured.down(), configured.wasReached()]).toEqual(['ECONNREFUSED', false]);
  expect(configured.changes).toEqual(['ECONNREFUSED']);
  expect(configured.store.keeps).toBe(true);
  await expect(configured.store.save(sessionOf())).rejects.toMatchObject({
    reason: 'store-unavailable',
    message: 'the session store cannot be reached: ECONNREFUSED',
  });
  configured.stop();
});
