import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Fact, FactOptions } from './facts.ts';
import { quantile } from './load.ts';
import { median } from './median.ts';
import { pace } from './paced.ts';
import { checkRequest } from './requests.ts';
import { startGateway } from './servers.ts';
import type { StormOrder } from './storm-worker.ts';
import type { World } from './world.ts';

/** A second. */
const BAD = 1000;
const GOOD = 400;
const BUDGET = 2;
const SECONDS = 3;
const WARM = 1;

type Kind = (world: World) => string;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const forged = (token: string, header: object, claims: object = {}): string => {
  const [, payload = ''] = token.split('.');
  const told = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const random = randomBytes(64).toString('base64url');
  return `${part(header)}.${part({ ...told, ...claims, jti: random.slice(0, 20) })}.${random}`;
};
const HEADER = { alg: 'ES256', kid: 'bench', typ: 'at+jwt' };

/** Tokens that are no good, no two alike. */
const KINDS: Readonly<Record<string, Kind>> = {
  'with keys that nobody has': ({ issuer }) =>
    forged(issuer.token(), { ...HEADER, kid: randomBytes(8).toString('hex') }),
  'with signatures that do not hold': ({ issuer }) => forged(issuer.token(), HEADER),
  'of an unknown issuer': ({ issuer }) => forged(issuer.token(), HEADER, { iss: 'https://nobody.example' }),
  'that have ended': ({ issuer }) => issuer.token({ exp: 1_700_000_000 }),
};

/** How long good requests take in the calm, and beside a thousand distinct bad tokens a second. */
export async function stormFacts(world: World, { program, rounds }: FactOptions): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const [title, make] of Object.entries(KINDS))
    facts.push(await stormFact(title, make, world, program, rounds));
  return facts;
}

async function stormFact(
  title: string,
  make: Kind,
  world: World,
  program: string,
  rounds: number,
): Promise<Fact> {
  await using gateway = await startGateway({ program, env: world.env });
  const { port } = gateway;
  const goods = [
    checkRequest({ cookie: world.cookie }),
    checkRequest({ manner: 'program', bearer: world.bearer }),
    checkRequest({ manner: 'program', bearer: world.issuer.token() }),
  ];
  let turn = 0;
  const good = (seconds: number) =>
    pace({ port, next: () => goods[turn++ % goods.length], rate: GOOD, connections: 8, seconds });
  const count = BAD * SECONDS;
  const others = Array.from({ length: count }, (_, at) => goods[at % 2] as Buffer);
  // Before anything is measured: what is left of making them would be cleared away in the middle of it.
  const storms = Array.from({ length: rounds }, () =>
    Array.from({ length: count }, () => checkRequest({ manner: 'program', bearer: make(world) })),
  );
  await good(WARM);

  const fetched = world.issuer.keyFetches();
  const began = performance.now();
  const calm: Quantiles[] = [];
  const busy: Quantiles[] = [];
  const storm: Quantiles[] = [];
  /** What the good ones take beside a thousand others of their kind: what so many requests alone do to this machine. */
  const beside = async (requests: readonly Buffer[], status: number): Promise<Quantiles> => {
    const [load, statuses] = await Promise.all([good(SECONDS), blow(port, requests)]);
    if (load.statuses.get(200) !== load.requests) throw new Error(`storm: ${[...load.statuses.keys()]}`);
    if ([...statuses.keys()].join() !== String(status)) throw new Error(`storm: ${[...statuses.keys()]}`);
    return quantilesOf(load.latencies);
  };
  for (let round = 0; round < rounds; round += 1) {
    calm.push(quantilesOf((await good(SECONDS)).latencies));
    busy.push(await beside(others, 200));
    storm.push(await beside(storms[round] as Buffer[], 401));
  }
  const seconds = (performance.now() - began) / 1000;
  const fetches = world.issuer.keyFetches() - fetched;
  const [before, besideGood, worst] = [medians(calm), medians(busy), medians(storm)];
  // Held against as much load of good requests: any load at all makes a small machine slower.
  const value = worst.p99 / besideGood.p99;
  const ms = ({ p50, p99 }: Quantiles): string => `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  return {
    name: 'storm',
    title: `p99 beside ${BAD} bad tokens a second ${title}`,
    value,
    unit: '×',
    budget: BUDGET,
    // One fetch of the keys in each cool-down of 20 s, at most.
    met: value <= BUDGET && fetches <= Math.ceil(seconds / 20) + 1,
    detail: `p50 / p99 alone ${ms(before)}, beside as many good ones ${ms(besideGood)}, beside bad ones ${ms(worst)}; keys fetched ${fetches} times in ${seconds.toFixed(0)} s`,
  };
}

/** @returns how often each status came. */
async function blow(port: number, requests: readonly Uint8Array[]): Promise<ReadonlyMap<number, number>> {
  const order: StormOrder = { port, requests, rate: BAD, seconds: SECONDS };
  const worker = new Worker(new URL('./storm-worker.ts', import.meta.url), { workerData: order });
  const [statuses] = (await once(worker, 'message')) as [ReadonlyMap<number, number>];
  return statuses;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const quantilesOf = (latencies: Float64Array): Quantiles => ({
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
});

const medians = (all: readonly Quantiles[]): Quantiles => ({
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
});
