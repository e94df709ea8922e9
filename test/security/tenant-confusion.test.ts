import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { logoutToken, sendLogoutToken } from '../support/logout-tokens.ts';
import { expectAnswer } from '../support/refusals.ts';
import { SHARED_API, startTenantWorld, type TenantWorld } from '../support/tenant-world.ts';
import { startTestWorld, type World } from '../support/world.ts';

// Confused tenants (RFC 9700 4.4, 4.7): what belongs to one tenant is moved to another that shares the gateway, the secrets, the
// app, and often the provider. A session, a login under way, a token: each opens the tenant that it is for, and no other.

const RULES = `
rules:
  /*/orders/**: ["orders:read"]
  /orders/**: ["orders:read"]
`;
const HOST_APP = `hosts: ["{tenant}.shop.localhost"]\naudience: ${SHARED_API}${RULES}`;
const PATH_APP = `hosts: [shop.localhost]\naudience: ${SHARED_API}${RULES}`;
const HOST = (tenant: string): string => `http://${tenant}.shop.localhost:8080`;
const SHOP = 'http://shop.localhost:8080';
const LISTED = { POSTERN_TENANTS_LIST: 'acme,globex', POSTERN_TENANTS_CLAIM: 'tenant' };

let byHost: TenantWorld;
let byPath: TenantWorld;
let kept: TenantWorld;
beforeAll(async () => {
  byHost = await startTenantWorld({
    app: HOST_APP,
    redirectUris: ['acme', 'globex'].map((tenant) => `${HOST(tenant)}/_auth/callback`),
    env: LISTED,
  });
  const path = { ...LISTED, POSTERN_TENANTS_IN: 'path' };
  const redirectUris = [`${SHOP}/_auth/callback`];
  byPath = await startTenantWorld({ app: PATH_APP, redirectUris, env: path });
  kept = await startTenantWorld({
    app: PATH_APP,
    redirectUris,
    env: { ...path, POSTERN_SESSION_STORE: 'memory' },
  });
});
afterAll(async () => {
  for (const world of [byHost, byPath, kept]) await world[Symbol.asyncDispose]();
});

const script = (...lines: readonly string[]) => ({ manner: 'script', cookies: false, lines }) as const;

describe('a session', () => {
  test('is none at the host of another tenant', async () => {
    byHost.claim('acme');
    const anna = new Browser(byHost);
    await anna.signIn(`${HOST('acme')}/orders/1`);
    const cookies = anna.cookieHeader(`${HOST('acme')}/`);
    const at = (tenant: string) =>
      new Browser(byHost).check(`${HOST(tenant)}/orders/1`, script('Cookie', cookies));
    expectAnswer(await at('acme'), 200, 'permitted');
    expectAnswer(await at('globex'), 401, 'login-needed');
  });

  test.each(['sealed', 'kept'] as const)(
    'is none below the path of another tenant, under its name (%s)',
    async (how) => {
      const world = how === 'kept' ? kept : byPath;
      world.claim('acme');
      const anna = new Browser(world);
      await anna.signIn(`${SHOP}/acme/orders/1`);
      const cookies = anna.cookieHeader(`${SHOP}/`);
      expect(cookies).toContain('postern_acme=');
      const ask = (tenant: string, cookie: string) =>
        new Browser(world).check(`${SHOP}/${tenant}/orders/1`, script('Cookie', cookie));
      expectAnswer(await ask('acme', cookies), 200, 'permitted');
      expectAnswer(await ask('globex', cookies), 401, 'login-needed');
      expectAnswer(await ask('globex', cookies.replaceAll('_acme', '_globex')), 401, 'login-needed');
      expectAnswer(await ask('globex', cookies.replaceAll('postern_acme', 'postern')), 401, 'login-needed');
    },
  );

  test('is not opened with the token of another tenant', async () => {
    for (const claim of ['globex', 'ACME', ['acme'], undefined, 7]) {
      byHost.claim(claim);
      const answer = await new Browser(byHost).signIn(`${HOST('acme')}/orders/1`);
      expectAnswer(answer, 502, 'access-token-invalid');
    }
  });
});

describe('a bearer', () => {
  test('opens its tenant alone, seen before or not', async () => {
    byHost.claim('acme');
    const line = script('Authorization', `Bearer ${await byHost.bearer(SHARED_API)}`);
    const client = new Browser(byHost);
    for (const round of [1, 2]) {
      expectAnswer(await client.check(`${HOST('acme')}/orders/${round}`, line), 200, 'permitted');
      const refused = await client.check(`${HOST('globex')}/orders/${round}`, line);
      expectAnswer(refused, 401, 'token-tenant');
      expect(refused.headers['www-authenticate']).toContain('error="invalid_token"');
    }
  });

  test.each([['globex'], ['ACME'], [['acme']], [undefined], [{ acme: 1 }]])(
    'with the claim %j opens none',
    async (claim) => {
      byHost.claim(claim);
      const line = script('Authorization', `Bearer ${await byHost.bearer(SHARED_API)}`);
      expectAnswer(await new Browser(byHost).check(`${HOST('acme')}/orders/1`, line), 401, 'token-tenant');
    },
  );

  test('of no tenant in the path is nobody, whatever it says', async () => {
    byPath.claim('acme');
    const line = script('Authorization', `Bearer ${await byPath.bearer(SHARED_API)}`);
    const client = new Browser(byPath);
    expectAnswer(await client.check(`${SHOP}/orders/1`, line), 403, 'tenant-unknown');
    expectAnswer(await client.check(`${SHOP}/acme/orders/1`, line), 200, 'permitted');
    expectAnswer(await client.check(`${SHOP}/globex/orders/1`, line), 401, 'token-tenant');
  });
});

describe('a login under way', () => {
  test('ends at the callback of its tenant, and at no other', async () => {
    byHost.claim('acme');
    const anna = new Browser(byHost);
    const started = await anna.check(`${HOST('acme')}/orders/1`);
    const cookies = anna.cookieHeader(`${HOST('acme')}/`);
    const callback = await anna.atProvider(String(started.headers.location));
    const moved = callback.replace(HOST('acme'), HOST('globex'));
    const answer = await anna.check(moved, { cookies: false, lines: ['Cookie', cookies] });
    expectAnswer(answer, 400, 'callback-state');
    expect(answer.setCookie).toEqual([]);
    expectAnswer(await anna.check(callback), 303, 'login-completed');
  });

  test('of one tenant does not end with the cookie of another', async () => {
    byPath.claim('acme');
    const anna = new Browser(byPath);
    const acme = await anna.check(`${SHOP}/acme/orders/1`);
    const other = new Browser(byPath);
    await other.check(`${SHOP}/globex/orders/1`);
    const callback = await anna.atProvider(String(acme.headers.location));
    const [name = ''] = anna.cookieNames(`${SHOP}/`).filter((one) => /-t\.[^.]+$/.test(one));
    const [theirs = ''] = other.cookieNames(`${SHOP}/`).filter((one) => /-t\.[^.]+$/.test(one));
    const forged = other.cookieHeader(`${SHOP}/`).replaceAll(theirs, name);
    const answer = await other.check(callback, { cookies: false, lines: ['Cookie', forged] });
    expect(answer.reason).toBe('login-started');
    expectAnswer(await anna.check(callback), 303, 'login-completed');
  });
});

describe('a name that looks like a tenant', () => {
  test.each([
    ['ACME.shop.localhost:8080', 'login-needed'],
    ['acme.shop.localhost', 'login-needed'],
    ['a.acme.shop.localhost:8080', 'unknown-host'],
    ['acme.evilshop.localhost:8080', 'unknown-host'],
    ['acmeshop.localhost:8080', 'unknown-host'],
    ['shop.localhost:8080', 'unknown-host'],
    ['a.evil.shop.localhost:8080', 'unknown-host'],
    ['evil.shop.localhost:8080', 'tenant-unknown'],
    ['acme-.shop.localhost:8080', 'tenant-unknown'],
    ['xn--acm-dma.shop.localhost:8080', 'tenant-unknown'],
    ['%61cme.shop.localhost:8080', 'host-malformed'],
    ['.shop.localhost:8080', 'host-malformed'],
    [`${'a'.repeat(64)}.shop.localhost:8080`, 'host-malformed'],
    [`${'a'.repeat(63)}.shop.localhost:8080`, 'tenant-unknown'],
  ])('%s', async (host, reason) => {
    const { length } = byHost.calls;
    const answer = await byHost.send('listen', '/verify', [
      ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http'],
      ...['X-Forwarded-Host', host, 'X-Forwarded-Uri', '/orders/1'],
    ]);
    expect(answer.reason).toBe(reason);
    expect(byHost.calls.length).toBe(length);
  });

  test.each(['ac%6de', '%61cme'])('%s in a path is the tenant that it spells', async (segment) => {
    const answer = await new Browser(byPath).check(`${SHOP}/${segment}/orders/1`, script());
    expectAnswer(answer, 401, 'login-needed');
  });

  test.each(['acme.', 'acme%20', 'ac%C5%BFme', '%E2%84%AAacme', 'acme%2e', 'a'.repeat(64)])(
    '%s in a path is none',
    async (segment) => {
      const answer = await new Browser(byPath).check(`${SHOP}/${segment}/orders/1`, script());
      expectAnswer(answer, 403, 'tenant-unknown');
    },
  );
});

describe('tenants with an issuer each', () => {
  // The tenants `1` and `2`: the last label of a loopback address.
  let first: HostileProvider;
  let second: HostileProvider;
  let world: World;
  beforeAll(async () => {
    first = await startHostileProvider('127.0.0.1');
    second = await startHostileProvider('127.0.0.2', Number(new URL(first.issuer).port));
    world = await startTestWorld({
      issuer: first.issuer.replace('127.0.0.1', '127.0.0.{tenant}'),
      rules: { 'shop.yaml': `app: shop\n${HOST_APP}` },
      env: {
        POSTERN_TENANTS_LIST: '1,2',
        POSTERN_INSECURE_HTTP: 'true',
        POSTERN_SESSION_STORE: 'memory',
      },
    });
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });

  const start = async (browser: Browser, tenant: string): Promise<string> => {
    const started = await browser.check(`${HOST(tenant)}/orders/1`);
    expectAnswer(started, 302, 'login-started');
    return String(started.headers.location);
  };

  test('asks nobody for a tenant that is none', async () => {
    const before = [first.requests.length, second.requests.length];
    for (const tenant of ['3', 'evil', '1x'])
      expectAnswer(await new Browser(world).check(`${HOST(tenant)}/orders/1`), 403, 'tenant-unknown');
    expect([first.requests.length, second.requests.length]).toEqual(before);
  });

  test('sends each to its own, and takes an answer of no other', async () => {
    const browser = new Browser(world);
    const location = await start(browser, '2');
    expect(location.startsWith(`${second.issuer}/authorize?`)).toBe(true);
    const honest = second.authorize(location);
    const mixed = new URL(honest);
    mixed.searchParams.set('iss', first.issuer);
    const before = first.requests.length;
    expectAnswer(await browser.check(mixed.href), 400, 'callback-issuer');
    expect(first.requests.length).toBe(before);

    const again = second.authorize(await start(browser, '2'));
    expectAnswer(await browser.check(again.href), 303, 'login-completed');
    expectAnswer(await browser.check(`${HOST('2')}/orders/1`, { manner: 'script' }), 200, 'permitted');
  });

  test('takes no token of the issuer of another', async () => {
    const browser = new Browser(world);
    expectAnswer(
      await browser.check(second.authorize(await start(browser, '2')).href),
      303,
      'login-completed',
    );
    const permitted = await browser.check(`${HOST('2')}/orders/1`, { manner: 'script' });
    const line = script('Authorization', String(permitted.headers['authorization']));
    expectAnswer(await new Browser(world).check(`${HOST('2')}/orders/1`, line), 200, 'permitted');
    expectAnswer(await new Browser(world).check(`${HOST('1')}/orders/1`, line), 401, 'token-issuer');
  });

  test('ends the sessions of its own people alone, though their subjects are the same', async () => {
    const [one, two] = [new Browser(world), new Browser(world)];
    expectAnswer(await one.check(first.authorize(await start(one, '1')).href), 303, 'login-completed');
    expectAnswer(await two.check(second.authorize(await start(two, '2')).href), 303, 'login-completed');
    const token = logoutToken(first, { sub: 'alice' });
    expect((await sendLogoutToken(world, token, '2.shop.localhost:8080')).status).toBe(400);
    expect((await sendLogoutToken(world, token, '1.shop.localhost:8080')).status).toBe(200);
    expectAnswer(await one.check(`${HOST('1')}/orders/1`, { manner: 'script' }), 401, 'login-needed');
    expectAnswer(await two.check(`${HOST('2')}/orders/1`, { manner: 'script' }), 200, 'permitted');
  });

  test('says so at the address of its tenant, where the path has it', async () => {
    const issuer = first.issuer.replace('127.0.0.1', '127.0.0.{tenant}');
    await using shared = await startTestWorld({
      issuer,
      rules: { 'shop.yaml': `app: shop\n${PATH_APP}` },
      env: {
        POSTERN_TENANTS_IN: 'path',
        POSTERN_TENANTS_LIST: '1,2',
        POSTERN_INSECURE_HTTP: 'true',
        POSTERN_SESSION_STORE: 'memory',
      },
    });
    const [one, two] = [new Browser(shared), new Browser(shared)];
    for (const [browser, provider, tenant] of [
      [one, first, '1'],
      [two, second, '2'],
    ] as const) {
      const started = await browser.check(`${SHOP}/${tenant}/orders/1`);
      const callback = provider.authorize(String(started.headers.location));
      expectAnswer(await browser.check(callback.href), 303, 'login-completed');
    }
    const token = logoutToken(first, { sub: 'alice' });
    const tell = (path: string) =>
      shared.send(
        'pagesListen',
        `${path}/_auth/backchannel-logout`,
        ['Host', 'shop.localhost:8080', 'Content-Type', 'application/x-www-form-urlencoded'],
        'POST',
        new URLSearchParams({ logout_token: token }).toString(),
      );
    expectAnswer(await tell(''), 403, 'tenant-unknown');
    expectAnswer(await tell('/3'), 403, 'tenant-unknown');
    expectAnswer(await tell('/2'), 400, 'logout-token-invalid');
    expectAnswer(await tell('/1'), 200, 'backchannel-logout');
    expectAnswer(await one.check(`${SHOP}/1/orders/1`, { manner: 'script' }), 401, 'login-needed');
    expectAnswer(await two.check(`${SHOP}/2/orders/1`, { manner: 'script' }), 200, 'permitted');
  });
});
