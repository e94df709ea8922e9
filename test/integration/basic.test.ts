import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, startTestWorld, type World } from '../support/world.ts';

const API = 'https://api.shop.localhost';
const at = (host: string): string => `http://${host}.localhost:8080`;
const SHOP = at('shop');
const appOf = (name: string, more: string): string => `
app: ${name}
hosts: [${name}.localhost]
audience: ${API}
${more}
rules:
  /: public
  /account/**: authenticated
  /orders/**:
    GET: ["orders:read"]
    POST: ["orders:write"]
    PUT: { all: ["orders:read"], any: ["orders:write", staff] }
  /staff/**: [staff]
  /elsewhere/**: { audience: "https://unknown.example", all: ["orders:read"] }
`;

const requests: string[] = [];
let offset = 0;
let world: World;
const calls = (): number => requests.filter((url) => url === 'POST /token').length;

beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'shop.yaml': appOf('shop', 'credentials: [session, bearer, basic]'),
      'robots.yaml': appOf('robots', 'credentials: [basic]'),
      'kept.yaml': appOf('kept', 'credentials: [basic]\npassAccessToken: false'),
      'people.yaml': appOf('people', ''),
    },
    provider: {
      people: PEOPLE,
      resources: RESOURCES.map((one) => ({ ...one, lifetime: 1_000_000 })),
      serviceGrants: (id) => (id === 'robot' ? ['orders:read', 'orders:write'] : []),
      onRequest: (method, url) => void requests.push(`${method} ${url}`),
    },
    now: () => Math.floor(Date.now() / 1000) + offset,
  });
  // Discovery is not what is counted.
  await new Promise((resolve) => setTimeout(resolve, 200));
});
beforeEach(() => {
  // Beyond what was remembered before, and beyond the pause after a wrong secret.
  offset += 1000;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const basic = (id: string, secret: string): string[] => [
  'Authorization',
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
];
const RIGHT = basic('robot', CLIENT_SECRET);
const WRONG = basic('robot', 'a-guess');
const send = (path: string, lines: readonly string[], ask: Ask = {}): Promise<Answer> =>
  new Browser(world).check(path.startsWith('http') ? path : SHOP + path, { manner: 'plain', ...ask, lines });

describe('a client id and its secret', () => {
  test('get an access token, which decides and goes on in their place', async () => {
    const before = calls();
    const answer = await send('/orders/1', RIGHT);
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers).toMatchObject({
      'x-auth-subject': 'robot',
      'x-auth-client': 'robot',
      'x-auth-scopes': 'orders:read',
    });
    const [scheme, token = ''] = String(answer.headers.authorization).split(' ');
    expect(scheme).toBe('Bearer');
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      aud: API,
      client_id: 'robot',
      scope: 'orders:read',
    });
    expect(answer.setCookie).toEqual([]);
    expect(world.log.at(-1)).toMatchObject({ credential: 'basic', subject: 'robot' });
    for (const _ of [1, 2]) expectAnswer(await send('/orders/2', RIGHT), 200, 'permitted');
    expect(calls() - before).toBe(1);
    // Only what the rule needs is asked for.
    expectAnswer(await send('/orders/1', RIGHT, { method: 'POST' }), 200, 'permitted');
    expect(calls() - before).toBe(2);
  });

  test('are shown to the provider once for a hundred checks at once, and again after five minutes', async () => {
    const before = calls();
    const answers = await Promise.all(Array.from({ length: 100 }, () => send('/orders/1', RIGHT)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(calls() - before).toBe(1);
    offset += 290;
    expectAnswer(await send('/orders/1', RIGHT), 200, 'permitted');
    offset += 11;
    expectAnswer(await send('/orders/1', RIGHT), 200, 'permitted');
    expect(calls() - before).toBe(2);
  });

  test('that may not do this are told so', async () => {
    expectAnswer(await send('/orders/1', RIGHT, { method: 'PUT' }), 200, 'permitted');
    const refused = await send('/staff/1', RIGHT);
    expectAnswer(refused, 403, 'scope-missing');
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", error="insufficient_scope", scope="staff"',
    );
    const other = await send('/orders/1', basic('shop', CLIENT_SECRET));
    expectAnswer(other, 401, 'client-refused');
    const elsewhere = await send('/elsewhere/1', RIGHT);
    expectAnswer(elsewhere, 403, 'audience-refused');
  });

  test('the upstream gets nothing where the app passes no access token', async () => {
    const answer = await send(`${at('kept')}/orders/1`, RIGHT);
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers.authorization).toBeUndefined();
  });

  test('never reach the upstream: not by a public path, nor by one for people', async () => {
    for (const host of [SHOP, at('robots'), at('kept')]) {
      const answer = await send(`${host}/`, RIGHT);
      expectAnswer(answer, 200, 'public');
      expect(answer.headers.authorization).toBeUndefined();
    }
    // An app that does not take them leaves them to its upstream.
    expect((await send(`${at('people')}/`, RIGHT)).headers.authorization).toBe(RIGHT[1]);
  });

  test('are in no log', async () => {
    await send('/orders/1', RIGHT);
    await send('/orders/1', WRONG);
    const text = JSON.stringify(world.log);
    for (const secret of [CLIENT_SECRET, 'a-guess', String(RIGHT[1]).slice(6)])
      expect(text).not.toContain(secret);
  });
});

describe('a wrong secret', () => {
  test('is refused without a prompt for another, and slows down those that follow', async () => {
    const before = calls();
    const refused = await send('/orders/1', WRONG);
    expectAnswer(refused, 401, 'client-refused');
    expectWellFormed(world, refused, false);
    // A challenge of the scheme Basic would make browsers ask people for a client secret.
    expect(refused.headers['www-authenticate']).toBe('Bearer realm="shop.localhost"');
    expect(refused.setCookie).toEqual([]);
    for (const guess of ['1', '2', '3']) {
      const slowed = await send('/orders/1', basic('robot', guess));
      expectAnswer(slowed, 429, 'client-slowed');
      expect(slowed.headers['retry-after']).toBe('5');
    }
    expect(calls() - before).toBe(1);
    offset += 2;
    expectAnswer(await send('/orders/1', basic('robot', '4')), 401, 'client-refused');
    // The pause is twice as long by now.
    offset += 1;
    expectAnswer(await send('/orders/1', basic('robot', '5')), 429, 'client-slowed');
    expect(calls() - before).toBe(2);
    // Another client is not concerned.
    expectAnswer(await send('/orders/1', basic('nobody', 'x')), 401, 'client-refused');
  });

  test('does not lock out who has the right one', async () => {
    expectAnswer(await send('/orders/1', RIGHT), 200, 'permitted');
    expectAnswer(await send('/orders/1', WRONG), 401, 'client-refused');
    expectAnswer(await send('/orders/1', basic('robot', 'x')), 429, 'client-slowed');
    // Not even for a token that it has not got yet.
    expectAnswer(await send('/account/', RIGHT), 200, 'permitted');
    // That it is right does not give the other one more guesses.
    expectAnswer(await send('/orders/1', basic('robot', 'y')), 429, 'client-slowed');
  });

  test('is counted', async () => {
    const count = async (): Promise<number> => {
      const { body } = await world.send('adminListen', '/metrics', []);
      return Number(/^postern_wrong_client_secrets_total\{provider="default"\} (\d+)$/m.exec(body)?.[1] ?? 0);
    };
    const before = await count();
    await send('/orders/1', WRONG);
    expect((await count()) - before).toBe(1);
  });
});

describe('in a browser', () => {
  test.each(['page', 'form', 'frame'] as const)('%s: they are not read', async (manner) => {
    const before = calls();
    const answer = await new Browser(world).check(`${SHOP}/orders/1`, { manner, lines: RIGHT });
    expect(answer.status).toBe(manner === 'frame' ? 401 : 302);
    const robots = await new Browser(world).check(`${at('robots')}/orders/1`, { manner, lines: RIGHT });
    expect([robots.status, robots.reason]).toEqual([401, 'login-needed']);
    expect(robots.headers['www-authenticate']).not.toMatch(/basic/i);
    expect(calls() - before).toBe(0);
  });

  test('a page of a foreign origin cannot act with those that the browser keeps', async () => {
    const from = ['Origin', 'https://evil.example', 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'cors'];
    const answer = await send('/orders/1', [...RIGHT, ...from], { method: 'POST' });
    expectAnswer(answer, 403, 'cross-site');
  });
});

test.each([
  ['Basic', 400, 'authorization-malformed'],
  ['Basic x', 400, 'authorization-malformed'],
  ['Basic eDp5, Bearer x', 400, 'authorization-malformed'],
  [`Basic ${Buffer.from('robot').toString('base64')}`, 400, 'authorization-malformed'],
  [`Basic ${Buffer.from(':x').toString('base64')}`, 400, 'authorization-malformed'],
  [`Basic ${Buffer.from('robot:').toString('base64')}`, 400, 'authorization-malformed'],
  [`Basic ${Buffer.from('robot:a\nb').toString('base64')}`, 400, 'authorization-malformed'],
  [`Basic ${Buffer.from([0x72, 0x3a, 0xff]).toString('base64')}`, 400, 'authorization-malformed'],
  [`Basic ${Buffer.from('ro:x').toString('base64').replace('=', '')}`, 400, 'authorization-malformed'],
  [`bAsIc ${Buffer.from(`robot:${CLIENT_SECRET}`).toString('base64')}`, 200, 'permitted'],
])('%j', async (line, status, reason) => {
  expectAnswer(await send('/orders/1', ['Authorization', line]), status, reason);
});

test('an app that does not take them lets them be nobody, and asks nobody', async () => {
  const before = calls();
  expectAnswer(await send(`${at('people')}/orders/1`, RIGHT), 401, 'login-needed');
  expect(calls() - before).toBe(0);
});
