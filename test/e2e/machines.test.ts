import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/e2e-gateway.ts';
import { EXCHANGE_GRANT, type ExchangeAsked, registerExchange } from '../support/exchanging-provider.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { signJws } from '../support/jws.ts';
import { makeRulesFolder, type RulesFolder } from '../support/rules-folder.ts';
import { CLIENT_SECRET, SESSION_SECRET } from '../support/world.ts';

// The built program, configured by a file as an operator writes it, and callers who bring something.

const ORDERS = 'https://api.orders.example';
const OPAQUE = 'https://api.opaque.example';
const PORTAL = 'https://api.portal.example';
const GATEWAY = 'https://gateway.example';
const RESOURCES = [
  { audience: ORDERS, scopes: ['orders:read', 'orders:write'] },
  { audience: OPAQUE, scopes: ['orders:read'], format: 'opaque' as const },
  { audience: PORTAL, scopes: ['portal:use'] },
];

let op: RunningProvider;
let partner: HostileProvider;
let asked: readonly ExchangeAsked[];
let gateway: GatewayProcess;
let folder: RulesFolder;

const app = (name: string, audience: string, more: string): string =>
  `app: ${name}\nhosts: [${name}.example]\naudience: ${audience}\n${more}\nrules: { "/orders/**": { GET: ["orders:read"], POST: ["orders:write"] } }\n`;

beforeAll(async () => {
  partner = await startHostileProvider();
  op = await startProvider({
    people: [],
    resources: RESOURCES,
    serviceGrants: (client) => (client === 'robot' ? ['orders:read', 'portal:use'] : []),
    clients: [
      {
        client_id: 'gateway',
        client_secret: CLIENT_SECRET,
        grant_types: ['authorization_code', EXCHANGE_GRANT],
        redirect_uris: ['https://orders.example/_auth/callback'],
      },
      {
        client_id: 'robot',
        client_secret: 'the-secret-of-the-robot',
        ...{ grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
      },
    ],
  });
  asked = registerExchange(op, RESOURCES);
  folder = makeRulesFolder({
    'orders.yaml': app('orders', ORDERS, 'credentials: [bearer, basic]\nexchange: [portal, partner]'),
    'opaque.yaml': app('opaque', OPAQUE, ''),
    // Beside the rules, where names with a dot are not read as rules.
    '.postern.yaml': `
provider:
  issuer: ${op.issuer}
  clientId: gateway
  clientSecret: ${CLIENT_SECRET}
  introspection: true
session: { secret: ${SESSION_SECRET} }
rules: .
exchange:
  - name: portal
    from: { issuer: "${op.issuer}", audience: "${PORTAL}" }
    to: { audience: "${ORDERS}", scopes: ["orders:read"] }
    bearer: true
  - name: partner
    from: { issuer: "${partner.issuer}", audience: "${GATEWAY}" }
    to: { audience: "${ORDERS}", scopes: ["orders:read"] }
federation:
  - { issuer: "${partner.issuer}", subject: partner-service, audience: "${GATEWAY}", exchange: partner }
`,
  });
  gateway = await startGatewayProcess({ POSTERN_CONFIG: `${folder.path}/.postern.yaml` });
});
afterAll(async () => {
  await gateway.stop();
  await op.close();
  await partner[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

interface Said {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
}

async function check(host: string, authorization: string, method = 'GET'): Promise<Said> {
  const response = await fetch(`http://${gateway.listen}/verify`, {
    headers: {
      ...{ 'X-Forwarded-Method': method, 'X-Forwarded-Proto': 'https' },
      ...{ 'X-Forwarded-Host': `${host}.example`, 'X-Forwarded-Uri': '/orders/1' },
      authorization,
    },
  });
  const body = await response.text();
  const reason = body === '' ? '' : (JSON.parse(body) as { reason: string }).reason;
  return { status: response.status, reason, headers: response.headers };
}

const basic = (id: string, secret: string): string => `Basic ${btoa(`${id}:${secret}`)}`;
const passedOn = ({ headers }: Said): string => (headers.get('authorization') ?? '').slice('Bearer '.length);

async function tokenFor(resource: string): Promise<string> {
  const response = await fetch(`${op.issuer}/token`, {
    method: 'POST',
    headers: { authorization: basic('robot', 'the-secret-of-the-robot') },
    body: new URLSearchParams({
      ...{ grant_type: 'client_credentials', resource },
      scope: 'orders:read portal:use',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

test('an opaque token is what the provider says it is', async () => {
  const token = await tokenFor(OPAQUE);
  const permitted = await check('opaque', `Bearer ${token}`);
  expect([permitted.status, permitted.headers.get('x-auth-subject'), passedOn(permitted)]).toEqual([
    ...[200, 'robot', token],
  ]);
  expect(await check('opaque', `Bearer ${token}`, 'POST')).toMatchObject({
    status: 403,
    reason: 'scope-missing',
  });
  expect(await check('opaque', 'Bearer nobody')).toMatchObject({ status: 401, reason: 'token-inactive' });
  expect(await check('orders', `Bearer ${token}`)).toMatchObject({ status: 401, reason: 'token-audience' });
});

test('a client id and its secret get an access token, and reach nobody', async () => {
  const permitted = await check('orders', basic('robot', 'the-secret-of-the-robot'));
  expect(permitted.status).toBe(200);
  expect(decodeJwt(passedOn(permitted))).toMatchObject({ aud: ORDERS, client_id: 'robot' });
  const wrong = await check('orders', basic('robot', 'a-guess-of-somebody'));
  expect(wrong).toMatchObject({ status: 401, reason: 'client-refused' });
  expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="orders.example"');
  expect(await check('orders', basic('robot', 'another-guess'))).toMatchObject({
    ...{ status: 429, reason: 'client-slowed' },
  });
  expect(gateway.output()).not.toMatch(/the-secret-of-the-robot|a-guess-of-somebody|another-guess/);
});

test('a token for another audience is exchanged, once, and leaves a line', async () => {
  const token = await tokenFor(PORTAL);
  const before = asked.length;
  for (const _ of [1, 2]) {
    const permitted = await check('orders', `Bearer ${token}`);
    expect(permitted.status).toBe(200);
    expect(decodeJwt(passedOn(permitted))).toMatchObject({ aud: ORDERS, sub: 'robot', client_id: 'gateway' });
  }
  expect(asked.length - before).toBe(1);
  expect(gateway.log().findLast(({ event }) => event === 'exchanged')).toMatchObject({
    ...{
      exchange: 'portal',
      outcome: 'granted',
      subject: 'robot',
      client: 'robot',
      from: PORTAL,
      to: ORDERS,
    },
  });
  expect(gateway.output()).not.toContain(token.split('.')[1]);
});

test('a partner’s service gets an internal token, and another service of the partner none', async () => {
  const now = Math.floor(Date.now() / 1000);
  const { alg, kid } = partner.keys.accessToken;
  const mint = (sub: string): string =>
    signJws(
      { alg, kid },
      { iss: partner.issuer, sub, aud: GATEWAY, iat: now, exp: now + 300 },
      partner.keys.accessToken,
    );
  const permitted = await check('orders', `Bearer ${mint('partner-service')}`);
  expect(permitted.status).toBe(200);
  expect(decodeJwt(passedOn(permitted))).toMatchObject({ iss: op.issuer, aud: ORDERS });
  const before = asked.length;
  expect(await check('orders', `Bearer ${mint('other-service')}`)).toMatchObject({
    ...{ status: 401, reason: 'token-unfederated' },
  });
  expect(asked.length).toBe(before);
});
