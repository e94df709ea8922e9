import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { freePort, type RunningServer, serveHere } from '../../demo/listener.ts';
import { PEOPLE, RESOURCES, SHOP_API } from '../../demo/people.ts';
import { type Router, type RunningProxy, startProxy } from '../../demo/proxy.ts';
import { readMiddlewares } from '../../demo/traefik-files.ts';
import { type DoctorValues, doctor } from '../../src/commands/doctor.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { signJws } from '../support/jws.ts';
import { missingRedis, startRedis } from '../support/redis-server.ts';
import { CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

// What `postern doctor` says about a real provider, a real gateway and proxies that do it right or wrong.

const RULES = `app: shop
hosts: [shop.localhost]
audience: ${SHOP_API}
login: { scopes: [openid, profile] }
rules:
  /: public
  /orders/**: ["orders:read"]
`;

interface Asked {
  readonly issuer: string;
  readonly values?: DoctorValues;
  readonly rules?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run({ issuer, values = {}, rules = RULES, env = {} }: Asked, json: boolean): Promise<Said> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-doctor-'));
  try {
    writeFileSync(join(folder, 'shop.yaml'), rules);
    let [out, err] = ['', ''];
    const code = await doctor({
      env: {
        POSTERN_RULES: folder,
        POSTERN_PROVIDER_ISSUER: issuer,
        POSTERN_PROVIDER_CLIENT_ID: 'shop',
        POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
        POSTERN_SESSION_SECRET: SESSION_SECRET,
        ...env,
      },
      cwd: folder,
      configPath: undefined,
      json,
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      values,
    });
    for (const secret of [CLIENT_SECRET, SESSION_SECRET, 'eyJ']) expect(out + err).not.toContain(secret);
    return { code, out: out.replaceAll(folder, '.'), err };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Complaints as `level topic: seen`, and the exit code. */
async function examined(asked: Asked): Promise<{ code: number; complaints: string[]; good: string[] }> {
  const { code, out } = await run(asked, true);
  const { ok, problems, findings } = JSON.parse(out) as {
    ok: boolean;
    problems: number;
    findings: readonly Finding[];
  };
  expect([ok, problems === 0]).toEqual([code === 0, code === 0]);
  const line = ({ level, topic, seen }: Finding): string => `${level} ${topic}: ${seen}`;
  for (const { level, why, change } of findings)
    if (level !== 'ok') expect([why === '', change === '']).toEqual([false, false]);
  return {
    code,
    complaints: findings.filter(({ level }) => level !== 'ok').map(line),
    good: findings.filter(({ level }) => level === 'ok').map(line),
  };
}

/** The list of scopes of the real provider holds none of an API. */
const SCOPES = 'warning provider: scopes_supported lacks orders:read (./shop.yaml:7)';

describe('a gateway with a provider and a proxy', () => {
  let world: World;
  let port: number;
  let proxies: RunningProxy[] = [];
  let middleware: Router['forwardAuth'];
  let shop: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    shop = await serve((_, response) => void response.end('orders'));
    port = await freePort();
    const uri = `http://shop.localhost:${port}/_auth/callback`;
    const secret = {
      client_secret: CLIENT_SECRET,
      grant_types: ['authorization_code', 'client_credentials'],
    };
    world = await startTestWorld({
      rules: { 'shop.yaml': RULES },
      provider: {
        people: PEOPLE,
        resources: [
          ...RESOURCES,
          { audience: 'https://opaque.example', scopes: ['orders:read'], format: 'opaque' },
        ],
        serviceGrants: (client) => (client === 'shop' ? ['orders:read'] : []),
        clients: [
          { client_id: 'shop', redirect_uris: [uri], ...secret },
          { client_id: 'people-only', redirect_uris: [uri], client_secret: CLIENT_SECRET },
        ],
      },
    });
    const { drop: _, ...auth } = await readMiddlewares();
    middleware = { address: `http://${world.gateway.addresses.listen}/verify`, ...auth };
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await world[Symbol.asyncDispose]();
    await shop[Symbol.asyncDispose]();
  });

  /** Puts a proxy before the gateway for as long as it is asked. */
  async function behind(routers: readonly Router[], more: Partial<Asked> = {}) {
    const proxy = await startProxy({ port, routers });
    proxies = [proxy];
    try {
      const values = { proxy: `http://127.0.0.1:${port}`, ...more.values };
      return await examined({ issuer: world.issuer, ...more, values });
    } finally {
      await proxy.close();
      proxies = [];
    }
  }
  const hosts = ['shop.localhost'];
  const app = 'http://127.0.0.1:1';
  const pages = (): Router => ({
    hosts,
    pathPrefixes: ['/_auth'],
    upstream: `http://${world.gateway.addresses.pagesListen}`,
  });
  const checked = (): Router =>
    middleware === undefined ? { hosts, upstream: app } : { hosts, upstream: app, forwardAuth: middleware };
  const straight = (prefix: string): Router => ({
    hosts,
    pathPrefixes: [prefix],
    upstream: `http://${world.gateway.addresses.listen}`,
  });

  test('that fit together: no problem, and everything was seen', async () => {
    const { code, complaints, good } = await behind([pages(), checked()]);
    expect([code, complaints]).toEqual([0, [SCOPES]]);
    expect(good).toEqual(
      expect.arrayContaining([
        `ok provider: the issuer is spelled alike: ${world.issuer}`,
        'ok provider: PKCE with S256 is supported',
        'ok provider: answers name their issuer (RFC 9207)',
        'ok provider: the clocks agree within clockTolerance (5 s)',
        'ok provider: keys verify access tokens with RS256, ES256, ID tokens with RS256',
        'ok callback: registered: the provider answers there',
        'ok proxy: the check is in place: GET /orders without a session gets 401 login-needed',
        "ok proxy: the router of the gateway's pages is in place: /_auth/me gets 401",
        'ok proxy: a page load is sent to the provider to sign in',
        "ok proxy: a client's own X-Forwarded-Uri changes nothing",
        'ok proxy: /verify of the gateway is not reachable from outside',
        'ok store: sessions need nothing else to run',
      ]),
    );
  });

  test('that fit together: with a token of its own', async () => {
    const { code, complaints, good } = await behind([pages(), checked()], { values: { probe: true } });
    expect([code, complaints]).toEqual([0, []]);
    expect(good).toContain(
      `ok provider: a token for ${SHOP_API} is good (typ at+jwt, alg ES256, aud ${SHOP_API}, scopes in scope); the client's own scopes are orders:read`,
    );
  });

  test.each<[string, () => Router[], number, string[]]>([
    [
      'without the extra router',
      () => [checked()],
      0,
      ["warning proxy: the router of the gateway's pages is missing: /_auth/me gets 404 router-missing"],
    ],
    [
      'without the middleware',
      () => [pages(), { hosts, upstream: shop.origin }],
      1,
      ['problem proxy: GET /orders without a session gets 200, and not from the gateway'],
    ],
    [
      'with the check in the open',
      () => [straight('/verify'), pages(), checked()],
      1,
      ['problem proxy: /verify of the gateway answers on the public host (400 forwarded-header-missing)'],
    ],
    [
      'with a middleware that leads to nobody',
      () => [
        pages(),
        { ...checked(), forwardAuth: { authResponseHeaders: [], address: 'http://127.0.0.1:1/verify' } },
      ],
      1,
      ['problem proxy: GET /orders without a session gets 500, and not from the gateway'],
    ],
    [
      'with all pages at the pages listener',
      () => [{ hosts, upstream: `http://${world.gateway.addresses.pagesListen}` }],
      1,
      ['problem proxy: GET /orders without a session gets 404 page-unknown'],
    ],
    [
      'without the host',
      () => [{ ...checked(), hosts: ['other.localhost'] }],
      1,
      [
        'problem proxy: GET /orders without a session gets 404, and not from the gateway: the proxy has no router for it',
        'problem proxy: /_auth/me gets 404, and not from the gateway',
      ],
    ],
  ])('%s', async (_, routers, code, expected) => {
    expect(await behind(routers())).toMatchObject({ code, complaints: [SCOPES, ...expected] });
  });

  test('with a proxy that believes what clients say about their request', async () => {
    const check = world.gateway.addresses.listen;
    await using believing = await serve((incoming, response) => {
      const { host = '' } = incoming.headers;
      const said = (name: string, otherwise = ''): string => String(incoming.headers[name] ?? otherwise);
      const headers = {
        accept: said('accept'),
        'x-forwarded-host': host,
        'x-forwarded-proto': 'http',
        'x-forwarded-method': said('x-forwarded-method', incoming.method),
        'x-forwarded-uri': said('x-forwarded-uri', incoming.url),
      };
      request(`http://${check}/verify`, { headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      }).end();
    });
    const values = { proxy: believing.origin };
    const { code, complaints } = await examined({ issuer: world.issuer, values });
    expect(code).toBe(1);
    expect(complaints).toContain(
      'problem proxy: a client chooses with X-Forwarded-Uri which page is checked',
    );
  });

  test('whose callback is registered for another port', async () => {
    const { code, complaints } = await examined({
      issuer: world.issuer,
      values: { proxy: 'http://127.0.0.1:1' },
    });
    expect(code).toBe(1);
    expect(complaints).toEqual([
      SCOPES,
      expect.stringMatching(
        /^problem callback: the provider refuses it with status 400 \(".*redirect_uri.*"\)$/,
      ),
      'problem proxy: http://127.0.0.1:1 for http://shop.localhost:1 is not reached from here: ECONNREFUSED',
    ]);
  });

  test.each<[string, Partial<Asked>, string[]]>([
    [
      'an audience that the provider does not know',
      { rules: RULES.replace(SHOP_API, `${SHOP_API}/`) },
      [
        SCOPES,
        expect.stringContaining(
          `problem provider: a sign-in for audience ${SHOP_API}/ with scopes openid, profile, orders:read is refused: invalid_target`,
        ) as never,
      ],
    ],
    [
      'a further audience of one rule that the provider does not know',
      { rules: RULES.replace('["orders:read"]', '{ audience: https://none.example, all: ["orders:read"] }') },
      [
        SCOPES,
        expect.stringContaining(
          'problem provider: a sign-in for audience https://none.example with scopes openid, profile, orders:read is refused: invalid_target',
        ) as never,
      ],
    ],
    [
      'a client that the provider does not know',
      { env: { POSTERN_PROVIDER_CLIENT_ID: 'nobody' } },
      [
        SCOPES,
        expect.stringContaining(
          'problem provider: the provider does not know the client nobody, or it is disabled',
        ) as never,
      ],
    ],
    [
      'tokens that are opaque',
      { rules: RULES.replace(SHOP_API, 'https://opaque.example'), values: { probe: true } },
      [SCOPES, 'problem provider: the access token for https://opaque.example is opaque, no JWT'],
    ],
    [
      'a secret that is another one',
      {
        env: { POSTERN_PROVIDER_CLIENT_SECRET: 'a-secret-of-somebody-else-altogether' },
        values: { probe: true },
      },
      [SCOPES, `problem provider: a token for ${SHOP_API} is refused: invalid_client`],
    ],
    [
      'another algorithm of ID tokens',
      { env: { POSTERN_PROVIDER_ID_TOKEN_ALG: 'PS512' } },
      [
        'problem provider: ID tokens are signed with RS256, ES256, and provider.idTokenAlg is PS512',
        SCOPES,
        'problem provider: the key set has no key for PS512, only for RS256, ES256',
      ],
    ],
  ])('%s', async (_, asked, expected) => {
    const found = await behind([pages(), checked()], asked);
    const own = found.complaints.filter((line) => !/ (?:proxy|callback):/.test(line));
    expect(own).toEqual(expected);
    expect(found.code).toBe(1);
  });

  test('a client that may not ask for a token of its own leaves that open', async () => {
    const env = { POSTERN_PROVIDER_CLIENT_ID: 'people-only' };
    const { out } = await run({ issuer: world.issuer, env, values: { probe: true } }, true);
    expect(JSON.parse(out).open).toContainEqual(
      expect.objectContaining({
        topic: 'provider',
        what: `tokens for ${SHOP_API}: the client may not ask for one of its own (invalid_request)`,
      }),
    );
  });

  test('in words: no line too long, a verdict, and what to do next', async () => {
    const { out, code } = await run({ issuer: world.issuer, values: { proxy: 'http://127.0.0.1:1' } }, false);
    expect(code).toBe(1);
    expect(out.split('\n').filter((line) => [...line].length > 100 || /\s$/.test(line))).toEqual([]);
    expect(out).toContain(
      '\nproxy shop.localhost\n  PROBLEM  http://127.0.0.1:1 for http://shop.localhost:1',
    );
    expect(out).toMatch(
      /\n2 problems, 1 warning\. 1 question left open\.\nNext: change the first problem, then run postern doctor again\.\n$/,
    );
  });
});

describe('a provider', () => {
  let provider: HostileProvider;
  beforeAll(async () => {
    provider = await startHostileProvider();
  });
  afterAll(async () => {
    await provider[Symbol.asyncDispose]();
  });

  const values = { proxy: 'http://127.0.0.1:1' };
  async function complaintsAbout(
    misbehaviour: HostileProvider['misbehaviour'],
    more: Partial<Asked> = {},
  ): Promise<string[]> {
    provider.misbehaviour = misbehaviour;
    const { complaints } = await examined({
      issuer: provider.issuer,
      ...more,
      values: { ...values, ...more.values },
    });
    return complaints.filter((line) => line.includes(' provider:') || line.includes(' callback:'));
  }
  const metadata = (members: object) => ({ metadata: (honest: object) => ({ ...honest, ...members }) });

  test('that is honest', async () => {
    expect(await complaintsAbout({})).toEqual([]);
  });

  test.each<[string, () => HostileProvider['misbehaviour'], string[]]>([
    [
      'with one slash more',
      () => metadata({ issuer: `${provider.issuer}/` }),
      ['problem provider: the discovery document says issuer ISSUER/, the configuration ISSUER'],
    ],
    [
      'whose keys are at another scheme',
      () => metadata({ jwks_uri: 'file:///etc/passwd' }),
      ['problem provider: jwks_uri is no https URL: file:///etc/passwd'],
    ],
    [
      'without keys',
      () => ({ jwks: () => [] }),
      [
        'problem provider: the key set has no key for RS256, only for none',
        'problem provider: the key set has keys for none, and provider.tokens.algorithms are RS256, PS256, ES256, EdDSA',
      ],
    ],
    [
      'whose key set is gone',
      () => metadata({ jwks_uri: `${provider.issuer}/nowhere` }),
      ['problem provider: the key set at ISSUER/nowhere gives status 404'],
    ],
    [
      'that is elsewhere',
      () => ({
        answer: (path, response) => {
          if (!path.endsWith('openid-configuration')) return false;
          response.writeHead(301, { location: 'http://127.0.0.1:1/' }).end();
          return true;
        },
      }),
      ['problem provider: ISSUER/.well-known/openid-configuration gives a redirect (status 301)'],
    ],
    [
      'that answers with a page',
      () => ({ metadata: () => 'a page' }),
      ['problem provider: ISSUER/.well-known/openid-configuration gives an answer that is no JSON object'],
    ],
    [
      'that pours',
      () => ({
        answer: (path, response) => {
          if (!path.endsWith('openid-configuration')) return false;
          response.writeHead(200).end(' '.repeat(2_000_000));
          return true;
        },
      }),
      [
        'problem provider: ISSUER/.well-known/openid-configuration gives an answer of more than 1048576 bytes',
      ],
    ],
    [
      'whose clock is wrong',
      () => ({
        answer: (path, response) => {
          if (path.endsWith('openid-configuration'))
            response.setHeader('date', new Date(Date.now() + 3_600_000).toUTCString());
          return false;
        },
      }),
      ["problem provider: our clock is 3600 s behind the provider's, and clockTolerance is 5 s"],
    ],
    [
      'that names another issuer in its answers',
      () => ({
        answer: (path, response) => {
          if (path !== '/authorize') return false;
          const location =
            'http://shop.localhost:1/_auth/callback?error=login_required&iss=https://evil.example';
          response.writeHead(302, { location }).end();
          return true;
        },
      }),
      ['problem provider: an answer names the issuer https://evil.example'],
    ],
    [
      'that names none, though it promised to',
      () => ({ authorization: (answer) => answer.delete('iss') }),
      ['problem provider: an answer names no issuer, though the discovery document promises it'],
    ],
    [
      'that signs nobody in',
      () => ({
        answer: (path, response) => {
          if (path === '/authorize') response.writeHead(500).end();
          return path === '/authorize';
        },
      }),
      ['warning callback: the authorization endpoint answers with status 500'],
    ],
  ])('%s', async (_, misbehaviour, expected) => {
    const found = await complaintsAbout(misbehaviour());
    expect(found.map((line) => line.replaceAll(provider.issuer, 'ISSUER'))).toEqual(expected);
  });

  test('whose tokens are of another kind: the key to change is named', async () => {
    const claims = () => {
      const now = Math.floor(Date.now() / 1000);
      return {
        iss: provider.issuer,
        sub: 'shop',
        aud: SHOP_API,
        client_id: 'shop',
        iat: now,
        exp: now + 60,
        jti: '1',
      };
    };
    const { accessToken: key } = provider.keys;
    const token = (typ: string, more: object) =>
      signJws({ alg: key.alg, kid: key.kid, typ }, { ...claims(), ...more }, key);
    const probed = (raw: () => string, env: Readonly<Record<string, string>> = {}) =>
      complaintsAbout(
        {
          answer: (path, response) => {
            if (path !== '/token') return false;
            response
              .writeHead(200, { 'content-type': 'application/json' })
              .end(JSON.stringify({ access_token: raw(), token_type: 'Bearer' }));
            return true;
          },
        },
        { values: { probe: true }, env },
      );
    const about = (typ: string, aud: string, claim: string) =>
      `(typ ${typ}, alg ES256, aud ${aud}, scopes in ${claim})`;
    expect(await probed(() => token('at+jwt', { scope: 'orders:read' }))).toEqual([]);
    expect(await probed(() => token('JWT', { scope: 'orders:read' }))).toEqual([
      `problem provider: the access token for ${SHOP_API} ${about('JWT', SHOP_API, 'scope')} is refused: the token's typ is JWT, not at+jwt: set provider.tokens.profile: jwt if the provider does not issue RFC 9068 tokens`,
    ]);
    expect(await probed(() => token('at+jwt', { scp: ['orders:read'] }))).toEqual([
      `problem provider: the access token for ${SHOP_API} has no scopes in scope, but a claim scp`,
    ]);
    expect(
      await probed(() => token('at+jwt', { scope: 'orders:read', aud: 'https://other.example' })),
    ).toEqual([
      `problem provider: the access token that was asked for as ${SHOP_API} is for https://other.example`,
    ]);
    expect(
      await probed(() => token('at+jwt', { scope: 'orders:read' }), {
        POSTERN_PROVIDER_TOKENS_ALGORITHMS: 'RS256',
      }),
    ).toEqual([
      `problem provider: the access token for ${SHOP_API} ${about('at+jwt', SHOP_API, 'scope')} is refused: alg is none of provider.tokens.algorithms (RS256)`,
    ]);
  });

  test('is asked about the one redirect URI of a login host', async () => {
    provider.misbehaviour = {};
    const env = { POSTERN_LOGIN_URL: 'http://login.localhost:1' };
    const { out } = await run({ issuer: provider.issuer, env, values }, true);
    const { findings } = JSON.parse(out) as { findings: readonly Finding[] };
    const about = (topic: string) =>
      findings.filter((one) => one.topic === topic).map(({ level, subject }) => `${level} ${subject}`);
    expect(about('callback')).toEqual(['ok http://login.localhost:1/_auth/callback']);
    expect(about('proxy')).toEqual(['problem login.localhost', 'problem shop.localhost']);
  });

  describe('that is asked about opaque tokens', () => {
    const env = { POSTERN_PROVIDER_INTROSPECTION: 'true' };
    const at = (status: number, body: object): HostileProvider['misbehaviour'] => ({
      ...metadata({ introspection_endpoint: `${provider.issuer}/introspect` }),
      answer(path, response) {
        if (path !== '/introspect') return false;
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
        return true;
      },
    });
    test.each<[string, () => HostileProvider['misbehaviour'], string[]]>([
      ['answers', () => at(200, { active: false }), []],
      [
        'does not let the client ask',
        () => at(401, { error: 'invalid_client' }),
        [
          'problem provider: it does not answer about tokens: the introspection endpoint cannot be asked: server responded with an error in the response body (OAUTH_RESPONSE_BODY_ERROR)',
        ],
      ],
      [
        'calls everything active',
        () => at(200, { active: true }),
        ['problem provider: it does not say active: false of a token that nobody issued'],
      ],
      [
        'has no such endpoint',
        () => ({}),
        [
          'problem provider: introspection_endpoint is missing or no absolute URL: not a text',
          'problem provider: it does not answer about tokens: the discovery document is refused: introspection_endpoint is missing or no absolute URL',
        ],
      ],
    ])('%s', async (_, misbehaviour, expected) => {
      expect(await complaintsAbout(misbehaviour(), { env })).toEqual(expected);
    });
  });

  test('is asked for no token unless that was wanted', async () => {
    provider.misbehaviour = {};
    provider.requests.length = 0;
    await examined({ issuer: provider.issuer, values });
    expect(provider.requests.map(({ path }) => path).filter((path) => path === '/token')).toEqual([]);
  });
});

describe('an API of Traefik', () => {
  const forwardAuth = {
    address: 'http://postern:4180/verify',
    trustForwardHeader: true,
    authResponseHeaders: ['Authorization', 'X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scopes'],
  };
  const answers: Readonly<Record<string, unknown>> = {
    '/api/version': { Version: '3.5.0' },
    '/api/http/middlewares': [
      { name: 'postern@docker', status: 'enabled', usedBy: ['shop@docker'], forwardAuth },
    ],
    '/api/http/routers': [
      {
        name: 'shop@docker',
        status: 'enabled',
        rule: 'Host(`shop.localhost`)',
        middlewares: ['postern@docker'],
      },
      { name: 'files@docker', status: 'enabled', rule: 'Host(`shop.localhost`) && PathPrefix(`/files`)' },
    ],
    '/api/entrypoints': [{ name: 'web', forwardedHeaders: { insecure: true }, http: {} }],
  };

  const asked = async (url: string) => {
    const values = { proxy: 'http://127.0.0.1:1', 'traefik-api': url };
    const { complaints } = await examined({ issuer: 'http://127.0.0.1:1', values });
    return complaints.filter((line) => line.includes(' traefik:'));
  };
  const EXPECTED = [
    'problem traefik: Traefik 3.5.0 is older than 3.6.14 (2.11.43)',
    'problem traefik: authResponseHeaders of postern@docker lacks Cookie',
    'warning traefik: postern@docker has trustForwardHeader: true',
    'problem traefik: router files@docker (Host(`shop.localhost`) && PathPrefix(`/files`)) does not ask the gateway',
    'problem traefik: entry point web has forwardedHeaders.insecure, and a middleware trusts what it passes on',
  ];

  test('shows what is wrong with its middlewares, named with and without its path', async () => {
    await using api = await serve((incoming, response) => {
      const answer = answers[(incoming.url ?? '').split('?')[0] ?? ''];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
    });
    expect(await asked(api.origin)).toEqual(EXPECTED);
    expect(await asked(`${api.origin}/api/`)).toEqual(EXPECTED);
  });

  test('that is none', async () => {
    await using api = await serve((_, response) => void response.writeHead(404).end());
    expect(await asked(api.origin)).toEqual(['problem traefik: the API gives status 404']);
  });
});

describe('what is not asked of anybody', () => {
  const ISSUER = 'http://127.0.0.1:1';

  test('a store that is down, and one in plain text', async () => {
    const env = { POSTERN_SESSION_STORE: 'redis', POSTERN_SESSION_REDIS_URL: 'redis://127.0.0.1:1' };
    const { code, complaints } = await examined({ issuer: ISSUER, env, values: { proxy: ISSUER } });
    expect(code).toBe(1);
    expect(complaints.filter((line) => line.includes(' store:'))).toEqual([
      'problem store: the store cannot be used: ECONNREFUSED',
    ]);
  });

  const redis = missingRedis === undefined ? test : test.skip;
  redis('a store that is there, one that knows nobody, and one that lets nobody read', async () => {
    await using server = await startRedis([
      ...['--requirepass', 'right', '--user'],
      ...'idle on >idle ~* -@all +hello +client +ping +info +role'.split(' '),
    ]);
    const store = async (env: Readonly<Record<string, string>>) => {
      const url = {
        POSTERN_SESSION_STORE: 'redis',
        POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${server.port}`,
      };
      const found = await examined({ issuer: ISSUER, env: { ...url, ...env }, values: { proxy: ISSUER } });
      return [...found.complaints, ...found.good].filter((line) => line.includes(' store:'));
    };
    const password = (value: string) => ({ POSTERN_SESSION_REDIS_PASSWORD: value });
    expect(await store(password('right'))).toEqual(['ok store: the store is reached, and answers']);
    expect(await store(password('wrong'))).toEqual(['problem store: the store cannot be used: WRONGPASS']);
    expect(await store({ ...password('idle'), POSTERN_SESSION_REDIS_USERNAME: 'idle' })).toEqual([
      'problem store: the store cannot be used: NOPERM',
    ]);
  });

  test('without a port of a loopback name, its callback is left open', async () => {
    await using provider = await startHostileProvider();
    const { out } = await run({ issuer: provider.issuer }, true);
    expect(JSON.parse(out).open).toContainEqual({
      topic: 'callback',
      subject: 'shop.localhost',
      what: 'whether its callback is registered: nothing says at which port people reach it',
      how: 'say where the proxy is: --proxy http://127.0.0.1:8080',
    });
  });

  test('an issuer for each tenant is left open, and nobody is asked', async () => {
    const { out } = await run(
      {
        issuer: 'http://127.0.0.1:9/{tenant}',
        rules: RULES.replace('[shop.localhost]', '["{tenant}.shop.localhost"]'),
        env: { POSTERN_TENANTS_LIST: 'acme' },
      },
      true,
    );
    const { findings, open } = JSON.parse(out) as { findings: readonly Finding[]; open: unknown };
    expect(findings.filter(({ topic }) => topic === 'provider')).toEqual([]);
    expect(open).toContainEqual({
      topic: 'provider',
      subject: 'http://127.0.0.1:9/{tenant}',
      what: 'what the providers of its tenants say',
      how: "put one tenant's issuer in its place (POSTERN_PROVIDER_ISSUER), and run this again",
    });
  });

  test.each<[string, Partial<Asked>, string]>([
    [
      'a configuration that does not load',
      { env: { POSTERN_SESSION_SECRET: 'short' } },
      'shorter than 32 bytes',
    ],
    ['rules that do not load', { rules: 'app: shop' }, 'hosts'],
    ['a proxy that is no URL', { values: { proxy: '127.0.0.1' } }, '--proxy 127.0.0.1 is no URL'],
    ['an API that is no URL', { values: { 'traefik-api': 'ftp://x' } }, '--traefik-api ftp://x is no URL'],
    [
      'a host of nobody',
      { values: { host: ['www.example.com'] } },
      '--host www.example.com is no host of the rules',
    ],
  ])('%s is a wrong call', async (_, asked, words) => {
    const { code, err, out } = await run({ issuer: ISSUER, ...asked }, false);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
  });
});

/** A server on loopback that answers as it is told. */
const serve = (
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<RunningServer> => serveHere(createServer(handle));
