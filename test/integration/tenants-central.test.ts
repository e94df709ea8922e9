import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { expectAnswer } from '../support/refusals.ts';
import { SHARED_API, startTenantWorld, type TenantWorld } from '../support/tenant-world.ts';

const LOGIN = 'http://login.shop.localhost:8080';
const at = (tenant: string): string => `http://${tenant}.shop.localhost:8080`;

let world: TenantWorld;
beforeAll(async () => {
  world = await startTenantWorld({
    app: `hosts: ["{tenant}.shop.localhost"]\naudience: ${SHARED_API}\nrules: { /**: ["orders:read"] }\n`,
    redirectUris: [`${LOGIN}/_auth/callback`],
    env: {
      POSTERN_LOGIN_URL: LOGIN,
      POSTERN_TENANTS_LIST: 'acme,globex',
      POSTERN_TENANTS_CLAIM: 'tenant',
      POSTERN_PROVIDER_ACR_VALUES: 'tenant:{tenant}',
      POSTERN_PROVIDER_REDIRECT_URI: `${LOGIN}/_auth/callback`,
    },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe('one redirect URI for tenants at hosts of their own', () => {
  test('acr_values says the tenant, and the answer goes on to its host', async () => {
    world.claim('acme');
    const anna = new Browser(world);
    const started = await anna.check(`${at('acme')}/orders`);
    const asked = new URL(String(started.headers.location)).searchParams;
    expect([asked.get('redirect_uri'), asked.get('acr_values')]).toEqual([
      `${LOGIN}/_auth/callback`,
      'tenant:acme',
    ]);
    const relayed = await anna.check(await anna.atProvider(String(started.headers.location)));
    expectAnswer(relayed, 303, 'login-relayed');
    expect(world.log.at(-1)).toMatchObject({ tenant: 'acme' });
    const home = String(relayed.headers.location);
    expect(home.startsWith(`${at('acme')}/_auth/callback?`)).toBe(true);
    expectAnswer(await anna.check(home.replace(at('acme'), at('globex'))), 400, 'callback-state');
    expectAnswer(await anna.check(home), 303, 'login-completed');
    expectAnswer(await anna.check(`${at('acme')}/orders`), 200, 'permitted');
  });

  test('the login host is no tenant, whatever pattern it fits', async () => {
    expectAnswer(await new Browser(world).check(`${LOGIN}/orders`), 403, 'tenant-unknown');
    const page = await new Browser(world).page(`${LOGIN}/_auth/logged-out`);
    expectAnswer(page, 200, 'logged-out-page');
  });

  test.each([
    [`${at('globex')}/x`, `${at('globex')}/x`],
    [`${at('evil')}/x`, `${at('acme')}/`],
  ])('a return URL at %s leads to %s', async (rd, expected) => {
    world.claim('acme');
    const anna = new Browser(world);
    const login = `${at('acme')}/_auth/login?rd=${encodeURIComponent(rd)}`;
    const started = await anna.check(login);
    const relayed = await anna.check(await anna.atProvider(String(started.headers.location)));
    const back = await anna.check(String(relayed.headers.location));
    expect([back.reason, back.headers.location]).toEqual(['login-completed', expected]);
  });
});
