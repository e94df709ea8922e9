import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startProxy } from '../../demo/proxy.ts';
import { findTraefik, startTraefik } from '../../demo/traefik.ts';
import { readMiddlewares } from '../../demo/traefik-files.ts';
import { startChild } from './e2e-child.ts';
import { PROJECT } from './e2e-gateway.ts';

/** Where a proxy listens and what it stands between; all on loopback. */
export interface Fittings {
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly host: string;
  /** `host:port` of the gateway's listeners and of the app. */
  readonly check: string;
  readonly pages: string;
  readonly upstream: string;
}

export interface RunningProxy extends AsyncDisposable {
  /** What it wrote, for a failure's sake. */
  readonly output?: () => string;
}

/** A proxy that asks the gateway. */
export interface ProxyKind {
  readonly name: string;
  /** How people reach it. */
  readonly scheme: 'http' | 'https';
  /** Why it cannot run here, in words. */
  readonly missing?: string;
  /** Its own answer while the gateway is gone. */
  readonly withoutGateway: number;
  readonly start: (fittings: Fittings) => Promise<RunningProxy>;
}

const caddy = program('caddy');

const traefik = findTraefik();

export const PROXIES: readonly ProxyKind[] = [
  {
    name: 'Traefik',
    scheme: 'http',
    ...(traefik === undefined ? { missing: 'set TRAEFIK_BIN to a Traefik 3.7 program' } : {}),
    withoutGateway: 500,
    start: ({ port, check, pages, upstream }) => {
      const app = `http://${upstream}`;
      const places = { shop: app, ops: app, checks: `http://${check}`, pages: `http://${pages}` };
      return startTraefik(traefik ?? 'traefik', port, ['127.0.0.1'], places);
    },
  },
  // The same Caddyfile twice: over https the cookies are those of production, `__Host-` and Secure.
  ...(['http', 'https'] as const).map(
    (scheme): ProxyKind => ({
      name: `Caddy over ${scheme}`,
      scheme,
      ...(caddy === undefined ? { missing: 'there is no caddy on the PATH; apt-get install caddy' } : {}),
      withoutGateway: 502,
      start: (fittings) => startCaddy(caddy ?? 'caddy', fittings),
    }),
  ),
  {
    name: "the demo's proxy",
    scheme: 'http',
    withoutGateway: 500,
    start: (fittings) => startDemoProxy(fittings),
  },
];

/** The middleware alone: the check answers for the pages as well, as far as it can. */
export const WITHOUT_ROUTER: ProxyKind = {
  name: "the demo's proxy without the extra router",
  scheme: 'http',
  withoutGateway: 500,
  start: (fittings) => startDemoProxy(fittings, 'without'),
};

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

// No control port, no port 80, no certificate authority in the trust store of the machine.
const CADDY_ALONE = `{
	admin off
	default_bind 127.0.0.1
	auto_https disable_redirects
	skip_install_trust
}
`;

/** Caddy by the sample for operators, and before it only what keeps a test to itself. */
async function startCaddy(command: string, fittings: Fittings): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-caddy-'));
  const config = join(folder, 'Caddyfile');
  await writeFile(config, `${CADDY_ALONE}import ${join(PROJECT, 'caddy/Caddyfile')}\n`);
  const child = startChild('Caddy', command, ['run', '--config', config, '--adapter', 'caddyfile'], {
    HOME: folder,
    XDG_DATA_HOME: folder,
    XDG_CONFIG_HOME: folder,
    POSTERN_SITES: `${fittings.scheme}://${fittings.host}:${fittings.port}`,
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
    if (fittings.scheme === 'https') await child.wrote('certificate obtained successfully');
  } catch (error) {
    await end();
    throw error;
  }
  return { output: child.output, [Symbol.asyncDispose]: end };
}

/** The middlewares are those of traefik/dynamic.yaml, as in the demo. */
async function startDemoProxy(
  { port, host, check, pages, upstream }: Fittings,
  router: 'with' | 'without' = 'with',
): Promise<RunningProxy> {
  const { drop, ...auth } = await readMiddlewares();
  const hosts = [host];
  const own = ['/_auth', '/.well-known/oauth-protected-resource'];
  return startProxy({
    port,
    drop,
    routers: [
      ...(router === 'with' ? [{ hosts, pathPrefixes: own, upstream: `http://${pages}` }] : []),
      { hosts, upstream: `http://${upstream}`, forwardAuth: { address: `http://${check}/verify`, ...auth } },
    ],
  });
}
