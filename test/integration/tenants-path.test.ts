import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { expectAnswer, loginUrlOf } from '../support/refusals.ts';
import { SHARED_API, startTenantWorld, type TenantWorld } from '../support/tenant-world.ts';

const SHOP = 'http://shop.localhost:8080';
const ENV = {
  POSTERN_TENANTS_IN: 'path',
  POSTERN_TENANTS_LIST: 'acme,globex',
  POSTERN_TENANTS_CLAIM: 'tenant',
} as const;
const APP = `
hosts: [shop.localhost]
audience: ${SHARED_API}
origins: [https://www.example.com]
rules:
  /: public
  /*/public: public
  /*/orders/**: ["orders:read"]
  /*/api/**: ["orders:read"]
  /shared/**: authenticated
  /*/_auth/**: public
`;

let world: TenantWorld;
let templated: TenantWorld;
beforeAll(async () => {
  world = await startTenantWorld({
    app: APP,
    redirectUris: [`${SHOP}/_auth/callback`],
    env: { ...ENV, POSTERN_PROVIDER_ACR_VALUES: 'tenant:{tenant}' },
  });
  templated = await startTenantWorld({
    app: APP,
    redirectUris: [`${SHOP}/acme/_auth/callback`, `${SHOP}/globex/_auth/callback`],
    env: {
      ...ENV,
      POSTERN_PROVIDER_REDIRECT_URI: `${SHOP}/{tenant}/_auth/callback`,
      POSTERN_PROVIDER_ACR_VALUES: 'tenant:{tenant}',
    },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await templated[Symbol.asyncDispose]();
});

const query = (location: string | undefined) => new URL(String(location)).searchParams;

describe('tenants in the path, one redirect URI', () => {
  test('two tenants live side by side in one browser', async () => {
    const anna = new Browser(world);
    for (const tenant of ['acme', 'globex']) {
      world.claim(tenant);
      const started = await anna.check(`${SHOP}/${tenant}/orders/1`);
      expectAnswer(started, 302, 'login-started');
      const asked = query(started.headers.location);
      expect([asked.get('redirect_uri'), asked.get('acr_values')]).toEqual([
        `${SHOP}/_auth/callback`,
        `tenant:${tenant}`,
      ]);
      const back = await anna.check(await anna.atProvider(String(started.headers.location)));
      expectAnswer(back, 303, 'login-completed');
      expect(back.headers.location).toBe(`${SHOP}/${tenant}/orders/1`);
    }
    for (const tenant of ['acme', 'globex', 'ACME']) {
      expectAnswer(await anna.check(`${SHOP}/${tenant}/orders/1`), 200, 'permitted');
      expect(world.log.at(-1)).toMatchObject({ tenant: tenant.toLowerCase() });
    }
    expect(anna.cookieNames(`${SHOP}/`).filter((name) => /^postern_[a-z]+$/.test(name))).toEqual([
      'postern_acme',
      'postern_globex',
    ]);

    const out = await anna.check(`${SHOP}/acme/_auth/logout`, { method: 'POST', manner: 'form' });
    expectAnswer(out, 303, 'logged-out');
    expectAnswer(await anna.check(`${SHOP}/acme/orders/1`, { manner: 'script' }), 401, 'login-needed');
    expectAnswer(await anna.check(`${SHOP}/globex/orders/1`), 200, 'permitted');
  });

  test('two tabs of two tenants do not fight', async () => {
    const anna = new Browser(world);
    const tabs = [];
    for (const tenant of ['acme', 'globex'])
      tabs.push({ tenant, started: await anna.check(`${SHOP}/${tenant}/orders/2`) });
    for (const { tenant, started } of tabs.toReversed()) {
      world.claim(tenant);
      const back = await anna.check(await anna.atProvider(String(started.headers.location)));
      expect([back.reason, back.headers.location]).toEqual(['login-completed', `${SHOP}/${tenant}/orders/2`]);
    }
  });

  test.each([
    ['/', 200, 'public'],
    ['/acme/public', 200, 'public'],
    ['/evil/public', 200, 'public'],
    ['/evil/orders/1', 403, 'tenant-unknown'],
    ['/shared/x', 403, 'tenant-unknown'],
    ['/acme%2forders', 400, 'path-ambiguous'],
    ['/%2e/orders/1', 400, 'path-ambiguous'],
    ['/a.evil/orders/1', 403, 'tenant-unknown'],
    ['/acme/nothing', 403, 'no-rule'],
    ['/evil/nothing', 403, 'tenant-unknown'],
    ['/_auth/login', 403, 'tenant-unknown'],
    ['/_auth/logout', 403, 'tenant-unknown'],
    ['/evil/_auth/login', 403, 'tenant-unknown'],
    ['/evil/_auth/callback', 403, 'tenant-unknown'],
    ['/evil/_auth/logged-out', 403, 'tenant-unknown'],
    ['/acme/_auth/me', 404, 'router-missing'],
    ['/acme/_auth/nothing', 404, 'page-unknown'],
    ['/acme/_auth/callback', 400, 'callback-state'],
  ])('%s -> %i %s', async (path, status, reason) => {
    const { length } = world.calls;
    expectAnswer(await new Browser(world).check(`${SHOP}${path}`, { manner: 'script' }), status, reason);
    expect(world.calls.length).toBe(length);
  });

  test('addresses for people are those of the tenant', async () => {
    const anna = new Browser(world);
    const refused = await anna.check(`${SHOP}/acme/api/1`, { manner: 'script' });
    expectAnswer(refused, 401, 'login-needed');
    expect(loginUrlOf(refused)).toMatchObject({
      href: expect.stringMatching(/^http:\/\/shop\.localhost:8080\/acme\/_auth\/login\?/),
      rd: `${SHOP}/acme/`,
    });
    world.claim('acme');
    await anna.signIn(`${SHOP}/acme/orders/1`);
    const me = await anna.page(`${SHOP}/acme/_auth/me`);
    expect(JSON.parse(me.body)).toMatchObject({
      subject: 'anna',
      login_url: expect.stringContaining(`${SHOP}/acme/_auth/login?`),
      logout_url: `${SHOP}/acme/_auth/logout`,
    });
    expectAnswer(await anna.page(`${SHOP}/globex/_auth/me`), 401, 'login-needed');
  });
});

describe('where no tenant is named', () => {
  test('a bearer is nobody, and its line does not reach the upstream', async () => {
    world.claim('acme');
    const lines = ['Authorization', `Bearer ${await world.bearer(SHARED_API)}`];
    const ask = (path: string) => new Browser(world).check(`${SHOP}${path}`, { manner: 'script', lines });
    expect((await ask('/acme/public')).headers).toMatchObject({ 'x-auth-client': 'robot' });
    const { headers } = await ask('/');
    expect([headers['x-auth-client'], headers['authorization']]).toEqual(['', undefined]);
  });

  test('no preflight passes', async () => {
    const preflight = (path: string) =>
      new Browser(world).check(`${SHOP}${path}`, {
        method: 'OPTIONS',
        manner: 'script',
        lines: ['Origin', 'https://www.example.com', 'Access-Control-Request-Method', 'GET'],
      });
    expectAnswer(await preflight('/acme/orders/1'), 200, 'preflight');
    expectAnswer(await preflight('/evil/orders/1'), 403, 'tenant-unknown');
  });

  test('an answer of the provider comes to the one address that is registered', async () => {
    world.claim('acme');
    const anna = new Browser(world);
    const started = await anna.check(`${SHOP}/acme/orders/3`);
    const answer = await anna.atProvider(String(started.headers.location));
    for (const segment of ['/acme', '/globex'])
      expectAnswer(await anna.check(answer.replace(SHOP, SHOP + segment)), 400, 'callback-state');
    expectAnswer(await anna.check(answer), 303, 'login-completed');
  });
});

describe('a page of the gateway on the check', () => {
  const PAGES = [
    '',
    'login',
    'callback',
    'logout',
    'logged-out',
    'error',
    'me',
    'jwks.json',
    'backchannel-logout',
    'x',
  ];
  const SEGMENTS = ['', '/acme', '/ACME', '/evil', '/a.evil', '/%61cme', '/orders', '/größe'];
  test.each(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PROPFIND'])(
    'is never 2xx, below any segment (%s)',
    async (method) => {
      world.claim('acme');
      const anna = new Browser(world);
      await anna.signIn(`${SHOP}/acme/orders/1`);
      for (const host of [SHOP, 'http://other.localhost:8080'])
        for (const segment of SEGMENTS)
          for (const page of PAGES)
            for (const base of ['/_auth/', '/%5fauth/']) {
              const answer = await anna
                .copy()
                .check(`${host}${segment}${base}${page}`, { method, manner: 'form' });
              expect(answer.status).toBeGreaterThanOrEqual(300);
            }
    },
  );
});

describe('tenants in the path, a redirect URI each', () => {
  test('comes back below the tenant, and says nothing in acr_values', async () => {
    const anna = new Browser(templated);
    templated.claim('acme');
    const started = await anna.check(`${SHOP}/ACME/orders/1`);
    const asked = query(started.headers.location);
    expect([asked.get('redirect_uri'), asked.get('acr_values')]).toEqual([
      `${SHOP}/acme/_auth/callback`,
      null,
    ]);
    const answer = await anna.atProvider(String(started.headers.location));
    for (const wrong of ['/globex/_auth/callback', '/_auth/callback'])
      expectAnswer(await anna.check(answer.replace('/acme/_auth/callback', wrong)), 400, 'callback-state');
    const back = await anna.check(answer);
    expectAnswer(back, 303, 'login-completed');
    expectAnswer(await anna.check(`${SHOP}/acme/orders/1`), 200, 'permitted');
  });
});
