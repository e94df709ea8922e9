import { createHmac, createPublicKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import type { KeySet } from '../../src/token/key-set.ts';
import { createTokenReader } from '../../src/token/token-reader.ts';
import type { IssuerTrust } from '../../src/token/validate-access-token.ts';
import { isRefusal } from '../../src/token/validate-access-token.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { makeKey, type SigningKey, signJws, unsignedJws } from '../support/jws.ts';
import { trustOf } from '../support/trust.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

// JWT confusion: alg none / HS256 with the public key (CVE-2015-9235), jwk and jku injection (CVE-2018-0114), kid tricks,
// crit, cross-JWT confusion (RFC 8725 2.8), duplicate members, token substitution between issuers and audiences.

type Json = Record<string, unknown>;
const SHOP = 'http://shop.localhost:8080';
const API = 'https://api.shop.localhost';

let other: HostileProvider;
let world: World;
let anna: Browser;
let canaryHits = 0;
const canary = createServer((_, response) => {
  canaryHits += 1;
  response.end('{"keys":[]}');
});
let canaryUrl = '';

beforeAll(async () => {
  canary.listen(0, '127.0.0.1');
  await new Promise((resolve) => canary.once('listening', resolve));
  canaryUrl = `http://127.0.0.1:${(canary.address() as AddressInfo).port}`;
  other = await startHostileProvider();
  world = await startTestWorld({
    rules: {
      'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: ${API}
issuers: [${other.issuer}]
login: { scopes: [openid, "orders:read"], ask: listed }
rules:
  /public: public
  /any: authenticated
  /read: ["orders:read"]
  /admin: ["admin"]
  /both: { all: [a, b] }
`,
    },
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  await anna.signIn(`${SHOP}/read`);
});
afterAll(async () => {
  canary.closeAllConnections();
  canary.close();
  await world[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

const seconds = (): number => Math.floor(Date.now() / 1000);
const claimsOf = (claims: Json = {}): Json => ({
  ...{ iss: other.issuer, sub: 'carl', aud: API, client_id: 'cli', scope: 'orders:read' },
  ...{ iat: seconds(), exp: seconds() + 300, jti: 'j', ...claims },
});
function mint(claims: Json = {}, header: Json = {}, key: SigningKey = other.keys.accessToken): string {
  return signJws({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }, claimsOf(claims), key);
}
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
function hmac(header: Json, secret: string | Buffer): string {
  const input = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claimsOf()))}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
const ask = (token: string, uri = '/read', lines: readonly string[] = []): Promise<Answer> =>
  world.send('listen', '/verify', [
    ...['X-Forwarded-Method', 'GET', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'shop.localhost:8080'],
    ...['X-Forwarded-Uri', uri, 'Authorization', `Bearer ${token}`, ...lines],
  ]);

/** The refusal, also for a browser with a strong session: a bearer failure never falls back, redirects or sets a cookie. */
async function expectRefused(token: string, reason: string, status = 401): Promise<void> {
  const html = ['Accept', 'text/html', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
  for (const lines of [
    [],
    ['Cookie', anna.cookieHeader(SHOP)],
    [...html, 'Cookie', anna.cookieHeader(SHOP)],
  ]) {
    const answer = await ask(token, '/read', lines);
    expect([answer.status, answer.reason]).toEqual([status, reason]);
    expect(answer.setCookie).toEqual([]);
    expect(answer.headers).not.toHaveProperty('location');
  }
  const open = await ask(token, '/public', ['Cookie', anna.cookieHeader(SHOP)]);
  expect([open.status, open.headers['authorization'], open.headers['x-auth-subject']]).toEqual([
    200,
    undefined,
    '',
  ]);
}

test('an honest token passes unaltered', async () => {
  const token = mint();
  const answer = await ask(token);
  expect([answer.status, answer.reason, answer.headers['authorization']]).toEqual([
    200,
    'permitted',
    `Bearer ${token}`,
  ]);
});

describe('signature', () => {
  const stranger = makeKey('ES256', 'at');
  const rsa = (): string =>
    createPublicKey({ key: other.keys.idToken.jwk as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    }) as string;
  test.each<[string, () => string, string, number?]>([
    ['alg none', () => unsignedJws({ alg: 'none', typ: 'at+jwt' }, claimsOf()), 'token-malformed'],
    [
      'alg none with a signature',
      () => signJws({ alg: 'none', typ: 'at+jwt' }, claimsOf(), stranger),
      'token-algorithm',
    ],
    ['alg None', () => signJws({ alg: 'None', typ: 'at+jwt' }, claimsOf(), stranger), 'token-algorithm'],
    ['alg nOnE', () => signJws({ alg: 'nOnE', typ: 'at+jwt' }, claimsOf(), stranger), 'token-algorithm'],
    ['no alg', () => signJws({ typ: 'at+jwt' }, claimsOf(), stranger), 'token-malformed'],
    ['alg is a list', () => mint({}, { alg: ['ES256'] }), 'token-malformed'],
    ['alg null', () => mint({}, { alg: null }), 'token-malformed'],
    ['HS256 with the PEM', () => hmac({ alg: 'HS256', typ: 'at+jwt', kid: 'id' }, rsa()), 'token-algorithm'],
    [
      'HS256 with the JWK',
      () => hmac({ alg: 'HS256', typ: 'at+jwt', kid: 'id' }, JSON.stringify(other.keys.idToken.jwk)),
      'token-algorithm',
    ],
    ['HS256 with nothing', () => hmac({ alg: 'HS256', typ: 'at+jwt' }, ''), 'token-algorithm'],
    ['ES512', () => mint({}, {}, makeKey('ES512', 'at')), 'token-algorithm'],
    ['RS256 by the EC kid', () => mint({}, { kid: 'at' }, makeKey('RS256', 'at')), 'token-signature'],
    ['a stranger with the right kid', () => mint({}, {}, stranger), 'token-signature'],
    ['a stranger without kid', () => mint({}, { kid: undefined }, stranger), 'token-signature'],
    ['jwk in the header', () => mint({}, { jwk: stranger.jwk }, stranger), 'token-signature'],
    ['jku', () => mint({}, { jku: `${canaryUrl}/jwks` }, stranger), 'token-signature'],
    ['x5u', () => mint({}, { x5u: `${canaryUrl}/x5u` }, stranger), 'token-signature'],
    ['x5c', () => mint({}, { x5c: ['MIIB'] }, stranger), 'token-signature'],
    ['kid as URL', () => mint({}, { kid: `${canaryUrl}/kid` }, stranger), 'token-signature'],
    ['kid as path', () => mint({}, { kid: '../../dev/null' }, stranger), 'token-signature'],
    ['kid as SQL', () => mint({}, { kid: "x' UNION SELECT 'k" }, stranger), 'token-signature'],
    ['kid __proto__', () => mint({}, { kid: '__proto__' }, stranger), 'token-signature'],
    ['kid number', () => mint({}, { kid: 0 }), 'token-malformed'],
    ['kid null', () => mint({}, { kid: null }), 'token-malformed'],
    ['crit', () => mint({}, { crit: ['exp'] }), 'token-malformed'],
    ['crit empty', () => mint({}, { crit: [] }), 'token-malformed'],
    ['b64 false', () => mint({}, { b64: false, crit: ['b64'] }), 'token-malformed'],
    ['b64 true', () => mint({}, { b64: true }), 'token-malformed'],
    ['another issuer’s key', () => mint({ iss: world.issuer }), 'token-signature'],
    ['an unknown issuer', () => mint({ iss: canaryUrl }), 'token-issuer'],
    ['issuer with a slash', () => mint({ iss: `${other.issuer}/` }), 'token-issuer'],
    ['issuer in upper case', () => mint({ iss: other.issuer.replace('http', 'HTTP') }), 'token-issuer'],
    ['issuer as a list', () => mint({ iss: [other.issuer] }), 'token-issuer'],
    ['issuer __proto__', () => mint({ iss: '__proto__' }), 'token-issuer'],
    ['no signature', () => mint().replace(/\.[^.]*$/, '.'), 'token-malformed'],
    ['two segments', () => mint().replace(/\.[^.]*$/, ''), 'token-malformed'],
    ['four segments', () => `${mint()}.x`, 'token-malformed'],
    ['five segments', () => `${mint()}.x.y`, 'token-malformed'],
    ['padding', () => `${mint()}=`, 'token-malformed'],
    ['a blank payload', () => mint().replace(/\..*\./, '..'), 'token-malformed'],
    [
      'a broken signature',
      () => mint().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
      'token-signature',
    ],
    [
      'standard base64',
      () => mint({ sub: '\u00ff\u00fe\u00fd?>~~~' }).replaceAll('-', '+').replaceAll('_', '/'),
      'token-malformed',
    ],
    ['17 KB', () => mint({ filler: 'x'.repeat(13_000) }), 'token-malformed'],
    ['40 KB', () => mint({ filler: 'x'.repeat(30_000) }), 'token-malformed'],
  ])('%s', async (_, token, reason) => {
    await expectRefused(token(), reason);
    expect(canaryHits).toBe(0);
  });
  test('psychic signatures: zeroes', async () => {
    const [header, payload] = mint().split('.');
    await expectRefused(`${header}.${payload}.${Buffer.alloc(64).toString('base64url')}`, 'token-signature');
  });
});

describe('claims', () => {
  test.each<[string, Json, Json, string]>([
    ['typ JWT', {}, { typ: 'JWT' }, 'token-type'],
    ['typ absent', {}, { typ: undefined }, 'token-type'],
    ['typ logout+jwt', {}, { typ: 'logout+jwt' }, 'token-type'],
    ['typ dpop+jwt', {}, { typ: 'dpop+jwt' }, 'token-type'],
    ['typ id_token+jwt', {}, { typ: 'application/id_token+jwt' }, 'token-type'],
    ['typ twice application', {}, { typ: 'application/application/at+jwt' }, 'token-type'],
    ['typ with a blank', {}, { typ: 'at+jwt ' }, 'token-type'],
    ['typ a list', {}, { typ: ['at+jwt'] }, 'token-malformed'],
    ['aud of our client', { aud: 'shop' }, {}, 'token-audience'],
    ['aud of our client too', { aud: [API, 'shop'] }, {}, 'token-audience'],
    ['aud of another resource', { aud: 'https://api.ops.localhost' }, {}, 'token-audience'],
    ['aud with a slash', { aud: `${API}/` }, {}, 'token-audience'],
    ['aud in upper case', { aud: API.toUpperCase() }, {}, 'token-audience'],
    ['aud a prefix', { aud: `${API}.evil.example` }, {}, 'token-audience'],
    ['aud with a blank', { aud: `${API} https://x` }, {}, 'token-audience'],
    ['aud nested', { aud: [[API]] }, {}, 'token-claims'],
    ['aud with a number', { aud: [API, 5] }, {}, 'token-claims'],
    ['aud with null', { aud: [API, null] }, {}, 'token-claims'],
    ['aud an object', { aud: { 0: API, length: 1 } }, {}, 'token-claims'],
    ['aud empty', { aud: [] }, {}, 'token-claims'],
    ['aud absent', { aud: undefined }, {}, 'token-claims'],
    ['sub absent', { sub: undefined }, {}, 'token-claims'],
    ['sub empty', { sub: '' }, {}, 'token-claims'],
    ['sub a number', { sub: 1 }, {}, 'token-claims'],
    ['sub long', { sub: 'x'.repeat(256) }, {}, 'token-claims'],
    ['client absent', { client_id: undefined }, {}, 'token-claims'],
    ['jti absent', { jti: undefined }, {}, 'token-claims'],
    ['exp absent', { exp: undefined }, {}, 'token-claims'],
    ['exp a text', { exp: '9999999999' }, {}, 'token-claims'],
    ['exp in ms', { exp: Date.now() + 300_000 }, {}, 'token-claims'],
    ['exp 1e308', { exp: 1e308 }, {}, 'token-claims'],
    ['exp true', { exp: true }, {}, 'token-claims'],
    ['exp past', { exp: 1 }, {}, 'token-expired'],
    ['exp negative', { exp: -1 }, {}, 'token-expired'],
    ['iat in ms', { iat: Date.now() }, {}, 'token-claims'],
    ['iat in the future', { iat: Math.floor(Date.now() / 1000) + 600 }, {}, 'token-not-yet-valid'],
    ['nbf in the future', { nbf: Math.floor(Date.now() / 1000) + 600 }, {}, 'token-not-yet-valid'],
    ['nbf a text', { nbf: '0' }, {}, 'token-claims'],
    ['cnf jkt', { cnf: { jkt: 'x' } }, {}, 'token-bound'],
    ['cnf empty', { cnf: {} }, {}, 'token-bound'],
    ['cnf null', { cnf: null }, {}, 'token-bound'],
    ['scope a number', { scope: 1 }, {}, 'token-claims'],
    ['scope an object', { scope: { 0: 'orders:read' } }, {}, 'token-claims'],
    ['scope null', { scope: null }, {}, 'token-claims'],
    ['scope nested', { scope: [['orders:read']] }, {}, 'token-claims'],
    ['scope list with a blank inside', { scope: ['orders:read admin'] }, {}, 'token-claims'],
    ['scope by tab', { scope: 'x\torders:read' }, {}, 'token-claims'],
    ['scope by newline', { scope: 'x\norders:read' }, {}, 'token-claims'],
    ['scope by no-break space', { scope: 'x\u00a0orders:read' }, {}, 'token-claims'],
    ['scope with quote', { scope: 'orders:read x"y' }, {}, 'token-claims'],
  ])('%s', async (_, claims, header, reason) => {
    await expectRefused(mint(claims, header), reason);
  });

  test.each<[string, Json]>([
    ['other case', { scope: 'ORDERS:READ' }],
    ['by comma', { scope: 'x,orders:read' }],
    ['a prefix', { scope: 'orders:*' }],
    ['star', { scope: '*' }],
    ['longer', { scope: 'orders:read:all' }],
    ['percent', { scope: 'orders%3Aread' }],
    ['absent', { scope: undefined }],
    ['empty', { scope: '' }],
    ['in scp', { scope: undefined, scp: 'orders:read' }],
    ['in permissions', { scope: '', permissions: ['orders:read'] }],
    [
      'in roles',
      { scope: '', roles: ['orders:read'], groups: ['orders:read'], authorities: ['orders:read'] },
    ],
    ['in act', { scope: '', act: { scope: 'orders:read' } }],
    ['by __proto__', { scope: '', ['__proto__x']: { scope: 'orders:read' } }],
  ])('scope %s: 403', async (_, claims) => {
    const answer = await ask(mint(claims), '/read', ['Cookie', anna.cookieHeader(SHOP)]);
    expect([answer.status, answer.reason]).toEqual([403, 'scope-missing']);
  });
  test('two weak credentials never add up', async () => {
    expect((await ask(mint({ scope: 'a' }), '/both', ['Cookie', anna.cookieHeader(SHOP)])).reason).toBe(
      'scope-missing',
    );
    expect((await ask(mint({ scope: 'a b' }), '/both')).status).toBe(200);
  });

  test.each<[string, string, string]>([
    ['repeated aud', '"aud":"https://x","aud":', 'claims'],
    ['repeated scope, one escaped', '"sc\\u006fpe":"x","scope":', 'claims'],
    ['repeated __proto__', '"__proto__":{"scope":"admin"},"__proto__":', 'claims'],
  ])('%s: refused', async (_, member) => {
    const honest = JSON.stringify(claimsOf());
    const name = member.split('"').at(-2) ?? '';
    const text = honest.includes(`"${name}":`)
      ? honest.replace(`"${name}":`, member)
      : `{${member}{},${honest.slice(1)}`;
    const key = other.keys.accessToken;
    await expectRefused(signJws({ alg: key.alg, kid: key.kid, typ: 'at+jwt' }, text, key), 'token-malformed');
  });
  test('a repeated alg, a BOM, trailing bytes and bad UTF-8 are refused', async () => {
    const key = other.keys.accessToken;
    const good = JSON.stringify(claimsOf());
    for (const [header, claims] of [
      [`{"alg":"none","alg":"ES256","kid":"at","typ":"at+jwt"}`, good],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, `\ufeff${good}`],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, `${good}\0`],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, `${good}{}`],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, `[${good}]`],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, 'null'],
      [{ alg: 'ES256', kid: 'at', typ: 'at+jwt' }, '['.repeat(8000)],
    ] as const)
      await expectRefused(signJws(header, claims, key), 'token-malformed');
  });
});

describe('tokens that are not for an API', () => {
  test('the session’s own ID token, as bearer', async () => {
    const browser = new Browser(world);
    await browser.signIn(`${SHOP}/read`);
    const out = await browser.check(`${SHOP}/_auth/logout`, { method: 'POST', lines: ['Origin', SHOP] });
    const idToken = new URL(String(out.headers.location)).searchParams.get('id_token_hint') ?? '';
    expect(idToken.split('.')).toHaveLength(3);
    await expectRefused(idToken, 'token-type');
  });
  test('an opaque text, a cookie, a state', async () => {
    const started = await new Browser(world).check(`${SHOP}/read`);
    const state = new URL(String(started.headers.location)).searchParams.get('state') ?? '';
    for (const token of ['opaque', state, anna.cookieHeader(SHOP).match(/postern=([^;=]*)/)?.[1] ?? ''])
      await expectRefused(token, 'token-malformed');
  });
  test('access_token in the query or in a form is ignored', async () => {
    const token = mint();
    const answer = await world.send('listen', '/verify', [
      ...[
        'X-Forwarded-Method',
        'GET',
        'X-Forwarded-Proto',
        'http',
        'X-Forwarded-Host',
        'shop.localhost:8080',
      ],
      ...['X-Forwarded-Uri', `/read?access_token=${token}`],
    ]);
    expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);
    expect(JSON.stringify(world.log)).not.toContain(token);
  });
});

// A verified token stays in a cache under the terms of the app that saw it first. Another app may trust the same issuer on
// other terms (two providers, `issuers:`): the cache must not lend one app's terms to the other (design section 5).
describe('the cache of verified tokens does not carry one app’s terms to another', () => {
  const keys: KeySet = {
    key: async () => {
      const { importJWK } = await import('jose');
      return (await importJWK(other.keys.accessToken.jwk, 'ES256')) as never;
    },
    age: () => 0,
    warm: async () => undefined,
    offline: () => keys,
  };
  const terms = (changes: Partial<IssuerTrust>): ReadonlyMap<string, IssuerTrust> =>
    new Map([[other.issuer, trustOf(other.issuer, keys, { ownClientIds: new Set<string>(), ...changes })]]);
  test.each<[string, Partial<IssuerTrust>, Json, Json]>([
    ['profile', { profile: 'jwt' }, {}, { typ: 'JWT' }],
    [
      'audienceIsClient',
      { audienceIsClient: true, ownClientIds: new Set(['cli']) },
      { aud: ['cli', API] },
      {},
    ],
    ['scopeClaim', { scopeClaim: 'scp' }, { scope: '', scp: 'admin' }, {}],
    ['algorithms', {}, {}, {}],
  ])('%s', async (name, lax, claims, header) => {
    const strict = terms(
      name === 'algorithms'
        ? { algorithms: ['PS256'] }
        : name === 'audienceIsClient'
          ? { ownClientIds: new Set(['cli']) }
          : {},
    );
    const token = mint(claims, header);
    const alone = await createTokenReader(seconds).read(token, strict);
    const reader = createTokenReader(seconds);
    expect(isRefusal(await reader.read(token, terms(lax)))).toBe(false);
    const after = await reader.read(token, strict);
    const view = (result: typeof alone): unknown => (isRefusal(result) ? result.reason : [...result.scopes]);
    expect(view(after)).toEqual(view(alone));
  });
});
