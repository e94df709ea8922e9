import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { EXCHANGE_GRANT, type ExchangeAsked, registerExchange } from '../support/exchanging-provider.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, type SigningKey, signJws, unsignedJws } from '../support/jws.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

type Json = Record<string, unknown>;
const PORTAL = 'https://api.portal.example';
const DASH = 'https://api.dash.example';
const OTHER = 'https://api.other.example';
const RESOURCES = [
  { audience: PORTAL, scopes: ['portal:use'] },
  { audience: DASH, scopes: ['dash:read', 'dash:write'] },
  { audience: OTHER, scopes: ['other:read'] },
];
const GATEWAY = 'https://gateway.example';
const at = (host: string): string => `http://${host}.localhost:8080`;
const PEOPLE_HOSTS = ['dash', 'portal', 'open', 'quiet', 'more'];

const appOf = (name: string, audience: string, more: string): string => `
app: ${name}
hosts: [${name}.localhost]
audience: ${audience}
login: { scopes: [openid, "portal:use"] }
${more}
rules:
  /: public
  /any/**: authenticated
  /board/**: ["dash:read"]
  /edit/**: ["dash:write"]
`;
const RULES = {
  'dash.yaml': appOf('dash', DASH, 'exchange: [dash, partner]'),
  'open.yaml': appOf('open', DASH, 'exchange: [open]'),
  'quiet.yaml': appOf('quiet', DASH, 'exchange: [dash]\npassAccessToken: false'),
  'portal.yaml': appOf('portal', PORTAL, ''),
};

let op: RunningProvider;
let partner: HostileProvider;
let asked: readonly ExchangeAsked[];
let world: World;
let more: World;

const configuration = (provider: string, exchanges: readonly string[]): string => `
provider: { issuer: "${op.issuer}", clientId: shop, clientSecret: "${CLIENT_SECRET}"${provider} }
session: { secret: "${SESSION_SECRET}" }
log: { decisions: all }
exchange:
${exchanges.map((one) => `  - ${one}`).join('\n')}
federation:
  - { issuer: "${partner.issuer}", subject: partner-service, audience: "${GATEWAY}", exchange: partner }
`;
const startWith = (rules: Readonly<Record<string, string>>, text: string): Promise<World> =>
  startTestWorld({
    rules,
    issuer: op.issuer,
    env: {
      POSTERN_CONFIG: '/postern.yaml',
      ...{ POSTERN_PROVIDER_ISSUER: undefined, POSTERN_PROVIDER_CLIENT_ID: undefined },
      ...{ POSTERN_PROVIDER_CLIENT_SECRET: undefined, POSTERN_SESSION_SECRET: undefined },
      POSTERN_LOG_DECISIONS: undefined,
    },
    readFile: (path) => (path === '/postern.yaml' ? text : undefined),
  });

beforeAll(async () => {
  partner = await startHostileProvider();
  op = await startProvider({
    people: ['anna', 'ben', 'carl', 'dora'].map((id) => ({
      ...{ id, name: id, role: '' },
      holds: { [PORTAL]: ['portal:use'], [OTHER]: ['other:read'] },
    })),
    signedInAs: 'anna',
    resources: RESOURCES,
    serviceGrants: () => ['portal:use', 'dash:read'],
    clients: [
      {
        client_id: 'shop',
        client_secret: CLIENT_SECRET,
        grant_types: ['authorization_code', EXCHANGE_GRANT],
        redirect_uris: PEOPLE_HOSTS.map((host) => `${at(host)}/_auth/callback`),
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
  asked = registerExchange(op, RESOURCES, (subject) => (subject === 'ben' ? [] : undefined));
  const from = `from: { issuer: "${op.issuer}", audience: "${PORTAL}" }`;
  const to = `to: { audience: "${DASH}", scopes: ["dash:read"] }`;
  const partners = `{ name: partner, from: { issuer: "${partner.issuer}", audience: "${GATEWAY}" }, ${to} }`;
  world = await startWith(
    RULES,
    configuration('', [
      `{ name: dash, ${from}, ${to} }`,
      `{ name: open, ${from}, ${to}, bearer: true }`,
      partners,
    ]),
  );
  more = await startWith(
    {
      'more.yaml': `
app: more
hosts: [more.localhost]
audience: ${PORTAL}
login: { scopes: [openid] }
rules:
  /: ["portal:use"]
  /board/**: { audience: "${DASH}", all: ["dash:read"] }
  /other/**: { audience: "${OTHER}", all: ["other:read"] }
`,
    },
    configuration(', moreAudiences: exchange', [`{ name: dash, ${from}, ${to} }`, partners]),
  );
});
afterAll(async () => {
  await more[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await op.close();
  await partner[Symbol.asyncDispose]();
});

const tokenOf = (answer: Answer): string => String(answer.headers.authorization).slice('Bearer '.length);
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`];
const send = (href: string, token: string, ask: Ask = {}): Promise<Answer> =>
  new Browser(world).check(href, { manner: 'plain', ...ask, lines: bearer(token) });

async function signedIn(person: string, href = `${at('dash')}/any/`, by: World = world): Promise<Browser> {
  op.signInAs(person);
  const browser = new Browser(by);
  expect((await browser.signIn(href)).status).toBe(303);
  return browser;
}

async function serviceToken(resource: string, client = 'robot'): Promise<string> {
  const response = await fetch(`${op.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({
      ...{ grant_type: 'client_credentials', resource },
      scope: 'portal:use dash:read',
    }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

describe('a person’s token for another audience (X1)', () => {
  test('a login asks for what the exchange begins at', async () => {
    op.signInAs('anna');
    const started = await new Browser(world).check(`${at('dash')}/board/1`);
    const { searchParams } = new URL(String(started.headers.location));
    expect(searchParams.getAll('resource')).toEqual([PORTAL]);
    expect(searchParams.get('scope')).toBe('openid portal:use');
    const script = await new Browser(world).check(`${at('dash')}/board/1`, { manner: 'script' });
    expectAnswer(script, 401, 'login-needed');
    const login = new URL(String((JSON.parse(script.body) as Json)['login_url']));
    const again = await new Browser(world).check(login.href);
    expect(new URL(String(again.headers.location)).searchParams.getAll('resource')).toEqual([PORTAL]);
  });

  test('the session’s token is exchanged once; what comes of it decides and goes on', async () => {
    const anna = await signedIn('anna');
    const before = asked.length;
    const first = await anna.check(`${at('dash')}/board/1`);
    expectAnswer(first, 200, 'permitted');
    const token = decodeJwt(tokenOf(first));
    expect(token).toMatchObject({ aud: DASH, sub: 'anna', client_id: 'shop', scope: 'dash:read' });
    expect(first.headers).toMatchObject({ 'x-auth-subject': 'anna', 'x-auth-scopes': 'dash:read' });
    for (const path of ['/board/2', '/any/', '/board/1'])
      expect(tokenOf(await anna.check(at('dash') + path))).toBe(tokenOf(first));
    expect(asked.length - before).toBe(1);
    const { client, form } = asked.at(-1) ?? {};
    expect(client).toBe('shop');
    expect(form).toMatchObject({
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      resource: DASH,
      scope: 'dash:read',
    });
    expect(form).not.toHaveProperty('actor_token');
    // The access token, and never the ID token.
    expect(decodeJwt(String(form?.['subject_token']))).toMatchObject({ aud: PORTAL, client_id: 'shop' });
  });

  test('a hundred first checks at once make one token request', async () => {
    const carl = await signedIn('carl');
    const before = asked.length;
    const answers = await Promise.all(Array.from({ length: 100 }, () => carl.check(`${at('dash')}/board/1`)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(tokenOf)).size).toBe(1);
    expect(asked.length - before).toBe(1);
  });

  test('what the new token lacks, no login is begun for', async () => {
    const anna = await signedIn('anna');
    for (const manner of ['page', 'script'] as const) {
      const refused = await anna.check(`${at('dash')}/edit/1`, { manner });
      expectAnswer(refused, 403, 'scope-missing');
      expectWellFormed(world, refused, manner === 'page');
      expect(refused.body).toContain('dash:write');
    }
    const ben = await signedIn('ben');
    expectAnswer(await ben.check(`${at('dash')}/any/`), 200, 'permitted');
    expectAnswer(await ben.check(`${at('dash')}/board/1`), 403, 'scope-missing');
  });

  test('no browser ever sees it', async () => {
    const anna = await signedIn('anna');
    const exchanged = tokenOf(await anna.check(`${at('dash')}/board/1`));
    const me = await anna.page(`${at('dash')}/_auth/me`, { manner: 'script' });
    expect((JSON.parse(me.body) as { tokens: Json[] }).tokens).toEqual([
      expect.objectContaining({ audience: PORTAL }),
    ]);
    const answer = await anna.check(`${at('dash')}/board/1`);
    expect(answer.setCookie).toEqual([]);
    expect(answer.body + anna.cookieHeader(at('dash'))).not.toContain(exchanged);
  });

  test('a public path makes no call for it, and knows the one that is at hand', async () => {
    const anna = await signedIn('anna', `${at('quiet')}/any/`);
    const before = asked.length;
    expect((await anna.check(`${at('quiet')}/`)).headers['x-auth-subject']).toBe('');
    expect(asked.length - before).toBe(0);
    const answer = await anna.check(`${at('quiet')}/board/1`);
    expectAnswer(answer, 200, 'permitted');
    expect(answer.headers.authorization).toBeUndefined();
    expect((await anna.check(`${at('quiet')}/`)).headers).toMatchObject({
      'x-auth-subject': 'anna',
      'x-auth-scopes': 'dash:read',
    });
    expect(asked.length - before).toBe(1);
  });

  test('leaves a line for the audit, and a number; no token is in it', async () => {
    const dora = await signedIn('dora');
    const exchanged = tokenOf(await dora.check(`${at('dash')}/board/1`));
    const line = world.log.findLast(({ event }) => event === 'exchanged');
    expect(line).toEqual({
      ...{ level: 'info', time: expect.any(String), event: 'exchanged', outcome: 'granted' },
      ...{ exchange: 'dash', provider: 'default', issuer: op.issuer, subject: 'dora', client: 'shop' },
      ...{ from: PORTAL, to: DASH, scopes: ['dash:read'], newSubject: 'dora' },
    });
    const text = JSON.stringify(world.log);
    expect(text).not.toContain(exchanged.split('.')[1]);
    expect(text).not.toContain(String(asked.at(-1)?.form['subject_token']).split('.')[1]);
    const { body } = await world.send('adminListen', '/metrics', []);
    expect(body).toMatch(/^postern_exchanges_total\{exchange="dash",outcome="granted"\} [1-9]/m);
  });
});

describe('a bearer token for another audience', () => {
  test('is exchanged only where the entry says so', async () => {
    const token = await serviceToken(PORTAL);
    const before = asked.length;
    expectAnswer(await send(`${at('dash')}/board/1`, token), 401, 'token-audience');
    expect(asked.length - before).toBe(0);
    const answer = await send(`${at('open')}/board/1`, token);
    expectAnswer(answer, 200, 'permitted');
    expect(decodeJwt(tokenOf(answer))).toMatchObject({ aud: DASH, sub: 'robot', client_id: 'shop' });
    expect(asked.length - before).toBe(1);
  });

  test('one that is good by itself is not exchanged, and goes on as it is', async () => {
    const token = await serviceToken(DASH);
    const before = asked.length;
    const answer = await send(`${at('open')}/board/1`, token);
    expectAnswer(answer, 200, 'permitted');
    expect(tokenOf(answer)).toBe(token);
    expect(asked.length - before).toBe(0);
  });

  test('an absent pair and a reversed one make no call', async () => {
    const before = asked.length;
    expectAnswer(await send(`${at('open')}/board/1`, await serviceToken(OTHER)), 401, 'token-audience');
    expectAnswer(await send(`${at('portal')}/any/`, await serviceToken(DASH)), 401, 'token-audience');
    expect(asked.length - before).toBe(0);
  });

  test('one of our own client is not exchanged: that would be a chain', async () => {
    const anna = await signedIn('anna', `${at('portal')}/any/`);
    const own = tokenOf(await anna.check(`${at('portal')}/any/`));
    const before = asked.length;
    const refused = await send(`${at('open')}/board/1`, own);
    expectAnswer(refused, 403, 'exchange-chained');
    expectWellFormed(world, refused, false);
    expect(asked.length - before).toBe(0);
  });

  test('nobody gets more than twenty exchanges a minute', async () => {
    const answers: string[] = [];
    for (let count = 0; count < 25; count += 1) {
      const { status, reason, headers } = await send(`${at('open')}/board/1`, await serviceToken(PORTAL));
      answers.push(`${status} ${reason} ${headers['retry-after'] ?? ''}`);
    }
    expect(answers.at(-1)).toBe('429 exchange-limited 5');
    expect(new Set(answers)).toEqual(new Set(['200 permitted ', '429 exchange-limited 5']));
    // Others are not concerned.
    const anna = await signedIn('anna', `${at('open')}/any/`);
    expectAnswer(await anna.check(`${at('open')}/board/1`), 200, 'permitted');
  });
});

describe('further audiences by exchange (moreAudiences)', () => {
  test('a session gets them without a login, each where an exchange leads', async () => {
    const anna = await signedIn('anna', `${at('more')}/`, more);
    const before = asked.length;
    const answer = await anna.check(`${at('more')}/board/1`);
    expectAnswer(answer, 200, 'permitted');
    expect(decodeJwt(tokenOf(answer))).toMatchObject({ aud: DASH, scope: 'dash:read' });
    expect(decodeJwt(tokenOf(await anna.check(`${at('more')}/`)))).toMatchObject({ aud: PORTAL });
    expect(asked.length - before).toBe(1);
    const absent = await anna.check(`${at('more')}/other/1`);
    expectAnswer(absent, 403, 'exchange-not-listed');
    expectWellFormed(more, absent, true);
    expect(asked.length - before).toBe(1);
  });

  test('a login at any page begins where exchanges do', async () => {
    for (const path of ['/board/1', '/other/1', '/']) {
      const started = await new Browser(more).check(at('more') + path);
      expect(new URL(String(started.headers.location)).searchParams.getAll('resource')).toEqual([PORTAL]);
    }
  });
});

describe('a service token of a partner (X2)', () => {
  const mint = (claims: Json = {}, header: Json = {}, key: SigningKey = partner.keys.accessToken): string => {
    const now = Math.floor(Date.now() / 1000);
    return signJws(
      { alg: key.alg, kid: key.kid, typ: 'JWT', ...header },
      {
        ...{ iss: partner.issuer, sub: 'partner-service', aud: GATEWAY },
        ...{ iat: now, exp: now + 300, jti: `${Math.random()}` },
        ...claims,
      },
      key,
    );
  };

  test('is exchanged once, and the internal token alone decides and goes on', async () => {
    // What it says of itself counts for nothing.
    const foreign = mint({ aud: [GATEWAY, DASH], scope: 'dash:read dash:write', client_id: 'x' });
    const before = asked.length;
    const answer = await send(`${at('dash')}/board/1`, foreign);
    expectAnswer(answer, 200, 'permitted');
    expect(decodeJwt(tokenOf(answer))).toMatchObject({ iss: op.issuer, aud: DASH, client_id: 'shop' });
    expect(answer.headers['x-auth-client']).toBe('shop');
    expectAnswer(await send(`${at('dash')}/edit/1`, foreign), 403, 'scope-missing');
    expect(asked.length - before).toBe(1);
    expect(asked.at(-1)).toMatchObject({
      client: 'shop',
      form: { subject_token: foreign, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' },
    });
    expect(world.log.findLast(({ event }) => event === 'exchanged')).toMatchObject({
      ...{ outcome: 'granted', exchange: 'partner', issuer: partner.issuer, subject: 'partner-service' },
    });
  });

  test('a public path takes it for nobody', async () => {
    const answer = await send(`${at('dash')}/`, mint());
    expectAnswer(answer, 200, 'public');
    expect(answer.headers.authorization).toBeUndefined();
  });

  const now = Math.floor(Date.now() / 1000);
  test.each<[string, () => string, string]>([
    ['another subject', () => mint({ sub: 'other-service' }), '401 token-unfederated'],
    ['a subject that begins alike', () => mint({ sub: 'partner-service2' }), '401 token-unfederated'],
    ['a subject in another case', () => mint({ sub: 'Partner-Service' }), '401 token-unfederated'],
    ['no subject', () => mint({ sub: undefined }), '401 token-issuer'],
    ['another audience', () => mint({ aud: 'https://else.example' }), '401 token-unfederated'],
    ['our API as the audience', () => mint({ aud: DASH }), '401 token-unfederated'],
    ['no audience', () => mint({ aud: undefined }), '401 token-issuer'],
    ['another issuer', () => mint({ iss: 'https://else.example' }), '401 token-issuer'],
    ['the issuer with a slash', () => mint({ iss: `${partner.issuer}/` }), '401 token-issuer'],
    ['an end in the past', () => mint({ exp: now - 60 }), '401 token-expired'],
    ['a beginning in the future', () => mint({ nbf: now + 600 }), '401 token-not-yet-valid'],
    ['a life of more than a day', () => mint({ exp: now + 90_000 }), '401 token-claims'],
    ['no end', () => mint({ exp: undefined }), '401 token-claims'],
    ['no issue time', () => mint({ iat: undefined }), '401 token-claims'],
    ['a bound token', () => mint({ cnf: { jkt: 'x' } }), '401 token-bound'],
    [
      'another’s key',
      () => mint({}, {}, makeKey('ES256', partner.keys.accessToken.kid)),
      '401 token-signature',
    ],
    ['a key that is not there', () => mint({}, { kid: 'x' }), '401 token-signature'],
    ['no signature', () => unsignedJws({ alg: 'none' }, { iss: partner.issuer }), '401 token-malformed'],
    ['a critical extension', () => mint({}, { crit: ['x'] }), '401 token-malformed'],
    ['an actor', () => mint({ act: { sub: 'x' } }), '403 exchange-chained'],
  ])('with %s is refused, and no token request is made', async (_, make, expected) => {
    const before = asked.length;
    const { status, reason } = await send(`${at('dash')}/board/1`, make());
    expect(`${status} ${reason}`).toBe(expected);
    expect(asked.length - before).toBe(0);
  });

  test('an app that names no exchange for it does not know its issuer', async () => {
    expectAnswer(await send(`${at('open')}/board/1`, mint()), 401, 'token-issuer');
    expectAnswer(await send(`${at('portal')}/any/`, mint()), 401, 'token-issuer');
  });
});
