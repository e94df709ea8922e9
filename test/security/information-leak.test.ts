import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Browser, type Manner } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

// Secrets in logs, pages, JSON and headers (CWE-532, CWE-209; RFC 9700 4.2 and 4.3), and caching of private answers.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { /admin: [admin], /public: public, /closed: deny, "/**": authenticated }
`;
let op: HostileProvider;
let world: World;
const secrets = new Set<string>([CLIENT_SECRET, SESSION_SECRET]);
const answers: Answer[] = [];
const keep = (answer: Answer): Answer => {
  answers.push(answer);
  return answer;
};
const remember = (browser: Browser): void => {
  for (const { value } of browser.jar.getCookiesSync(SHOP)) if (value.length > 12) secrets.add(value);
};

beforeAll(async () => {
  op = await startHostileProvider();
  world = await startTestWorld({ rules: { 'shop.yaml': RULES }, issuer: op.issuer });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await op[Symbol.asyncDispose]();
});

const atToken = (answer: (response: ServerResponse) => void): HostileProvider['misbehaviour'] => ({
  answer: (path, response) => {
    if (path !== '/token') return false;
    answer(response);
    return true;
  },
});

async function login(change: HostileProvider['misbehaviour'] = {}): Promise<Browser> {
  op.misbehaviour = {
    ...change,
    tokens: (body) => {
      secrets.add(String(body['access_token'])).add(String(body['id_token']));
      return change.tokens === undefined ? body : change.tokens(body);
    },
  };
  const browser = new Browser(world);
  const started = await browser.check(`${SHOP}/x?token=url-secret-1234`);
  remember(browser);
  const asked = new URL(String(started.headers.location)).searchParams;
  for (const name of ['nonce', 'state']) secrets.add(asked.get(name) ?? '');
  const callback = op.authorize(String(started.headers.location));
  secrets.add(callback.searchParams.get('code') ?? '');
  keep(await browser.check(callback.href));
  keep(await browser.check(callback.href));
  remember(browser);
  return browser;
}

test('no secret reaches the log, a page or a problem JSON, whatever goes wrong', async () => {
  const good = await login();
  const failures: HostileProvider['misbehaviour'][] = [
    { tokens: (body) => ({ ...body, token_type: 'mac' }) },
    { tokens: () => 'text' },
    { tokens: (body) => ({ ...body, access_token: 'opaque-secret-token-0123456789' }) },
    { tokens: (body) => ({ ...body, id_token: `${body['id_token']}x` }) },
    { tokens: (body) => ({ error: body['access_token'], error_description: body['id_token'] }) },
    {
      tokens: ({ access_token, id_token }) => ({
        token_type: 'Bearer',
        access_token: { access_token },
        id_token,
      }),
    },
    { accessTokenClaims: (claims) => ({ ...claims, exp: 1 }) },
    { accessTokenClaims: (claims) => ({ ...claims, cnf: { jkt: 'x' } }) },
    { accessTokenHeader: (header) => ({ ...header, kid: 'unknown' }) },
    { idTokenClaims: (claims) => ({ ...claims, nonce: 'x' }) },
    { idTokenClaims: (claims) => ({ ...claims, at_hash: 'x' }) },
    atToken((response) => response.writeHead(500).end('stack at /srv/idp.js')),
    atToken((response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end()),
    atToken((response) => response.destroy()),
  ];
  for (const failure of failures) await login(failure);
  op.misbehaviour = {};
  for (const path of [
    '/x?access_token=query-secret-5678',
    '/admin',
    '/public',
    '/closed',
    '/_auth/login',
    '/_auth/error',
    '/_auth/logged-out',
    '/_auth/nothing',
  ])
    for (const manner of ['page', 'script', 'frame', 'form', 'websocket'] as Manner[])
      for (const method of ['GET', 'POST']) {
        const lines = manner === 'script' ? ['Authorization', 'Bearer bad-secret-bearer-9876'] : [];
        const answer = await good.check(`${SHOP}${path}`, { manner, method, lines });
        if (answer.status !== 200) keep(answer);
      }
  const account = [
    await good.page(`${SHOP}/_auth/`),
    await good.page(`${SHOP}/_auth/me`, { manner: 'script' }),
  ];
  for (const answer of account) {
    expect(answer.status).toBe(200);
    keep(answer);
  }
  for (const word of [
    'url-secret-1234',
    'query-secret-5678',
    'bad-secret-bearer-9876',
    'opaque-secret-token-0123456789',
  ])
    secrets.add(word);
  secrets.delete('');
  expect(secrets.size).toBeGreaterThan(60);
  const log = JSON.stringify(world.log);
  for (const secret of secrets) {
    expect(log.includes(secret) ? secret : '').toBe('');
    // A JWT's payload alone is as telling.
    const [, payload] = secret.split('.');
    if (payload !== undefined && payload.length > 40) expect(log.includes(payload)).toBe(false);
  }
  for (const { body, status, reason } of answers) {
    // The address that was asked for, and the login that leads back to it, are the person's own.
    for (const secret of secrets)
      if (!/^(url|query)-secret/.test(secret))
        expect([status, reason, body.includes(secret) ? secret : '']).toEqual([status, reason, '']);
    expect(body).not.toMatch(/node_modules|\bat .*\.[jt]s:|169\.254|\/srv\//);
    expect(body).not.toContain(op.issuer);
  }
});

test('every answer of ours forbids storing, sniffing, and says nothing of what runs here', () => {
  expect(answers.length).toBeGreaterThan(80);
  for (const { headers, body, status, reason } of answers) {
    const where = [status, reason];
    expect([...where, headers['cache-control']]).toEqual([...where, 'no-store']);
    expect([...where, headers['x-content-type-options']]).toEqual([...where, 'nosniff']);
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
    expect(headers).not.toHaveProperty('etag');
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(16 * 1024);
    expect(headers).not.toHaveProperty('x-auth-subject');
  }
});

test('the callback leaves no code behind: 303, no-referrer, and pages of a failure send none', () => {
  for (const { headers, status } of answers.filter(({ reason }) =>
    /^login|^callback|^provider|token/.test(reason),
  ))
    if (
      status !== 401 &&
      (status >= 300 || status < 200) &&
      headers['content-type'] !== 'application/problem+json'
    )
      expect(headers['referrer-policy']).toBe('no-referrer');
});

// DNS rebinding: a page of evil.example that resolves to 127.0.0.1 reads what the admin listener says (design section 4:
// "read-only, Host checked").
test.each(['evil.example', 'evil.example:4181', 'localhost.evil.example'])(
  'the admin listener does not answer the Host %s',
  async (host) => {
    for (const path of ['/readyz', '/healthz', '/metrics']) {
      const answer = await world.send('adminListen', path, ['Host', host]);
      expect([path, answer.status]).toEqual([path, expect.not.stringMatching(/^2/)]);
      expect(answer.status < 200 || answer.status > 299).toBe(true);
    }
  },
);
test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('the admin listener is read-only: %s', async (method) => {
  const answer = await world.send('adminListen', '/readyz', [], method);
  expect([404, 405]).toContain(answer.status);
});

test('what Node refuses by itself shows nothing either', async () => {
  for (const address of Object.values(world.gateway.addresses)) {
    const [host = '', port] = address.split(':');
    const received = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), host, () => socket.end('BLAH\r\n\r\n'));
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
      });
      socket.on('close', () => resolve(text));
    });
    expect(received).toMatch(/^HTTP\/1\.1 400 /);
    expect(received.length).toBeLessThan(400);
  }
});
