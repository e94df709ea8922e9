import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { dirname, join } from 'node:path';
import type { Fact } from './facts.ts';
import type { Options } from './options.ts';
import { type Figures, type PathResult, sameCounts } from './result.ts';
import type { CryptoCounts } from './usage.ts';

const ROOT = join(import.meta.dirname, '..');

const left = (text: string, width: number): string => text.padEnd(width);
const right = (text: string, width: number): string => text.padStart(width);
const whole = (value: number): string => (Number.isNaN(value) ? '?' : String(Math.round(value)));
const fixed = (value: number, digits: number): string => (Number.isNaN(value) ? '?' : value.toFixed(digits));
const mark = (met: boolean | undefined): string => (met === undefined ? ' ' : met ? '✔' : '✘');

/** Header of the table of paths; no line is longer than 100 columns. */
export const PATHS_HEAD = row(
  'check',
  'CPU µs',
  'bare',
  '× bare',
  'budget',
  ' ',
  'p50',
  'p99',
  'bare p50/p99',
);

function row(...cells: readonly [string, ...string[]]): string {
  const [title, cpu = '', bare = '', ratio = '', budget = '', met = '', p50 = '', p99 = '', bares = ''] =
    cells;
  return [
    left(title, 27),
    right(cpu, 7),
    right(bare, 6),
    right(ratio, 7),
    ` ${left(budget, 16)}`,
    met,
    right(p50, 7),
    right(p99, 7),
    right(bares, 13),
  ]
    .join(' ')
    .trimEnd();
}

/** @returns a line for the gateway, and one for each peer. */
export function pathLines(result: PathResult): string[] {
  const { bare, postern } = result;
  const line = (title: string, { cpu, ratio, p50, p99 }: Figures, budget: string, met: string): string =>
    row(
      title,
      fixed(cpu, 1),
      fixed(bare.cpu, 1),
      fixed(ratio, 2),
      budget,
      met,
      whole(p50),
      whole(p99),
      `${whole(bare.p50)} / ${whole(bare.p99)}`,
    );
  return [
    line(result.title, postern, budgetText(result), mark(result.met)),
    ...(result.crypto !== undefined && !sameCounts(result.crypto, result.cryptoBudget)
      ? [`    cryptography for each request: ${cryptoText(result.crypto)}`]
      : []),
    ...Object.entries(result.peers).map(([name, peer]) =>
      line(`    ${name}: ${peer.statuses.join(', ')}`, peer, '', ' '),
    ),
  ];
}

function budgetText({ budget, cryptoBudget }: PathResult): string {
  const parts = [
    ...(budget === undefined ? [] : [`≤ ${budget}`]),
    ...(cryptoBudget === undefined ? [] : [cryptoText(cryptoBudget)]),
  ];
  return parts.join(', ') || '-';
}

function cryptoText({ hmac, decrypt, verify }: CryptoCounts): string {
  const parts = [
    ...(hmac === 0 ? [] : [`${hmac} HMAC`]),
    ...(decrypt === 0 ? [] : [`${decrypt} AEAD`]),
    ...(verify === 0 ? [] : [`${verify} signature`]),
  ];
  return parts.join(' + ') || 'no crypto';
}

export const FACTS_HEAD = `${left('what', 41)} ${right('value', 9)}  ${left('budget', 11)} `;

export function factLines({ title, value, unit, budget, met, detail }: Fact): string[] {
  const digits = unit === 'MB' || unit === 'B' ? 0 : 2;
  const limit = budget === undefined ? '-' : `< ${budget} ${unit}`;
  return [
    `${left(title, 41)} ${right(`${value.toFixed(digits)} ${unit}`, 9)}  ${left(limit, 11)} ${mark(met)}`,
    `    ${detail}`,
  ];
}

/** How far the rounds agree: what the ratios of a noisy machine are worth. */
export function noiseLine(paths: readonly PathResult[]): string {
  const spread = paths.map(({ postern: { ratio, ratios } }) => Math.max(...ratios) / ratio - 1);
  const worst = Math.max(0, ...spread);
  return `no ratio of a single round is more than ${Math.round(worst * 100)} % above its median`;
}

const git = (...args: string[]): string => {
  try {
    return execFileSync('git', args, {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
};

const versionOf = (file: string): string =>
  (JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { version: string }).version;

/** The machine and the versions that the figures belong to. */
export function surroundings() {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    revision: git('rev-parse', '--short', 'HEAD') || 'unknown',
    /** Files differ from the revision. */
    modified: git('status', '--porcelain', '--', 'src', 'package-lock.json') !== '',
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      os: `${type()} ${release()}`,
      load: loadavg().map((value) => Number(value.toFixed(2))),
    },
    versions: {
      postern: versionOf('package.json'),
      node: process.version,
      v8: process.versions.v8,
      openssl: process.versions.openssl,
      'oidc-provider': versionOf('node_modules/oidc-provider/package.json'),
    },
  };
}

export type Surroundings = ReturnType<typeof surroundings>;

/** Writes all results as JSON. @returns where; undefined for a part of them that nobody named a file for. */
export function writeResults(
  about: Surroundings,
  options: Options,
  paths: readonly PathResult[],
  facts: readonly Fact[],
): string | undefined {
  const { rounds, seconds, connections, peers, complete } = options;
  const usual = join(ROOT, 'bench/results', `${about.date.slice(0, 10)}-${about.revision}.json`);
  const file = options.json ?? (complete ? usual : undefined);
  if (file === undefined) return undefined;
  const settings = { rounds, seconds, connections, peers: peers.map(({ name, url }) => ({ name, url })) };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...about, settings, paths, facts }, rounded, 2)}\n`);
  return file;
}

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(3)) : value;
