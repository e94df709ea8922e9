import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Jar } from '../test/support/jar.ts';
import { dieTogether, endChild } from './child.ts';
import { type Places, writeTraefikFiles } from './traefik-files.ts';

/** A real Traefik that answers until it is closed. */
export interface RunningTraefik extends AsyncDisposable {
  close(): Promise<void>;
}

/** @returns the program that `TRAEFIK_BIN` names, or `traefik` on the path; undefined when there is none. */
export function findTraefik(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const named = env['TRAEFIK_BIN'];
  if (named !== undefined && named !== '') {
    if (!runs(named)) throw new Error(`TRAEFIK_BIN is ${named}, which is not a program that can be started`);
    return named;
  }
  return (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'traefik'))
    .find(runs);
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns for example `3.7.9`. */
export function traefikVersion(program: string): string {
  const said = execFileSync(program, ['version'], { encoding: 'utf8' });
  return /^Version:\s+(\S+)/m.exec(said)?.[1] ?? 'of unknown version';
}

const PATIENCE = 15_000;

/**
 * Starts Traefik with the files of traefik/, in which only addresses are replaced, and waits until it serves.
 * The gateway must be up: Traefik is known to serve when a public path of the shop answers through it.
 */
export async function startTraefik(
  program: string,
  port: number,
  addresses: readonly string[],
  places: Places,
): Promise<RunningTraefik> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-demo-'));
  const configFile = await writeTraefikFiles(folder, port, addresses, places);
  const child = spawn(program, [`--configFile=${configFile}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  const apart = dieTogether(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-4_000);
    });
  }
  child.on('error', (error) => {
    said += error.message;
  });
  const close = async () => {
    await endChild(child);
    apart();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await serving(port, child);
  } catch (error) {
    await close();
    throw new Error(`Traefik does not serve:\n${said}`, { cause: error });
  }
  return { close, [Symbol.asyncDispose]: close };
}

/** Until its routers are loaded Traefik answers 404, or nothing. */
async function serving(port: number, child: ChildProcess): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE);
  for (;;) {
    const visit = await new Jar().send(`http://shop.localhost:${port}/favicon.ico`).catch(() => undefined);
    if (visit !== undefined && visit.status !== 404) return;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    await sleep(50, undefined, { signal: patience });
  }
}
