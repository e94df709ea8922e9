import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { drive } from './load.ts';
import { type MeasureOptions, supply } from './measure.ts';
import { environmentOf, type Scenario } from './scenarios.ts';
import { startGateway } from './servers.ts';
import type { World } from './world.ts';

/** What V8's CPU profiler writes (Chrome DevTools Protocol, `Profiler.Profile`). */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;
const IDLE: ReadonlySet<string> = new Set(['(idle)', '(root)']);

/** Loads a gateway that profiles itself. @returns lines for people: where the main thread spends its time. */
export async function profile(scenario: Scenario, world: World, options: MeasureOptions): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-profile-'));
  let requests: number;
  {
    const env = environmentOf(scenario, world);
    await using gateway = await startGateway({ program: options.program, env, profile: folder });
    const next = await supply(scenario, world, gateway.port, options.seconds);
    const { connections, seconds } = options;
    ({ requests } = await drive({ port: gateway.port, next, connections, seconds }));
  }
  const [file] = readdirSync(folder);
  if (file === undefined) throw new Error('the gateway wrote no profile');
  const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  rmSync(folder, { recursive: true });
  return report(scenario, requests, selfTimes(read, dirname(options.program)));
}

interface Place {
  readonly where: string;
  readonly room: string;
  /** Microseconds. */
  self: number;
}

function selfTimes({ nodes, samples, timeDeltas }: CpuProfile, program: string): Place[] {
  const places = new Map<string, Place>();
  const byNode = new Map<number, Place>();
  for (const { id, callFrame } of nodes) {
    const { functionName: name, url, lineNumber } = callFrame;
    if (IDLE.has(name)) continue;
    const path = url.startsWith('file://') ? relative(program, new URL(url).pathname) : url;
    const room = roomOf(path, name);
    const where = `${name === '' ? '(anonymous)' : name}  ${path}${path === '' ? '' : `:${lineNumber + 1}`}`;
    const place = places.get(where) ?? { where, room, self: 0 };
    places.set(where, place);
    byNode.set(id, place);
  }
  for (const [index, id] of samples.entries()) {
    const place = byNode.get(id);
    if (place !== undefined) place.self += timeDeltas[index] ?? 0;
  }
  return [...places.values()].sort((a, b) => b.self - a.self);
}

function roomOf(path: string, name: string): string {
  const [, library] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  if (library !== undefined) return library;
  if (path.startsWith('node:')) return 'node';
  return path === '' ? name : 'postern';
}

/** Microseconds per request. The start of the program is among them, spread over all requests. */
function report({ title }: Scenario, requests: number, places: readonly Place[]): string[] {
  const each = (time: number): string => (time / requests).toFixed(2).padStart(7);
  const rooms = new Map<string, number>();
  for (const { room, self } of places) rooms.set(room, (rooms.get(room) ?? 0) + self);
  const top = (list: readonly Place[]): string[] =>
    list.slice(0, SHOWN).map(({ self, where }) => `${each(self)}  ${where}`);
  return [
    `${title.trim()}: ${requests} requests, self time on the main thread in µs per request`,
    ...[...rooms]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12)
      .map(([room, self]) => `${each(self)}  ${room}`),
    '  postern',
    ...top(places.filter(({ room }) => room === 'postern')),
    '  everything else',
    ...top(places.filter(({ room }) => room !== 'postern')),
  ];
}
