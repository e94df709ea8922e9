import { describe, expect, test } from '@jest/globals';
import type { JWK } from 'jose';
import { createKeySet, type KeySet } from '../../../src/token/key-set.ts';
import {
  type IssuerTrust,
  isRefusal,
  validateAccessToken,
} from '../../../src/token/validate-access-token.ts';
import { makeKey, type SigningKey, signJws, unsignedJws } from '../../support/jws.ts';
import { trustOf } from '../../support/trust.ts';

const NOW = 1_800_000_000;
const TOLERANCE = 5;
const A = 'https://a.example/';
const B = 'https://b.example/';
const API = 'https://api.example';

const KEYS = ['ES256', 'RS256', 'PS256', 'EdDSA'].map((alg) => makeKey(alg));
const [ES, RS] = KEYS as [SigningKey, SigningKey];
const FOREIGN = makeKey('ES256');

const outbound: string[] = [];
const keySetOf = (issuer: string, jwks: readonly JWK[] | 'down') =>
  createKeySet({
    jwksUri: async () => new URL('jwks', issuer),
    fetch: async (url) => {
      outbound.push(url);
      return jwks === 'down' ? new Response('', { status: 503 }) : Response.json({ keys: jwks });
    },
    now: () => NOW,
  });

const trustIn = (over: Partial<IssuerTrust> = {}): IssuerTrust => {
  const keys = keySetOf(
    A,
    KEYS.map(({ jwk }) => jwk),
  );
  const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
  return trustOf(A, keys, { algorithms, clockTolerance: TOLERANCE, ...over });
};

const TYP = { rfc9068: { typ: 'at+jwt' }, jwt: { typ: 'JWT' } };
const CLAIMS = {
  iss: A,
  sub: 'alice',
  aud: API,
  exp: NOW + 300,
  iat: NOW - 60,
  jti: 'j1',
  client_id: 'portal',
  scope: 'orders:read orders:write',
};

interface Case {
  readonly header?: Record<string, unknown>;
  /** Changes to the good claims; undefined takes one away. */
  readonly claims?: Record<string, unknown>;
  readonly trust?: Partial<IssuerTrust>;
  readonly key?: SigningKey;
  /** What is done to the finished token. */
  readonly bend?: (raw: string) => string;
}

function mint(given: Case, profile: 'rfc9068' | 'jwt'): string {
  const key = given.key ?? ES;
  const header = { alg: key.alg, kid: key.kid, ...TYP[profile], ...given.header };
  const raw = signJws(header, { ...CLAIMS, ...given.claims }, key);
  return given.bend?.(raw) ?? raw;
}

const validate = (given: Case, profile: 'rfc9068' | 'jwt' = 'rfc9068') => {
  const trust = trustIn({ profile, ...given.trust });
  return validateAccessToken(mint(given, profile), new Map([[A, trust]]), NOW);
};

const reasonOf = async (given: Case, profile: 'rfc9068' | 'jwt') => {
  const result = await validate(given, profile);
  return isRefusal(result) ? result.reason : 'valid';
};

test('a good token of RFC 9068', async () => {
  const result = await validate({ claims: { aud: [API, 'https://b.example'], nbf: NOW - 60 } });
  expect(result).toEqual({
    raw: expect.any(String),
    issuer: A,
    subject: 'alice',
    client: 'portal',
    audiences: [API, 'https://b.example'],
    scopes: new Set(['orders:read', 'orders:write']),
    issuedAt: NOW - 60,
    expiresAt: NOW + 300,
    notBefore: NOW - 60,
    keyId: 'ES256-1',
    delegated: false,
  });
  expect(Object.isFrozen(result)).toBe(true);
});

test.each(KEYS)('algorithm $alg', async (key) => {
  expect(await reasonOf({ key }, 'rfc9068')).toBe('valid');
});

const bigger = (seconds: number) => NOW + seconds;
type Row = readonly [name: string, given: Case, reason: string];

const BOTH: Row[] = [
  // spelling
  ['padded', { bend: (raw) => `${raw}==` }, 'token-malformed'],
  ['newline', { bend: (raw) => `${raw}\n` }, 'token-malformed'],
  ['empty', { bend: () => '' }, 'token-malformed'],
  ['opaque', { bend: () => 'b1946ac92492d2347c6235b4d2611184' }, 'token-malformed'],
  ['over 16 KB', { claims: { filler: 'x'.repeat(16_384) } }, 'token-malformed'],
  [
    'a repeated claim',
    {
      bend: () =>
        signJws(
          { alg: 'ES256', kid: ES.kid, typ: 'at+jwt' },
          JSON.stringify(CLAIMS).replace('{', '{"scope":"admin",'),
          ES,
        ),
    },
    'token-malformed',
  ],
  [
    'a repeated header parameter',
    { bend: () => signJws(`{"alg":"none","alg":"ES256","kid":"${ES.kid}","typ":"at+jwt"}`, CLAIMS, ES) },
    'token-malformed',
  ],
  [
    'claims that are no object',
    { bend: () => signJws({ alg: 'ES256', kid: ES.kid }, '[]', ES) },
    'token-malformed',
  ],
  // header
  ['crit', { header: { crit: ['exp'], exp: 1 } }, 'token-malformed'],
  ['crit of b64', { header: { crit: ['b64'], b64: true } }, 'token-malformed'],
  ['crit, empty', { header: { crit: [] } }, 'token-malformed'],
  ['b64 alone', { header: { b64: true } }, 'token-malformed'],
  ['kid is a number', { header: { kid: 1 } }, 'token-malformed'],
  ['typ is a list', { header: { typ: ['at+jwt'] } }, 'token-malformed'],
  ['alg is missing', { header: { alg: undefined } }, 'token-malformed'],
  ['alg is a list', { header: { alg: ['ES256'] } }, 'token-malformed'],
  ['alg none', { header: { alg: 'none' } }, 'token-algorithm'],
  ['alg NONE', { header: { alg: 'NONE' } }, 'token-algorithm'],
  ['alg es256', { header: { alg: 'es256' } }, 'token-algorithm'],
  ['alg HS256', { header: { alg: 'HS256' } }, 'token-algorithm'],
  ['alg not in the list', { trust: { algorithms: ['RS256'] } }, 'token-algorithm'],
  [
    'alg none without a signature',
    { bend: () => unsignedJws({ alg: 'none', typ: 'at+jwt' }, CLAIMS) },
    'token-malformed',
  ],
  // issuer
  ['iss of nobody', { claims: { iss: 'https://evil.example/' } }, 'token-issuer'],
  ['iss without its final slash', { claims: { iss: A.slice(0, -1) } }, 'token-issuer'],
  ['iss in upper case', { claims: { iss: 'https://A.example/' } }, 'token-issuer'],
  ['iss is a list', { claims: { iss: [A] } }, 'token-issuer'],
  ['iss is missing', { claims: { iss: undefined } }, 'token-issuer'],
  // signature
  ['signed with a foreign key', { key: FOREIGN, header: { kid: ES.kid } }, 'token-signature'],
  ['an unknown kid', { header: { kid: 'unknown' } }, 'token-signature'],
  ['a kid of another kind of key', { header: { kid: RS.kid } }, 'token-signature'],
  ['no kid, a foreign key', { key: FOREIGN, header: { kid: undefined } }, 'token-signature'],
  ['another payload', { bend: (raw) => bendPayload(raw, { ...CLAIMS, scope: 'admin' }) }, 'token-signature'],
  ['jwk in the header', { key: FOREIGN, header: { kid: undefined, jwk: FOREIGN.jwk } }, 'token-signature'],
  ['the keys cannot be had', { trust: { keys: keySetOf(A, 'down') } }, 'key-set-unavailable'],
  // confirmation
  ['cnf with jkt', { claims: { cnf: { jkt: 'x' } } }, 'token-bound'],
  ['cnf with x5t#S256', { claims: { cnf: { 'x5t#S256': 'x' } } }, 'token-bound'],
  ['cnf of an unknown kind', { claims: { cnf: { a: 1, b: 2 } } }, 'token-bound'],
  ['cnf null', { claims: { cnf: null } }, 'token-bound'],
  // claims
  ...['exp', 'iat', 'sub', 'aud', 'client_id'].map(
    (claim): Row => [`no ${claim}`, { claims: { [claim]: undefined } }, 'token-claims'],
  ),
  ['exp is a text', { claims: { exp: String(bigger(300)) } }, 'token-claims'],
  ['exp null', { claims: { exp: null } }, 'token-claims'],
  ['exp in milliseconds', { claims: { exp: bigger(300) * 1000 } }, 'token-claims'],
  ['exp in 11 years', { claims: { exp: bigger(11 * 365 * 86_400) } }, 'token-claims'],
  ['iat is a text', { claims: { iat: String(NOW) } }, 'token-claims'],
  ['iat in milliseconds', { claims: { iat: NOW * 1000 } }, 'token-claims'],
  ['nbf is a text', { claims: { nbf: 'x' } }, 'token-claims'],
  ['nbf null', { claims: { nbf: null } }, 'token-claims'],
  ['sub is a number', { claims: { sub: 5 } }, 'token-claims'],
  ['sub is empty', { claims: { sub: '' } }, 'token-claims'],
  ['sub of 255 characters', { claims: { sub: 's'.repeat(255) } }, 'valid'],
  ['sub of 256 characters', { claims: { sub: 's'.repeat(256) } }, 'token-claims'],
  ['client_id is a number', { claims: { client_id: 7 } }, 'token-claims'],
  ['client_id is empty', { claims: { client_id: '' } }, 'token-claims'],
  ['aud is a number', { claims: { aud: 1 } }, 'token-claims'],
  ['aud is an empty text', { claims: { aud: '' } }, 'token-claims'],
  ['aud is an empty list', { claims: { aud: [] } }, 'token-claims'],
  ['aud holds an empty text', { claims: { aud: [API, ''] } }, 'token-claims'],
  ['aud holds a list', { claims: { aud: [[API]] } }, 'token-claims'],
  ['scope is a number', { claims: { scope: 1 } }, 'token-claims'],
  ['scope null', { claims: { scope: null } }, 'token-claims'],
  ['scope with a quote', { claims: { scope: 'a"b' } }, 'token-claims'],
  ['scope with a tab', { claims: { scope: 'a\tb' } }, 'token-claims'],
  ['scope is a list', { claims: { scope: ['a', 'b'] } }, 'valid'],
  ['scope with doubled blanks', { claims: { scope: ' a  b ' } }, 'valid'],
  ['claims that nobody reads', { claims: { 'https://x.example/roles': [1], act: { sub: 'x' } } }, 'valid'],
  // time
  ['exp tolerance - 1 ago', { claims: { exp: bigger(1 - TOLERANCE) } }, 'valid'],
  ['exp tolerance + 1 ago', { claims: { exp: bigger(-1 - TOLERANCE) } }, 'token-expired'],
  ['nbf tolerance - 1 ahead', { claims: { nbf: bigger(TOLERANCE - 1) } }, 'valid'],
  ['nbf tolerance + 1 ahead', { claims: { nbf: bigger(TOLERANCE + 1) } }, 'token-not-yet-valid'],
  ['iat tolerance - 1 ahead', { claims: { iat: bigger(TOLERANCE - 1) } }, 'valid'],
  ['iat tolerance + 1 ahead', { claims: { iat: bigger(TOLERANCE + 1) } }, 'token-not-yet-valid'],
  ['a negative exp', { claims: { exp: -1 } }, 'token-expired'],
  // audience
  ['aud is our client', { claims: { aud: 'shop' } }, 'token-audience'],
  ['aud holds our client', { claims: { aud: [API, 'shop'] } }, 'token-audience'],
  ['aud is our client, and may be', { claims: { aud: 'shop' }, trust: { audienceIsClient: true } }, 'valid'],
  // type
  ['typ logout+jwt', { header: { typ: 'logout+jwt' } }, 'token-type'],
  ['typ dpop+jwt', { header: { typ: 'dpop+jwt' } }, 'token-type'],
  ['typ token-introspection+jwt', { header: { typ: 'token-introspection+jwt' } }, 'token-type'],
  ['typ is empty', { header: { typ: '' } }, 'token-type'],
];

function bendPayload(raw: string, claims: unknown): string {
  const [header, , signature] = raw.split('.');
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
}

describe.each(['rfc9068', 'jwt'] as const)('profile %s', (profile) => {
  test.each(BOTH)('%s', async (_name, given, reason) => {
    expect(await reasonOf(given, profile)).toBe(reason);
  });
});

test.each<Row>([
  ['typ at+jwt', { header: { typ: 'at+jwt' } }, 'valid'],
  ['typ AT+JWT', { header: { typ: 'AT+JWT' } }, 'valid'],
  ['typ application/at+jwt', { header: { typ: 'Application/at+jwt' } }, 'valid'],
  ['typ JWT', { header: { typ: 'JWT' } }, 'token-type'],
  ['no typ', { header: { typ: undefined } }, 'token-type'],
  ['typ text/at+jwt', { header: { typ: 'text/at+jwt' } }, 'token-type'],
  ['typ at+jwt with a blank', { header: { typ: 'at+jwt ' } }, 'token-type'],
  ['no jti', { claims: { jti: undefined } }, 'token-claims'],
  ['jti is a number', { claims: { jti: 4 } }, 'token-claims'],
  ['only azp names the client', { claims: { client_id: undefined, azp: 'portal' } }, 'token-claims'],
  ['no scope at all', { claims: { scope: undefined } }, 'valid'],
])('profile rfc9068 only: %s', async (_name, given, reason) => {
  expect(await reasonOf(given, 'rfc9068')).toBe(reason);
});

test.each<Row>([
  ['typ JWT', { header: { typ: 'JWT' } }, 'valid'],
  ['typ jwt', { header: { typ: 'jwt' } }, 'valid'],
  ['typ at+jwt', { header: { typ: 'at+jwt' } }, 'valid'],
  ['typ application/at+jwt', { header: { typ: 'application/at+jwt' } }, 'valid'],
  ['no typ', { header: { typ: undefined } }, 'valid'],
  ['no jti', { claims: { jti: undefined } }, 'valid'],
  ['azp names the client', { claims: { client_id: undefined, azp: 'portal' } }, 'valid'],
  ['appid names the client', { claims: { client_id: undefined, appid: 'portal' } }, 'valid'],
  ['nonce', { claims: { nonce: 'n' } }, 'token-type'],
  ['at_hash', { claims: { at_hash: 'h' } }, 'token-type'],
  ['events', { claims: { events: {} } }, 'token-type'],
  ['nonce null', { claims: { nonce: null } }, 'token-type'],
  ['claim typ Bearer', { claims: { typ: 'Bearer' } }, 'valid'],
  ['claim typ ID', { claims: { typ: 'ID' } }, 'token-type'],
  ['claim typ Refresh', { claims: { typ: 'Refresh' } }, 'token-type'],
  ['claim typ Offline', { claims: { typ: 'Offline' } }, 'token-type'],
  ['claim typ Logout', { claims: { typ: 'Logout' } }, 'token-type'],
  ['no scope at all, as an ID token', { claims: { scope: undefined } }, 'token-type'],
  ['an empty scope', { claims: { scope: '' } }, 'valid'],
  ['only scp', { claims: { scope: undefined, scp: 'a' } }, 'valid'],
  ['only permissions', { claims: { scope: undefined, permissions: [] } }, 'valid'],
])('profile jwt only: %s', async (_name, given, reason) => {
  expect(await reasonOf(given, 'jwt')).toBe(reason);
});

test.each([
  ['scope', 'a b', ['a', 'b']],
  ['scp', 'a b', ['a', 'b']],
  ['scp', ['a', 'b'], ['a', 'b']],
  ['permissions', ['read:orders', 'a'], ['read:orders', 'a']],
  ['permissions', 'a b', ['a', 'b']],
  ['permissions', undefined, []],
] as const)('scopes come from %s alone: %j', async (scopeClaim, value, scopes) => {
  const all = { scope: 'other', scp: 'other', permissions: ['other'] };
  const result = await validate({ claims: { ...all, [scopeClaim]: value }, trust: { scopeClaim } }, 'jwt');
  expect(result).toMatchObject({ scopes: new Set(scopes) });
});

test('the first of client_id, azp, appid is the client, and a bad one is not passed over', async () => {
  expect(await validate({ claims: { azp: 'b', appid: 'c' } }, 'jwt')).toMatchObject({ client: 'portal' });
  expect(await reasonOf({ claims: { client_id: null, azp: 'b' } }, 'jwt')).toBe('token-claims');
});

test.each([
  [
    'typ JWT',
    { header: { typ: 'JWT' } },
    "the token's typ is JWT, not at+jwt",
    'provider.tokens.profile: jwt',
  ],
  ['no typ', { header: { typ: undefined } }, "the token's typ is absent", 'provider.tokens.profile: jwt'],
  ['typ odd', { header: { typ: 'se<cr>et' } }, "the token's typ is another", 'provider.tokens.profile: jwt'],
  ['no jti', { claims: { jti: undefined } }, 'the claim jti is missing', 'provider.tokens.profile: jwt'],
  [
    'aud is our client',
    { claims: { aud: 'shop' } },
    'aud is a client id',
    'provider.tokens.audienceIsClient: true',
  ],
  ['odd scope', { claims: { scope: 'se"cret' } }, 'scope holds', 'provider.tokens.scopeClaim'],
  ['odd alg', { trust: { algorithms: ['RS256'] } }, '(RS256)', 'provider.tokens.algorithms'],
  ['foreign issuer', { claims: { iss: 'https://se.cret' } }, 'iss is neither provider.issuer', 'issuers'],
])('the refusal names the setting and nothing of the token: %s', async (_name, given, what, setting) => {
  const result = await validate(given);
  if (!isRefusal(result)) throw new Error('accepted');
  expect(result.detail).toContain(what);
  expect(result.detail).toContain(setting);
  expect(result.detail).not.toMatch(/secret|se<cr|se"cr|se\.cret/);
});

test('an issuer vouches for itself only', async () => {
  const keysOfB = keySetOf(B, [FOREIGN.jwk]);
  const issuers = new Map([
    [A, trustIn()],
    [B, trustIn({ issuer: B, keys: keysOfB })],
  ]);
  const header = { alg: 'ES256', kid: FOREIGN.kid, typ: 'at+jwt' };
  const asA = await validateAccessToken(signJws(header, CLAIMS, FOREIGN), issuers, NOW);
  expect(asA).toMatchObject({ reason: 'token-signature' });
  const asB = await validateAccessToken(signJws(header, { ...CLAIMS, iss: B }, FOREIGN), issuers, NOW);
  expect(asB).toMatchObject({ issuer: B });
});

test('no call goes out for a bad spelling, header, algorithm or issuer, nor to an address of the token', async () => {
  outbound.length = 0;
  const canary = 'https://canary.example/';
  for (const given of [
    { bend: () => 'opaque' },
    { header: { alg: 'none' } },
    { header: { alg: 'HS256' } },
    { header: { crit: ['x'] } },
    { claims: { iss: canary } },
  ] satisfies Case[]) {
    await validate(given);
  }
  expect(outbound).toEqual([]);
  await validate({ header: { jku: canary, x5u: canary, x5c: ['AAAA'], jwk: FOREIGN.jwk } });
  expect(outbound).toEqual([`${A}jwks`]);
});

test('several keys that fit are tried each', async () => {
  const twin = makeKey('ES256', ES.kid);
  const third = makeKey('ES256', ES.kid);
  const keys = keySetOf(A, [twin.jwk, ES.jwk]);
  expect(await reasonOf({ trust: { keys } }, 'rfc9068')).toBe('valid');
  expect(await reasonOf({ trust: { keys }, header: { kid: undefined } }, 'rfc9068')).toBe('valid');
  expect(await reasonOf({ trust: { keys }, key: third }, 'rfc9068')).toBe('token-signature');
});

test('a key that is too small or broken proves nothing', async () => {
  const broken = { ...ES.jwk, x: 'AAAA' };
  expect(await reasonOf({ trust: { keys: keySetOf(A, [broken]) } }, 'rfc9068')).toBe('token-signature');
  const { generateKeyPairSync } = await import('node:crypto');
  const small = makeKey('RS256', 'small', () => generateKeyPairSync('rsa', { modulusLength: 1024 }));
  expect(await reasonOf({ trust: { keys: keySetOf(A, [small.jwk]) }, key: small }, 'rfc9068')).toBe(
    'token-signature',
  );
});

test('fresh: a token of our own call may bring a new kid at once', async () => {
  let published = [ES.jwk];
  const keys = createKeySet({
    jwksUri: async () => new URL('https://a.example/jwks'),
    fetch: async () => Response.json({ keys: published }),
    now: () => NOW,
  });
  const issuers = new Map([[A, trustIn({ keys })]]);
  const rotated = makeKey('ES256', 'rotated');
  const raw = mint({ key: rotated }, 'rfc9068');
  await validateAccessToken(mint({}, 'rfc9068'), issuers, NOW);
  published = [ES.jwk, rotated.jwk];
  expect(await validateAccessToken(raw, issuers, NOW)).toMatchObject({ reason: 'token-signature' });
  expect(await validateAccessToken(raw, issuers, NOW, { fresh: true })).toMatchObject({ subject: 'alice' });
});

test('one that has ended by its own word costs neither a signature nor a key', async () => {
  let looked = 0;
  const keys: KeySet = {
    ...keySetOf(A, []),
    key() {
      looked += 1;
      return Promise.reject(new TypeError('nobody asks'));
    },
  };
  const raw = signJws({ alg: 'ES256', kid: ES.kid, typ: 'at+jwt' }, { iss: A, exp: NOW - 60 }, FOREIGN);
  expect(await validateAccessToken(raw, new Map([[A, trustOf(A, keys)]]), NOW)).toMatchObject({
    reason: 'token-expired',
  });
  expect(looked).toBe(0);
});
