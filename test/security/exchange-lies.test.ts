import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, signJws } from '../support/jws.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

type Json = Record<string, unknown>;
const PORTAL = 'https://api.portal.example';
const DASH = 'https://api.dash.example';
const URL_OF = 'http://dash.localhost:8080';
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
const RULES = {
  'dash.yaml': `
app: dash
hosts: [dash.localhost]
audience: ${DASH}
exchange: [dash]
rules:
  /any/**: authenticated
  /board/**: ["dash:read"]
  /admin/**: [admin]
`,
};

/** Where a provider shaped like ProAuth has its token endpoint. */
const TOKEN = '/connect/token';
let provider: HostileProvider;
let world: World;
let answer: (form: URLSearchParams, response: ServerResponse) => void;
let offset = 0;
const calls = (): HostileProvider['requests'] =>
  provider.requests.filter(({ form }) => form.get('grant_type') === GRANT);

beforeAll(async () => {
  provider = await startHostileProvider();
  provider.misbehaviour = {
    metadata: (document) => ({ ...document, token_endpoint: `${provider.issuer}${TOKEN}` }),
    answer(path, response) {
      if (path !== TOKEN) return false;
      answer(provider.requests.at(-1)?.form ?? new URLSearchParams(), response);
      return true;
    },
  };
  const text = `
provider: { kind: proauth, issuer: "${provider.issuer}", clientId: shop, clientSecret: "${CLIENT_SECRET}" }
session: { secret: "${SESSION_SECRET}" }
exchange:
  - name: dash
    from: { issuer: "${provider.issuer}", audience: "${PORTAL}" }
    to: { audience: "${DASH}", scopes: ["dash:read"] }
    bearer: true
`;
  world = await startTestWorld({
    rules: RULES,
    issuer: provider.issuer,
    now: () => Math.floor(Date.now() / 1000) + offset,
    env: {
      POSTERN_CONFIG: '/postern.yaml',
      ...{ POSTERN_PROVIDER_ISSUER: undefined, POSTERN_PROVIDER_CLIENT_ID: undefined },
      ...{ POSTERN_PROVIDER_CLIENT_SECRET: undefined, POSTERN_SESSION_SECRET: undefined },
    },
    readFile: (path) => (path === '/postern.yaml' ? text : undefined),
  });
});
beforeEach(() => {
  // Beyond what was remembered, and beyond the exchanges of the minute before.
  offset += 100;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** In the manner of ProAuth: a plain JWT, `aud` and `scope` as lists. A claim that is undefined is left out. */
function mint(claims: Json = {}, header: Json = {}, key = provider.keys.accessToken): string {
  const now = Math.floor(Date.now() / 1000) + offset;
  return signJws(
    { alg: key.alg, kid: key.kid, typ: 'JWT', ...header },
    {
      ...{ iss: provider.issuer, sub: 'carl', aud: [DASH], client_id: 'shop', scope: ['dash:read'] },
      ...{ iat: now, exp: now + 300, jti: `${Math.random()}` },
      ...claims,
    },
    key,
  );
}
const body = (claims: Json = {}, more: Json = {}, header: Json = {}): Json => ({
  ...{ access_token: mint(claims, header), token_type: 'Bearer', expires_in: 300 },
  issued_token_type: `${TYPE}access_token`,
  ...more,
});
const json = (response: ServerResponse, value: unknown, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

let subject = '';
const send = (path: string): Promise<Answer> =>
  new Browser(world).check(URL_OF + path, {
    manner: 'plain',
    lines: ['Authorization', `Bearer ${subject}`],
  });
beforeEach(() => {
  subject = mint({ aud: [PORTAL], client_id: 'portal', scope: ['portal:use'] });
});

test('an honest answer in the shape of ProAuth: what is asked, and what decides', async () => {
  answer = (_, response) => json(response, body());
  expectAnswer(await send('/board/1'), 200, 'permitted');
  const { form, authorization } = calls().at(-1) ?? {};
  expect(authorization).toBeUndefined();
  expect(Object.fromEntries(form ?? [])).toEqual({
    ...{ client_id: 'shop', client_secret: CLIENT_SECRET, grant_type: GRANT },
    ...{ subject_token: subject, subject_token_type: `${TYPE}access_token` },
    ...{ requested_token_type: `${TYPE}access_token`, resource: DASH, scope: 'dash:read' },
  });
});

test.each<[string, () => Json]>([
  ['for another audience', () => body({ aud: ['https://else.example'] })],
  ['for what it came from', () => body({ aud: [PORTAL] })],
  ['of another subject', () => body({ sub: 'anna' })],
  ['of another issuer', () => body({ iss: 'https://else.example' })],
  ['that has ended', () => body({ exp: 1_700_000_000 })],
  ['that is an ID token', () => body({ nonce: 'n' })],
  ['that is bound', () => body({ cnf: { jkt: 'x' } })],
  ['with our client as the audience', () => body({ aud: ['shop', DASH] })],
  ['by another’s key', () => ({ ...body(), access_token: mint({}, {}, makeKey('ES256', 'at')) })],
  ['that is opaque', () => body({}, { access_token: 'opaque' })],
  ['that is the one it was for', () => body({}, { access_token: subject })],
  ['of no named type', () => body({}, { issued_token_type: undefined })],
  ['of the type of an ID token', () => body({}, { issued_token_type: `${TYPE}id_token` })],
  ['of the type of a refresh token', () => body({}, { issued_token_type: `${TYPE}refresh_token` })],
  ['that is none to be used (N_A)', () => body({}, { token_type: 'N_A' })],
  ['that is DPoP-bound', () => body({}, { token_type: 'DPoP' })],
  ['that is missing', () => body({}, { access_token: undefined })],
])('a new token %s lets nobody in, and is asked for once', async (_, make) => {
  const before = calls().length;
  answer = (_form, response) => json(response, make());
  for (const path of ['/board/1', '/any/', '/board/2']) {
    const refused = await send(path);
    expectAnswer(refused, 403, 'exchange-invalid');
    expectWellFormed(world, refused, false);
  }
  expect(calls().length - before).toBe(1);
  expect(world.log.findLast(({ event }) => event === 'exchanged')).toMatchObject({
    ...{ level: 'warn', outcome: 'invalid', subject: 'carl', client: 'portal', scopes: [] },
  });
});

describe('wider than asked', () => {
  test('scopes that the entry does not name decide nothing, whatever the response says', async () => {
    answer = (_, response) =>
      json(response, body({ scope: ['dash:read', 'admin'] }, { scope: 'dash:read admin' }));
    const permitted = await send('/board/1');
    expectAnswer(permitted, 200, 'permitted');
    expect(permitted.headers['x-auth-scopes']).toBe('dash:read');
    expectAnswer(await send('/admin/1'), 403, 'scope-missing');
  });

  test('the scopes of the response are not those of the token', async () => {
    answer = (_, response) => json(response, body({ scope: [] }, { scope: 'dash:read' }));
    expectAnswer(await send('/board/1'), 403, 'scope-missing');
  });
});

describe('a token that may not be exchanged makes no call', () => {
  test.each<[string, () => string, number, string]>([
    [
      'with an actor',
      () => mint({ aud: [PORTAL], client_id: 'portal', act: { sub: 'x' } }),
      403,
      'exchange-chained',
    ],
    ['of our own client', () => mint({ aud: [PORTAL], client_id: 'shop' }), 403, 'exchange-chained'],
    [
      'that has ended',
      () => mint({ aud: [PORTAL], client_id: 'portal', exp: 1_700_000_000 }),
      401,
      'token-expired',
    ],
    ['for another audience', () => mint({ aud: [`${PORTAL}/`], client_id: 'portal' }), 401, 'token-audience'],
    ['that is forged', () => mint({ aud: [PORTAL] }, {}, makeKey('ES256', 'at')), 401, 'token-signature'],
  ])('%s', async (_, make, status, reason) => {
    const before = calls().length;
    answer = (_form, response) => json(response, body());
    subject = make();
    expectAnswer(await send('/board/1'), status, reason);
    expect(calls().length - before).toBe(0);
  });
});

describe('a provider that refuses or fails', () => {
  test.each(['invalid_target', 'invalid_grant', 'invalid_request', 'invalid_scope', 'unauthorized_client'])(
    '%s is a 403, and no storm of retries',
    async (error) => {
      const before = calls().length;
      answer = (_, response) => json(response, { error, error_description: subject }, 400);
      for (const answer of await Promise.all(Array.from({ length: 50 }, () => send('/board/1'))))
        expectAnswer(answer, 403, 'exchange-refused');
      expectAnswer(await send('/board/1'), 403, 'exchange-refused');
      expect(calls().length - before).toBe(1);
      expect(JSON.stringify(world.log)).not.toContain(subject.split('.')[1]);
    },
  );

  test.each<[string, (response: ServerResponse) => void]>([
    ['500', (response) => json(response, { error: 'server_error' }, 500)],
    ['429', (response) => json(response, {}, 429)],
    ['a broken connection', (response) => void response.destroy()],
    ['temporarily_unavailable', (response) => json(response, { error: 'temporarily_unavailable' }, 400)],
    [
      'invalid_client: ours, so nobody’s token is to blame',
      (response) => json(response, { error: 'invalid_client' }, 401),
    ],
  ])('%s is a 503 that is tried again', async (_, fail) => {
    answer = (_form, response) => fail(response);
    const refused = await send('/board/1');
    expectAnswer(refused, 503, 'provider-unavailable');
    expectWellFormed(world, refused, false);
    answer = (_form, response) => json(response, body());
    expectAnswer(await send('/board/1'), 200, 'permitted');
  });

  test('a thousand checks while it fails are a handful of calls', async () => {
    const before = calls().length;
    answer = (_, response) => json(response, {}, 503);
    for (let count = 0; count < 20; count += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => send('/board/1')));
      expect(new Set(answers.map(({ reason }) => reason))).toEqual(new Set(['provider-unavailable']));
    }
    expect(calls().length - before).toBeLessThanOrEqual(6);
  });
});

test('what comes of an exchange ends with the token that it was for', async () => {
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  const now = Math.floor(Date.now() / 1000) + offset;
  subject = mint({ aud: [PORTAL], client_id: 'portal', exp: now + 50 });
  answer = (_, response) => json(response, body());
  expectAnswer(await send('/board/1'), 200, 'permitted');
  const before = calls().length;
  offset += 60;
  expectAnswer(await send('/board/1'), 401, 'token-expired');
  expect(calls().length - before).toBe(0);
});
