import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import type { Asked, Browser } from './browser.ts';
import { type GatewayProcess, startGatewayProcess } from './e2e-gateway.ts';
import { type Answer, sendLines } from './world.ts';

export const SHOP = 'http://shop.localhost:8080';
export const STORES_SECRET = 'session-secret-of-the-suite-of-the-stores-0123';
const CLIENT_SECRET = 'client-secret-of-the-suite-of-the-stores-0123';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: ${SHOP_API}
login: { scopes: [openid, profile, email] }
rules:
  /assets/**:  public
  /account/**: authenticated
  /orders/**:  ["orders:read"]
`;

/** A real provider, and built gateways that keep sessions as they are told to. */
export interface StoresWorld extends AsyncDisposable {
  readonly provider: RunningProvider;
  startGateway(settings: Readonly<Record<string, string>>): Promise<GatewayProcess>;
  /**
   * A gateway as a browser's proxy sees it. FA16: whatever happens, an answer takes less than five seconds.
   * @param gateway which one is asked, at every request
   */
  behind(gateway: GatewayProcess | (() => GatewayProcess)): Asked;
}

export async function startStoresWorld(): Promise<StoresWorld> {
  const provider = await startProvider({
    people: PEOPLE,
    resources: RESOURCES,
    clients: [
      {
        client_id: 'shop',
        client_secret: CLIENT_SECRET,
        redirect_uris: [`${SHOP}/_auth/callback`],
        post_logout_redirect_uris: [`${SHOP}/_auth/logged-out`],
      },
    ],
  });
  provider.signInAs('anna');
  const folder = mkdtempSync(join(tmpdir(), 'postern-stores-'));
  writeFileSync(join(folder, 'shop.yaml'), RULES);
  return {
    provider,
    startGateway: (settings) =>
      startGatewayProcess({
        POSTERN_RULES: folder,
        POSTERN_PROVIDER_ISSUER: provider.issuer,
        POSTERN_PROVIDER_CLIENT_ID: 'shop',
        POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
        POSTERN_SESSION_SECRET: STORES_SECRET,
        ...settings,
      }),
    behind: (gateway) => ({
      issuer: provider.issuer,
      async send(listener, path, lines, method = 'GET') {
        const timer = AbortSignal.timeout(5000);
        const late = new Promise<never>((_, reject) =>
          timer.addEventListener('abort', () => reject(new Error(`no answer within 5 s: ${path}`))),
        );
        const one = typeof gateway === 'function' ? gateway() : gateway;
        return Promise.race([sendLines(one[listener], path, lines, method), late]);
      },
    }),
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true });
      await provider.close();
    },
  };
}

/** @returns what the app's own script is told. */
export const orders = (browser: Browser): Promise<Answer> =>
  browser.check(`${SHOP}/orders/7`, { manner: 'script' });
