import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startProxy } from '../../demo/proxy.ts';
import { startChild } from './e2e-child.ts';
import { PROJECT } from './e2e-gateway.ts';

/** Where a proxy listens and what it stands between; all on loopback. */
export interface Fittings {
  readonly port: number;
  readonly host: string;
  /** `host:port` of the gateway's listeners and of the app. */
  readonly check: string;
  readonly pages: string;
  readonly upstream: string;
}

export interface RunningProxy extends AsyncDisposable {
  /** What it wrote, for a failure's sake. */
  output(): string;
}

/** A proxy that asks the gateway. */
export interface ProxyKind {
  readonly name: string;
  /** Why it cannot run here, in words. */
  readonly missing?: string;
  /** Its own answer while the gateway is gone. */
  readonly withoutGateway: number;
  readonly start: (fittings: Fittings) => Promise<RunningProxy>;
}

const caddy = program('caddy');

export const PROXIES: readonly ProxyKind[] = [
  {
    name: 'Caddy',
    ...(caddy === undefined ? { missing: 'there is no caddy on the PATH (apt-get install caddy)' } : {}),
    withoutGateway: 502,
    start: (fittings) => startCaddy(caddy ?? 'caddy', fittings),
  },
  { name: "the demo's proxy", withoutGateway: 500, start: startDemoProxy },
];

/** @returns the full path of a program on the PATH. */
export function program(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Caddy by the sample for operators, and before it only what keeps a test to itself. */
async function startCaddy(command: string, fittings: Fittings): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-caddy-'));
  const config = join(folder, 'Caddyfile');
  await writeFile(
    config,
    `{\n\tadmin off\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n}\nimport ${join(PROJECT, 'caddy/Caddyfile')}\n`,
  );
  const child = startChild('Caddy', command, ['run', '--config', config, '--adapter', 'caddyfile'], {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    POSTERN_SITES: `http://${fittings.host}:${fittings.port}`,
    POSTERN_CHECK: fittings.check,
    POSTERN_PAGES: fittings.pages,
    UPSTREAM: fittings.upstream,
  });
  const end = async (): Promise<void> => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await child.wrote('serving initial configuration');
  } catch (error) {
    await end();
    throw error;
  }
  return { output: child.output, [Symbol.asyncDispose]: end };
}

async function startDemoProxy({ port, host, check, pages, upstream }: Fittings): Promise<RunningProxy> {
  const proxy = await startProxy({
    port,
    routers: [
      {
        hosts: [host],
        pathPrefixes: ['/_auth', '/.well-known/oauth-protected-resource'],
        upstream: `http://${pages}`,
      },
      {
        hosts: [host],
        upstream: `http://${upstream}`,
        forwardAuth: {
          address: `http://${check}/verify`,
          authResponseHeaders: [
            'Authorization',
            'Cookie',
            'X-Auth-Subject',
            'X-Auth-Client',
            'X-Auth-Scopes',
          ],
        },
      },
    ],
  });
  return { output: () => '', [Symbol.asyncDispose]: () => proxy.close() };
}
