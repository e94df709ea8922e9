import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Ask, Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, signJws } from '../support/jws.ts';
import { expectAnswer } from '../support/refusals.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, startTestWorld, type World } from '../support/world.ts';

// What machines bring, abused: remembered answers of one app, provider or secret at another; chains of exchanges; credentials
// that a browser keeps; limits that are gone round; a provider that is kept busy or brought down for everybody.

type Json = Record<string, unknown>;
const PORTAL = 'https://api.portal.example';
const DASH = 'https://api.dash.example';
const NEXT = 'https://api.next.example';
const GATEWAY = 'https://gateway.example';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const at = (host: string): string => `http://${host}.localhost:8080`;
const appOf = (name: string, audience: string, more: string): string => `
app: ${name}
hosts: [${name}.localhost]
audience: ${audience}
${more}
rules:
  /: public
  /any/**: authenticated
  /read/**: [read]
  /next/**: { audience: "${NEXT}" }
`;

let main: HostileProvider;
let other: HostileProvider;
let partner: HostileProvider;
let world: World;
let offset = 0;
const now = (): number => Math.floor(Date.now() / 1000) + offset;

/** What each provider says of an opaque token, and gives for a grant. */
type Says = (form: URLSearchParams, authorization: string, response: ServerResponse) => void;
const says = new Map<HostileProvider, { introspect: Says; token: Says }>();
const json = (response: ServerResponse, body: unknown, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

async function provider(): Promise<HostileProvider> {
  const made = await startHostileProvider();
  made.misbehaviour = {
    metadata: (document) => ({ ...document, introspection_endpoint: `${made.issuer}/introspect` }),
    answer(path, response) {
      const say = says.get(made);
      if (say === undefined || (path !== '/introspect' && path !== '/token')) return false;
      const { form, authorization = '' } = made.requests.at(-1) as HostileProvider['requests'][number];
      (path === '/token' ? say.token : say.introspect)(form, authorization, response);
      return true;
    },
  };
  return made;
}

const idOf = (authorization: string): string =>
  decodeURIComponent(Buffer.from(authorization.slice(6), 'base64').toString().split(':', 1)[0] ?? '');
const secretOf = (authorization: string): string =>
  decodeURIComponent(Buffer.from(authorization.slice(6), 'base64').toString().split(':')[1] ?? '');

/** An access token of a provider. */
function mint(
  by: HostileProvider,
  claims: Json = {},
  header: unknown = undefined,
  key = by.keys.accessToken,
) {
  return signJws(
    header ?? { alg: key.alg, kid: key.kid, typ: 'at+jwt' },
    {
      ...{ iss: by.issuer, sub: 'carl', aud: DASH, client_id: 'cli', scope: 'read' },
      ...{ iat: now(), exp: now() + 300, jti: `${Math.random()}` },
      ...claims,
    },
    key,
  );
}
const given = (access_token: string): Json => ({
  ...{ access_token, token_type: 'Bearer', expires_in: 300 },
  issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
});
/** An honest token endpoint: the client credentials of `robot`, and exchanges that keep the subject. */
const honestToken =
  (by: HostileProvider, secret = CLIENT_SECRET): Says =>
  (form, authorization, response) => {
    const aud = form.get('resource');
    const scope = form.get('scope') ?? '';
    if (form.get('grant_type') === EXCHANGE) {
      const [, payload = ''] = (form.get('subject_token') ?? '').split('.');
      const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json;
      json(response, given(mint(by, { sub, aud, scope, client_id: idOf(authorization) })));
    } else if (idOf(authorization) === 'robot' && secretOf(authorization) === secret)
      json(response, given(mint(by, { sub: 'robot', client_id: 'robot', aud, scope })));
    else json(response, { error: 'invalid_client' }, 401);
  };
const calls = (by: HostileProvider, path: string): number =>
  by.requests.filter((one) => one.path === path).length;

const startWith = (text: string, rules: Readonly<Record<string, string>>): Promise<World> =>
  startTestWorld({
    rules,
    issuer: main.issuer,
    now,
    env: {
      POSTERN_CONFIG: '/postern.yaml',
      ...{ POSTERN_PROVIDER_ISSUER: undefined, POSTERN_PROVIDER_CLIENT_ID: undefined },
      ...{ POSTERN_PROVIDER_CLIENT_SECRET: undefined, POSTERN_SESSION_SECRET: undefined },
    },
    readFile: (path) => (path === '/postern.yaml' ? text : undefined),
  });

beforeAll(async () => {
  [main, other, partner] = [await provider(), await provider(), await startHostileProvider()];
  const client = (name: string, issuer: string, id: string): string =>
    `  ${name}: { issuer: "${issuer}", clientId: ${id}, clientSecret: "${CLIENT_SECRET}", introspection: true }`;
  const entry = (name: string, by: string, from: string, to: string): string =>
    `  - { name: ${name}, provider: ${by}, bearer: true, from: { issuer: "${main.issuer}", audience: "${from}" }, to: { audience: "${to}", scopes: [read] } }`;
  const service = `issuer: "${partner.issuer}", subject: service, audience: "${GATEWAY}"`;
  world = await startWith(
    `
providers:
${client('main', main.issuer, 'shop')}
${client('desk', main.issuer, 'desk')}
${client('other', other.issuer, 'broker')}
session: { secret: "${SESSION_SECRET}" }
exchange:
${entry('side', 'other', PORTAL, DASH)}
${entry('own', 'main', PORTAL, DASH)}
${entry('desk', 'desk', DASH, NEXT)}
${entry('partner-dash', 'main', PORTAL, DASH)}
${entry('partner-next', 'main', PORTAL, NEXT)}
federation:
  - { ${service}, exchange: partner-dash }
  - { ${service}, exchange: partner-next }
`,
    {
      'trusting.yaml': appOf(
        'trusting',
        DASH,
        `provider: main\nissuers: ["${other.issuer}"]\nexchange: [side]`,
      ),
      'strict.yaml': appOf('strict', DASH, 'provider: main\nexchange: [side]'),
      'dash.yaml': appOf(
        'dash',
        DASH,
        'provider: main\ncredentials: [session, bearer, basic]\nexchange: [own]',
      ),
      'there.yaml': appOf('there', DASH, 'provider: other\ncredentials: [session, bearer, basic]'),
      'portal.yaml': appOf('portal', PORTAL, 'provider: main'),
      'next.yaml': appOf('next', NEXT, 'provider: main\nexchange: [desk]'),
      'partner.yaml': appOf('partner', DASH, 'provider: main\nexchange: [partner-dash, partner-next]'),
    },
  );
});
beforeEach(() => {
  // Beyond what was remembered, the pauses after wrong secrets, and the exchanges of the minute before.
  offset += 1000;
  for (const by of [main, other])
    says.set(by, {
      introspect: (_, __, response) => json(response, { active: false }),
      token: honestToken(by),
    });
});
afterAll(async () => {
  for (const one of [world, main, other, partner]) await one[Symbol.asyncDispose]();
});

const send = (href: string, line: string, { lines = [], ...ask }: Ask = {}, by = world): Promise<Answer> =>
  new Browser(by).check(href, { manner: 'plain', ...ask, lines: ['Authorization', line, ...lines] });
const bearer = (href: string, token: string, by = world): Promise<Answer> =>
  send(href, `Bearer ${token}`, {}, by);
const basic = (id: string, secret: string): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const RIGHT = basic('robot', CLIENT_SECRET);
const said = ({ status, reason }: Answer): string => `${status} ${reason}`;

describe('what is remembered', () => {
  const active = (by: HostileProvider, aud: string): void =>
    void says.set(by, {
      token: honestToken(by),
      introspect: (_, __, response) =>
        json(response, {
          ...{ active: true, sub: 'carl', client_id: 'cli', scope: 'read', aud },
          exp: now() + 300,
        }),
    });

  test('of an opaque token at one provider is nothing at another, and of one audience nothing for another', async () => {
    active(main, DASH);
    expectAnswer(await bearer(`${at('dash')}/read/1`, 'opaque'), 200, 'permitted');
    expectAnswer(await bearer(`${at('there')}/read/1`, 'opaque'), 401, 'token-inactive');
    expect((await bearer(`${at('there')}/`, 'opaque')).headers['x-auth-subject']).toBe('');
  });

  test('of a secret at one provider is nothing at another, nor for another secret or id', async () => {
    says.set(other, { introspect: () => {}, token: honestToken(other, 'another secret') });
    expectAnswer(await send(`${at('dash')}/read/1`, RIGHT), 200, 'permitted');
    expectAnswer(await send(`${at('there')}/read/1`, RIGHT), 401, 'client-refused');
    expectAnswer(await send(`${at('dash')}/read/1`, basic('Robot', CLIENT_SECRET)), 401, 'client-refused');
    offset += 1000;
    expectAnswer(
      await send(`${at('dash')}/read/1`, basic('robot', `${CLIENT_SECRET} `)),
      401,
      'client-refused',
    );
  });

  // An exchange is remembered by its name, the provider that is asked and the tenant. What the new token is held against is
  // the app's: whose tokens it takes, and in which profile.
  test('of an exchange for an app that takes the new token’s issuer is nothing for one that does not', async () => {
    const token = mint(main, { aud: PORTAL });
    expectAnswer(await bearer(`${at('strict')}/read/1`, token), 403, 'exchange-invalid');
    const again = mint(main, { aud: PORTAL });
    expectAnswer(await bearer(`${at('trusting')}/read/1`, again), 200, 'permitted');
    expectAnswer(await bearer(`${at('strict')}/read/1`, again), 403, 'exchange-invalid');
  });
});

describe('exchange', () => {
  test('each of many subjects at once gets its own', async () => {
    const subjects = Array.from({ length: 40 }, (_, index) => `person-${index}`);
    const answers = await Promise.all(
      subjects.map((sub) => bearer(`${at('dash')}/read/1`, mint(main, { aud: PORTAL, sub }))),
    );
    expect(answers.map(({ headers }) => headers['x-auth-subject'])).toEqual(subjects);
  });

  test('what an exchange brought is not exchanged again, by another client of ours either', async () => {
    const first = await bearer(`${at('dash')}/read/1`, mint(main, { aud: PORTAL }));
    expectAnswer(first, 200, 'permitted');
    const exchanged = String(first.headers.authorization).slice('Bearer '.length);
    const before = calls(main, '/token');
    expectAnswer(await bearer(`${at('next')}/any/1`, exchanged), 403, 'exchange-chained');
    expect(calls(main, '/token') - before).toBe(0);
  });

  test('a token within the clock tolerance is not exchanged anew at every check', async () => {
    const token = mint(main, { aud: PORTAL, sub: 'late', exp: now() - 1 });
    const before = calls(main, '/token');
    for (let count = 0; count < 6; count += 1) await bearer(`${at('dash')}/read/1`, token);
    expect(calls(main, '/token') - before).toBeLessThanOrEqual(2);
  });

  test('calls that failed do not count against a subject once the provider is back', async () => {
    const token = mint(main, { aud: PORTAL, sub: 'unlucky' });
    let failing = true;
    says.set(main, {
      introspect: () => {},
      token(form, authorization, response) {
        if (failing) json(response, {}, 503);
        else honestToken(main)(form, authorization, response);
        failing = true;
      },
    });
    for (let count = 0; count < 24; count += 1) {
      // Others succeed in between, so that the provider does not rest.
      failing = true;
      await bearer(`${at('dash')}/read/1`, token);
      failing = false;
      await bearer(`${at('dash')}/read/1`, mint(main, { aud: PORTAL, sub: `lucky-${count}` }));
    }
    failing = false;
    expectAnswer(await bearer(`${at('dash')}/read/1`, token), 200, 'permitted');
  });
});

describe('a federated service', () => {
  const foreign = (claims: unknown = {}): string => {
    const key = partner.keys.accessToken;
    const whole = { iss: partner.issuer, sub: 'service', aud: GATEWAY, iat: now(), exp: now() + 300 };
    return signJws(
      { alg: key.alg, kid: key.kid },
      typeof claims === 'string' ? claims : { ...whole, jti: Math.random(), ...(claims as Json) },
      key,
    );
  };

  test('gets a token for each audience that it has an entry for', async () => {
    expectAnswer(await bearer(`${at('partner')}/read/1`, foreign()), 200, 'permitted');
    expectAnswer(await bearer(`${at('partner')}/next/1`, foreign()), 200, 'permitted');
  });

  const text = (claims: string) => `{"iss":"${partner.issuer}","sub":"service",${claims}}`;
  test.each<[string, () => unknown]>([
    ['an end beyond all numbers', () => text(`"aud":"${GATEWAY}","iat":${now()},"exp":1e999`)],
    ['a beginning before all numbers', () => text(`"aud":"${GATEWAY}","iat":-1e999,"exp":${now() + 9}`)],
    ['a nested audience', () => ({ aud: [[[GATEWAY]]] })],
    ['an audience that is an object', () => ({ aud: { 0: GATEWAY, length: 1 } })],
    ['a subject in a list', () => ({ sub: ['service'] })],
    ['an issuer in a list', () => ({ iss: [partner.issuer] })],
    ['a subject with a NUL', () => ({ sub: 'service\u0000' })],
    ['an actor that is null', () => ({ act: null })],
    ['a binding that is null', () => ({ cnf: null })],
    ['times in fractions of the past', () => ({ iat: -0.5, exp: 0.5 })],
    ['two subjects', () => text(`"sub":"x","aud":"${GATEWAY}","iat":${now()},"exp":${now() + 9}`)],
    ['a prototype', () => text(`"__proto__":{"aud":"${GATEWAY}"},"iat":${now()},"exp":${now() + 9}`)],
  ])('with %s gets none, and no call is made', async (_, claims) => {
    const before = calls(main, '/token');
    const { status } = await bearer(`${at('partner')}/read/1`, foreign(claims()));
    expect([401, 403]).toContain(status);
    expect(calls(main, '/token') - before).toBe(0);
  });
});

describe('a client secret', () => {
  test.each<[string, readonly string[], Ask]>([
    [
      'a picture',
      ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image'],
      {},
    ],
    [
      'a script',
      ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'script'],
      {},
    ],
    [
      'a fetch',
      ['Origin', 'https://evil.example', 'Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'cors'],
      {},
    ],
  ])('that a browser keeps is not read for %s of a foreign page', async (_, lines, ask) => {
    const before = calls(main, '/token');
    const answer = await send(`${at('dash')}/read/1`, RIGHT, { ...ask, lines });
    expect(answer.status).not.toBe(200);
    expect(calls(main, '/token') - before).toBe(0);
  });

  test('that a browser keeps is not shown to the provider for a foreign page that posts', async () => {
    const before = calls(main, '/token');
    const lines = [
      'Origin',
      'https://evil.example',
      'Sec-Fetch-Site',
      'cross-site',
      'Sec-Fetch-Mode',
      'cors',
    ];
    const answer = await send(`${at('dash')}/read/1`, basic('robot', 'x'), { method: 'POST', lines });
    expectAnswer(answer, 403, 'cross-site');
    expect(calls(main, '/token') - before).toBe(0);
  });

  test('a page load is never decided by it, fetched in advance either', async () => {
    const answer = await send(`${at('dash')}/read/1`, RIGHT, {
      manner: 'page',
      lines: ['Sec-Purpose', 'prefetch'],
    });
    expect(answer.status).not.toBe(200);
  });

  test('cannot be guessed by many at once', async () => {
    const before = calls(main, '/token');
    const guesses = Array.from({ length: 60 }, (_, guess) => basic('robot', `guess-${guess}`));
    await Promise.all(guesses.map((line) => send(`${at('dash')}/read/1`, line)));
    expect(calls(main, '/token') - before).toBeLessThanOrEqual(2);
  });

  test('cannot be guessed under other spellings of an id that a provider takes for the same', async () => {
    const before = calls(main, '/token');
    for (const id of ['robot', 'Robot', 'ROBOT', 'rObot', 'roBot'])
      await send(`${at('dash')}/read/1`, basic(id, 'guess'));
    expect(calls(main, '/token') - before).toBe(1);
  });

  test.each([
    ['%', 4000],
    ['\u{1f600}', 4000],
  ])('of many %j keeps nobody else out', async (letter, length) => {
    const statuses: string[] = [];
    for (let count = 0; count < 6; count += 1)
      statuses.push(said(await send(`${at('dash')}/read/1`, basic(`x${count}`, letter.repeat(length)))));
    expect(statuses).toEqual(Array.from({ length: 6 }, () => expect.stringMatching(/^40[01] /)));
    expectAnswer(await send(`${at('dash')}/read/1`, RIGHT), 200, 'permitted');
  });
});

describe('an opaque token', () => {
  test('that is a JWT with a blank in its header is one', async () => {
    const before = calls(main, '/introspect');
    const key = makeKey('ES256', 'at');
    const forged = mint(main, {}, '{ "alg": "ES256", "kid": "at", "typ": "at+jwt" }', key);
    expectAnswer(await bearer(`${at('dash')}/read/1`, forged), 401, 'token-signature');
    expect(calls(main, '/introspect') - before).toBe(0);
  });

  test('that the endpoint finds malformed does not put it to rest for everybody', async () => {
    says.set(main, {
      token: () => {},
      introspect: (form, _, response) =>
        form.get('token')?.startsWith('odd')
          ? json(response, { error: 'invalid_request' }, 400)
          : json(response, {
              active: true,
              sub: 'a',
              client_id: 'cli',
              scope: 'read',
              aud: DASH,
              exp: now() + 9,
            }),
    });
    for (let count = 0; count < 6; count += 1) await bearer(`${at('dash')}/read/1`, `odd-${count}`);
    expectAnswer(await bearer(`${at('dash')}/read/1`, 'good'), 200, 'permitted');
  });
});

test('a check that needs two slow calls is answered within five seconds', async () => {
  const later =
    (say: Says): Says =>
    (...all) =>
      void setTimeout(() => say(...all), 3_000);
  const claims = {
    active: true,
    sub: 'slow',
    client_id: 'cli',
    scope: 'read',
    aud: PORTAL,
    exp: now() + 300,
  };
  says.set(main, {
    introspect: later((_, __, response) => json(response, claims)),
    token: later((_, __, response) => json(response, given(mint(main, { sub: 'slow', client_id: 'shop' })))),
  });
  const answered = await Promise.race([
    bearer(`${at('dash')}/read/1`, 'opaque-and-slow').then(said),
    new Promise((resolve) => void setTimeout(resolve, 5_000, 'no answer').unref()),
  ]);
  expect(answered).not.toBe('no answer');
});

test.each([
  'Basic Og==',
  'Basic Ojo=',
  'Basic cm9ib3Q6', // no secret
  `Basic ${Buffer.from('\u2028:\u2029\ufeff').toString('base64')}`,
  `Basic ${Buffer.from([0xef, 0xbb, 0xbf, 0x3a, 0x78]).toString('base64')}`,
  `Basic ${Buffer.from('__proto__:constructor').toString('base64')}`,
  `Basic ${Buffer.from('%ZZ:%').toString('base64')}`,
  'Basic\tcm9ib3Q6eA==',
  'Bearer __proto__',
  'Bearer eyJ.eyJ.x',
  'Bearer eyJ..',
  'Bearer ...',
  'Bearer .....',
  `Bearer ${'.'.repeat(4000)}`,
  `Bearer ${Buffer.from('{"alg":"ES256"}').toString('base64url')}.bnVsbA.x`,
])('%j crashes nothing and opens nothing', async (line) => {
  for (const host of ['dash', 'there', 'partner', 'next', 'trusting']) {
    const { status } = await send(`${at(host)}/read/1`, line);
    expect([400, 401, 403]).toContain(status);
    expectAnswer(await send(`${at(host)}/`, line), 200, 'public');
  }
});
