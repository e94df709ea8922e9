import type { Round, Sample } from './measure.ts';
import { median } from './median.ts';
import type { Scenario } from './scenarios.ts';
import type { CryptoCounts } from './usage.ts';
import type { World } from './world.ts';

/** What the rounds say of one server: medians, microseconds. */
export interface Figures {
  readonly cpu: number;
  /** Median of the rounds' ratios of CPU time to the bare server's. */
  readonly ratio: number;
  /** Least and greatest of them. */
  readonly ratios: readonly [number, number];
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  readonly statuses: readonly number[];
}

/** A scenario that was measured. */
export interface PathResult {
  readonly name: string;
  readonly title: string;
  readonly budget: number | undefined;
  readonly cryptoBudget: CryptoCounts | undefined;
  readonly crypto: CryptoCounts | undefined;
  /** Undefined without any budget. */
  readonly met: boolean | undefined;
  readonly bare: Figures;
  readonly postern: Figures;
  readonly peers: Readonly<Record<string, Figures>>;
  readonly rounds: readonly Round[];
}

export function pathResult(
  scenario: Scenario,
  world: World,
  rounds: readonly Round[],
  crypto: CryptoCounts | undefined,
): PathResult {
  const { name, title, budget } = scenario;
  const cryptoBudget = scenario.crypto?.(world);
  const names = Object.keys(rounds[0] ?? {}).filter((server) => server !== 'bare' && server !== 'postern');
  const postern = figures(rounds, 'postern');
  const inTime = budget === undefined || postern.ratio <= budget;
  return {
    name,
    title: title.trim(),
    budget,
    cryptoBudget,
    crypto,
    met:
      budget === undefined && cryptoBudget === undefined
        ? undefined
        : inTime && sameCounts(crypto, cryptoBudget),
    bare: figures(rounds, 'bare'),
    postern,
    peers: Object.fromEntries(names.map((peer) => [peer, figures(rounds, peer)])),
    rounds,
  };
}

export const sameCounts = (a: CryptoCounts | undefined, b: CryptoCounts | undefined): boolean =>
  a?.hmac === b?.hmac && a?.decrypt === b?.decrypt && a?.verify === b?.verify;

function figures(rounds: readonly Round[], server: string): Figures {
  const samples = rounds.flatMap((round) => round[server] ?? []);
  const of = (value: (sample: Sample) => number | undefined): number =>
    median(samples.map((sample) => value(sample) ?? Number.NaN));
  const ratios = rounds.map(
    (round) => (round[server]?.cpu ?? Number.NaN) / (round['bare']?.cpu ?? Number.NaN),
  );
  return {
    cpu: of(({ cpu }) => cpu),
    ratio: median(ratios),
    ratios: [Math.min(...ratios), Math.max(...ratios)],
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    perSecond: of(({ perSecond }) => perSecond),
    statuses: [...new Set(samples.flatMap(({ statuses }) => statuses))],
  };
}
