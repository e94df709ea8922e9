import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES, ROBOT } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, type SigningKey, signJws, unsignedJws } from '../support/jws.ts';
import { expectAnswer, expectWellFormed, loginUrlOf } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, startTestWorld, type World } from '../support/world.ts';

type Json = Record<string, unknown>;
const at = (host: string): string => `http://${host}.localhost:8080`;
const SHOP = at('shop');
const API = 'https://api.shop.localhost';
const DEAD = 'http://127.0.0.1:9';

const appOf = (name: string, audience: string, issuers: readonly string[], more = '') => `
app: ${name}
hosts: [${name}.localhost]
audience: ${audience}
issuers: [${issuers.join(', ')}]
login: { scopes: [openid, profile, email] }
${more}
rules:
  /: public
  /account/**: authenticated
  /orders/**:
    GET: ["orders:read"]
    POST: ["orders:write"]
  /staff/**: { all: ["orders:read"], any: [staff, partner] }
`;

let offset = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;
let second: HostileProvider;
let world: World;
let anna: Browser;
const client = (): Browser => new Browser(world);

beforeAll(async () => {
  second = await startHostileProvider();
  const issuers = [second.issuer, DEAD];
  const plain = Object.fromEntries(
    ['a', 'b', 'c'].map((name) => [`${name}.yaml`, appOf(name, `https://${name}.example`, issuers)]),
  );
  world = await startTestWorld({
    rules: {
      ...plain,
      'shop.yaml': appOf('shop', API, issuers),
      'strict.yaml': appOf('strict', API, [second.issuer]).replace(/^issuers.*$/m, ''),
      'session.yaml': appOf('session', API, issuers, 'credentials: [session]'),
      'quiet.yaml': appOf('quiet', API, issuers, 'credentials: [session]\npassAccessToken: false'),
      'bearer.yaml': appOf('bearer', API, issuers, 'credentials: [bearer]'),
      'kept.yaml': appOf('kept', API, issuers, 'passAccessToken: false'),
    },
    hosts: ['shop', 'session', 'quiet', 'bearer', 'kept'].map((name) => `${name}.localhost:8080`),
    provider: {
      people: PEOPLE,
      resources: RESOURCES,
      signedInAs: 'anna',
      serviceGrants: (id, audience) => (id === ROBOT.id ? (ROBOT.holds[audience] ?? []) : []),
    },
    now,
  });
  anna = client();
  for (const host of ['shop', 'session', 'quiet', 'kept']) await anna.signIn(`${at(host)}/account/`);
});
beforeEach(() => {
  offset = 0;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

/** Signs a token of the second issuer. A claim that is undefined is left out. */
function mint(claims: Json = {}, header: Json = {}, key: SigningKey = second.keys.accessToken): string {
  const seconds = Math.floor(Date.now() / 1000);
  return signJws(
    { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header },
    {
      ...{ iss: second.issuer, sub: 'carl', aud: API, client_id: 'cli', scope: 'orders:read' },
      ...{ iat: seconds, exp: seconds + 300, jti: 'j' },
      ...claims,
    },
    key,
  );
}
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`];
const send = (path: string, lines: readonly string[], ask: Ask = {}, by = client()): Promise<Answer> =>
  by.check(path.startsWith('http') ? path : SHOP + path, { manner: 'plain', ...ask, lines });

async function serviceToken(): Promise<string> {
  const response = await fetch(`${world.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`robot:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: API, scope: 'orders:read' }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe('tokens of the provider', () => {
  test('a service is decided by its scopes, and its line passes unchanged', async () => {
    const token = await serviceToken();
    for (const line of [`Bearer ${token}`, `bEaReR  ${token}`]) {
      const answer = await send('/orders/1', ['Authorization', line]);
      expectAnswer(answer, 200, 'permitted');
      expect(answer.headers).toMatchObject({
        authorization: line,
        'x-auth-subject': 'robot',
        'x-auth-client': 'robot',
        'x-auth-scopes': 'orders:read',
      });
    }
    const refused = await send('/orders/1', bearer(token), { method: 'POST' });
    expectAnswer(refused, 403, 'scope-missing');
    expect(refused.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", error="insufficient_scope", scope="orders:write"',
    );
    expect(JSON.parse(refused.body)).toMatchObject({ missing: ['orders:write'] });
    expect(loginUrlOf(refused)).toBeUndefined();
  });

  test("a person's access token permits as a bearer, the ID token never", async () => {
    const line = String((await anna.check(`${SHOP}/account/`)).headers.authorization);
    const answer = await send('/orders/1', ['Authorization', line]);
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers).toMatchObject({ authorization: line, 'x-auth-subject': 'anna' });
    const out = await anna.copy().check(`${at('kept')}/_auth/logout`, {
      ...{ method: 'POST', manner: 'form', lines: ['Origin', at('kept')] },
    });
    const idToken = String(new URL(String(out.headers.location)).searchParams.get('id_token_hint'));
    expectAnswer(await send('/orders/1', bearer(idToken)), 401, 'token-type');
    await anna.signIn(`${at('kept')}/account/`);
  });

  test('five seconds of life are five seconds, tolerance apart, and a known token is judged again', async () => {
    const token = mint({ exp: now() + 5 });
    expectAnswer(await send('/orders/1', bearer(token)), 200, 'permitted');
    // A second of slack: real time goes on between the lines.
    offset = 8;
    expectAnswer(await send('/orders/1', bearer(token)), 200, 'permitted');
    offset = 10;
    expectAnswer(await send('/orders/1', bearer(token)), 401, 'token-expired');
  });
});

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'token-malformed': 'It is not a signed JWT in its one canonical spelling.',
  'token-type': 'It is not an access token of the expected profile.',
  'token-algorithm': 'Its signature algorithm is not accepted.',
  'token-issuer': 'Its issuer is not accepted here.',
  'token-signature': 'Its signature does not verify with a key of its issuer.',
  'token-claims': 'A required claim is missing or has the wrong form.',
  'token-expired': 'Get a fresh one.',
  'token-not-yet-valid': 'It is not valid yet.',
  'token-audience': 'It is for another resource.',
  'token-bound': 'It is bound to a key whose proof is not accepted here.',
};
const seconds = (): number => Math.floor(Date.now() / 1000);

describe('a token', () => {
  test.each<[string, () => string]>([
    ['scope as a list', () => mint({ scope: ['orders:read', 'x'] })],
    ['a namespaced claim', () => mint({ 'https://example.com/claims': { a: [1] } })],
    ['groups and roles', () => mint({ groups: ['x'], roles: 'admin', permissions: ['no:scope'] })],
    ['a list of one audience', () => mint({ aud: [API] })],
    ['another audience before', () => mint({ aud: ['https://x', API] })],
    ['a fractional exp', () => mint({ exp: seconds() + 60.5 })],
    ['iat a little ahead', () => mint({ iat: seconds() + 3 })],
    ['exp a little past', () => mint({ exp: seconds() - 3 })],
    ['the long media type', () => mint({}, { typ: 'application/AT+JWT' })],
    ['acr, amr and auth_time', () => mint({ acr: '1', amr: ['pwd'], auth_time: 1 })],
    ['null in an unknown claim', () => mint({ x: null })],
  ])('with %s permits', async (_, token) => {
    const answer = await send('/orders/1', bearer(token()));
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers['x-auth-subject']).toBe('carl');
  });

  test.each<[string, string, () => string]>([
    ['too old', 'token-expired', () => mint({ exp: seconds() - 10 })],
    ['of tomorrow', 'token-not-yet-valid', () => mint({ nbf: seconds() + 60 })],
    ['issued tomorrow', 'token-not-yet-valid', () => mint({ iat: seconds() + 60 })],
    ['of another issuer', 'token-issuer', () => mint({ iss: 'https://evil.example' })],
    ['of the issuer with a slash', 'token-issuer', () => mint({ iss: `${second.issuer}/` })],
    ['of the provider by another key', 'token-signature', () => mint({ iss: world.issuer })],
    ['of an unknown key', 'token-signature', () => mint({}, {}, makeKey('ES256', 'new'))],
    ['of a key of the same kid', 'token-signature', () => mint({}, {}, makeKey('ES256', 'at'))],
    ['without a client', 'token-claims', () => mint({ client_id: undefined })],
    ['without jti', 'token-claims', () => mint({ jti: undefined })],
    ['whose exp is text', 'token-claims', () => mint({ exp: '9999999999' })],
    ['with a strange scope', 'token-claims', () => mint({ scope: ['a"b'] })],
    ['of typ JWT', 'token-type', () => mint({}, { typ: 'JWT' })],
    ['without typ', 'token-type', () => mint({}, { typ: undefined })],
    ['bound to a key', 'token-bound', () => mint({ cnf: { jkt: 'x' } })],
    ['with crit', 'token-malformed', () => mint({}, { crit: ['x'], x: 1 })],
    [
      'unsigned',
      'token-malformed',
      () => unsignedJws({ alg: 'none', typ: 'at+jwt' }, { iss: second.issuer }),
    ],
    ['padded', 'token-malformed', () => `${mint()}=`],
    ['of 17 KB', 'token-malformed', () => mint({ x: 'x'.repeat(13_000) })],
    ['of another resource', 'token-audience', () => mint({ aud: 'https://api.ops.localhost' })],
    ...[`${API}/`, 'https://API.shop.localhost', `${API}:443`, API.slice(0, -1), `${API}/v1`, 'shop'].map(
      (aud): [string, string, () => string] => [`for ${aud}`, 'token-audience', () => mint({ aud })],
    ),
  ])('%s is 401 %s for scripts and pages, without redirect or cookie', async (name, reason, token) => {
    for (const manner of ['plain', 'page'] as const) {
      const answer = await send('/orders/1', bearer(token()), { manner });
      expectAnswer(answer, 401, reason);
      expectWellFormed(world, answer, manner === 'page');
      // Only where the token holds by itself is it said which scopes it would need.
      const scope = reason === 'token-audience' && name !== 'for shop' ? ', scope="orders:read"' : '';
      expect(answer.headers['www-authenticate']).toBe(
        `Bearer realm="shop.localhost", error="invalid_token", error_description="${DESCRIPTIONS[reason]}"${scope}`,
      );
      expect(answer.setCookie).toEqual([]);
      expect(answer.headers.location).toBeUndefined();
    }
  });

  test('for two resources permits at both, and at no third', async () => {
    const token = mint({ aud: ['https://a.example', 'https://b.example'] });
    for (const [host, status, reason] of [
      ['a', 200, 'permitted'],
      ['b', 200, 'permitted'],
      ['c', 401, 'token-audience'],
      ['a', 200, 'permitted'],
    ] as const)
      expectAnswer(await send(`${at(host)}/orders/1`, bearer(token)), status, reason);
  });

  test('of an issuer that only other apps list is refused, though it was seen before', async () => {
    const token = mint();
    expectAnswer(await send('/orders/1', bearer(token)), 200, 'permitted');
    expectAnswer(await send(`${at('strict')}/orders/1`, bearer(token)), 401, 'token-issuer');
  });

  test('of an issuer that cannot be reached is a 503 that names a time', async () => {
    const answer = await send('/orders/1', bearer(mint({ iss: DEAD })));
    expectAnswer(answer, 503, 'key-set-unavailable');
    expectWellFormed(world, answer, false);
  });

  test.each([
    ['', 'orders:read staff partner'],
    ['orders:read', 'orders:read staff partner'],
    ['orders:read STAFF', 'orders:read staff partner'],
    ['staff', 'orders:read'],
    ['orders:read partner', undefined],
    ['orders:read:all staff orders', 'orders:read'],
  ])('with the scopes "%s" lacks %s', async (scope, challenged) => {
    const answer = await send('/staff/1', bearer(mint({ scope })));
    if (challenged === undefined) return expectAnswer(answer, 200, 'permitted');
    expectAnswer(answer, 403, 'scope-missing');
    expect(answer.headers['www-authenticate']).toBe(
      `Bearer realm="shop.localhost", error="insufficient_scope", scope="${challenged}"`,
    );
  });
});

describe('Authorization', () => {
  test.each(['Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Bearer a=b', 'Bearer "x"', 'Bearer é'])(
    '%j is 400',
    async (line) => {
      const answer = await send('/orders/1', ['Authorization', line]);
      expectAnswer(answer, 400, 'authorization-malformed');
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="shop.localhost", error="invalid_request"',
      );
    },
  );

  test.each(['Basic eDp5', 'Digest username="x"', 'Negotiate x', 'x', '', 'BearerX y', 'Token x'])(
    '%j is nobody',
    async (line) => {
      const answer = await send('/orders/1', ['Authorization', line]);
      expectAnswer(answer, 401, 'login-needed');
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="shop.localhost"');
    },
  );

  test('DPoP is refused, and never a session beside it', async () => {
    for (const by of [client(), anna]) {
      const answer = await send('/account/', ['Authorization', `DPoP ${mint()}`, 'DPoP', 'x'], {}, by);
      expectAnswer(answer, 401, 'token-bound');
    }
  });

  test('in the query is nobody, and in no log', async () => {
    const token = mint({ jti: 'in-the-query' });
    const answer = await send(`/orders/1?access_token=${token}`, []);
    expectAnswer(answer, 401, 'login-needed');
    await send('/orders/1', bearer(token));
    expect(JSON.stringify(world.log)).not.toContain(token.split('.')[1]);
  });

  test('decides alone beside a session, whose cookie goes no further', async () => {
    const cookies = anna.cookieHeader(SHOP);
    expect(cookies).not.toBe('');
    expectAnswer(await send('/account/', [], {}, anna), 200, 'permitted');
    expectAnswer(await send('/orders/1', bearer(mint({ scope: '' })), {}, anna), 403, 'scope-missing');
    expectAnswer(await send('/orders/1', bearer('x.y.z'), {}, anna), 401, 'token-malformed');
    const both = await send('/account/', bearer(mint({ scope: 'x' })), {}, anna);
    expectAnswer(both, 200, 'permitted');
    expect(both.headers).toMatchObject({ 'x-auth-subject': 'carl', 'x-auth-scopes': 'x' });
    expect(both.headers.cookie).toBeUndefined();
  });

  test('of a foreign page is no cross-site request', async () => {
    const lines = [...bearer(mint({ scope: 'orders:write' })), 'Origin', 'https://evil.example'];
    expectAnswer(await send('/orders/1', lines, { method: 'POST' }), 200, 'permitted');
  });
});

describe('a public path', () => {
  const expired = (): string => mint({ exp: seconds() - 100 });
  test.each<[string, () => string | undefined, string, boolean]>([
    ['a valid bearer', mint, 'carl', true],
    ['an expired bearer', expired, '', false],
    ['a bearer for another resource', () => mint({ aud: 'https://x' }), '', false],
    ['a bearer of an unknown key', () => mint({}, {}, makeKey('ES256', 'never-seen')), '', false],
    ['a bearer of a dead issuer', () => mint({ iss: DEAD }), '', false],
    ['nonsense as a bearer', () => 'nonsense', '', false],
    ['a malformed bearer', () => 'a b', '', false],
    ['nothing', () => undefined, '', false],
  ])('takes %s', async (_, token, subject, passes) => {
    await send('/orders/1', bearer(mint()));
    const raw = token();
    const before = second.requests.length;
    const answer = await send('/', raw === undefined ? [] : bearer(raw), { manner: 'page' });
    expectAnswer(answer, 200, 'public');
    expect(answer.headers['x-auth-subject']).toBe(subject);
    expect(answer.headers.authorization).toBe(passes ? `Bearer ${raw}` : undefined);
    expect(second.requests.length).toBe(before);
  });

  test('passes other schemes as they are, and never the token of the session', async () => {
    const none = await send('/', [], {}, anna);
    expect(none.headers).toMatchObject({ 'x-auth-subject': 'anna', 'x-auth-client': 'shop' });
    expect(none.headers.authorization).toBeUndefined();
    const basic = await send('/', ['Authorization', 'Basic eDp5'], {}, anna);
    expect(basic.headers).toMatchObject({ authorization: 'Basic eDp5', 'x-auth-subject': 'anna' });
    const bad = await send('/', bearer(expired()), {}, anna);
    expect(bad.headers['x-auth-subject']).toBe('');
    expect(bad.headers.authorization).toBeUndefined();
  });
});

describe('what an app takes', () => {
  test('[session]: a bearer is not read, and is the upstream’s own line', async () => {
    const line = bearer(mint());
    expectAnswer(await send(`${at('session')}/orders/1`, line), 401, 'login-needed');
    expectAnswer(await send(`${at('session')}/orders/1`, line, { manner: 'page' }), 302, 'login-started');
    const own = await send(`${at('session')}/`, ['Authorization', 'Bearer x y']);
    expect([own.status, own.headers.authorization]).toEqual([200, 'Bearer x y']);
    const permitted = await send(`${at('session')}/account/`, line, {}, anna);
    expect(permitted.headers).toMatchObject({ 'x-auth-subject': 'anna' });
    expect(permitted.headers.authorization).not.toBe(line[1]);
    const quiet = await send(`${at('quiet')}/account/`, line, {}, anna);
    expect(quiet.headers).toMatchObject({ 'x-auth-subject': 'anna', authorization: line[1] });
  });

  test('[bearer]: a session is not read, and nobody is sent to a login', async () => {
    const cookie = anna.cookieHeader(SHOP);
    for (const manner of ['plain', 'page'] as const) {
      const answer = await send(`${at('bearer')}/account/`, ['Cookie', cookie], { manner });
      expectAnswer(answer, 401, 'login-needed');
      expect(answer.setCookie).toEqual([]);
      expect(answer.body).not.toMatch(/_auth\/login/);
    }
    expectAnswer(await send(`${at('bearer')}/_auth/login`, [], { manner: 'page' }), 403, 'login-not-offered');
    expectAnswer(await send(`${at('bearer')}/orders/1`, bearer(mint())), 200, 'permitted');
  });

  test('passAccessToken: false gives the upstream no token of the session, and no line of the client', async () => {
    for (const lines of [[], ['Authorization', 'Basic eDp5']]) {
      const answer = await send(`${at('kept')}/account/`, lines, {}, anna);
      expectAnswer(answer, 200, 'permitted');
      expect(answer.headers.authorization).toBeUndefined();
    }
    const own = await send(`${at('kept')}/account/`, bearer(mint()), {}, anna);
    expect(own.headers.authorization).toMatch(/^Bearer ey/);
  });
});

describe('the ID token', () => {
  let odd: World;
  beforeAll(async () => {
    odd = await startTestWorld({
      issuer: second.issuer,
      rules: {
        'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${API}
login: { scopes: [openid], ask: listed }
headers: { X-Name: name, X-Groups: groups, X-Roles: roles, X-Flag: flag, X-Address: address, X-None: none, X-Null: null_claim }
rules:
  /: public
  /account/**: authenticated
  /admin/**: [admin]
`,
      },
    });
  });
  afterAll(async () => {
    second.misbehaviour = {};
    await odd[Symbol.asyncDispose]();
  });

  test.each<[string, Json, Json, number, string]>([
    ['scopes in the ID token', { scope: 'openid admin' }, { scope: 'openid' }, 403, 'scope-missing'],
    ['a list of them', { scope: ['admin'], scp: ['admin'] }, { scope: 'openid' }, 403, 'scope-missing'],
    [
      'roles',
      { roles: ['admin'], groups: ['admin'], permissions: ['admin'] },
      { scope: 'openid' },
      403,
      'scope-missing',
    ],
    [
      'roles in the access token',
      {},
      { scope: 'openid', roles: ['admin'], permissions: ['admin'] },
      403,
      'scope-missing',
    ],
    ['scopes in the access token', { scope: 'none' }, { scope: 'admin' }, 200, 'permitted'],
  ])('does not decide: %s', async (_, idToken, accessToken, status, reason) => {
    second.misbehaviour = {
      idTokenClaims: (claims) => ({ ...claims, ...idToken }),
      accessTokenClaims: (claims) => ({ ...claims, ...accessToken }),
    };
    const person = new Browser(odd);
    expectAnswer(await person.signIn(`${SHOP}/account/`), 303, 'login-completed');
    let answer = await person.check(`${SHOP}/admin/1`);
    if (answer.status === 302) {
      await person.check(await person.atProvider(String(answer.headers.location)));
      answer = await person.check(`${SHOP}/admin/1`);
    }
    expectAnswer(answer, status, reason);
  });

  test('fills headers that nothing can break out of, and nobody fills them', async () => {
    second.misbehaviour = {
      idTokenClaims: (claims) => ({
        ...claims,
        name: 'Zoë \u{1F600}\r\nX-Evil: 1 100%',
        groups: ['a', 'b c', 'd,e', 7, null],
        roles: 'röle',
        flag: false,
        address: { country: 'CH' },
        null_claim: null,
      }),
    };
    const person = new Browser(odd);
    await person.signIn(`${SHOP}/account/`);
    const answer = await person.check(`${SHOP}/account/`);
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers).toMatchObject({
      'x-name': 'Zo%C3%AB %F0%9F%98%80%0D%0AX-Evil: 1 100%25',
      'x-groups': expect.stringMatching(/^a,b c,d/),
      'x-roles': 'r%C3%B6le',
      'x-flag': 'false',
      'x-address': '{"country":"CH"}',
      'x-none': '',
      'x-null': '',
    });
    expect(answer.headers).not.toHaveProperty('x-evil');
    const nobody = await new Browser(odd).check(`${SHOP}/`);
    const names = ['x-name', 'x-groups', 'x-roles', 'x-flag', 'x-address', 'x-none', 'x-auth-subject'];
    for (const name of [...names, 'x-auth-client', 'x-auth-scopes']) expect(nobody.headers[name]).toBe('');
  });
});
