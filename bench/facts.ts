import { drive } from './load.ts';
import { median } from './median.ts';
import { checkRequest } from './requests.ts';
import { measureLookup } from './rules-lookup.ts';
import { startGateway } from './servers.ts';
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
