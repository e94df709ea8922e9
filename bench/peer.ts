import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Another program that answers checks, measured in the same rounds with the same client headers. */
export interface Peer {
  readonly name: string;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Microseconds since its start; undefined when its process cannot be found on this machine. */
  readonly cpu: () => Promise<number | undefined>;
}

/** @param text `name=url`, the URL of its check over plain http */
export function parsePeer(text: string): Peer | undefined {
  const [, name, url = ''] = /^([A-Za-z0-9_.-]{1,20})=(http:.+)$/.exec(text) ?? [];
  const parsed = URL.parse(url);
  if (name === undefined || parsed === null || name === 'bare' || name === 'postern') return undefined;
  const port = parsed.port === '' ? 80 : Number(parsed.port);
  return { name, url, host: parsed.hostname, port, cpu: async () => cpuOf(processListeningOn(port)) };
}

/** Microseconds in a clock tick (`sysconf(_SC_CLK_TCK)` is 100 on every Linux). */
const TICK = 10_000;

/** Reads a process's user and system time from /proc (proc_pid_stat(5), fields 14 and 15). */
function cpuOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const stat = read(`/proc/${pid}/stat`) ?? '';
  // Behind the name of the program, which may hold blanks and brackets, field 3 comes first.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK;
}

const known = new Map<number, number>();

function processListeningOn(port: number): number | undefined {
  const before = known.get(port);
  if (before !== undefined) return before;
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((file) => (read(file) ?? '').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      // Local address, state 0A (listening), inode.
      .filter(([, local, , state]) => local?.endsWith(`:${hex}`) === true && state === '0A')
      .map((fields) => `socket:[${fields[9]}]`),
  );
  for (const pid of list('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    const isHere = list(`/proc/${pid}/fd`).some((fd) => sockets.has(link(`/proc/${pid}/fd/${fd}`)));
    if (!isHere) continue;
    known.set(port, Number(pid));
    return Number(pid);
  }
  return undefined;
}

// Processes end while they are looked at, and others' are closed to us.
const orElse = <T>(value: () => T, other: T): T => {
  try {
    return value();
  } catch {
    return other;
  }
};
const list = (folder: string): string[] => orElse(() => readdirSync(folder), []);
const link = (path: string): string => orElse(() => readlinkSync(path), '');
const read = (file: string): string | undefined => orElse(() => readFileSync(file, 'utf8'), undefined);
