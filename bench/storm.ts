import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Fact, FactOptions } from './facts.ts';
import { quantile } from './load.ts';
import { median } from './median.ts';
import { amongNeighbours } from './neighbours.ts';
import { pace } from './paced.ts';
import { checkRequest } from './requests.ts';
import { type MeasuredServer, startGateway } from './servers.ts';
import type { Storm, StormOrder } from './storm-worker.ts';
import type { World } from './world.ts';

/** A second. */
const BAD = 1000;
const GOOD = 400;
const BUDGET = 2;
const SECONDS = 3;
const WARM = 1;
/** Seconds a storm blows before the good requests are looked at, so that none of them waits for its beginning, and after. */
const LEAD = 0.5;
const TAIL = 0.2;
/** Seconds: what a gateway waits between two fetches of an issuer's keys. */
const COOLDOWN = 20;
/** Processors: a round in which other programs had more is made again, whatever came of it. */
const QUIET = 0.2;
/** Rounds that are made for each that is wanted, at most. */
const ATTEMPTS = 2;

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
export const KINDS: Readonly<Record<string, Kind>> = {
  'random kid': ({ issuer }) => forged(issuer.token(), { ...HEADER, kid: randomBytes(8).toString('hex') }),
  'wrong signature': ({ issuer }) => forged(issuer.token(), HEADER),
  'foreign issuer': ({ issuer }) => forged(issuer.token(), HEADER, { iss: 'https://nobody.example' }),
  expired: ({ issuer }) => issuer.token({ exp: 1_700_000_000 }),
};

/** How long good requests take in the calm, and beside a thousand distinct bad tokens a second. */
export async function stormFacts(world: World, { program, rounds }: FactOptions): Promise<Fact[]> {
  // One thread for all storms: starting it takes a processor that the measured servers need.
  const thread = new Worker(new URL('./storm-worker.ts', import.meta.url));
  try {
    const facts: Fact[] = [];
    for (const kind of Object.keys(KINDS)) {
      await using gateway = await startGateway({ program, env: world.env });
      facts.push(...factsOf(kind, await measureStorm(kind, { world, thread, gateway, rounds })));
    }
    return facts;
  } finally {
    await thread.terminate();
  }
}

export interface StormOptions {
  readonly world: World;
  readonly thread: Worker;
  readonly gateway: MeasuredServer;
  readonly rounds: number;
}

/** What good requests took alone, beside further good ones and beside bad ones. */
interface Round {
  readonly calm: Quantiles;
  readonly busy: Quantiles;
  readonly storm: Quantiles;
}

export interface StormRounds {
  readonly quiet: readonly Round[];
  /** Bad tokens a second that were answered. */
  readonly rates: readonly number[];
  readonly wanted: number;
  readonly made: number;
  readonly fetches: number;
  readonly seconds: number;
}

export async function measureStorm(kind: string, options: StormOptions): Promise<StormRounds> {
  const { world, thread, gateway, rounds } = options;
  const { port } = gateway;
  const make = KINDS[kind] as Kind;
  const goods = [
    checkRequest({ cookie: world.cookie }),
    checkRequest({ manner: 'program', bearer: world.bearer }),
    checkRequest({ manner: 'program', bearer: world.issuer.token() }),
  ];
  let turn = 0;
  const good = async (seconds: number): Promise<Quantiles> => {
    const next = () => goods[turn++ % goods.length];
    const load = await pace({ port, next, rate: GOOD, connections: 8, seconds });
    if (load.statuses.get(200) !== load.requests) throw new Error(`storm: ${[...load.statuses.keys()]}`);
    return { p50: quantile(load.latencies, 0.5), p99: quantile(load.latencies, 0.99) };
  };
  const duration = LEAD + SECONDS + TAIL;
  const count = Math.ceil(BAD * duration);
  const others = Array.from({ length: count }, (_, at) => goods[at % 2] as Buffer);
  // Before anything is measured: what is left of making them would be cleared away in the middle of it.
  const storms = Array.from({ length: rounds * ATTEMPTS }, () =>
    Array.from({ length: count }, () => checkRequest({ manner: 'program', bearer: make(world) })),
  );
  const rates: number[] = [];
  const beside = async (requests: readonly Buffer[], status: number): Promise<Quantiles> => {
    const order: StormOrder = { port, requests, rate: BAD, seconds: duration };
    const ended = once(thread, 'message') as Promise<[Storm]>;
    thread.postMessage(order);
    await sleep(LEAD * 1000);
    const [quantiles, [{ statuses, rate }]] = await Promise.all([good(SECONDS), ended]);
    if ([...statuses.keys()].join() !== String(status)) throw new Error(`storm: ${[...statuses.keys()]}`);
    if (status !== 200) rates.push(rate);
    return quantiles;
  };
  await good(WARM);
  await beside(others, 200);

  const fetched = world.issuer.keyFetches();
  const began = performance.now();
  const quiet: Round[] = [];
  let made = 0;
  for (const requests of storms) {
    if (quiet.length === rounds) break;
    const { value, neighbours } = await amongNeighbours(gateway, async () => ({
      calm: await good(SECONDS),
      busy: await beside(others, 200),
      storm: await beside(requests, 401),
    }));
    made += 1;
    if (neighbours <= QUIET) quiet.push(value);
  }
  const seconds = (performance.now() - began) / 1000;
  const fetches = world.issuer.keyFetches() - fetched;
  return { quiet, rates, wanted: rounds, made, fetches, seconds };
}

function factsOf(kind: string, { quiet, rates, wanted, made, fetches, seconds }: StormRounds): Fact[] {
  const alone = medians(quiet.map(({ calm }) => calm));
  const besideGood = medians(quiet.map(({ busy }) => busy));
  const besideBad = medians(quiet.map(({ storm }) => storm));
  const ms = ({ p50, p99 }: Quantiles): string => `${p50.toFixed(2)} / ${p99.toFixed(2)} ms`;
  const value = besideBad.p99 / alone.p99;
  const ratios = quiet.map(({ calm, storm }) => storm.p99 / calm.p99);
  const most = Math.floor(seconds / COOLDOWN) + 1;
  const judged = quiet.length >= Math.ceil(wanted / 2);
  return [
    {
      name: 'storm',
      title: `p99 in a storm of bad tokens: ${kind}`,
      value,
      unit: '×',
      budget: BUDGET,
      met: fetches > most ? false : judged ? value <= BUDGET : undefined,
      detail:
        `p50 / p99 alone ${ms(alone)}, in the storm ${ms(besideBad)}; by round ${Math.min(...ratios).toFixed(1)} to ` +
        `${Math.max(...ratios).toFixed(1)} ×, ${quiet.length} quiet of ${made}${judged ? '' : ': too few to judge'}; ` +
        `${Math.round(median(rates))} bad tokens a second; ` +
        `keys fetched ${fetches} times in ${seconds.toFixed(0)} s (at most ${most})`,
    },
    {
      name: 'storm-load',
      title: '  beside as many good requests',
      value: besideGood.p99 / alone.p99,
      unit: '×',
      budget: undefined,
      met: undefined,
      detail: `p50 / p99 ${ms(besideGood)}: what so many requests alone do on this machine`,
    },
  ];
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

const medians = (all: readonly Quantiles[]): Quantiles => ({
  p50: median(all.map(({ p50 }) => p50)),
  p99: median(all.map(({ p99 }) => p99)),
});
