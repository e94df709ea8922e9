import type { ProviderOptions } from '../../demo/provider-options.ts';
import { CLIENT_SECRET, startTestWorld, type World, type WorldOptions } from './world.ts';

/** The API of a tenant, or of all. */
export const apiOf = (tenant: string): string => `https://${tenant}.api.localhost`;
export const SHARED_API = 'https://api.localhost';

export interface TenantWorldOptions {
  /** The app's file, but for what all have in common. */
  readonly app: string;
  readonly redirectUris: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly now?: () => number;
  readonly readFile?: (path: string) => string | undefined;
  readonly provider?: Partial<ProviderOptions>;
}

/** A world with tenants. */
export interface TenantWorld extends World {
  /** What the provider was asked, `METHOD path` each. */
  readonly calls: readonly string[];
  /** The value of the claim `tenant` in access tokens from now on; undefined: none. */
  claim(value: unknown): void;
  /** An access token of a service. */
  bearer(audience: string): Promise<string>;
}

/** Anna is signed in at the provider, and holds `orders:read` at every API. */
export async function startTenantWorld(options: TenantWorldOptions): Promise<TenantWorld> {
  const apis = [SHARED_API, ...['acme', 'globex', 'initech'].map(apiOf)];
  const calls: string[] = [];
  let claimed: unknown;
  const provider: WorldOptions['provider'] = {
    people: [
      {
        id: 'anna',
        name: 'Anna',
        role: 'customer',
        holds: Object.fromEntries(apis.map((api) => [api, ['orders:read']])),
      },
    ],
    signedInAs: 'anna',
    resources: apis.map((audience) => ({ audience, scopes: ['orders:read'] })),
    serviceGrants: () => ['orders:read'],
    onRequest: (method, url) => void calls.push(`${method} ${url}`),
    clients: [
      {
        client_id: 'shop',
        client_secret: CLIENT_SECRET,
        redirect_uris: [...options.redirectUris],
        post_logout_redirect_uris: options.redirectUris.map((uri) => uri.replace(/callback$/, 'logged-out')),
      },
      {
        client_id: 'robot',
        client_secret: CLIENT_SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    configuration: { extraTokenClaims: () => (claimed === undefined ? {} : { tenant: claimed }) },
    ...options.provider,
  };
  const world = await startTestWorld({
    rules: { 'shop.yaml': `app: shop\nlogin: { scopes: [openid, profile] }\n${options.app}` },
    provider,
    env: options.env,
    ...(options.now === undefined ? {} : { now: options.now }),
    ...(options.readFile === undefined ? {} : { readFile: options.readFile }),
  });
  return {
    ...world,
    calls,
    claim(value) {
      claimed = value;
    },
    async bearer(audience) {
      const response = await fetch(`${world.issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`robot:${CLIENT_SECRET}`).toString('base64')}` },
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          resource: audience,
          scope: 'orders:read',
        }),
      });
      const { access_token: token } = (await response.json()) as { access_token?: string };
      if (token === undefined) throw new Error(`no token: ${response.status}`);
      return token;
    },
  };
}
