import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stringify } from 'yaml';
import { freePort } from '../../demo/listener.ts';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { findTraefik } from '../../demo/traefik.ts';
import { type Child, startChild } from '../support/e2e-child.ts';
import { askDoctor } from '../support/e2e-doctor.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/e2e-gateway.ts';
import { Visitor } from '../support/e2e-visitor.ts';

// What the built doctor finds in a real Traefik that is set up wrongly. Rightly set up ones are in printed.test.ts.

const traefik = findTraefik();
const CLIENT_SECRET = 'client-secret-of-the-doctor-world-0123456789';

describe('a Traefik that believes its clients and copies too little', () => {
  if (traefik === undefined) {
    test.skip('is found out: set TRAEFIK_BIN to a Traefik 3.7 program', () => {});
    return;
  }
  let folder: string;
  let provider: RunningProvider;
  let gateway: GatewayProcess;
  let child: Child;
  let [port, api] = [0, 0];
  let settings: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-doctor-'));
    [port, api] = [await freePort(), await freePort()];
    const redirectUri = `http://shop.localhost:${port}/_auth/callback`;
    provider = await startProvider({
      people: PEOPLE,
      resources: RESOURCES,
      clients: [{ client_id: 'shop', client_secret: CLIENT_SECRET, redirect_uris: [redirectUri] }],
    });
    await writeFile(
      join(folder, 'shop.yaml'),
      `{ app: shop, hosts: [shop.localhost], audience: "${SHOP_API}", rules: { /: public, /**: ["orders:read"] } }`,
    );
    settings = {
      POSTERN_RULES: join(folder, 'shop.yaml'),
      POSTERN_PROVIDER_ISSUER: provider.issuer,
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: 'session-secret-of-the-doctor-world-0123456789',
    };
    gateway = await startGatewayProcess(settings);
    const forwardAuth = {
      address: `http://${gateway.listen}/verify`,
      trustForwardHeader: true,
      authResponseHeaders: ['Authorization'],
    };
    const router = { rule: 'Host(`shop.localhost`)', service: 'app' };
    const server = (at: string) => ({ loadBalancer: { servers: [{ url: `http://${at}` }] } });
    const dynamic = {
      middlewares: { postern: { forwardAuth } },
      routers: {
        shop: { ...router, middlewares: ['postern'] },
        files: { ...router, rule: `${router.rule} && PathPrefix(\`/files\`)` },
        check: { rule: `${router.rule} && Path(\`/verify\`)`, service: 'check' },
      },
      services: { app: server('127.0.0.1:1'), check: server(gateway.listen) },
    };
    await writeFile(join(folder, 'dynamic.yaml'), stringify({ http: dynamic }));
    const start = {
      entryPoints: {
        web: { address: `127.0.0.1:${port}`, forwardedHeaders: { insecure: true } },
        traefik: { address: `127.0.0.1:${api}` },
      },
      api: { insecure: true },
      providers: { file: { filename: join(folder, 'dynamic.yaml') } },
      global: { checkNewVersion: false, sendAnonymousUsage: false },
    };
    await writeFile(join(folder, 'traefik.yaml'), stringify(start));
    const args = [`--configFile=${join(folder, 'traefik.yaml')}`];
    child = startChild('Traefik', traefik, args, { HOME: folder });
    await serving(`http://shop.localhost:${port}`, child);
  });
  afterAll(async () => {
    await child?.stop();
    await gateway?.stop();
    await provider?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('is found out, from outside and by its API', async () => {
    const args = ['--proxy', `http://127.0.0.1:${port}`, '--traefik-api', `http://127.0.0.1:${api}`];
    const { code, findings } = await askDoctor(settings, args);
    const seen = (level: string) =>
      findings.filter((one) => one.level === level).map(({ topic, seen: words }) => `${topic}: ${words}`);
    expect(seen('problem')).toEqual([
      'proxy: a client chooses with X-Forwarded-Uri which page is checked',
      'proxy: /verify of the gateway answers on the public host (400 forwarded-header-missing)',
      'traefik: authResponseHeaders of postern@file lacks X-Auth-Subject, X-Auth-Client, X-Auth-Scopes, Cookie',
      'traefik: router check@file (Host(`shop.localhost`) && Path(`/verify`)) does not ask the gateway',
      'traefik: router files@file (Host(`shop.localhost`) && PathPrefix(`/files`)) does not ask the gateway',
      'traefik: entry point web has forwardedHeaders.insecure, and a middleware trusts what it passes on',
    ]);
    expect(seen('warning')).toEqual([
      expect.stringContaining('provider: scopes_supported lacks orders:read'),
      "proxy: the router of the gateway's pages is missing: /_auth/me gets 404 router-missing",
      'traefik: postern@file has trustForwardHeader: true',
    ]);
    expect(code).toBe(1);
  });
});

/** Until its routers are loaded Traefik answers 404, or nothing; then it asks about this page, and the app is not there. */
async function serving(origin: string, child: Child): Promise<void> {
  const patience = AbortSignal.timeout(15_000);
  while (!patience.aborted) {
    const answer = await new Visitor(origin).open('/x', { manner: 'script' }).catch(() => undefined);
    if (answer?.status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing serves ${origin}:\n${child.output()}`);
}
