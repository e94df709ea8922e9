import { loadRuleSet } from '../src/rules/load.ts';
import type { App, RuleSet } from '../src/rules/rule-set.ts';
import { median } from './median.ts';

/** Nanoseconds of one lookup in a small and in a large set of rules. */
export interface Growth {
  readonly few: number;
  readonly many: number;
  /** Median of the rounds' ratios. */
  readonly ratio: number;
}

export interface Lookup {
  readonly few: number;
  readonly many: number;
  /** Of the large set. */
  readonly loadSeconds: number;
  /** The ten paths that both sets have. */
  readonly same: Growth;
  /** Each set's own paths, all of them alike. */
  readonly spread: Growth;
}

type Path = readonly string[];

const FEW = 10;
const MANY = 100_000;
const LOOKUPS = 200_000;

/** Ten resources, and below them as many services as it takes: no two paths alike, all equally deep. */
const pathsOf = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, index) => `/api/service-${Math.floor(index / 10)}/resource-${index % 10}/items`,
  );

function setOf(count: number): { readonly rules: RuleSet; readonly app: App } {
  const lines = pathsOf(count).map((path) => `  ${path}/**: { any: [orders:read, orders:write] }`);
  const text = `app: shop\nhosts: [shop.bench.example]\naudience: https://api\nrules:\n${lines.join('\n')}\n`;
  const loaded = loadRuleSet([{ file: 'shop.yaml', text }]);
  if ('problems' in loaded) throw new Error(loaded.problems[0]?.message);
  const [app] = loaded.ruleSet.apps;
  if (app === undefined) throw new Error('no app');
  return { rules: loaded.ruleSet, app };
}

/** Measures `RuleSet.match` alone, in this process, by turns in both sets. */
export function measureLookup(rounds: number): Lookup {
  const few = setOf(FEW);
  const started = performance.now();
  const many = setOf(MANY);
  const loadSeconds = (performance.now() - started) / 1000;
  const own = (count: number): readonly Path[] =>
    shuffled(pathsOf(count).map((path) => `${path}/17`.slice(1).split('/')));
  const small = own(FEW);
  const large = own(MANY);
  const growth = (paths: readonly Path[]): Growth => {
    const ratios: number[] = [];
    const times: { few: number[]; many: number[] } = { few: [], many: [] };
    // One round more: the first warms up.
    for (let round = 0; round <= Math.max(5, rounds); round += 1) {
      const inFew = lookUp(few, small);
      const inMany = lookUp(many, paths);
      if (round === 0) continue;
      times.few.push(inFew);
      times.many.push(inMany);
      ratios.push(inMany / inFew);
    }
    return { few: median(times.few), many: median(times.many), ratio: median(ratios) };
  };
  return { few: FEW, many: MANY, loadSeconds, same: growth(small), spread: growth(large) };
}

function lookUp({ rules, app }: ReturnType<typeof setOf>, paths: readonly Path[]): number {
  const started = performance.now();
  let found = 0;
  for (let index = 0; index < LOOKUPS; index += 1) {
    if (rules.match(app, 'GET', paths[index % paths.length] ?? []).kind === 'rule') found += 1;
  }
  if (found !== LOOKUPS) throw new Error('a lookup found no rule');
  return ((performance.now() - started) * 1e6) / LOOKUPS;
}

/** The same order each time, but not that of the rules (mulberry32). */
function shuffled<T>(values: readonly T[]): T[] {
  let state = 1;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return values
    .map((value) => ({ value, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ value }) => value);
}
