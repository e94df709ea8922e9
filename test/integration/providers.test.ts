import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { readTextFile } from '../../src/commands/command.ts';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblems } from '../../src/document/format.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import { readRuleFiles } from '../../src/rules/read-rules.ts';
import { type Asked, Browser } from '../support/browser.ts';
import { shapedOptions } from '../support/shapes/shape.ts';
import { SHAPES, type ShapeName } from '../support/shapes/shapes.ts';
import { CLIENT_SECRET, SESSION_SECRET, sendLines } from '../support/world.ts';

const SHOP = 'https://shop.example.com';
/** Seconds: as long as Keycloak makes them. */
const LIFETIME = 300;
const DOCS = join(import.meta.dirname, '../../docs/providers');

// Provider and gateway run in this process: their common clock is moved, and nothing else is made up.
jest.useFakeTimers({
  doNotFake: [
    ...([
      'nextTick',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
    ] as const),
    ...(['setTimeout', 'clearTimeout', 'hrtime', 'performance'] as const),
  ],
});
const pass = (seconds: number): void => void jest.setSystemTime(Date.now() + seconds * 1000);

interface ShapedWorld extends AsyncDisposable {
  readonly op: RunningProvider;
  readonly gateway: Gateway;
  readonly asked: Asked;
  readonly log: readonly Record<string, unknown>[];
  /** Grants that the token endpoint saw. */
  readonly grants: string[];
  grantId(): string;
}

/** The documented configuration of a product, with the addresses of this test, beside a provider in its shape. */
async function startShaped(
  name: ShapeName,
  env: Readonly<Record<string, string>> = {},
): Promise<ShapedWorld> {
  const shape = SHAPES[name];
  const grants: string[] = [];
  const [shop, ops] = [shape.resourceOf(shape.shop), shape.resourceOf(shape.ops)];
  const op = await startProvider({
    ...shapedOptions(shape),
    people: [
      {
        ...{ id: 'anna', name: 'Anna', role: 'clerk' },
        holds: { [shop]: [shape.read], [ops]: [shape.metrics] },
        // Whatever the ID token says of rights decides nothing (A17).
        claims: { scope: 'admin', roles: ['admin'], permissions: ['admin'], scp: 'admin' },
      },
    ],
    signedInAs: 'anna',
    conformIdTokenClaims: false,
    resources: [
      { audience: shop, scopes: [shape.read, shape.write, 'admin'], lifetime: LIFETIME },
      { audience: ops, scopes: [shape.metrics], lifetime: LIFETIME },
    ],
    serviceGrants: () => [shape.read],
    clients: [
      {
        client_id: 'shop',
        client_secret: CLIENT_SECRET,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${SHOP}/_auth/callback`],
        post_logout_redirect_uris: [`${SHOP}/_auth/logged-out`],
        token_endpoint_auth_method: ['keycloak', 'generic'].includes(name)
          ? 'client_secret_basic'
          : 'client_secret_post',
      },
      {
        client_id: 'robot',
        client_secret: CLIENT_SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
  });
  let grantId = '';
  op.provider.on('grant.success', (ctx) => {
    grants.push(String(ctx.oidc.params?.['grant_type']));
    grantId = ctx.oidc.entities.Grant?.jti ?? grantId;
  });
  const folder = join(DOCS, name);
  const loaded = loadConfig({
    path: join(folder, 'postern.yaml'),
    env: {
      POSTERN_PROVIDER_ISSUER: op.issuer,
      POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
      POSTERN_SESSION_SECRET: SESSION_SECRET,
      POSTERN_LISTEN: '127.0.0.1:0',
      POSTERN_PAGES_LISTEN: '127.0.0.1:0',
      POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
      ...env,
    },
    cwd: folder,
    readFile: readTextFile,
    now: Math.floor(Date.now() / 1000),
  });
  if ('problems' in loaded) throw new Error(formatProblems(loaded.problems));
  const { files } = await readRuleFiles(join(folder, 'rules'));
  const rules = loadRuleSet(files);
  if ('problems' in rules) throw new Error(formatProblems(rules.problems));
  const log: Record<string, unknown>[] = [];
  const gateway = await startGateway(loaded.config, loaded.secrets, rules.ruleSet, {
    logTo: { write: (line) => void log.push(JSON.parse(line)) },
  });
  return {
    ...{ op, gateway, log, grants, grantId: () => grantId },
    asked: {
      issuer: op.issuer,
      async send(listener, path, lines, method = 'GET') {
        const answer = await sendLines(gateway.addresses[listener], path, lines, method);
        return { ...answer, reason: answer.reason || String(log.at(-1)?.['reason'] ?? '') };
      },
    },
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await op.close();
    },
  };
}

const scopesOf = (text: unknown): string[] => String(text).split(' ').toSorted();

describe.each(Object.keys(SHAPES) as ShapeName[])('a provider in the shape of %s', (name) => {
  const shape = SHAPES[name];
  let world: ShapedWorld;
  let anna: Browser;
  beforeAll(async () => {
    world = await startShaped(name);
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    anna = new Browser(world.asked);
    expect((await anna.signIn(`${SHOP}/orders/1`)).status).toBe(303);
    world.grants.length = 0;
  });

  test('a login permits by the scopes of the access token, and the upstream learns who it is', async () => {
    const answer = await anna.check(`${SHOP}/orders/1`);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'x-auth-subject': 'anna',
      'x-auth-client': 'shop',
      'x-auth-scopes': shape.read,
      'x-forwarded-email': 'anna@example.com',
      authorization: expect.stringMatching(/^Bearer eyJ/),
    });
    const me = JSON.parse((await anna.page(`${SHOP}/_auth/me`, { manner: 'script' })).body);
    expect(me.tokens).toEqual([
      {
        audience: name === 'auth0' ? [shape.shop, `${world.op.issuer}userinfo`] : shape.shop,
        scopes: [shape.read],
        expires_at: expect.any(Number),
      },
    ]);
  });

  test('what was not granted is a 403 that names it, after one login and no more (B9, A13)', async () => {
    const answer = await anna.check(`${SHOP}/orders/1`, {
      method: 'POST',
      manner: 'script',
      lines: ['Origin', SHOP],
    });
    expect([answer.status, answer.reason]).toEqual([403, 'scope-missing']);
    expect(JSON.parse(answer.body)).toMatchObject({ missing: [shape.write] });
  });

  test('roles, permissions and scopes of the ID token open nothing, nor do roles of the access token (A17)', async () => {
    const answer = await anna.check(`${SHOP}/admin/`);
    expect([answer.status, answer.reason]).toEqual([403, 'scope-missing']);
    expect(answer.body).toContain('admin');
  });

  test('a second audience is fetched without a page, and its token is beside the first (A11)', async () => {
    const first = await anna.check(`${SHOP}/metrics/`);
    expect([first.status, first.reason]).toEqual([302, 'login-started']);
    const asked = new URL(String(first.headers.location)).searchParams;
    expect(asked.get('prompt')).toBe('none');
    await anna.check(await anna.atProvider(String(first.headers.location)));
    const [metrics, orders] = [await anna.check(`${SHOP}/metrics/`), await anna.check(`${SHOP}/orders/1`)];
    expect([metrics.status, orders.status]).toEqual([200, 200]);
    expect([metrics, orders].map(({ headers }) => headers['x-auth-scopes'])).toEqual([
      shape.metrics,
      shape.read,
    ]);
    expect(metrics.headers.authorization).not.toBe(orders.headers.authorization);
  });

  test('an expired token is refreshed on the way, once (A3)', async () => {
    const before = (await anna.check(`${SHOP}/orders/1`)).headers.authorization;
    pass(LIFETIME + 1);
    const answers = await Promise.all(Array.from({ length: 10 }, () => anna.check(`${SHOP}/orders/1`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ headers }) => headers.authorization)).size).toBe(1);
    expect(answers[0]?.headers.authorization).not.toBe(before);
    expect(world.grants).toEqual(['refresh_token']);
  });

  test('a refresh token that was revoked ends the session, and the old cookie is dead (A5)', async () => {
    const copy = anna.copy();
    await world.op.provider.RefreshToken.revokeByGrantId(world.grantId());
    pass(LIFETIME + 1);
    const answer = await copy.check(`${SHOP}/orders/1`, { manner: 'script' });
    expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);
    expect(await anna.check(`${SHOP}/orders/1`, { manner: 'script' })).toMatchObject({ status: 401 });
  });

  test('a sign-out ends both sessions, ours first (D7, B19)', async () => {
    const copy = anna.copy();
    const answer = await anna.check(`${SHOP}/_auth/logout`, {
      method: 'POST',
      manner: 'form',
      lines: ['Origin', SHOP],
    });
    expect(answer.status).toBe(303);
    expect((await copy.check(`${SHOP}/orders/1`, { manner: 'script' })).status).toBe(401);
    const location = new URL(String(answer.headers.location));
    const parameters = Object.fromEntries(location.searchParams);
    if (name === 'auth0') {
      expect(location.pathname).toBe('/v2/logout');
      expect(parameters).toEqual({ client_id: 'shop', returnTo: `${SHOP}/_auth/logged-out` });
    } else {
      const path = shape.issuerPath.replace(/\/$/, '') + (shape.routes['end_session'] ?? '');
      expect(location.pathname).toBe(path);
      expect(parameters).toMatchObject({
        post_logout_redirect_uri: `${SHOP}/_auth/logged-out`,
        id_token_hint: expect.stringMatching(/^eyJ/),
        state: expect.any(String),
      });
    }
  });

  test('a service brings a token of its own, and the same rule decides (A7)', async () => {
    const response = await fetch(`${world.op.issuer.replace(/\/$/, '')}${shape.routes['token']}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`robot:${CLIENT_SECRET}`)}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: shape.resourceOf(shape.shop),
        scope: shape.read,
      }),
    });
    const { access_token: token } = (await response.json()) as { access_token: string };
    const robot = new Browser(world.asked);
    const lines = ['Authorization', `Bearer ${token}`];
    const permitted = await robot.check(`${SHOP}/orders/1`, { manner: 'plain', lines });
    expect([permitted.status, permitted.headers['x-auth-client']]).toEqual([200, 'robot']);
    const denied = await robot.check(`${SHOP}/orders/1`, { method: 'POST', manner: 'plain', lines });
    expect([denied.status, denied.reason]).toEqual([403, 'scope-missing']);
    const elsewhere = await robot.check(`${SHOP}/metrics/`, { manner: 'plain', lines });
    expect([elsewhere.status, elsewhere.reason]).toEqual([401, 'token-audience']);
  });

  test('what it is asked for is spelled as it wants it (A12)', async () => {
    const started = await new Browser(world.asked).check(`${SHOP}/orders/1`);
    const { searchParams: asked } = new URL(String(started.headers.location));
    const parameter = { auth0: 'audience', proauth: 'resource', generic: 'resource' }[name as string];
    expect([asked.getAll('audience'), asked.getAll('resource')]).toEqual([
      parameter === 'audience' ? [shape.shop] : [],
      parameter === 'resource' ? [shape.shop] : [],
    ]);
    const spelled = (scope: string): string => (name === 'entra' ? `api://${shape.shop}/${scope}` : scope);
    expect(scopesOf(asked.get('scope'))).toEqual(
      [
        'openid',
        'profile',
        'email',
        'offline_access',
        ...[shape.read, shape.write, 'admin'].map(spelled),
      ].toSorted(),
    );
  });
});

test('auth0 without an audience: the token is opaque, and the page names the setting (D10)', async () => {
  await using world = await startShaped('auth0', { POSTERN_PROVIDER_AUDIENCE_PARAMETER: 'none' });
  const anna = new Browser(world.asked);
  const answer = await anna.signIn(`${SHOP}/orders/1`);
  expect([answer.status, answer.reason]).toEqual([502, 'access-token-opaque']);
  expect(answer.body).toContain('audienceParameter');
});

test.each(Object.keys(SHAPES))('the page of %s shows the configuration that runs here', (name) => {
  const page = readTextFile(join(DOCS, `${name}.md`)) ?? '';
  for (const file of ['postern.yaml', 'rules/shop.yaml'])
    expect(page).toContain(`\`\`\`yaml\n${readTextFile(join(DOCS, name, file))}\`\`\`\n`);
});
