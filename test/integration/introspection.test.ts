import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, signJws } from '../support/jws.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, startTestWorld, type World } from '../support/world.ts';

const API = 'https://api.shop.localhost';
const SHOP = 'http://shop.localhost:8080';
const RULES = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${API}
rules:
  /: public
  /account/**: authenticated
  /orders/**: ["orders:read"]
  /staff/**: [staff]
  /vault/**: { acr: [gold] }
`,
};
const FORGER = makeKey('ES256');
const ON = { POSTERN_PROVIDER_INTROSPECTION: 'true' };

const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`];
const asker =
  (world: () => World) =>
  (path: string, token: string): Promise<Answer> =>
    new Browser(world()).check(SHOP + path, { manner: 'plain', lines: bearer(token) });

describe('a provider whose tokens for the API are opaque', () => {
  const requests: string[] = [];
  let offset = 0;
  let world: World;
  let off: World;
  const send = asker(() => world);
  const calls = (): number => requests.filter((url) => url.endsWith('/introspection')).length;

  beforeAll(async () => {
    world = await startTestWorld({
      rules: RULES,
      env: ON,
      now: () => Math.floor(Date.now() / 1000) + offset,
      provider: {
        people: PEOPLE,
        resources: RESOURCES.map((one) => ({ ...one, format: 'opaque' as const, lifetime: 100 })),
        serviceGrants: () => ['orders:read'],
        onRequest: (_method, url) => void requests.push(url),
      },
    });
    off = await startTestWorld({ rules: RULES, issuer: world.issuer });
  });
  beforeEach(() => {
    offset = 0;
  });
  afterAll(async () => {
    await off[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  const ask = async (form: Record<string, string>, path = 'token'): Promise<Record<string, unknown>> => {
    const response = await fetch(`${world.issuer}/${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`robot:${CLIENT_SECRET}`)}` },
      body: new URLSearchParams(form),
    });
    return path === 'token' ? ((await response.json()) as Record<string, unknown>) : {};
  };
  const opaque = async (): Promise<string> =>
    String(
      (await ask({ grant_type: 'client_credentials', resource: API, scope: 'orders:read' }))['access_token'],
    );

  test('is asked once in half a minute, and its word is what a JWT would have said', async () => {
    const token = await opaque();
    expect(token).not.toContain('.');
    const before = calls();
    for (const _ of [1, 2, 3]) {
      const answer = await send('/orders/1', token);
      expectAnswer(answer, 200, 'permitted');
      expect(answer.headers).toMatchObject({
        authorization: `Bearer ${token}`,
        'x-auth-subject': 'robot',
        'x-auth-client': 'robot',
        'x-auth-scopes': 'orders:read',
      });
    }
    expect(calls() - before).toBe(1);
    const refused = await send('/staff/1', token);
    expectAnswer(refused, 403, 'scope-missing');
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", error="insufficient_scope", scope="staff"',
    );
    expect(calls() - before).toBe(1);
    offset = 31;
    expectAnswer(await send('/orders/1', token), 200, 'permitted');
    expect(calls() - before).toBe(2);
  });

  test('a hundred first checks at once make one call', async () => {
    const token = await opaque();
    const before = calls();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('/orders/1', token)));
    expect(new Set(answers.map(({ status, reason }) => `${status} ${reason}`))).toEqual(
      new Set(['200 permitted']),
    );
    expect(calls() - before).toBe(1);
  });

  test('a revoked token is refused when it is asked about again', async () => {
    const token = await opaque();
    expectAnswer(await send('/orders/1', token), 200, 'permitted');
    await ask({ token }, 'token/revocation');
    expectAnswer(await send('/orders/1', token), 200, 'permitted');
    offset = 31;
    const refused = await send('/orders/1', token);
    expectAnswer(refused, 401, 'token-inactive');
    expectWellFormed(world, refused, false);
    expect(refused.headers['www-authenticate']).toMatch(/error="invalid_token"/);
    expect(refused.setCookie).toEqual([]);
  });

  test('its end is judged at every check, though the answer is remembered', async () => {
    const token = await opaque();
    offset = 90;
    expectAnswer(await send('/orders/1', token), 200, 'permitted');
    const before = calls();
    offset = 106;
    expectAnswer(await send('/orders/1', token), 401, 'token-expired');
    expect(calls() - before).toBeLessThanOrEqual(1);
  });

  test('what nobody issued is refused, once for ten seconds', async () => {
    const before = calls();
    for (const _ of [1, 2, 3])
      expectAnswer(await send('/orders/1', 'nobody-issued-this'), 401, 'token-inactive');
    expect(calls() - before).toBe(1);
    offset = 11;
    expectAnswer(await send('/orders/1', 'nobody-issued-this'), 401, 'token-inactive');
    expect(calls() - before).toBe(2);
  });

  test('what looks like a JWT is never asked about', async () => {
    const before = calls();
    const jwt = signJws({ alg: 'ES256', kid: 'x' }, { iss: world.issuer }, FORGER);
    expectAnswer(await send('/orders/1', jwt), 401, 'token-signature');
    expectAnswer(await send('/orders/1', `${jwt}=`), 401, 'token-malformed');
    expectAnswer(await send('/orders/1', 'x'.repeat(4097)), 401, 'token-malformed');
    expect(calls() - before).toBe(0);
  });

  test('a public path makes no call: what is known fills the headers, the rest is nobody', async () => {
    const token = await opaque();
    const before = calls();
    const unknown = await send('/', token);
    expectAnswer(unknown, 200, 'public');
    expect(unknown.headers).toMatchObject({ 'x-auth-subject': '' });
    expect(unknown.headers.authorization).toBeUndefined();
    expect(calls() - before).toBe(0);
    await send('/orders/1', token);
    expect((await send('/', token)).headers).toMatchObject({
      authorization: `Bearer ${token}`,
      'x-auth-subject': 'robot',
    });
  });

  describe('a session whose access token is opaque', () => {
    const page = `${SHOP}/account/`;
    const signedIn = async (): Promise<Browser> => {
      world.provider?.signInAs('anna');
      const anna = new Browser(world);
      expectAnswer(await anna.signIn(page), 303, 'login-completed');
      return anna;
    };

    test('is decided by what the provider says, asked once in half a minute', async () => {
      const anna = await signedIn();
      const before = calls();
      for (const _ of [1, 2]) {
        const answer = await anna.check(`${SHOP}/orders/1`);
        expectAnswer(answer, 200, 'permitted');
        expect(answer.headers).toMatchObject({
          'x-auth-subject': 'anna',
          'x-auth-client': 'shop',
          'x-auth-scopes': 'orders:read',
          authorization: expect.stringMatching(/^Bearer [^.]+$/),
        });
      }
      // The login has asked just now.
      expect(calls() - before).toBe(0);
      offset = 31;
      expectAnswer(await anna.check(page), 200, 'permitted');
      expectAnswer(await anna.check(page), 200, 'permitted');
      expect(calls() - before).toBe(1);
      expectAnswer(await anna.check(`${SHOP}/staff/1`), 403, 'scope-missing');
      const me = JSON.parse((await anna.page(`${SHOP}/_auth/me`, { manner: 'script' })).body);
      expect(me).toMatchObject({ subject: 'anna', tokens: [{ audience: API, scopes: ['orders:read'] }] });
    });

    test('ends with a revocation that no session was told of: a page signs in again, a script is told', async () => {
      const anna = await signedIn();
      const line = String((await anna.check(page)).headers.authorization);
      await ask({ token: line.slice('Bearer '.length) }, 'token/revocation');
      offset = 31;
      expectAnswer(await anna.check(page, { manner: 'script' }), 401, 'session-expired');
      expectAnswer(await anna.check(page), 302, 'login-started');
    });

    test('makes no call on a public path', async () => {
      const anna = await signedIn();
      offset = 31;
      const before = calls();
      expectAnswer(await anna.check(`${SHOP}/`), 200, 'public');
      expect(calls() - before).toBe(0);
    });
  });

  test('where introspection is off, nobody is asked', async () => {
    const token = await opaque();
    const before = calls();
    expectAnswer(await asker(() => off)('/orders/1', token), 401, 'token-malformed');
    expect(calls() - before).toBe(0);
  });
});

describe('a provider that answers wrongly', () => {
  let hostile: HostileProvider;
  let world: World;
  let offset = 0;
  let answer: { status?: number; type?: string; body?: string } = {};
  const send = asker(() => world);
  const calls = (): number => hostile.requests.filter(({ path }) => path === '/introspect').length;

  beforeAll(async () => {
    hostile = await startHostileProvider();
    hostile.misbehaviour = {
      metadata: (document) => ({ ...document, introspection_endpoint: `${hostile.issuer}/introspect` }),
      answer(path, response) {
        if (path !== '/introspect') return false;
        response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json' });
        response.end(answer.body);
        return true;
      },
    };
    world = await startTestWorld({
      rules: RULES,
      env: ON,
      issuer: hostile.issuer,
      now: () => Math.floor(Date.now() / 1000) + offset,
    });
  });
  beforeEach(() => {
    // Out of reach of what was remembered.
    offset += 60;
  });
  afterAll(async () => {
    await world[Symbol.asyncDispose]();
    await hostile[Symbol.asyncDispose]();
  });

  const honest = (): Record<string, unknown> => {
    const now = Math.floor(Date.now() / 1000) + offset;
    return {
      ...{ active: true, iss: hostile.issuer, sub: 'carl', aud: API, client_id: 'cli', token_type: 'Bearer' },
      ...{ scope: 'orders:read', iat: now, exp: now + 300, acr: 'gold' },
    };
  };
  const saying = (claims: Record<string, unknown>): { body: string } => ({
    body: JSON.stringify({ ...honest(), ...claims }),
  });

  let count = 0;
  const NO_SCOPE = '403 scope-missing';
  test.each<[string, Record<string, unknown>, string]>([
    ['the truth', {}, '200 permitted'],
    [
      'neither issuer, subject, issue time nor type',
      { iss: undefined, sub: undefined, iat: undefined, token_type: undefined },
      '200 permitted',
    ],
    ['scopes in a list', { scope: ['orders:read'] }, '200 permitted'],
    ['several audiences', { aud: ['https://other.example', API] }, '200 permitted'],
    ['active in quotes', { active: 'true' }, '401 token-inactive'],
    ['active as a number', { active: 1 }, '401 token-inactive'],
    ['active as null', { active: null }, '401 token-inactive'],
    ['no active', { active: undefined }, '401 token-inactive'],
    ['inactive', { active: false }, '401 token-inactive'],
    ['another issuer', { iss: 'https://other.example' }, '401 token-issuer'],
    ['another type of token', { token_type: 'refresh_token' }, '401 token-type'],
    ['a DPoP-bound token', { token_type: 'DPoP' }, '401 token-type'],
    ['a bound token', { cnf: { jkt: 'x' } }, '401 token-bound'],
    ['no audience', { aud: undefined }, '401 token-claims'],
    ['another audience', { aud: 'https://other.example' }, '401 token-audience'],
    ['our own client as the audience', { aud: 'shop' }, '401 token-audience'],
    ['no end', { exp: undefined }, '401 token-claims'],
    ['an end in the past', { exp: 1 }, '401 token-expired'],
    ['an end as text', { exp: '9999999999' }, '401 token-claims'],
    [
      'a beginning in the future',
      { nbf: Math.floor(Date.now() / 1000) + 100_000 },
      '401 token-not-yet-valid',
    ],
    ['no client', { client_id: undefined }, '401 token-claims'],
    ['no scope', { scope: undefined }, NO_SCOPE],
    ['a scope that only begins alike', { scope: 'orders:reader' }, NO_SCOPE],
    ['a scope that is none', { scope: { admin: true } }, '401 token-claims'],
  ])('says %s', async (_, claims, expected) => {
    answer = saying(claims);
    count += 1;
    const got = await send('/orders/1', `token-${count}`);
    expect(`${got.status} ${got.reason}`).toBe(expected);
  });

  test('the acr of a step-up is the answer’s own', async () => {
    answer = saying({});
    expectAnswer(await send('/vault/1', 'golden'), 200, 'permitted');
    answer = saying({ acr: 'lead' });
    expectAnswer(await send('/vault/1', 'leaden'), 401, 'step-up-needed');
  });

  test.each<[string, typeof answer]>([
    ['a server error', { status: 500 }],
    ['a refusal of our own client', { status: 401, body: '{"error":"invalid_client"}' }],
    ['a page', { type: 'text/html', body: JSON.stringify({ active: true }) }],
    ['a list', { body: '[true]' }],
    ['no JSON', { body: 'active' }],
    ['more than a megabyte', { body: JSON.stringify({ active: true, x: 'x'.repeat(2 ** 20) }) }],
  ])('gives %s: nobody passes, and nothing is remembered', async (name, wrong) => {
    answer = wrong;
    const token = `unanswered-${name.length}`;
    const refused = await send('/orders/1', token);
    expectAnswer(refused, 503, 'introspection-unavailable');
    expectWellFormed(world, refused, false);
    answer = saying({});
    expectAnswer(await send('/orders/1', token), 200, 'permitted');
  });

  test('an outage signs nobody out: what was said last of a session’s token holds to its end', async () => {
    const exp = Math.floor(Date.now() / 1000) + offset + 100;
    hostile.misbehaviour = {
      ...hostile.misbehaviour,
      tokens: (body) => ({ ...body, access_token: 'opaque-of-a-session' }),
      idTokenClaims: (claims) => ({
        ...claims,
        iat: Number(claims['iat']) + offset,
        exp: Number(claims['exp']) + offset,
      }),
    };
    answer = saying({ sub: 'alice', exp });
    const alice = new Browser(world);
    expectAnswer(await alice.signIn(`${SHOP}/account/`), 303, 'login-completed');
    answer = { status: 500 };
    offset += 40;
    expectAnswer(await alice.check(`${SHOP}/account/`), 200, 'permitted');
    // A bearer token is no session: who brings it can wait.
    expectAnswer(await send('/account/', 'opaque-of-a-session'), 503, 'introspection-unavailable');
    offset += 65;
    expectAnswer(await alice.check(`${SHOP}/account/`), 302, 'login-started');
    answer = saying({});
    expectAnswer(await send('/orders/1', 'the-endpoint-is-back'), 200, 'permitted');
  });

  test('a flood of questions to an endpoint that fails is a handful of calls, and those that are known go on', async () => {
    answer = saying({});
    expectAnswer(await send('/orders/1', 'good'), 200, 'permitted');
    answer = { status: 503 };
    const before = calls();
    for (let at = 0; at < 100; at += 1)
      expectAnswer(await send('/orders/1', `flood-${at}`), 503, 'introspection-unavailable');
    expect(calls() - before).toBe(5);
    expectAnswer(await send('/orders/1', 'good'), 200, 'permitted');
  });
});
