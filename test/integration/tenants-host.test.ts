import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { expectAnswer } from '../support/refusals.ts';
import { apiOf, startTenantWorld, type TenantWorld } from '../support/tenant-world.ts';

const at = (tenant: string): string => `http://${tenant}.shop.localhost:8080`;
const ACME = at('acme');
const GLOBEX = at('globex');

let world: TenantWorld;
beforeAll(async () => {
  world = await startTenantWorld({
    app: `
hosts: ["{tenant}.shop.localhost"]
audience: "https://{tenant}.api.localhost"
rules:
  /: public
  /account/**: authenticated
  /orders/**: ["orders:read"]
`,
    redirectUris: [`${ACME}/_auth/callback`, `${GLOBEX}/_auth/callback`],
    env: { POSTERN_TENANTS_LIST: 'acme,globex', POSTERN_PROVIDER_ACR_VALUES: 'tenant:{tenant}' },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const bearer = (raw: string) => ({ manner: 'script', lines: ['Authorization', `Bearer ${raw}`] }) as const;
const lastLine = () => world.log.at(-1) ?? {};

describe('a person of a tenant', () => {
  test('signs in for the audience of the tenant, and is asked for by it', async () => {
    const anna = new Browser(world);
    const started = await anna.check(`${ACME}/orders/1`);
    expectAnswer(started, 302, 'login-started');
    const asked = new URL(String(started.headers.location)).searchParams;
    expect(asked.get('redirect_uri')).toBe(`${ACME}/_auth/callback`);
    expect(asked.get('resource')).toBe(apiOf('acme'));
    expect(asked.get('acr_values')).toBe('tenant:acme');
    const back = await anna.check(await anna.atProvider(String(started.headers.location)));
    expectAnswer(back, 303, 'login-completed');
    expect(back.headers.location).toBe(`${ACME}/orders/1`);
    expectAnswer(await anna.check(`${ACME}/orders/1`), 200, 'permitted');
    expect(lastLine()).toMatchObject({ app: 'shop', tenant: 'acme', subject: 'anna' });
    const me = JSON.parse((await anna.page(`${ACME}/_auth/me`)).body) as Record<string, unknown>;
    expect(me).toMatchObject({ tokens: [{ audience: apiOf('acme'), scopes: ['orders:read'] }] });
  });

  test('is nobody at another tenant, whose login asks for its own', async () => {
    const anna = new Browser(world);
    await anna.signIn(`${ACME}/account/`);
    const cookie = anna.cookieHeader(`${ACME}/`);
    const stranger = new Browser(world);
    const answer = await stranger.check(`${GLOBEX}/account/`, { lines: ['Cookie', cookie] });
    expectAnswer(answer, 302, 'login-started');
    expect(new URL(String(answer.headers.location)).searchParams.get('resource')).toBe(apiOf('globex'));
  });
});

describe('a bearer', () => {
  test.each([
    ['acme', 'acme', 200, 'permitted'],
    ['globex', 'acme', 403, 'token-audience'],
  ] as const)('of %s at %s', async (whose, where, _status, reason) => {
    const client = new Browser(world);
    const answer = await client.check(`${at(where)}/orders/1`, bearer(await world.bearer(apiOf(whose))));
    expect(answer.reason).toBe(reason);
    expect(answer.status).toBe(reason === 'permitted' ? 200 : 401);
  });
});

describe('a tenant that is not listed', () => {
  test.each(['/', '/orders/1', '/_auth/login', '/_auth/me', '/nothing'])('gets no %s', async (path) => {
    const calls = world.calls.length;
    const stranger = new Browser(world);
    expectAnswer(await stranger.check(`${at('evil')}${path}`, { manner: 'script' }), 403, 'tenant-unknown');
    expect(world.calls.length).toBe(calls);
  });

  test('gets no page of the pages listener either', async () => {
    expectAnswer(await new Browser(world).page(`${at('evil')}/_auth/login`), 403, 'tenant-unknown');
  });
});
