import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../demo/listener.ts';
import { PEOPLE, RESOURCES, ROBOT, SHOP_API } from '../../demo/people.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { type GatewayProcess, startGatewayProcess } from './e2e-gateway.ts';
import type { ProxyKind } from './e2e-proxies.ts';
import { startUpstream, type Upstream } from './e2e-upstream.ts';
import { Visitor } from './e2e-visitor.ts';

const HOST = 'shop.localhost';
const CLIENT_SECRET = 'client-secret-of-the-end-to-end-world-0123';

const RULES = `
app: shop
title: The Shop
hosts: [${HOST}]
audience: ${SHOP_API}
login: { scopes: [openid, profile, email] }
rules:
  /:                public
  /assets/**:       public
  /account/**:      authenticated
  /frames:          public
  /orders/**:
    GET:            ["orders:read"]
    POST:           ["orders:write"]
  /staff/**:        ["orders:write"]
  /live/**:         ["orders:read"]
  /never/**:        deny
`;

/** A real proxy, the built program, a real provider and an app, all on loopback. */
export interface E2eWorld extends AsyncDisposable {
  /** `http://shop.localhost:<port>`, or https. */
  readonly origin: string;
  readonly proxy: ProxyKind;
  readonly gateway: GatewayProcess;
  readonly provider: RunningProvider;
  readonly upstream: Upstream;
  /** Somebody new. */
  visitor(): Visitor;
  /** Somebody who has signed in. */
  signedIn(person: string): Promise<Visitor>;
  /** An access token of the service `robot`. */
  robotToken(scope?: string): Promise<string>;
  /** What proxy and gateway wrote. */
  says(): string;
}

export async function startE2eWorld(proxy: ProxyKind): Promise<E2eWorld> {
  const begun = new Begun();
  try {
    return await startAll(proxy, begun);
  } catch (error) {
    await begun.end();
    throw error;
  }
}

async function startAll(proxy: ProxyKind, begun: Begun): Promise<E2eWorld> {
  const port = await freePort();
  const origin = `${proxy.scheme}://${HOST}:${port}`;
  const provider = begun.use(
    await startProvider({
      people: PEOPLE,
      resources: RESOURCES,
      serviceGrants: (client, audience) => (client === ROBOT.id ? (ROBOT.holds[audience] ?? []) : []),
      clients: [
        {
          client_id: 'shop',
          client_secret: CLIENT_SECRET,
          redirect_uris: [`${origin}/_auth/callback`],
          post_logout_redirect_uris: [`${origin}/_auth/logged-out`],
        },
        {
          client_id: ROBOT.id,
          client_secret: CLIENT_SECRET,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
    }),
  );
  const upstream = begun.use(await startUpstream());
  const folder = await mkdtemp(join(tmpdir(), 'postern-e2e-'));
  begun.defer(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'shop.yaml'), RULES);
  const gateway = begun.use(
    await startGatewayProcess({
      POSTERN_RULES: folder,
      POSTERN_PROVIDER_ISSUER: provider.issuer,
      POSTERN_PROVIDER_CLIENT_ID: 'shop',
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: 'session-secret-of-the-end-to-end-world-0123',
      POSTERN_LOG_DECISIONS: 'all',
      ...(proxy.scheme === 'https'
        ? { POSTERN_PUBLIC_SCHEME: 'https', POSTERN_PUBLIC_PORT: String(port) }
        : {}),
    }),
  );
  const running = begun.use(
    await proxy.start({
      port,
      host: HOST,
      scheme: proxy.scheme,
      check: gateway.listen,
      pages: gateway.pagesListen,
      upstream: `127.0.0.1:${upstream.port}`,
    }),
  );
  return {
    origin,
    proxy,
    gateway,
    provider,
    upstream,
    visitor: () => new Visitor(origin),
    async signedIn(person) {
      provider.signInAs(person);
      const visitor = new Visitor(origin);
      const done = await visitor.signIn('/account/');
      expect(done).toMatchObject({ status: 303, headers: { location: `${origin}/account/` } });
      return visitor;
    },
    async robotToken(scope = 'orders:read') {
      const response = await fetch(`${provider.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${ROBOT.id}:${CLIENT_SECRET}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: SHOP_API, scope }),
      });
      return ((await response.json()) as { access_token: string }).access_token;
    },
    says: () => `${proxy.name}:\n${running.output?.() ?? ''}\nthe gateway:\n${gateway.output()}\n`,
    [Symbol.asyncDispose]: () => begun.end(),
  };
}

/** What has begun and must end: the last first, each of them, whatever the others do. */
class Begun {
  readonly #ends: (() => PromiseLike<void> | void)[] = [];

  use<T extends AsyncDisposable>(one: T): T {
    this.#ends.unshift(() => one[Symbol.asyncDispose]());
    return one;
  }

  defer(end: () => Promise<void>): void {
    this.#ends.unshift(end);
  }

  async end(): Promise<void> {
    const ended = [];
    for (const end of this.#ends.splice(0)) ended.push(...(await Promise.allSettled([end()])));
    const failure = ended.find((one) => one.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }
}

/** Registers a test that is handed its world; when it fails, what gateway and proxy wrote is shown. */
export interface Journey {
  (name: string, run: (world: E2eWorld) => Promise<void>): void;
  /** One test for each row; `%s` in the name is the row. */
  each<Row extends string>(
    name: string,
    rows: readonly Row[],
    run: (world: E2eWorld, row: Row) => Promise<void>,
  ): void;
}

/** Starts a world before the tests around, and ends it after them. */
export function useWorld(proxy: ProxyKind): Journey {
  let world: E2eWorld | undefined;
  beforeAll(async () => {
    world = await startE2eWorld(proxy);
  });
  afterAll(async () => {
    await world?.[Symbol.asyncDispose]();
  });
  const journey = (name: string, run: (world: E2eWorld) => Promise<void>): void =>
    test(name, async () => {
      if (world === undefined) throw new Error('the world has not begun');
      try {
        await run(world);
      } catch (error) {
        process.stderr.write(`\n== ${name}\n${world.says().slice(-SHOWN)}`);
        throw error;
      }
    });
  return Object.assign(journey, {
    each: <Row extends string>(
      name: string,
      rows: readonly Row[],
      run: (world: E2eWorld, row: Row) => Promise<void>,
    ): void => {
      for (const row of rows)
        journey(
          name.replace('%s', () => row),
          (begun) => run(begun, row),
        );
    },
  });
}

/** Of what the programs wrote, the end, in characters. */
const SHOWN = 12_000;
