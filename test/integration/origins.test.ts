import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { startTestWorld, type World } from '../support/world.ts';

const at = (host: string): string => `http://${host}.localhost:8080`;
const LISTED = at('listed');
const WWW = 'https://www.example.com';
const EVIL = 'https://evil.example';

const appOf = (name: string, origins: string) => `
app: ${name}
hosts: [${name}.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid, email] }
${origins}
headers: { X-Forwarded-Email: email, X-Team: team }
rules:
  /: public
  /account/**: authenticated
  /orders/**:
    GET: ["orders:read"]
    POST PUT: authenticated
  /write/**: ["orders:write"]
  /closed/**: deny
`;

let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'listed.yaml': appOf('listed', `origins: ["${WWW}"]`),
      'none.yaml': appOf('none', ''),
      'upstream.yaml': appOf('upstream', 'origins: upstream'),
    },
    hosts: ['listed.localhost:8080', 'none.localhost:8080', 'upstream.localhost:8080'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  for (const host of ['listed', 'none', 'upstream']) await anna.signIn(`${at(host)}/account/`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const origin = (value: string): string[] => ['Origin', value];
const site = (value: string): string[] => ['Sec-Fetch-Site', value];
const WEBSOCKET = ['Sec-WebSocket-Key', 'x', 'Sec-WebSocket-Version', '13'];

describe('a request with a session', () => {
  /** Whether the pages of the origin may act at: an app that lists them, one that lists none, `origins: upstream`. */
  const MATRIX: readonly [readonly string[], readonly [boolean, boolean, boolean]][] = [
    [[], [true, true, true]],
    [site('same-origin'), [true, true, true]],
    [site('none'), [true, true, true]],
    [site('same-site'), [false, false, false]],
    [site('cross-site'), [false, false, false]],
    [origin('OWN'), [true, true, true]],
    [
      [...origin('OWN'), ...site('same-origin')],
      [true, true, true],
    ],
    [
      [...origin('OWN'), ...site('cross-site')],
      [false, false, false],
    ],
    [
      [...origin(WWW), ...site('cross-site')],
      [true, false, false],
    ],
    [origin(WWW), [true, false, false]],
    [origin(`${WWW}/`), [false, false, false]],
    [origin(`${WWW}:443`), [false, false, false]],
    [origin(WWW.replace('https', 'http')), [false, false, false]],
    [origin(WWW.toUpperCase()), [false, false, false]],
    [
      [...origin(WWW), ...origin(EVIL)],
      [false, false, false],
    ],
    [
      [...origin(EVIL), ...site('cross-site')],
      [false, false, false],
    ],
    [
      [...origin(EVIL), ...site('same-origin')],
      [false, false, false],
    ],
    [origin('null'), [false, false, false]],
    [origin(''), [false, false, false]],
    [origin('http://other.localhost:8080'), [false, false, false]],
  ];
  const ASKS: readonly [string, Ask][] = [
    ['POST', { method: 'POST' }],
    ['PUT', { method: 'PUT' }],
    ['DELETE', { method: 'DELETE' }],
    ['WebSocket', { lines: WEBSOCKET }],
  ];
  test.each(ASKS.flatMap(([name, ask]) => MATRIX.map(([lines, may]) => [name, lines, may, ask] as const)))(
    '%s with %j is let in: %j',
    async (_, lines, may, ask) => {
      for (const [index, host] of ['listed', 'none', 'upstream'].entries()) {
        const own = lines.map((line) => (line === 'OWN' ? at(host) : line));
        const all = [...own, ...(ask.lines ?? [])];
        const answer = await anna.check(`${at(host)}/account/`, { ...ask, manner: 'plain', lines: all });
        expectAnswer(
          answer,
          may[index] === true ? 200 : 403,
          may[index] === true ? 'permitted' : 'cross-site',
        );
        if (answer.status === 403) expectWellFormed(world, answer, false);
      }
    },
  );

  test.each(['GET', 'HEAD', 'OPTIONS'])('%s of a foreign page passes', async (method) => {
    const lines = [...origin(EVIL), ...site('cross-site')];
    expectAnswer(
      await anna.check(`${LISTED}/account/`, { method, manner: 'plain', lines }),
      200,
      'permitted',
    );
  });

  test('without the session it is no cross-site request', async () => {
    const ask: Ask = { method: 'POST', manner: 'plain', lines: origin(EVIL) };
    expectAnswer(await new Browser(world).check(`${LISTED}/account/`, ask), 401, 'login-needed');
    expectAnswer(await anna.check(`${LISTED}/`, ask), 200, 'public');
  });

  test('a form of a foreign page gets a page', async () => {
    const lines = ['Accept', 'text/html', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
    const answer = await anna.check(`${LISTED}/account/`, {
      ...{ method: 'POST', manner: 'plain' },
      lines: [...lines, ...site('cross-site'), ...origin(EVIL)],
    });
    expectAnswer(answer, 403, 'cross-site');
    expectWellFormed(world, answer, true);
  });
});

describe('a preflight', () => {
  const asking = (from: string, method: string): string[] => [
    ...origin(from),
    ...['Access-Control-Request-Method', method, 'Sec-Fetch-Mode', 'cors', 'Authorization', 'Basic eDp5'],
  ];
  test.each<[string, string, string, string, number, string]>([
    ['listed', '/orders/1', WWW, 'POST', 200, 'preflight'],
    ['listed', '/orders/1', 'OWN', 'PUT', 200, 'preflight'],
    ['listed', '/orders/1', WWW, 'DELETE', 403, 'method-not-listed'],
    ['listed', '/orders/1', EVIL, 'POST', 403, 'method-not-listed'],
    ['listed', '/orders/1', 'null', 'POST', 403, 'method-not-listed'],
    ['listed', '/account/', EVIL, 'POST', 401, 'login-needed'],
    ['listed', '/closed/1', WWW, 'POST', 403, 'rule-deny'],
    ['listed', '/nowhere', WWW, 'POST', 403, 'no-rule'],
    ['listed', '/orders/%2e', WWW, 'POST', 400, 'path-ambiguous'],
    ['listed', '/_auth/me', WWW, 'GET', 404, 'router-missing'],
    ['none', '/orders/1', WWW, 'POST', 403, 'method-not-listed'],
    ['none', '/account/', WWW, 'POST', 401, 'login-needed'],
    ['upstream', '/orders/1', EVIL, 'POST', 200, 'preflight'],
    ['upstream', '/orders/1', EVIL, 'DELETE', 403, 'method-not-listed'],
    ['upstream', '/closed/1', EVIL, 'GET', 403, 'rule-deny'],
  ])('at %s%s from %s for %s is %i %s', async (host, path, from, method, status, reason) => {
    const lines = asking(from === 'OWN' ? at(host) : from, method);
    const ask: Ask = { method: 'OPTIONS', manner: 'plain', lines };
    const answer = await new Browser(world).check(at(host) + path, ask);
    expectAnswer(answer, status, reason);
    if (status === 200) {
      expect(answer.headers['x-auth-subject']).toBe('');
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('is none without an origin or a method', async () => {
    for (const lines of [origin(WWW), ['Access-Control-Request-Method', 'POST']]) {
      const ask: Ask = { method: 'OPTIONS', manner: 'plain', lines };
      expectAnswer(await new Browser(world).check(`${LISTED}/orders/1`, ask), 403, 'method-not-listed');
    }
    const get: Ask = { manner: 'plain', lines: asking(WWW, 'POST') };
    expectAnswer(await new Browser(world).check(`${LISTED}/orders/1`, get), 401, 'login-needed');
  });
});

describe('CORS on refusals', () => {
  const CASES: readonly [string, string, readonly string[], number][] = [
    ['GET', '/account/', [], 401],
    ['GET', '/closed/1', [], 403],
    ['GET', '/nowhere', [], 403],
    ['GET', '/orders/%2e', [], 400],
    ['GET', '/account/', ['Authorization', 'Bearer x'], 401],
    ['GET', '/account/', ['X_Auth_Subject', 'x'], 400],
    ['PROPFIND', '/account/', [], 403],
  ];
  test.each(CASES)('%s %s with %j lets listed pages read the %i', async (method, path, more, status) => {
    for (const [host, from, allowed] of [
      ['listed', WWW, true],
      ['listed', EVIL, false],
      ['listed', 'null', false],
      ['none', WWW, false],
      ['upstream', WWW, false],
    ] as const) {
      const lines = [...origin(from), 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty', ...more];
      const answer = await new Browser(world).check(at(host) + path, { method, manner: 'plain', lines });
      expect(answer.status).toBe(status);
      const { headers } = answer;
      expect(headers['access-control-allow-origin']).toBe(allowed ? from : undefined);
      expect(headers['access-control-allow-credentials']).toBe(allowed ? 'true' : undefined);
      if (host === 'listed') expect(headers.vary).toBe('Origin');
      expectWellFormed(world, answer, false);
    }
  });

  test('stand on the session’s own refusals too', async () => {
    const lines = [
      ...origin(WWW),
      'Sec-Fetch-Mode',
      'cors',
      'Sec-Fetch-Dest',
      'empty',
      ...site('cross-site'),
    ];
    const answer = await anna.check(`${LISTED}/write/1`, { method: 'POST', manner: 'plain', lines });
    expectAnswer(answer, 403, 'scope-missing');
    expect(answer.headers['access-control-allow-origin']).toBe(WWW);
  });
});

describe('a header', () => {
  test.each([
    ['X_Auth_Subject', 400],
    ['x-auth_subject', 400],
    ['X.Auth.Client', 400],
    ['X_AUTH_SCOPES', 400],
    ['x_forwarded_email', 400],
    ['X-Forwarded.Email', 400],
    ['X_Team', 400],
    ['X-Auth-Subject', 200],
    ['X-Forwarded-Email', 200],
    ['X_Auth_Subject2', 200],
    ['X__Auth_Subject', 200],
    ['X_Other', 200],
    ['X_Forwarded_Uri', 200],
    ['X_Forwarded_Host', 200],
    ['X.Forwarded.Method', 200],
  ])('%s is %i, and never reaches the upstream as ours', async (name, status) => {
    for (const path of ['/', '/account/']) {
      const answer = await anna.check(LISTED + path, { manner: 'plain', lines: [name, 'mallory'] });
      expectAnswer(answer, status, status === 400 ? 'header-alias' : path === '/' ? 'public' : 'permitted');
      if (status === 200)
        expect(answer.headers).toMatchObject({
          'x-auth-subject': 'anna',
          'x-forwarded-email': 'anna@example.com',
          'x-team': '',
        });
    }
  });

  test('Cookie goes on without ours, the rest in order', async () => {
    const rest = 'a=1; b="x y"; posternX2; c=%20; __Host-x=1; d==';
    const lines = ['Cookie', `first=1; ${anna.cookieHeader(LISTED)}; ${rest}; postern-t.x=1; postern.sig=2`];
    const answer = await anna.check(`${LISTED}/`, { manner: 'plain', cookies: false, lines });
    expect(answer.headers['cookie']).toBe(`first=1; ${rest.replace(' posternX2;', '')}`);
    const one = await anna.check(`${LISTED}/`, { manner: 'plain', lines: ['Cookie', 'x=1'], cookies: false });
    expect(one.headers['cookie']).toBe('x=1');
  });
});
