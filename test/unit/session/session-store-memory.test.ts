import { expect, test } from '@jest/globals';
import { createMemoryStore } from '../../../src/session/session-store-memory.ts';
import { type KeptUnderTest, keptSessionsContract } from '../../contract/kept-sessions.contract.ts';
import { START, sessionOf, sessionStoreContract } from '../../contract/session-store.contract.ts';

function open(idle?: number): KeptUnderTest & { readonly other: ReturnType<typeof createMemoryStore> } {
  let at = START;
  const options = { idle, now: () => at, milliseconds: () => at * 1000 };
  const store = createMemoryStore(options);
  return {
    store,
    replica: store,
    other: createMemoryStore(options),
    now: () => at,
    advance: (seconds) => {
      at += seconds;
    },
  };
}

sessionStoreContract(
  'memory',
  () => {
    const { store, other, advance } = open();
    return { store, replica: other, advance };
  },
  {
    'a replica loads it as well': 'nothing is shared: it is the store of a single process',
    'A4: a replica refuses a revoked session within a second': 'the same: a replica has no session to refuse',
  },
);

keptSessionsContract('memory', open);

test('beyond its bound the session that was unused for longest ends', async () => {
  const store = createMemoryStore({ idle: undefined, now: () => START, milliseconds: () => 0, most: 2 });
  const load = (handle: string) => store.load(handle, 'shop.example.com', 'acme', START);
  const [first, second, third] = [sessionOf(), sessionOf(), sessionOf()];
  const [one, two] = [await store.save(first), await store.save(second)];
  expect(await load(one)).toEqual(first);
  const three = await store.save(third);
  expect(await Promise.all([one, two, three].map(load))).toEqual([first, undefined, third]);
});
