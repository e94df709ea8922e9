import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SHOP_API } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { until } from '../support/rules-folder.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const rules = {
  'shop.yaml': `app: shop\nhosts: [shop.localhost]\naudience: ${SHOP_API}\nrules: { "/**": authenticated }\n`,
};
const MEMORY = { POSTERN_SESSION_STORE: 'memory', POSTERN_SESSION_REFRESH: 'true' };

let provider: HostileProvider;
let world: World;
const more: AsyncDisposable[] = [];
const startWorld = async (env: Readonly<Record<string, string>>): Promise<World> => {
  const started = await startTestWorld({ rules, issuer: provider.issuer, env });
  more.push(started);
  return started;
};
const withRevocation = (document: Record<string, unknown>): Record<string, unknown> => ({
  ...document,
  revocation_endpoint: `${provider.issuer}/revoke`,
});
beforeAll(async () => {
  provider = await startHostileProvider();
  provider.misbehaviour = { metadata: withRevocation };
  world = await startWorld(MEMORY);
});
beforeEach(() => {
  provider.misbehaviour = { metadata: withRevocation };
});
afterAll(async () => {
  for (const one of more.reverse()) await one[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const signedIn = async (by: World): Promise<Browser> => {
  const browser = new Browser(by);
  expect(await browser.signIn(`${SHOP}/`)).toMatchObject({ status: 303, reason: 'login-completed' });
  return browser;
};
const logout = (browser: Browser): Promise<Answer> =>
  browser.check(`${SHOP}/_auth/logout`, { method: 'POST', manner: 'form', lines: ['Origin', SHOP] });
const isAlive = async (browser: Browser): Promise<boolean> =>
  (await browser.check(`${SHOP}/`, { manner: 'script' })).status === 200;

describe('LO2: the way out at the provider', () => {
  const parameters = ({ headers }: Answer): Record<string, string> =>
    Object.fromEntries(new URL(String(headers.location)).searchParams);

  test('names session, client, the way back and a new state each time', async () => {
    const [first, second] = [
      parameters(await logout(await signedIn(world))),
      parameters(await logout(await signedIn(world))),
    ];
    expect(first).toEqual({
      client_id: 'shop',
      id_token_hint: expect.stringMatching(/^ey/),
      post_logout_redirect_uri: `${SHOP}/_auth/logged-out`,
      state: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(first['state']).not.toBe(second['state']);
  });

  test('names the client alone where there is no session to hint at, or too much of it', async () => {
    provider.misbehaviour = {
      metadata: withRevocation,
      idTokenClaims: (claims) => ({
        ...claims,
        groups: Array.from({ length: 500 }, (_, at) => `group-${at}`),
      }),
    };
    const large = parameters(await logout(await signedIn(world)));
    const nobody = parameters(await logout(new Browser(world)));
    for (const one of [large, nobody])
      expect(one).toEqual({
        client_id: 'shop',
        post_logout_redirect_uri: `${SHOP}/_auth/logged-out`,
        state: expect.any(String),
      });
  });

  test('leads back to where the configuration says, never to what the request says', async () => {
    const back = 'https://www.example.com/bye';
    const configured = await startWorld({ ...MEMORY, POSTERN_PROVIDER_POST_LOGOUT_REDIRECT_URI: back });
    const browser = await signedIn(configured);
    const answer = await browser.check(
      `${SHOP}/_auth/logout?post_logout_redirect_uri=https://evil.example/&rd=https://evil.example/`,
      { method: 'POST', manner: 'form', lines: ['Origin', SHOP] },
    );
    expect(parameters(answer)).toMatchObject({ post_logout_redirect_uri: back });
    expect(answer.headers.location).not.toContain('evil');
  });

  test.each(['', '?state=', '?state=wrong', '?state=a&state=b', `?state=${'x'.repeat(3000)}`])(
    'ends on a plain page, whatever state comes back: %.20s',
    async (query) => {
      const answer = await new Browser(world).page(`${SHOP}/_auth/logged-out${query}`);
      expect(answer).toMatchObject({ status: 200, reason: 'logged-out-page', setCookie: [] });
      expect(answer.body).toContain('You are signed out');
    },
  );

  test('is Auth0’s own where its discovery document names none', async () => {
    provider.misbehaviour = { metadata: ({ end_session_endpoint: _, ...document }) => document };
    const auth0 = await startWorld({ ...MEMORY, POSTERN_PROVIDER_KIND: 'auth0' });
    const { headers } = await logout(new Browser(auth0));
    const url = new URL(String(headers.location));
    expect(`${url.origin}${url.pathname}`).toBe(`${provider.issuer}/v2/logout`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'shop',
      returnTo: `${SHOP}/_auth/logged-out`,
    });
  });

  test('ends here where the provider has no such page', async () => {
    provider.misbehaviour = { metadata: ({ end_session_endpoint: _, ...document }) => document };
    const generic = await startWorld(MEMORY);
    const answer = await logout(new Browser(generic));
    expect(answer).toMatchObject({ status: 303, headers: { location: `${SHOP}/_auth/logged-out` } });
  });
});

describe('RI1: the tokens of a session that was signed out', () => {
  interface Revocation {
    readonly hint: string;
    readonly token: string;
    readonly authorization: string | undefined;
  }
  const revocations = (since: number): readonly Revocation[] =>
    provider.requests
      .slice(since)
      .filter(({ path }) => path === '/revoke')
      .map(({ form, authorization }) => ({
        hint: String(form.get('token_type_hint')),
        token: String(form.get('token')),
        authorization,
      }));
  const json = (status: number, body: unknown) => (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const refused = (error: string) => json(400, { error });

  /** The revocation endpoint does this from now on. @returns how many calls have ended */
  function onRevoke(answer: (response: ServerResponse) => void): { readonly ended: () => number } {
    let ended = 0;
    provider.misbehaviour = {
      metadata: withRevocation,
      answer: (path, response) => {
        if (path !== '/revoke') return false;
        response.once('close', () => {
          ended += 1;
        });
        answer(response);
        return true;
      },
    };
    return { ended: () => ended };
  }

  const warnings = (since: number): readonly unknown[] =>
    world.log.slice(since).filter(({ kind }) => kind === 'revocation-failed');

  test.each<[what: string, answer: (response: ServerResponse) => void, cause: unknown]>([
    ['takes them', (response) => void response.writeHead(200).end(), undefined],
    ['does not revoke such', refused('unsupported_token_type'), undefined],
    ['does not know us', json(401, { error: 'invalid_client' }), expect.any(String)],
    ['calls it a bad request', refused('invalid_request'), expect.stringContaining('OAUTH_')],
    ['is overloaded', (response) => void response.writeHead(503).end(), expect.stringContaining('503')],
    [
      'sends us elsewhere',
      (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'a redirect (status 302)',
    ],
    ['hangs up', (response) => void response.destroy(), expect.any(String)],
  ])('are revoked, and a provider that %s changes nothing for the person', async (_what, answer, cause) => {
    const revoked = onRevoke(answer);
    const browser = await signedIn(world);
    const [copy, page] = [browser.copy(), await browser.check(`${SHOP}/`)];
    const [, accessToken] = String(page.headers.authorization).split(' ');
    const [since, logged] = [provider.requests.length, world.log.length];
    const out = await logout(browser);
    expect(out).toMatchObject({ status: 303, reason: 'logged-out' });
    expect(out.headers.location).toContain(`${provider.issuer}/logout?`);
    expect(await isAlive(copy)).toBe(false);
    await until(() => revoked.ended() === 2 && (cause === undefined || warnings(logged).length > 0));
    const [first, second, ...others] = revocations(since);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ hint: 'refresh_token', authorization: expect.stringMatching(/^Basic /) });
    expect(second).toMatchObject({ hint: 'access_token', token: accessToken });
    expect(warnings(logged)).toEqual(
      cause === undefined ? [] : [expect.objectContaining({ level: 'warn', issuer: provider.issuer, cause })],
    );
    // Nothing of a token is in the log.
    for (const { token } of revocations(since)) expect(JSON.stringify(world.log)).not.toContain(token);
  });

  test('are not waited for, and a silent provider is given up', async () => {
    const held: ServerResponse[] = [];
    const revoked = onRevoke((response) => void held.push(response));
    const browser = await signedIn(world);
    const logged = world.log.length;
    expect(await logout(browser)).toMatchObject({ status: 303, reason: 'logged-out' });
    // The answer is here, and the call is not over.
    expect(revoked.ended()).toBe(0);
    await until(() => revoked.ended() > 0 && warnings(logged).length > 0);
    expect(held.every(({ writableEnded }) => !writableEnded)).toBe(true);
    expect(warnings(logged)).toHaveLength(1);
  });

  test('are not mentioned to a provider that revokes nothing, nor by somebody who has no session', async () => {
    const since = provider.requests.length;
    await logout(new Browser(world));
    provider.misbehaviour = {};
    const without = await startWorld(MEMORY);
    expect(await logout(await signedIn(without))).toMatchObject({ status: 303 });
    expect(revocations(since)).toEqual([]);
  });

  test('are counted among the calls to the provider', async () => {
    const revoked = onRevoke((response) => void response.writeHead(503).end());
    await logout(await signedIn(world));
    await until(() => revoked.ended() === 2);
    const { body } = await world.send('adminListen', '/metrics', []);
    expect(body).toMatch(/postern_provider_calls_total\{provider="default",outcome="5xx"\} \d/);
  });
});
