import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from '../support/browser.ts';
import {
  type HostileProvider,
  type Misbehaviour,
  startHostileProvider,
} from '../support/hostile-provider.ts';
import { makeKey } from '../support/jws.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// A provider that fails or lies when a session is refreshed (RFC 6749 5.2, RFC 9700 4.14.2, OpenID Connect Core 12.2): nothing
// that it says then is believed more than at a login, and a failure that passes signs nobody out.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.example
login: { scopes: [openid], ask: listed }
rules: { "/**": authenticated }
`;
/** The provider's tokens live for 300 s: the last ten of them, and after them. */
const EARLY = 292;
const AFTER = 320;

let op: HostileProvider;
let world: World;
let offset = 0;
beforeAll(async () => {
  op = await startHostileProvider();
  world = await startTestWorld({
    rules: { 'shop.yaml': RULES },
    issuer: op.issuer,
    now: () => Math.floor(Date.now() / 1000) + offset,
    env: { POSTERN_SESSION_STORE: 'memory', POSTERN_SESSION_REFRESH: 'true' },
  });
});
beforeEach(() => {
  offset = 0;
  op.misbehaviour = {};
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await op[Symbol.asyncDispose]();
});

const outcome = ({ status, reason }: Answer): string => `${status} ${reason}`;
const ask = (browser: Browser): Promise<Answer> => browser.check(`${SHOP}/x`, { manner: 'script' });
const refreshes = (): readonly string[] =>
  op.requests.flatMap(({ form }) =>
    form.get('grant_type') === 'refresh_token' ? [String(form.get('refresh_token'))] : [],
  );

async function signedIn(): Promise<Browser> {
  const browser = new Browser(world);
  op.misbehaviour = { idTokenClaims: (claims) => ({ ...claims, auth_time: 1_700_000_000 }) };
  const started = await browser.check(`${SHOP}/x`);
  await browser.check(op.authorize(String(started.headers.location)).href);
  op.misbehaviour = {};
  op.requests.length = 0;
  return browser;
}

const idToken = (over: Record<string, unknown>): Misbehaviour => ({
  idTokenClaims: (claims) => ({ ...claims, auth_time: 1_700_000_000, ...over }),
});
const accessToken = (over: Record<string, unknown>): Misbehaviour => ({
  ...HONEST,
  accessTokenClaims: (claims) => ({ ...claims, exp: Number(claims['exp']) + 3600, ...over }),
});
const body = (change: (body: Record<string, unknown>) => unknown): Misbehaviour => ({
  ...HONEST,
  tokens: change,
});
const answer = (status: number, text: string, type = 'application/json'): Misbehaviour => ({
  answer: (path, response) => {
    if (path !== '/token') return false;
    response.writeHead(status, { 'content-type': type }).end(text);
    return true;
  },
});
const HONEST: Misbehaviour = {
  idTokenClaims: (claims) => ({ ...claims, auth_time: 1_700_000_000 }),
  accessTokenClaims: (claims) => ({ ...claims, exp: Number(claims['exp']) + 3600 }),
};
const error = (code: string): string => JSON.stringify({ error: code });
const FOREIGN = makeKey('RS256', 'id');

const GOES_ON = ['200 permitted', '200 permitted'];
/** It goes on to the end of its token; then a script is told to try again. */
const PASSES = ['200 permitted', '503 provider-unavailable'];
/** The same; then another login may help. */
const EXPIRES = ['200 permitted', '401 session-expired'];
const ENDS = ['401 login-needed', '401 login-needed'];

test.each<[what: string, misbehaviour: Misbehaviour, expected: readonly string[]]>([
  ['an honest answer', HONEST, GOES_ON],
  ['no ID token', body(({ id_token: _, ...rest }) => rest), GOES_ON],
  ['no refresh token: the old one stays', body(({ refresh_token: _, ...rest }) => rest), GOES_ON],
  ['RF4: no nonce', { ...HONEST, ...idToken({ nonce: undefined }) }, GOES_ON],
  ['RF4: no auth_time', { ...HONEST, ...idToken({ auth_time: undefined }) }, GOES_ON],
  ['RF4: the audience as a list', { ...HONEST, ...idToken({ aud: ['shop'] }) }, GOES_ON],

  ['RF5: invalid_grant', answer(400, error('invalid_grant')), ENDS],
  ['RF5: invalid_grant with 401', answer(401, error('invalid_grant')), ENDS],
  ['RF4: an ID token of another issuer', idToken({ iss: 'https://evil.example' }), ENDS],
  ['RF4: an ID token of another person', idToken({ sub: 'mallory' }), ENDS],
  ['RF4: an ID token for another client', idToken({ aud: 'other' }), ENDS],
  [
    'RF4: an ID token for another client as well',
    idToken({ aud: ['shop', 'https://api.example'], azp: 'shop' }),
    ENDS,
  ],
  ['RF4: another azp', idToken({ azp: 'shop' }), ENDS],
  ['RF4: another nonce', idToken({ nonce: 'other' }), ENDS],
  ['RF4: another auth_time', idToken({ auth_time: 1_700_000_001 }), ENDS],
  ['A1: a forged ID token', { ...HONEST, signIdTokenWith: FOREIGN }, ENDS],
  ['A1: an expired ID token', idToken({ exp: 1_700_000_000 }), ENDS],
  ['A1: an ID token that is none', { ...HONEST, idToken: () => 'x' }, ENDS],
  ['an access token of another person', accessToken({ sub: 'mallory' }), ENDS],

  ['RF5: 500', answer(500, 'oops', 'text/plain'), PASSES],
  ['RF5: 503 with an error', answer(503, error('invalid_grant')), PASSES],
  ['RF5: 429', answer(429, ''), PASSES],
  ['RF5: server_error', answer(400, error('server_error')), PASSES],
  ['RF5: temporarily_unavailable', answer(400, error('temporarily_unavailable')), PASSES],
  [
    'RF5: the connection is cut',
    { answer: (path, response) => path === '/token' && response.destroy() !== undefined },
    PASSES,
  ],

  ['invalid_client', answer(401, error('invalid_client')), EXPIRES],
  ['unauthorized_client', answer(400, error('unauthorized_client')), EXPIRES],
  ['unsupported_grant_type', answer(400, error('unsupported_grant_type')), EXPIRES],
  ['an error that is none of OAuth', answer(400, error('oops')), EXPIRES],
  ['a page', answer(200, '<p>Maintenance', 'text/html'), EXPIRES],
  ['a redirect', answer(302, ''), EXPIRES],
  ['no JSON', answer(200, '{'), EXPIRES],
  ['no access token', body(({ access_token: _, ...rest }) => rest), EXPIRES],
  ['no token type', body(({ token_type: _, ...rest }) => rest), EXPIRES],
  ['another token type', body((rest) => ({ ...rest, token_type: 'DPoP' })), EXPIRES],
  ['AT12: an opaque access token', body((rest) => ({ ...rest, access_token: 'opaque' })), EXPIRES],
  [
    'AT12: the ID token as access token',
    body((rest) => ({ ...rest, access_token: rest['id_token'] })),
    EXPIRES,
  ],
  ['AT12: an access token of another issuer', accessToken({ iss: 'https://evil.example' }), EXPIRES],
  ['AT12: an access token for another audience', accessToken({ aud: 'https://other.example' }), EXPIRES],
  ['AT12: an expired access token', accessToken({ exp: 1_700_000_000 }), EXPIRES],
  ['AT12: a bound access token', accessToken({ cnf: { jkt: 'x' } }), EXPIRES],
  [
    'AT12: a forged access token',
    body((rest) => ({ ...rest, access_token: `${String(rest['access_token']).slice(0, -8)}AAAAAAAA` })),
    EXPIRES,
  ],
  ['AT12: another typ', { ...HONEST, accessTokenHeader: (header) => ({ ...header, typ: 'JWT' }) }, EXPIRES],
])('%s', async (_what, misbehaviour, expected) => {
  const browser = await signedIn();
  op.misbehaviour = misbehaviour;
  offset = EARLY;
  const early = await ask(browser);
  offset = AFTER;
  const after = await ask(browser);
  expect([early, after].map(outcome)).toEqual(expected);
  expect(refreshes()).toHaveLength(1);
  if (after.status === 503) expect(after.headers['retry-after']).toBe('5');
  for (const { setCookie } of [early, after]) expect(setCookie).toEqual([]);
  // Whatever it was, the next login is as good as any, and its refresh too.
  op.misbehaviour = idToken({});
  offset = 0;
  const started = await browser.check(`${SHOP}/_auth/login?rd=/x`);
  const completed = await browser.check(op.authorize(String(started.headers.location)).href);
  expect(outcome(completed)).toBe('303 login-completed');
  expect(outcome(await ask(browser))).toBe('200 permitted');
  op.misbehaviour = HONEST;
  offset = EARLY;
  expect(outcome(await ask(browser))).toBe('200 permitted');
  expect(refreshes()).toHaveLength(2);
});

describe('what is said of it', () => {
  test('no line of the log holds a token', async () => {
    const secrets: string[] = [];
    const browser = await signedIn();
    for (const hook of [accessToken({ iss: 'https://evil.example' }), idToken({ sub: 'mallory' })]) {
      op.misbehaviour = {
        ...hook,
        tokens: (rest) => {
          secrets.push(...['access_token', 'refresh_token', 'id_token'].map((name) => String(rest[name])));
          return rest;
        },
      };
      offset = EARLY;
      await ask(browser);
    }
    expect(secrets.length).toBeGreaterThan(0);
    const log = JSON.stringify(world.log);
    for (const secret of [...secrets, ...refreshes()]) expect(log).not.toContain(secret);
    expect(log).toContain('token-issuer: iss is neither provider.issuer');
  });
});
