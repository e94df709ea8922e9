import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments, parseDocument, stringify } from 'yaml';
import { freePort, serveHere } from '../../demo/listener.ts';
import { OPS_API, PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { findTraefik } from '../../demo/traefik.ts';
import { type Child, startChild } from '../support/e2e-child.ts';
import { askDoctor } from '../support/e2e-doctor.ts';
import { type GatewayProcess, PROJECT, startGatewayProcess } from '../support/e2e-gateway.ts';
import { isExecutable, program } from '../support/e2e-proxies.ts';
import { linesOf, startUpstream, type Upstream } from '../support/e2e-upstream.ts';
import { seenIn, Visitor } from '../support/e2e-visitor.ts';

// What `postern proxy …` prints, unchanged, in the proxy it is for: real proxy, built program, real provider.

const CLIENT_SECRET = 'client-secret-of-the-printed-world-0123456789';
const RULES = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost, "*.shop.localhost"]
audience: ${SHOP_API}
login: { scopes: [openid, profile, email] }
headers: { X-Forwarded-Email: email }
rules:
  /:            public
  /account/**:  authenticated
  /orders/**:   ["orders:read"]
  /staff/**:    ["orders:write"]
`,
  // A host that the wildcard above matches too, and another app.
  'ops.yaml': `
app: ops
hosts: [admin.shop.localhost]
audience: ${OPS_API}
rules: { /**: public }
`,
};

const traefik = findTraefik();
const nginx = program('nginx') ?? ['/usr/sbin/nginx'].find(isExecutable);
const caddy = program('caddy');

interface World {
  readonly folder: string;
  readonly port: number;
  readonly provider: RunningProvider;
  readonly shop: Upstream;
  readonly ops: Upstream;
  readonly gateway: GatewayProcess;
  /** Settings of the gateway, its addresses too. */
  readonly settings: Readonly<Record<string, string>>;
}

interface Printed {
  readonly name: string;
  readonly missing?: string;
  /** Arguments of the command. */
  readonly kind: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether refusals come as the gateway writes them. */
  readonly whole: boolean;
  readonly start: (printed: string, world: World) => Promise<Child>;
}

const without = (name: string, found: string | undefined, how: string) =>
  found === undefined ? { missing: `there is no ${name}; ${how}` } : {};

const KINDS: readonly Printed[] = [
  {
    name: 'traefik-file in Traefik',
    ...without('Traefik', traefik, 'set TRAEFIK_BIN to a Traefik 3.7 program'),
    kind: 'traefik-file',
    whole: true,
    start: async (printed, { folder, port }) => {
      await writeFile(join(folder, 'dynamic.yaml'), printed);
      return startTraefik(folder, port, { file: { filename: join(folder, 'dynamic.yaml') } });
    },
  },
  {
    name: 'traefik-file in Traefik behind a load balancer, by traefik/README.md',
    ...without('Traefik', traefik, 'set TRAEFIK_BIN to a Traefik 3.7 program'),
    kind: 'traefik-file',
    whole: true,
    start: async (printed, { folder, port }) => {
      const dynamic = parse(printed);
      const recipe = await loadBalancerRecipe();
      const { middlewares } = dynamic.http;
      middlewares['postern-clean'] = recipe.middlewares['postern-clean'];
      Object.assign(middlewares.postern.forwardAuth, recipe.middlewares.postern.forwardAuth);
      await writeFile(join(folder, 'balanced.yaml'), stringify(dynamic));
      const providers = { file: { filename: join(folder, 'balanced.yaml') } };
      // The visitors of these tests are the balancer, which passes on whatever a client says.
      return startTraefik(folder, port, providers, { trustedIPs: ['127.0.0.1/32'] });
    },
  },
  {
    name: 'traefik-labels in Traefik',
    ...without('Traefik', traefik, 'set TRAEFIK_BIN to a Traefik 3.7 program'),
    kind: 'traefik-labels',
    whole: true,
    start: async (printed, { folder, port }) => {
      const endpoint = await dockerWith(printed);
      return startTraefik(folder, port, { docker: { endpoint, exposedByDefault: false } });
    },
  },
  {
    name: 'traefik-crd in Traefik',
    ...without('Traefik', traefik, 'set TRAEFIK_BIN to a Traefik 3.7 program'),
    kind: 'traefik-crd',
    whole: true,
    start: async (printed, { folder, port }) => {
      const endpoint = await clusterWith(printed);
      return startTraefik(folder, port, { kubernetesCRD: { endpoint, token: 'any' } });
    },
  },
  {
    name: 'caddy in Caddy',
    ...without('caddy', caddy, 'apt-get install caddy'),
    kind: 'caddy',
    whole: true,
    start: (printed, { folder }) => startCaddy(printed, folder),
  },
  {
    name: 'nginx in nginx',
    ...without('nginx', nginx, 'apt-get install nginx-light'),
    kind: 'nginx',
    whole: true,
    start: (printed, { folder }) => startNginx(printed, folder),
  },
  {
    name: 'nginx in nginx, with its own check alone',
    ...without('nginx', nginx, 'apt-get install nginx-light'),
    kind: 'nginx',
    settings: { POSTERN_ENDPOINTS: 'nginx' },
    whole: false,
    start: (printed, { folder }) => startNginx(printed, folder),
  },
];

let world: World;
/** Where the API of the running Traefik is, while it is one. */
let traefikApi: string | undefined;
const ends: (() => Promise<unknown> | PromiseLike<void>)[] = [];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-printed-'));
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const origins = ['shop.localhost', 'a.shop.localhost'].map((host) => `http://${host}:${port}`);
  const provider = await startProvider({
    people: PEOPLE,
    resources: RESOURCES,
    signedInAs: 'anna',
    clients: [
      {
        client_id: 'shop',
        client_secret: CLIENT_SECRET,
        redirect_uris: origins.map((origin) => `${origin}/_auth/callback`),
      },
    ],
  });
  ends.push(() => provider.close());
  const [shop, ops] = await Promise.all([startUpstream(), startUpstream()]);
  ends.push(
    () => shop[Symbol.asyncDispose](),
    () => ops[Symbol.asyncDispose](),
  );
  const rules = join(folder, 'rules');
  await mkdir(rules);
  for (const [name, text] of Object.entries(RULES)) await writeFile(join(rules, name), text);
  const settings = {
    POSTERN_RULES: rules,
    POSTERN_ENDPOINTS: 'traefik,nginx',
    // So that every proxy listens where people are sent.
    POSTERN_PUBLIC_SCHEME: 'http',
    POSTERN_PUBLIC_PORT: String(port),
    POSTERN_INSECURE_HTTP: 'true',
    POSTERN_PROVIDER_ISSUER: provider.issuer,
    POSTERN_PROVIDER_CLIENT_ID: 'shop',
    POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
    POSTERN_SESSION_SECRET: 'session-secret-of-the-printed-world-0123456789',
  };
  const gateway = await startGatewayProcess(settings);
  ends.push(() => gateway.stop());
  const places = { POSTERN_LISTEN: gateway.listen, POSTERN_PAGES_LISTEN: gateway.pagesListen };
  world = { folder, port, provider, shop, ops, gateway, settings: { ...settings, ...places } };
});

afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.each(KINDS)('$name', ({ missing, kind, settings, whole, start }) => {
  if (missing !== undefined) {
    test.skip(`what is printed for it: ${missing}`, () => {});
    return;
  }
  let running: Child | undefined;
  let origin: string;
  beforeAll(async () => {
    running = await start(print(kind, settings), world);
    origin = `http://shop.localhost:${world.port}`;
    await serving(origin, running);
  });
  afterAll(() => {
    traefikApi = undefined;
    return running?.stop();
  });
  const visitor = (host = 'shop.localhost') => new Visitor(`http://${host}:${world.port}`);
  const signedIn = async (): Promise<Visitor> => {
    const anna = visitor();
    await arrive(anna, '/account/');
    return anna;
  };

  test('signs somebody in on the way to a page, its query whole', async () => {
    const anna = visitor();
    const target = '/account/page?a=1&b=%20c&d=e';
    const asked = await anna.open(target);
    expect(asked.status).toBe(302);
    expect(new URL(String(asked.headers.location)).searchParams.get('redirect_uri')).toBe(
      `${origin}/_auth/callback`,
    );
    const page = await arrive(anna, target);
    const one = seenIn(await anna.open(target, { manner: 'script' }));
    expect(page.status).toBe(200);
    expect(one.target).toBe(target);
    if (whole) expect(asked.setCookie.map((line) => line.split('=')[0])).toHaveLength(2);
  });

  test('tells the app who it is, and nothing that a client claims', async () => {
    const anna = await signedIn();
    const forged = [
      'X-Auth-Subject',
      'mallory',
      'X-Forwarded-Email',
      'm@example.com',
      'X-Forwarded-Uri',
      '/',
    ];
    const lines = [...forged, 'Cookie', `${anna.cookie}; basket=full`, 'X-HTTP-Method-Override', 'DELETE'];
    const one = seenIn(await anna.open('/orders/7', { manner: 'script', lines }));
    expect(linesOf(one, 'X-Auth-Subject')).toEqual(['anna']);
    expect(linesOf(one, 'X-Auth-Client')).toEqual(['shop']);
    expect(linesOf(one, 'X-Auth-Scopes').join()).toContain('orders:read');
    expect(linesOf(one, 'X-Forwarded-Email')).toEqual(['anna@example.com']);
    expect(linesOf(one, 'Authorization')).toEqual([expect.stringMatching(/^Bearer ey/)]);
    expect(linesOf(one, 'Cookie')).toEqual(['basket=full']);
    expect(linesOf(one, 'X-HTTP-Method-Override').join('')).toBe('');
    expect(linesOf(one, 'X-Forwarded-Uri').join('')).toBe('');
    expect(linesOf(one, 'Host')).toEqual([`shop.localhost:${world.port}`]);
  });

  test('tells the app of nobody on a public page', async () => {
    const lines = ['X-Auth-Subject', 'mallory', 'X-Auth-Scopes', 'admin', 'Authorization', 'Bearer forged'];
    const one = seenIn(await visitor().open('/', { manner: 'script', lines }));
    for (const name of ['X-Auth-Subject', 'X-Auth-Scopes', 'X-Forwarded-Email', 'Authorization', 'Cookie'])
      expect(linesOf(one, name).join('')).toBe('');
  });

  test('decides about the request that the app gets, whatever a client says about it', async () => {
    const before = world.shop.seen.length;
    const lines = [...ELSEWHERE, 'X-Original-URL', `${origin}/`, 'X-Original-Method', 'GET'];
    expect((await visitor().open('/orders/7', { manner: 'script', lines })).status).toBe(401);
    const twins = ['X_Forwarded_Uri', '/', 'X_Original_URL', `${origin}/`];
    const twin = await visitor().open('/orders/7', { manner: 'script', lines: twins });
    expect([400, 401]).toContain(twin.status);
    expect(world.shop.seen.length).toBe(before);
  });

  test('passes what is sent, and refuses it without asking the app', async () => {
    const anna = await signedIn();
    const body = 'a=1&b=2'.repeat(1000);
    const sent = { method: 'POST', manner: 'script', body } as const;
    const one = seenIn(await anna.open('/orders/', sent));
    expect(one).toMatchObject({ method: 'POST', body });
    const before = world.shop.seen.length;
    expect((await anna.open('/staff/', sent)).status).toBe(403);
    expect((await visitor().open('/orders/', sent)).status).toBe(401);
    expect(world.shop.seen.length).toBe(before);
  });

  test('refuses in words: a page, or JSON with a challenge and a login', async () => {
    const script = await visitor().open('/orders/7', { manner: 'script' });
    expect(script.status).toBe(401);
    // One challenge, without an error, that says for which scopes and where a client finds out how to get a token.
    expect(script.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", scope="orders:read", resource_metadata="https://api.shop.localhost/.well-known/oauth-protected-resource"',
    );
    const bearer = { manner: 'plain', lines: ['Authorization', 'Bearer nonsense'] } as const;
    const refused = await visitor().open('/orders/7', bearer);
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toContain('invalid_token');
    const anna = await signedIn();
    // Once for the asking: what the provider does not grant is a refusal after that.
    const page = await arrive(anna, '/staff/list');
    expect(page.status).toBe(403);
    if (!whole) return;
    expect(JSON.parse(script.body)).toMatchObject({ reason: 'login-needed', login_url: expect.any(String) });
    expect(page.body).toContain('orders:write');
    const lacking = await anna.open('/staff/list', { manner: 'script' });
    expect(lacking).toMatchObject({ status: 403, reason: 'scope-missing' });
    expect(lacking.headers['www-authenticate']).toContain('insufficient_scope');
  });

  test('leads to the pages of the gateway', async () => {
    const anna = await signedIn();
    expect((await anna.open('/_auth/')).status).toBe(200);
    const me = await anna.open('/_auth/me', { manner: 'script' });
    expect(JSON.parse(me.body)).toMatchObject({ subject: 'anna' });
  });

  test('knows wildcard hosts, and an exact host before them', async () => {
    const tenant = visitor('a.shop.localhost');
    await arrive(tenant, '/account/');
    expect(seenIn(await tenant.open('/orders/1', { manner: 'script' })).target).toBe('/orders/1');
    const [shop, ops] = [world.shop.seen.length, world.ops.seen.length];
    expect((await visitor('admin.shop.localhost').open('/', { manner: 'script' })).status).toBe(200);
    expect([world.shop.seen.length, world.ops.seen.length]).toEqual([shop, ops + 1]);
    for (const host of ['a.b.shop.localhost', 'other.localhost'])
      await visitor(host).open('/', { manner: 'script' });
    expect([world.shop.seen.length, world.ops.seen.length]).toEqual([shop, ops + 1]);
  });

  test('decides for the host that the app is chosen by', async () => {
    const before = world.shop.seen.length;
    // The request line names one host, `Host` another, whose paths are all public.
    const status = await statusOf(`${origin}/orders/7`, `admin.shop.localhost:${world.port}`);
    expect([400, 401]).toContain(status);
    expect(world.shop.seen.length).toBe(before);
  });

  test('opens WebSockets for those who may', async () => {
    const anna = await signedIn();
    expect((await visitor().upgrade('/orders/socket')).status).toBe(401);
    const opened = await anna.upgrade('/orders/socket');
    expect(opened.status).toBe(101);
    opened.socket?.destroy();
  });

  test('signs somebody out, and an old cookie is worth nothing', async () => {
    const anna = await signedIn();
    const lines = ['Cookie', anna.cookie];
    const out = await anna.open('/_auth/logout', {
      method: 'POST',
      manner: 'script',
      lines: ['Origin', origin],
    });
    expect([out.status, String(out.headers.location).startsWith(world.provider.issuer)]).toEqual([303, true]);
    const replayed = await visitor().open('/orders/7', { manner: 'script', lines });
    expect(replayed.status).toBe(401);
  });

  test('gives the doctor nothing to mend', async () => {
    const all = { ...world.settings, ...settings };
    const said = await askDoctor(all, [
      ...['--host', 'shop.localhost', '--proxy', `http://127.0.0.1:${world.port}`],
      ...(traefikApi === undefined ? [] : ['--traefik-api', traefikApi]),
    ]);
    expect(said.findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect(said.code).toBe(0);
    const topics = said.findings.filter(({ level }) => level === 'ok').map(({ topic }) => topic);
    expect(topics).toEqual(expect.arrayContaining(['provider', 'callback', 'proxy']));
    if (traefikApi !== undefined) expect(topics).toContain('traefik');
  });

  // The last one: the gateway comes back where it was.
  test('lets nothing through while the gateway is gone', async () => {
    const anna = await signedIn();
    const before = world.shop.seen.length;
    await world.gateway.crash();
    try {
      for (const path of ['/', '/orders/7']) {
        const answer = await anna.open(path, { manner: 'script' });
        expect(answer.status).toBeGreaterThanOrEqual(500);
      }
      expect(world.shop.seen.length).toBe(before);
    } finally {
      await world.gateway.restart();
    }
    expect(seenIn(await anna.open('/orders/7', { manner: 'script' })).target).toBe('/orders/7');
  });
});

/** A public page, if anybody believed it. */
const ELSEWHERE = [
  ...['X-Forwarded-Uri', '/', 'X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http'],
  ...['X-Forwarded-Prefix', '/x', 'Forwarded', 'host=admin.shop.localhost'],
];

/** Goes through the provider, as often as it takes, to a page of the app. */
async function arrive(who: Visitor, target: string) {
  let answer = await who.open(target);
  for (let hop = 0; hop < 6 && answer.headers.location !== undefined; hop += 1)
    answer = await who.open(await who.follow(answer.headers.location));
  return answer;
}

/** Sends a whole URL as the request target (RFC 9112 section 3.2.2), and a `Host` of its own. */
const statusOf = (target: string, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: world.port, path: target, headers: { Host: host } };
    request({ ...options, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });

function print(kind: string, settings: Readonly<Record<string, string>> = {}): string {
  const upstreams = [`shop=http://${place('shop')}`, `ops=http://${place('ops')}`];
  return execFileSync(
    process.execPath,
    [
      join(PROJECT, 'dist/main.js'),
      'proxy',
      kind,
      '--gateway',
      '127.0.0.1',
      ...upstreams.flatMap((one) => ['--upstream', one]),
    ],
    { env: { ...world.settings, ...settings }, encoding: 'utf8' },
  );
  // Containers and services go by their names.
  function place(app: 'shop' | 'ops'): string {
    const named = kind === 'traefik-labels' || kind === 'traefik-crd';
    return `${named ? app : '127.0.0.1'}:${world[app].port}`;
  }
}

async function serving(origin: string, child: Child): Promise<void> {
  for (let i = 0; i < 400; i += 1) {
    const answer = await new Visitor(origin).open('/', { manner: 'script' }).catch(() => undefined);
    if (answer?.status === 200) return;
    await sleep(25);
  }
  throw new Error(`nothing serves ${origin}:\n${child.output()}`);
}

/** The middlewares of the second recipe. */
async function loadBalancerRecipe() {
  const text = await readFile(join(PROJECT, 'traefik/README.md'), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => parse(block));
  const [, balanced, { http }] = blocks;
  expect(Object.keys(balanced.entryPoints.websecure.forwardedHeaders)).toEqual(['trustedIPs']);
  return http;
}

async function startTraefik(
  folder: string,
  port: number,
  providers: object,
  forwardedHeaders?: object,
): Promise<Child> {
  const text = await readFile(join(PROJECT, 'traefik/traefik.yaml'), 'utf8');
  const document = parseDocument(text);
  document.setIn(['entryPoints', 'web', 'address'], `127.0.0.1:${port}`);
  document.setIn(['entryPoints', 'web', 'transport'], { lifeCycle: { graceTimeOut: '1s' } });
  document.setIn(['providers'], providers);
  const apiPort = await freePort();
  document.setIn(['entryPoints', 'traefik', 'address'], `127.0.0.1:${apiPort}`);
  document.setIn(['api', 'insecure'], true);
  traefikApi = `http://127.0.0.1:${apiPort}`;
  if (forwardedHeaders !== undefined)
    document.setIn(['entryPoints', 'web', 'forwardedHeaders'], forwardedHeaders);
  const file = join(folder, 'traefik.yaml');
  await writeFile(file, String(document));
  return startChild('Traefik', traefik ?? 'traefik', [`--configFile=${file}`], { HOME: folder });
}

/** As much of a Docker daemon as Traefik asks: one container for each service that the labels are for. */
async function dockerWith(printed: string): Promise<string> {
  const { services } = parse(printed) as { services: Record<string, { labels: string[] }> };
  const containers = Object.entries(services).map(([name, { labels }]) => ({
    Id: name,
    Name: `/${name}`,
    Names: [`/${name}`],
    State: { Status: 'running', Running: true },
    Config: {
      Labels: Object.fromEntries(
        // Compose makes one `$` of two.
        labels.map((label) => label.replaceAll('$$', '$').split(/=(.*)/s, 2) as [string, string]),
      ),
    },
    HostConfig: { NetworkMode: 'bridge' },
    NetworkSettings: { Ports: {}, Networks: { bridge: { NetworkID: 'n', IPAddress: '127.0.0.1' } } },
  }));
  const origin = await serve((asked, response) => {
    const path = (asked.url ?? '').replace(/^\/v[0-9.]+/, '').split('?')[0];
    response.setHeader('Api-Version', '1.44');
    response.setHeader('Content-Type', 'application/json');
    const one = containers.find(({ Id }) => path === `/containers/${Id}/json`);
    if (path === '/containers/json')
      response.end(JSON.stringify(containers.map(({ Id, Names }) => ({ Id, Names }))));
    else if (one !== undefined) response.end(JSON.stringify(one));
    else if (path === '/events') response.flushHeaders();
    else if (path === '/version') response.end(JSON.stringify({ Version: '27.0.0', ApiVersion: '1.44' }));
    else response.end('OK');
  });
  return origin.replace('http:', 'tcp:');
}

const API_KINDS = [
  ...['ConfigMap', 'EndpointSlice', 'IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'Middleware'],
  ...[
    'MiddlewareTCP',
    'Secret',
    'ServersTransport',
    'ServersTransportTCP',
    'Service',
    'TLSOption',
    'TLSStore',
  ],
  ...['Node', 'TraefikService'],
];

/** As much of the Kubernetes API as Traefik asks: the printed resources, and an endpoint for each service. */
async function clusterWith(printed: string): Promise<string> {
  const namespace = 'default';
  const resources = parseAllDocuments(printed).map((document) => document.toJS());
  const routes = resources.flatMap(({ spec }) => spec.routes ?? []);
  const services = new Map<string, number>(
    routes.flatMap((route) =>
      route.services.map(({ name, port }: { name: string; port: number }) => [name, port]),
    ),
  );
  const named = (name: string) => ({ name, namespace, uid: name, resourceVersion: '1' });
  const lists: Record<string, readonly unknown[]> = {
    middlewares: resources.filter(({ kind }) => kind === 'Middleware'),
    ingressroutes: resources.filter(({ kind }) => kind === 'IngressRoute'),
    services: [...services].map(([name, port]) => ({
      metadata: named(name),
      spec: { type: 'ClusterIP', clusterIP: '10.0.0.1', ports: [{ name: 'web', port, protocol: 'TCP' }] },
    })),
    endpointslices: [...services].map(([name, port]) => ({
      metadata: { ...named(name), labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['127.0.0.1'], conditions: { ready: true } }],
      ports: [{ name: 'web', port, protocol: 'TCP' }],
    })),
  };
  for (const { metadata } of resources) Object.assign(metadata, named(metadata.name));
  return serve((asked, response) => {
    const { pathname, searchParams } = new URL(asked.url ?? '', 'http://cluster');
    response.setHeader('Content-Type', 'application/json');
    if (searchParams.has('sendInitialEvents')) {
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422 };
      response.writeHead(422).end(JSON.stringify(status));
    } else if (searchParams.has('watch')) response.flushHeaders();
    else {
      const [, group = '', plural = ''] = /^\/(?:api|apis)\/(.*)\/([a-z]+)$/.exec(pathname) ?? [];
      const kind = API_KINDS.find((one) => `${one.toLowerCase()}s` === plural);
      const list = { kind: `${kind}List`, apiVersion: group, metadata: { resourceVersion: '1' } };
      response.end(JSON.stringify({ ...list, items: lists[plural] ?? [] }));
    }
  });
}

/** @returns the origin. */
async function serve(handler: RequestListener): Promise<string> {
  const { origin, close } = await serveHere(createServer(handler));
  ends.push(close);
  return origin;
}

async function startCaddy(printed: string, folder: string): Promise<Child> {
  const alone = '{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\tskip_install_trust\n}\n';
  const file = join(folder, 'Caddyfile');
  await writeFile(file, `${alone}${printed}`);
  const home = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  return startChild('Caddy', caddy ?? 'caddy', ['run', '--config', file, '--adapter', 'caddyfile'], home);
}

/** nginx as operators have it: the printed file is included in the `http` block. */
async function startNginx(printed: string, folder: string): Promise<Child> {
  await writeFile(join(folder, 'postern.conf'), printed);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const main = [
    'daemon off; master_process off; error_log stderr;',
    `pid ${folder}/nginx.pid;`,
    'events {}',
    `http { access_log off; ${temporary.join(' ')} include ${folder}/postern.conf; }`,
  ];
  await writeFile(join(folder, 'nginx.conf'), main.join('\n'));
  return startChild('nginx', nginx ?? 'nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], {});
}
