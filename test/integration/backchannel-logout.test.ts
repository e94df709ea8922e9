import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { FORM, logoutToken, sendLogoutToken } from '../support/logout-tokens.ts';
import { missingRedis, type RedisServer, startRedis } from '../support/redis-server.ts';
import { type Answer, CLIENT_SECRET, sendLines, startTestWorld, type World } from '../support/world.ts';

const at = (name: string): string => `http://${name}.localhost:8080`;
const SHOP = at('shop');
const OTHER = at('other');
const PATH = '/_auth/backchannel-logout';
const HOST = ['Host', 'shop.localhost:8080'];
const appOf = (name: string): string =>
  `app: ${name}\nhosts: [${name}.localhost]\naudience: ${SHOP_API}\nrules: { "/**": authenticated }\n`;
const rules = { 'shop.yaml': appOf('shop'), 'other.yaml': appOf('other') };
const hosts = ['shop.localhost:8080', 'other.localhost:8080'];

let provider: HostileProvider;
let world: World;
const more: AsyncDisposable[] = [];
const startWorld = async (env: Readonly<Record<string, string>>): Promise<World> => {
  const started = await startTestWorld({ rules, issuer: provider.issuer, env });
  more.push(started);
  return started;
};
beforeAll(async () => {
  provider = await startHostileProvider();
  world = await startWorld({ POSTERN_SESSION_STORE: 'memory' });
});
let session = 0;
let who = { sub: '', sid: '' };
beforeEach(() => {
  session += 1;
  who = { sub: `alice-${session}`, sid: `s${session}` };
  provider.misbehaviour = { idTokenClaims: (claims) => ({ ...claims, ...who }) };
});
afterAll(async () => {
  for (const one of more.reverse()) await one[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const signedIn = async (url = SHOP, by = world): Promise<Browser> => {
  const browser = new Browser(by);
  expect(await browser.signIn(`${url}/`)).toMatchObject({ status: 303, reason: 'login-completed' });
  return browser;
};
const isAlive = async (browser: Browser, url = SHOP): Promise<boolean> =>
  (await browser.check(`${url}/`, { manner: 'script' })).status === 200;
const expectAnswer = ({ status, reason, headers }: Answer, ...expected: [number, string]): void => {
  expect([status, reason]).toEqual(expected);
  expect(headers['cache-control']).toBe('no-store');
};

describe('LO4: a logout token', () => {
  test('with sid ends that session, on every host of the provider, and no other', async () => {
    const first = await signedIn();
    const elsewhere = await signedIn(OTHER);
    who = { ...who, sid: `${who.sid}-at-home` };
    const atHome = await signedIn();
    const token = logoutToken(provider, { sid: `s${session}`, sub: who.sub });
    // The host that it is sent to is any of the provider's apps.
    expectAnswer(await sendLogoutToken(world, token, 'other.localhost:8080'), 200, 'backchannel-logout');
    expect(world.log.at(-1)).toMatchObject({ cause: '2 of our sessions ended', subject: who.sub });
    const alive = [await isAlive(first), await isAlive(elsewhere, OTHER), await isAlive(atHome)];
    expect(alive).toEqual([false, false, true]);
  });

  test('with sub alone ends all sessions of the person, and of nobody else', async () => {
    const sub = who.sub;
    const first = await signedIn();
    who = { ...who, sid: 'another' };
    const atHome = await signedIn(OTHER);
    who = { ...who, sub: 'bob' };
    const bob = await signedIn();
    expectAnswer(await sendLogoutToken(world, logoutToken(provider, { sub })), 200, 'backchannel-logout');
    const alive = [await isAlive(first), await isAlive(atHome, OTHER), await isAlive(bob)];
    expect(alive).toEqual([false, false, true]);
  });

  test('of a session that is not here is good, and the person does not lose another one', async () => {
    const alice = await signedIn();
    const token = logoutToken(provider, { sid: 'unknown', sub: who.sub });
    expectAnswer(await sendLogoutToken(world, token), 200, 'backchannel-logout');
    expectAnswer(
      await sendLogoutToken(world, logoutToken(provider, { sub: 'x' })),
      200,
      'backchannel-logout',
    );
    expect(await isAlive(alice)).toBe(true);
  });

  test('counts once', async () => {
    const token = logoutToken(provider, { sub: who.sub });
    expectAnswer(await sendLogoutToken(world, token), 200, 'backchannel-logout');
    const alice = await signedIn();
    expectAnswer(await sendLogoutToken(world, token), 400, 'logout-token-invalid');
    expect(world.log.at(-1)).toMatchObject({ cause: 'jti was used before' });
    expect(await isAlive(alice)).toBe(true);
  });

  test('that does not hold ends nothing, and says why', async () => {
    const alice = await signedIn();
    const answer = await sendLogoutToken(world, logoutToken(provider, { ...who, nonce: 'n' }));
    expectAnswer(answer, 400, 'logout-token-invalid');
    expect(JSON.parse(answer.body)).toMatchObject({
      detail: expect.stringContaining('nonce is present, as in an ID token.'),
      request_id: world.log.at(-1)?.['requestId'],
    });
    expect(await isAlive(alice)).toBe(true);
  });

  test('is never an ID token or an access token of ours', async () => {
    const alice = await signedIn();
    const page = await alice.check(`${SHOP}/`);
    const [, accessToken = ''] = String(page.headers.authorization).split(' ');
    const out = await alice.copy().check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
    const idToken = new URL(String(out.headers.location)).searchParams.get('id_token_hint') ?? '';
    for (const token of [accessToken, idToken]) {
      expect(token).toMatch(/^ey.*\..*\./);
      expectAnswer(await sendLogoutToken(world, token), 400, 'logout-token-invalid');
    }
  });
});

describe('LO5: the address', () => {
  const good = (): string => `logout_token=${logoutToken(provider, who)}`;
  const JSON_TYPE = ['Content-Type', 'application/json'];
  const LONG = 'x'.repeat(17_000);

  test.each<
    [what: string, method: string, lines: readonly string[], body: () => string | undefined, reason: string]
  >([
    ['a GET', 'GET', [], () => undefined, '405 method-not-allowed'],
    ['a PUT', 'PUT', FORM, good, '405 method-not-allowed'],
    [
      'JSON',
      'POST',
      JSON_TYPE,
      () => `{"logout_token":"${logoutToken(provider, who)}"}`,
      '400 logout-token-invalid',
    ],
    ['a form under the name of JSON', 'POST', JSON_TYPE, good, '400 logout-token-invalid'],
    ['a form without a type', 'POST', [], good, '400 logout-token-invalid'],
    [
      'a form under a type that is like it',
      'POST',
      ['Content-Type', 'application/x-www-form-urlencodedx'],
      good,
      '400 logout-token-invalid',
    ],
    ['no body', 'POST', FORM, () => undefined, '400 logout-token-invalid'],
    ['an empty token', 'POST', FORM, () => 'logout_token=', '400 logout-token-invalid'],
    ['another field', 'POST', FORM, () => good().replace('logout', 'id'), '400 logout-token-invalid'],
    ['the token twice', 'POST', FORM, () => `${good()}&${good()}`, '400 logout-token-invalid'],
    ['more than 16 KB', 'POST', FORM, () => `${good()}&x=${LONG}`, '400 logout-token-invalid'],
    [
      'more than 16 KB, announced',
      'POST',
      [...FORM, 'Content-Length', '17000'],
      () => LONG.slice(0, 17_000),
      '400 logout-token-invalid',
    ],
    ['a form', 'POST', FORM, good, '200 backchannel-logout'],
    [
      'a form with a charset and a field more',
      'POST',
      ['Content-Type', 'Application/X-WWW-Form-URLEncoded; charset=utf-8'],
      () => `x=1&${good()}`,
      '200 backchannel-logout',
    ],
    [
      // Nothing of a browser is looked at: a provider has none of it, and who has a logout token may say so.
      'a form from a page of another site, with cookies',
      'POST',
      [...FORM, 'Origin', 'https://evil.example', 'Sec-Fetch-Site', 'cross-site', 'Cookie', 'postern=x'],
      good,
      '200 backchannel-logout',
    ],
  ])('takes of %s what it should', async (_what, method, lines, body, reason) => {
    const alice = await signedIn();
    const answer = await world.send('pagesListen', PATH, [...HOST, ...lines], method, body());
    expect(`${answer.status} ${answer.reason}`).toBe(reason);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.setCookie).toEqual([]);
    expect(await isAlive(alice)).toBe(answer.status !== 200);
  });

  test('reads no token from the query', async () => {
    const answer = await world.send('pagesListen', `${PATH}?${good()}`, [...HOST, ...FORM], 'POST');
    expectAnswer(answer, 400, 'logout-token-invalid');
  });

  test.each([
    ['pagesListen', 'evil.example', 403, 'unknown-host'],
    ['pagesListen', '127.0.0.1', 403, 'unknown-host'],
    ['listen', 'shop.localhost:8080', 404, 'router-missing'],
  ] as const)('is not there on %s for %s', async (listener, host, status, reason) => {
    const lines = ['X-Forwarded-Method', 'POST', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', host];
    const answer =
      listener === 'listen'
        ? await world.send('listen', '/verify', [...lines, 'X-Forwarded-Uri', PATH])
        : await sendLogoutToken(world, logoutToken(provider, who), host);
    expectAnswer(answer, status, reason);
  });

  test('waits no longer than three seconds for a body, and ends the connection', async () => {
    const [host, port] = world.gateway.addresses.pagesListen.split(':');
    const socket = connect(Number(port), host);
    const length = 'Content-Length: 100\r\n\r\nlogout_token=';
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: shop.localhost\r\n${FORM.join(': ')}\r\n${length}`);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 [\s\S]*Connection: close[\s\S]*came too slowly/);
  });

  test('a flood is not read to its end', async () => {
    const [host, port] = world.gateway.addresses.pagesListen.split(':');
    const socket = connect(Number(port), host).on('error', () => {});
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: shop.localhost\r\n${FORM.join(': ')}\r\n`);
    socket.write('Transfer-Encoding: chunked\r\n\r\n');
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    while (!socket.destroyed && socket.writable) {
      socket.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (socket.bytesWritten > 50_000_000) throw new Error('50 MB were taken');
    }
    await closed;
  });

  test('says with cookies as the store that it needs another, and ends nothing', async () => {
    const cookies = await startWorld({});
    const alice = await signedIn(SHOP, cookies);
    const answer = await sendLogoutToken(cookies, logoutToken(provider, who));
    expectAnswer(answer, 404, 'sessions-not-kept');
    expect(answer.body).toContain('session.store memory or redis');
    expectAnswer(await cookies.send('pagesListen', PATH, HOST), 405, 'method-not-allowed');
    expect(await isAlive(alice)).toBe(true);
  });

  test('is a refusal, and no doubt, while the keys cannot be had', async () => {
    provider.misbehaviour = {
      answer: (path, response) => path === '/jwks' && Boolean(response.writeHead(503).end()),
    };
    const lonely = await startWorld({ POSTERN_SESSION_STORE: 'memory' });
    expectAnswer(await sendLogoutToken(lonely, logoutToken(provider, who)), 400, 'key-set-unavailable');
  });
});

if (missingRedis === undefined) describe('with Redis, over all replicas', onRedis);
else test.skip(`with Redis: ${missingRedis}`, () => {});

function onRedis(): void {
  let redis: RedisServer;
  let [one, two]: World[] = [];
  beforeAll(async () => {
    redis = await startRedis();
    more.push(redis);
    const env = {
      POSTERN_SESSION_STORE: 'redis',
      POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    };
    [one, two] = [await startWorld(env), await startWorld(env)];
  });

  test('a logout token ends the session everywhere within a second, and counts once', async () => {
    if (one === undefined || two === undefined) throw new TypeError('no replicas');
    const alice = await signedIn(SHOP, one);
    const elsewhere = alice.copy(two);
    expect([await isAlive(alice), await isAlive(elsewhere)]).toEqual([true, true]);
    const token = logoutToken(provider, who);
    expectAnswer(await sendLogoutToken(two, token), 200, 'backchannel-logout');
    expect(await isAlive(elsewhere)).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await isAlive(alice)).toBe(false);
    for (const replica of [one, two])
      expectAnswer(await sendLogoutToken(replica, token), 400, 'logout-token-invalid');
  });

  test('while Redis is away the answer is 400, and the same token counts afterwards', async () => {
    if (one === undefined) throw new TypeError('no replica');
    const token = logoutToken(provider, who);
    await redis.kill();
    expectAnswer(await sendLogoutToken(one, token), 400, 'store-unavailable');
    await redis.restart();
    let answer = await sendLogoutToken(one, token);
    while (answer.reason === 'store-unavailable') answer = await sendLogoutToken(one, token);
    expectAnswer(answer, 200, 'backchannel-logout');
  });
}

describe('a real provider', () => {
  test('signing out of one app and of the provider signs out of the other', async () => {
    // The provider says that its guard against loopback addresses does not work here: it is not wanted.
    jest.spyOn(console, 'warn').mockImplementation(() => {});
    const pages: { address: string } = { address: '' };
    const delivered: number[] = [];
    const real = await startTestWorld({
      rules,
      hosts,
      env: { POSTERN_SESSION_STORE: 'memory' },
      provider: {
        people: PEOPLE,
        resources: RESOURCES,
        signedInAs: 'anna',
        clients: [
          {
            client_id: 'shop',
            client_secret: CLIENT_SECRET,
            redirect_uris: [`${SHOP}/_auth/callback`, `${OTHER}/_auth/callback`],
            post_logout_redirect_uris: [`${SHOP}/_auth/logged-out`],
            backchannel_logout_uri: `${SHOP}${PATH}`,
            backchannel_logout_session_required: true,
          },
        ],
        configuration: {
          // What name service and proxy would do.
          fetch: async (url, init) => {
            const { host, pathname } = new URL(String(url));
            const form = String((init as RequestInit).body);
            const answer = await sendLines(pages.address, pathname, ['Host', host, ...FORM], 'POST', form);
            delivered.push(answer.status);
            return new Response(null, { status: answer.status });
          },
        },
      },
    });
    more.push(real);
    pages.address = real.gateway.addresses.pagesListen;
    const anna = await signedIn(SHOP, real);
    // The same browser, so the same session of the provider: she is asked nothing.
    expect(await anna.signIn(`${OTHER}/`)).toMatchObject({ status: 303 });
    expect(await isAlive(anna, OTHER)).toBe(true);

    const out = await anna.check(`${SHOP}/_auth/logout`, {
      ...{ method: 'POST', manner: 'form', lines: ['Origin', SHOP] },
    });
    expect(await isAlive(anna, OTHER)).toBe(true);
    const asking = await fetch(String(out.headers.location), {
      headers: { cookie: anna.cookieHeader(real.issuer) },
    });
    for (const line of asking.headers.getSetCookie()) await anna.jar.setCookie(line, real.issuer);
    const form = /action="([^"]+)".*name="xsrf" value="([^"]+)"/s.exec(await asking.text());
    const done = await fetch(form?.[1] ?? '', {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: anna.cookieHeader(real.issuer) },
      body: new URLSearchParams({ xsrf: form?.[2] ?? '', logout: 'yes' }),
    });
    expect(done.headers.get('location')).toMatch(/^http:\/\/shop\.localhost:8080\/_auth\/logged-out\?state=/);
    expect(delivered).toEqual([200]);
    expect(await isAlive(anna, OTHER)).toBe(false);
    const back = await anna.page(String(done.headers.get('location')));
    expect(back).toMatchObject({ status: 200, reason: 'logged-out-page' });
  });
});
