import { randomBytes } from 'node:crypto';
import { OPS, SHOP, startApp } from './apps.ts';
import type { DecisionLog } from './decision-log.ts';
import { startGateway } from './gateway.ts';
import { freePort, isFree, loopbackAddresses } from './listener.ts';
import { PEOPLE, RESOURCES, ROBOT } from './people.ts';
import { type RunningProvider, startProvider } from './provider.ts';
import { type Router, startProxy } from './proxy.ts';
import { rulesFolder } from './rules-folder.ts';
import { findTraefik, startTraefik, traefikVersion } from './traefik.ts';
import { readMiddlewares } from './traefik-files.ts';
import { startView } from './view.ts';

export interface WorldOptions {
  /** Of the proxy. Default: 8080 or the next free one; 0: any free one. */
  readonly port?: number;
  /** `built-in`, or a Traefik program. Default: the Traefik that `findTraefik` finds, else built-in. */
  readonly proxy?: string;
  /** Id of the person that the provider signs in without a page. */
  readonly signedInAs?: string;
  /** Seconds that access tokens live; default ten minutes. */
  readonly tokenLifetime?: number;
  /** More of `POSTERN_*` for the gateway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Each event that the gateway logs. */
  readonly onEvent?: (event: Readonly<Record<string, unknown>>) => void;
}

/** A provider, the gateway, two apps and a proxy, all on loopback until it is disposed of. */
export interface World extends AsyncDisposable {
  /** `http://shop.localhost:<port>`, through the proxy. */
  readonly shop: string;
  readonly ops: string;
  /** A single-page view whose API is the shop's. */
  readonly view: string;
  readonly provider: RunningProvider;
  /** The client that fetches tokens for itself. */
  readonly robot: { readonly id: string; readonly secret: string };
  readonly decisions: DecisionLog;
  /** For people: `the real Traefik 3.7.9` or `the built-in proxy`. */
  readonly proxy: string;
  close(): Promise<void>;
}

const CLIENT = 'postern-demo';
const secret = () => randomBytes(32).toString('base64url');

/** Starts everything; when a part does not start, those that did are ended and the error says why. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const traefik = options.proxy === 'built-in' ? undefined : (options.proxy ?? findTraefik());
  const addresses = await loopbackAddresses();
  const routers: Router[] = [];
  const { drop, ...auth } = await readMiddlewares();
  let port = await choosePort(options.port);
  if (traefik === undefined) {
    // First, so that nobody takes the port while the rest starts; its routers come when they are known.
    port = parts.use(await startProxy({ port, addresses, routers, drop })).port;
  } else if (port === 0) {
    port = await freePort();
  }
  const shop = `http://shop.localhost:${port}`;
  const ops = `http://ops.localhost:${port}`;
  const view = `http://view.shop.localhost:${port}`;

  const shopApp = parts.use(await startApp(SHOP, view));
  const viewFiles = parts.use(await startView(shop));
  const opsApp = parts.use(await startApp(OPS));
  const clientSecret = secret();
  const robot = { id: ROBOT.id, secret: secret() };
  const provider = parts.use(
    await startProvider({
      port: options.port !== 0 && (await isFree(8090)) ? 8090 : 0,
      people: PEOPLE,
      resources: RESOURCES.map((one) => ({
        ...one,
        ...(options.tokenLifetime === undefined ? {} : { lifetime: options.tokenLifetime }),
      })),
      clients: [
        {
          client_id: CLIENT,
          client_secret: clientSecret,
          redirect_uris: [`${shop}/_auth/callback`, `${ops}/_auth/callback`],
          post_logout_redirect_uris: [`${shop}/_auth/logged-out`, `${ops}/_auth/logged-out`],
        },
        {
          client_id: robot.id,
          client_secret: robot.secret,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      serviceGrants: (client, audience) => (client === ROBOT.id ? (ROBOT.holds[audience] ?? []) : []),
      ...(options.signedInAs === undefined ? {} : { signedInAs: options.signedInAs }),
    }),
  );
  const gateway = parts.use(
    await startGateway({
      issuer: provider.issuer,
      clientId: CLIENT,
      clientSecret,
      sessionSecret: secret(),
      env: { POSTERN_RULES: parts.use(await rulesFolder(port)).path, ...options.env },
      ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
    }),
  );

  const { checks, pages } = gateway;
  if (traefik === undefined) {
    const forwardAuth = { address: `${checks}/verify`, ...auth };
    const own = ['/_auth', '/.well-known/oauth-protected-resource'];
    routers.push(
      { hosts: ['shop.localhost', 'ops.localhost'], pathPrefixes: own, upstream: pages },
      { hosts: ['view.shop.localhost'], upstream: viewFiles.origin },
      { hosts: ['shop.localhost'], upstream: shopApp.origin, forwardAuth },
      { hosts: ['ops.localhost'], upstream: opsApp.origin, forwardAuth },
    );
  } else {
    const places = {
      shop: shopApp.origin,
      ops: opsApp.origin,
      view: viewFiles.origin,
      checks,
      pages,
    };
    parts.use(await startTraefik(traefik, port, addresses, places));
  }

  const running = parts.move();
  const close = () => running.disposeAsync();
  return {
    shop,
    ops,
    view,
    provider,
    robot,
    decisions: gateway.decisions,
    proxy: traefik === undefined ? 'the built-in proxy' : `the real Traefik ${traefikVersion(traefik)}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function choosePort(asked: number | undefined): Promise<number> {
  if (asked === 0) return 0;
  if (asked !== undefined) {
    if (await isFree(asked)) return asked;
    throw new Error(`port ${asked} is taken; try another with --port`);
  }
  for (let port = 8080; port < 8090; port += 1) if (await isFree(port)) return port;
  return 0;
}
