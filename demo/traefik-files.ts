import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parse, parseDocument } from 'yaml';
import { canonicalName } from './header-lines.ts';

/** Where the services of traefik/dynamic.yaml are, as origins: `http://127.0.0.1:<port>`. */
export interface Places {
  readonly shop: string;
  readonly ops: string;
  readonly checks: string;
  readonly pages: string;
  /** Not among the samples: a host that nobody guards. */
  readonly view?: string;
}

/** What the two middlewares of traefik/dynamic.yaml say, for a proxy that is no Traefik. */
export interface Middlewares {
  readonly authResponseHeaders: readonly string[];
  readonly maxResponseBodySize: number;
  /** Canonical names of the client's headers that go nowhere. */
  readonly drop: readonly string[];
}

const SAMPLES = resolve(import.meta.dirname, '../traefik');
const sample = (name: string) => readFile(join(SAMPLES, name), 'utf8');

/** Reads the middlewares of the sample, so that every proxy of the demo does the same. */
export async function readMiddlewares(): Promise<Middlewares> {
  const { middlewares } = parse(await sample('dynamic.yaml')).http;
  const { authResponseHeaders, maxResponseBodySize } = middlewares.postern.forwardAuth;
  const drop = Object.keys(middlewares['postern-clean'].headers.customRequestHeaders).map(canonicalName);
  return { authResponseHeaders, maxResponseBodySize, drop };
}

/**
 * Copies the samples into a folder; only addresses differ, and how long an end waits for open connections.
 * @param addresses where Traefik listens: one entry point for each, alike
 * @returns the static file
 */
export async function writeTraefikFiles(
  folder: string,
  port: number,
  addresses: readonly string[],
  places: Places,
): Promise<string> {
  const dynamic = parseDocument(await sample('dynamic.yaml'));
  const server = (name: string) => ['http', 'services', name, 'loadBalancer', 'servers', 0, 'url'];
  dynamic.setIn(server('shop'), places.shop);
  dynamic.setIn(server('ops'), places.ops);
  dynamic.setIn(server('postern-pages'), places.pages);
  if (places.view !== undefined) {
    dynamic.setIn(['http', 'services', 'view'], { loadBalancer: { servers: [{ url: places.view }] } });
    dynamic.setIn(['http', 'routers', 'view'], { rule: 'Host(`view.shop.localhost`)', service: 'view' });
  }
  dynamic.setIn(['http', 'middlewares', 'postern', 'forwardAuth', 'address'], `${places.checks}/verify`);
  await writeFile(join(folder, 'dynamic.yaml'), String(dynamic));

  const start = parseDocument(await sample('traefik.yaml'));
  const { web } = start.toJS().entryPoints;
  for (const [at, address] of addresses.entries()) {
    const host = address.includes(':') ? `[${address}]` : address;
    const entryPoint = {
      ...web,
      address: `${host}:${port}`,
      transport: { lifeCycle: { graceTimeOut: '1s' } },
    };
    start.setIn(['entryPoints', at === 0 ? 'web' : `web${at}`], entryPoint);
  }
  start.setIn(['providers', 'file', 'filename'], join(folder, 'dynamic.yaml'));
  const file = join(folder, 'traefik.yaml');
  await writeFile(file, String(start));
  return file;
}
