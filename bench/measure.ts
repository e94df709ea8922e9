import { ask } from './answer.ts';
import { drive, quantile, type Requests } from './load.ts';
import type { Peer } from './peer.ts';
import { checkRequest } from './requests.ts';
import { environmentOf, type Scenario } from './scenarios.ts';
import { startBare, startGateway } from './servers.ts';
import type { CryptoCounts } from './usage.ts';
import type { World } from './world.ts';

export interface MeasureOptions {
  readonly program: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly peers: readonly Peer[];
}

/** What a server did with one load. Microseconds. */
export interface Sample {
  /** Per request, user and system; not known of every peer. */
  readonly cpu: number | undefined;
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly statuses: readonly number[];
}

/** One turn of all servers, close together in time. */
export type Round = Readonly<Record<string, Sample>>;

/** A server that is loaded in its turn. */
interface Contender {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly cpu: () => Promise<number | undefined>;
  /** Where it is not the gateway's own check: that of another program. */
  readonly url?: string;
}

/** Cold credentials for each second: few enough that no cache drops any, and that making them takes no minutes. */
const DISTINCT_PER_SECOND = 1500;
/** Unmeasured loads of a second before the rounds: until so many requests have passed, the compilers are at work. */
const WARM_UP = { least: 2, most: 10, requests: 15_000 };

/**
 * Loads a bare server and the gateway in turns; the bare one sends what the gateway answered: the same status, header
 * lines and body. Processes are started for each scenario, so that scenarios do not warm one another.
 */
export async function measure(scenario: Scenario, world: World, options: MeasureOptions): Promise<Round[]> {
  await using bare = await startBare();
  const env = environmentOf(scenario, world);
  await using gateway = await startGateway({ program: options.program, env });
  const host = '127.0.0.1';
  const contenders: Contender[] = [
    { name: 'bare', host, port: bare.port, cpu: async () => (await bare.usage()).cpu },
    { name: 'postern', host, port: gateway.port, cpu: async () => (await gateway.usage()).cpu },
    ...(scenario.distinct === true ? [] : options.peers),
  ];
  const answer = await ask(gateway.port, checkRequest(await scenario.ask(world, gateway.port)));
  if (answer.status !== scenario.status) throw new Error(`${scenario.name}: ${answer.status} ${answer.body}`);
  await bare.send(answer);

  const turn = async (contender: Contender, seconds: number): Promise<Sample> => {
    const next = await supply(scenario, world, gateway.port, seconds, contender.url);
    const sample = await load(contender, next, seconds, options.connections);
    const { name, url } = contender;
    if (url === undefined && sample.statuses.some((status) => status !== scenario.status)) {
      throw new Error(`${scenario.name}: ${name} answered ${sample.statuses.join(', ')}`);
    }
    const lines = gateway.takeLog();
    if (name === 'postern' && scenario.logged === true && lines < sample.requests * 0.9) {
      throw new Error(`${scenario.name}: ${lines} lines in the log for ${sample.requests} requests`);
    }
    return sample;
  };
  for (const contender of contenders) {
    for (let loads = 0, requests = 0; loads < WARM_UP.most; loads += 1) {
      if (loads >= WARM_UP.least && requests >= WARM_UP.requests) break;
      requests += (await turn(contender, 1)).requests;
    }
  }
  const rounds: Round[] = [];
  while (rounds.length < options.rounds) {
    // Turned around each time: what changes in the course of a run falls on both.
    const order = rounds.length % 2 === 0 ? contenders : contenders.toReversed();
    const samples: [string, Sample][] = [];
    for (const contender of order) samples.push([contender.name, await turn(contender, options.seconds)]);
    rounds.push(Object.fromEntries(samples));
  }
  return rounds;
}

/** @returns how much cryptography one request of the scenario takes, counted in a gateway of its own. */
export async function countCrypto(scenario: Scenario, world: World, program: string): Promise<CryptoCounts> {
  await using gateway = await startGateway({ program, env: environmentOf(scenario, world), count: true });
  const send = async (): Promise<void> => {
    const answer = await ask(gateway.port, checkRequest(await scenario.ask(world, gateway.port)));
    if (answer.status !== scenario.status) throw new Error(`${scenario.name}: ${answer.status}`);
  };
  // The first one fetches keys and makes a warm credential warm.
  await send();
  const before = (await gateway.usage()).crypto;
  const requests = 50;
  for (let sent = 0; sent < requests; sent += 1) await send();
  const after = (await gateway.usage()).crypto;
  const each = (kind: keyof CryptoCounts): number => (after[kind] - before[kind]) / requests;
  return { hmac: each('hmac'), decrypt: each('decrypt'), verify: each('verify') };
}

/** @returns the requests of one load: the same again and again, or as many different ones as fit into the time. */
export async function supply(
  scenario: Scenario,
  world: World,
  gateway: number,
  seconds: number,
  url?: string,
): Promise<Requests> {
  if (scenario.distinct !== true) {
    const request = checkRequest(await scenario.ask(world, gateway), url);
    return () => request;
  }
  const requests: Buffer[] = [];
  while (requests.length < seconds * DISTINCT_PER_SECOND) {
    requests.push(checkRequest(await scenario.ask(world, gateway), url));
  }
  return () => requests.pop();
}

async function load(
  { cpu, port, host }: Contender,
  next: Requests,
  seconds: number,
  connections: number,
): Promise<Sample> {
  const before = await cpu();
  const {
    requests,
    latencies,
    statuses,
    seconds: took,
  } = await drive({ port, host, next, connections, seconds });
  const after = await cpu();
  return {
    cpu: before === undefined || after === undefined ? undefined : (after - before) / requests,
    p50: quantile(latencies, 0.5) * 1000,
    p99: quantile(latencies, 0.99) * 1000,
    requests,
    perSecond: requests / took,
    statuses: [...statuses.keys()],
  };
}
