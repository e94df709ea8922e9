import type { SessionSummary } from '../../session/kept-sessions.ts';
import { misuse, printJson } from '../command.ts';
import { printable, WIDTH } from '../layout.ts';
import type { SessionsCommand } from './sessions-command.ts';

/** Lines for people; programs get all. */
const USUAL_LIMIT = 100;

/** Prints the living sessions, the youngest first, a line each. Exit code 1 when there is none. */
export const listSessions: SessionsCommand = async (invocation, { kept, now }) => {
  const { subject, client, limit: written } = invocation.values;
  const limit = written === undefined ? undefined : Number(written);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0))
    return misuse(invocation, `--limit ${written} is no number of sessions`, 'write for example --limit 20');
  const found: SessionSummary[] = [];
  for await (const one of kept.list()) {
    if (subject !== undefined && one.subject !== subject) continue;
    if (client !== undefined && one.clientId !== client) continue;
    found.push(one);
  }
  found.sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1));
  if (invocation.json) printJson(invocation, { total: found.length, sessions: found.slice(0, limit) });
  else invocation.out(text(found, limit ?? USUAL_LIMIT, now));
  return found.length === 0 ? 1 : 0;
};

function text(found: readonly SessionSummary[], limit: number, now: number): string {
  if (found.length === 0) return 'No session.\n';
  const shown = found.slice(0, limit);
  const rest = found.length - shown.length;
  return [
    ...table([HEAD, ...shown.map((one) => cells(one, now))]),
    ...(rest === 0 ? [] : [`and ${rest} more: --limit ${found.length}, or --json for all`]),
    '',
  ].join('\n');
}

const HEAD = ['ID', 'SUBJECT', 'CLIENT/PROVIDER', 'HOST', 'OPENED', 'ENDS', 'IDLE'];

const cells = (one: SessionSummary, now: number): readonly string[] => [
  one.id,
  one.subject,
  `${one.clientId}/${one.provider}`,
  one.tenant === '' ? one.host : `${one.tenant} ${one.host}`,
  `${span(now - one.createdAt)} ago`,
  `in ${span(one.expiresAt - now)}`,
  one.usedAt === undefined ? '-' : span(now - one.usedAt),
];

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** @returns the two largest units of a time in seconds: `2d3h`, `5m`, `0s`. */
function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0s';
  const [[unit, size], next] = [UNITS[first] as (typeof UNITS)[number], UNITS[first + 1]];
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[1]);
  return `${Math.floor(whole / size)}${unit}${rest === 0 || next === undefined ? '' : `${rest}${next[0]}`}`;
}

/** Columns that may be cut: what a person, a client and a host are called has no end. */
const CUT: readonly number[] = [1, 2, 3];
const GAP = 2;

/** One line for each row, whatever the width of a cell: `--json` has all of it. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const printed = rows.map((row) => row.map(printable));
  const widths = HEAD.map((_, at) => Math.max(...printed.map((row) => [...(row[at] ?? '')].length)));
  const width = (): number => widths.reduce((sum, one) => sum + one, GAP * (widths.length - 1));
  while (width() > WIDTH) {
    const [widest = 1] = CUT.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return printed.map((row) =>
    row
      .map((cell, at) => fitted(cell, widths[at] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
}

function fitted(cell: string, width: number): string {
  const characters = [...cell];
  return characters.length > width
    ? `${characters.slice(0, width - 1).join('')}…`
    : cell + ' '.repeat(width - characters.length);
}
