import { randomBytes } from 'node:crypto';
import { drive } from './load.ts';
import { median } from './median.ts';
import { createSessionMint } from './mint.ts';
import { checkRequest } from './requests.ts';
import { measureLookup } from './rules-lookup.ts';
import { startGateway } from './servers.ts';
import { stormFacts } from './storm.ts';
import type { World } from './world.ts';

/** Something that is one number and has nothing to do with a bare server. */
export interface Fact {
  readonly name: string;
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  readonly budget: number | undefined;
  readonly met: boolean | undefined;
  /** How it came about. */
  readonly detail: string;
}

export interface FactOptions {
  readonly program: string;
  readonly rounds: number;
}

const SESSIONS = 10_000;
const MEGABYTE = 1_000_000;

/** By name, what makes them: in the order of the table. */
export const FACTS: Readonly<Record<string, (world: World, options: FactOptions) => Promise<Fact[]>>> = {
  rules: async (_world, { rounds }) => rulesFacts(rounds),
  memory: async (world, { program }) => [await memoryFact(world, program)],
  start: async (world, options) => [await startFact(world, options)],
  bytes: bytesFacts,
  storm: stormFacts,
};

function rulesFacts(rounds: number): Fact[] {
  const { same, spread, few, many, loadSeconds } = measureLookup(rounds);
  const ns = (value: number): string => `${Math.round(value)} ns`;
  return [
    {
      name: 'rules',
      title: 'rules 10 → 100,000: the same lookups',
      value: same.ratio,
      unit: '×',
      budget: 1.2,
      met: same.ratio < 1.2,
      detail: `${ns(same.few)} → ${ns(same.many)}, of ${few} and ${many} rules (loaded in ${loadSeconds.toFixed(1)} s)`,
    },
    {
      name: 'rules-spread',
      title: '  lookups spread over all rules',
      value: spread.ratio,
      unit: '×',
      budget: undefined,
      met: undefined,
      detail: `${ns(spread.few)} → ${ns(spread.many)}: what the processor's caches do not hold`,
    },
  ];
}

/** Fills a gateway with sessions, asks for each a second time, and reads its resident memory. */
async function memoryFact(world: World, program: string): Promise<Fact> {
  await using gateway = await startGateway({ program, env: world.env, count: true });
  const requests: Buffer[] = [];
  while (requests.length < SESSIONS) requests.push(checkRequest({ cookie: await world.sessions.cookie() }));
  const pass = async (): Promise<void> => {
    let index = 0;
    const { statuses } = await drive({
      port: gateway.port,
      next: () => requests[index++],
      connections: 8,
      seconds: Number.POSITIVE_INFINITY,
    });
    if (statuses.get(200) !== SESSIONS) throw new Error(`memory: ${[...statuses.keys()].join(', ')}`);
  };
  await pass();
  const before = (await gateway.usage()).crypto.decrypt;
  await pass();
  const { rss, crypto } = await gateway.usage();
  const forgotten = crypto.decrypt - before;
  return {
    name: 'memory',
    title: 'resident memory, 10,000 warm sessions',
    value: rss / MEGABYTE,
    unit: 'MB',
    budget: 150,
    met: rss / MEGABYTE < 150 && forgotten === 0,
    detail: `sessions of ${world.sessions.bytes} bytes in ${world.sessions.chunks} cookies; ${forgotten} were no longer warm`,
  };
}

async function startFact(world: World, { program, rounds }: FactOptions): Promise<Fact> {
  const times: number[] = [];
  while (times.length < Math.max(3, rounds)) {
    await using gateway = await startGateway({ program, env: world.env, probe: false });
    times.push(gateway.readyAfter / 1000);
  }
  const value = median(times);
  return {
    name: 'start',
    title: 'start to ready, provider up',
    value,
    unit: 's',
    budget: 1,
    met: value < 1,
    detail: `from ${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)} s in ${times.length} starts`,
  };
}

const TOKEN_SIZES = [1000, 2000, 4000];
const AUDIENCES = [1, 3];

/** What a browser carries with each request, by the size of an access token and the number of them. */
async function bytesFacts({ session, secret, redis }: World): Promise<Fact[]> {
  const facts: Fact[] = [];
  const fact = (title: string, value: number, detail: string): void =>
    void facts.push({ name: 'bytes', title, value, unit: 'B', budget: undefined, met: undefined, detail });
  for (const size of TOKEN_SIZES)
    for (const count of AUDIENCES) {
      const tokens = Array.from({ length: count }, (_, at) => ({
        audience: `https://api-${at}.bench.example`,
        raw: randomBytes(size).toString('base64url').slice(0, size),
      }));
      const mint = await createSessionMint(secret, { ...session, tokens });
      const title = `cookie: ${count === 1 ? 'a token' : `${count} tokens`} of ${size} bytes`;
      if (mint === undefined) fact(title, 0, 'does not fit: session-too-large, which names store: redis');
      else fact(title, mint.bytes, `in ${mint.chunks} cookies, with the ID token where there is room`);
    }
  if (redis !== undefined)
    fact('memory, redis: any number, any size', redis.sessions.bytes, 'the key to the session, signed');
  return facts;
}
