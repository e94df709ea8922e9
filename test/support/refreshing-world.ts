import { PEOPLE } from '../../demo/people.ts';
import type { Resource } from '../../demo/provider-options.ts';
import { Browser } from './browser.ts';
import { type Answer, CLIENT_SECRET, startTestWorld, type World, type WorldOptions } from './world.ts';

export const API = 'https://api.shop.localhost';
export const OPS = 'https://api.ops.localhost';
export const SHOP = 'http://shop.localhost:8080';

export const RULES = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${API}
login: { scopes: [openid, profile] }
rules:
  /: public
  /account/**: authenticated
  /orders/**: { GET: ["orders:read"] }
  /status/**: { audience: ${OPS}, all: ["status:read"] }
`,
};

/** Seconds that access tokens live; a test may change it for those to come. */
export const SHORT = 60;

/** A request to the token endpoint, as the provider took it. */
export interface TokenRequest {
  readonly grant: string;
  readonly resource: unknown;
  /** Undefined: well; else its error. */
  readonly error: string | undefined;
}

/** Worlds of one provider, whose sessions are refreshed; the gateway's clocks go with `offset`. */
export interface RefreshingWorlds extends AsyncDisposable {
  readonly world: World;
  /** Every one of the provider's that is for an access token. */
  readonly requests: readonly TokenRequest[];
  readonly resources: Record<'api' | 'ops', { lifetime: number }>;
  /** Seconds that the gateways' clocks are ahead. */
  offset: number;
  /** Values of all refresh tokens that the provider gave. */
  readonly refreshTokens: ReadonlySet<string>;
  /** Another process with the same provider. */
  further(env?: WorldOptions['env']): Promise<World>;
  browser(world?: World): Browser;
}

export const REFRESHING = { POSTERN_SESSION_STORE: 'memory', POSTERN_SESSION_REFRESH: 'true' };

export async function startRefreshingWorlds(
  env: WorldOptions['env'] = REFRESHING,
  provider: WorldOptions['provider'] = {},
): Promise<RefreshingWorlds> {
  const resources = { api: { lifetime: SHORT }, ops: { lifetime: SHORT } };
  const apis: readonly Resource[] = [
    Object.assign(resources.api, { audience: API, scopes: ['orders:read', 'orders:write'] }),
    Object.assign(resources.ops, { audience: OPS, scopes: ['status:read'] }),
  ];
  const requests: TokenRequest[] = [];
  const refreshTokens = new Set<string>();
  const now = (): number => Math.floor(Date.now() / 1000) + worlds.offset;
  const client = {
    client_id: 'shop',
    client_secret: CLIENT_SECRET,
    redirect_uris: [`${SHOP}/_auth/callback`],
    post_logout_redirect_uris: [`${SHOP}/_auth/logged-out`],
    grant_types: ['authorization_code', 'refresh_token'],
  };
  const started: World[] = [];
  const start = async (options: Partial<WorldOptions>): Promise<World> => {
    const one = await startTestWorld({ rules: RULES, now, ...options });
    started.push(one);
    return one;
  };
  const worlds = { offset: 0 } as { -readonly [Key in keyof RefreshingWorlds]: RefreshingWorlds[Key] };
  const { configuration, ...options } = provider;
  const world = await start({
    env,
    provider: {
      clients: [client],
      people: PEOPLE,
      resources: apis,
      signedInAs: 'anna',
      configuration: { rotateRefreshToken: true, ...configuration },
      ...options,
    },
  });
  world.provider?.provider.on('grant.success', ({ oidc, body }) => {
    const { grant_type: grant, resource } = oidc.params ?? {};
    requests.push({ grant: String(grant), resource, error: undefined });
    const { refresh_token: given } = Object(body);
    if (typeof given === 'string') refreshTokens.add(given);
  });
  world.provider?.provider.on('grant.error', ({ oidc }, { error }) => {
    const { grant_type: grant, resource } = oidc.params ?? {};
    requests.push({ grant: String(grant), resource, error });
  });
  return Object.assign(worlds, {
    world,
    requests,
    refreshTokens,
    resources,
    further: (more = env) => start({ env: more, issuer: world.issuer }),
    browser: (of = world) => new Browser(of),
    async [Symbol.asyncDispose]() {
      for (const one of started.toReversed()) await one[Symbol.asyncDispose]();
    },
  });
}

/** @returns the access token that the upstream gets. */
export const tokenOf = (answer: Answer): string =>
  String(answer.headers.authorization).replace('Bearer ', '');

/** @returns status and reason as one text. */
export const outcome = ({ status, reason }: Answer): string => `${status} ${reason}`;
