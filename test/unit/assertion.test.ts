import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { type Assertions, type AssertionTerms, createAssertions } from '../../src/assertion/assertion.ts';
import { deriveAssertionKeys } from '../../src/assertion/assertion-keys.ts';
import type { AccessToken } from '../../src/token/access-token.ts';

const START = 1_790_000_000;
const SECRETS = ['the first secret of thirty-two bytes', 'the second secret of thirty-two byte'];
const keysOf = (...secrets: string[]) =>
  secrets.flatMap((secret) => deriveAssertionKeys(secret, `id${SECRETS.indexOf(secret)}`));
const tokenOf = (parts: Partial<AccessToken> = {}): AccessToken =>
  ({
    subject: 'anna',
    client: 'shop',
    scopes: new Set(['b', 'a']),
    expiresAt: START + 3600,
    acr: undefined,
    authenticatedAt: undefined,
    ...parts,
  }) as AccessToken;
const TERMS: AssertionTerms = {
  algorithm: 'ES256',
  audience: 'shop.example.com',
  issuer: 'https://shop.example.com/_auth',
};

let time = START;
let assertions: Assertions;
beforeEach(() => {
  time = START;
  assertions = createAssertions(keysOf(...SECRETS), () => time);
});

const verified = (text: string, algorithm: string, by = assertions) =>
  jwtVerify(text, createLocalJWKSet(by.jwks as never), {
    ...{ issuer: TERMS.issuer, audience: TERMS.audience, algorithms: [algorithm] },
    ...{ typ: 'postern-assertion+jwt', currentDate: new Date(time * 1000) },
  });

test.each(['ES256', 'EdDSA'] as const)('%s: says who is asking, and nothing else', async (algorithm) => {
  const text = assertions.of(tokenOf(), { ...TERMS, algorithm });
  const { payload, protectedHeader } = await verified(text, algorithm);
  expect(protectedHeader).toEqual({ alg: algorithm, kid: `id0-${algorithm}`, typ: 'postern-assertion+jwt' });
  expect(payload).toEqual({
    iss: 'https://shop.example.com/_auth',
    aud: 'shop.example.com',
    sub: 'anna',
    client_id: 'shop',
    scope: 'b a',
    iat: START,
    exp: START + 120,
  });
});

test('what the access token says of the sign-in goes along', () => {
  const token = tokenOf({ acr: 'mfa', authenticatedAt: START - 60 });
  expect(decodeJwt(assertions.of(token, TERMS))).toMatchObject({ acr: 'mfa', auth_time: START - 60 });
});

describe('is reused while it is fresh', () => {
  test.each<[what: string, later: number, expiresAt: number, same: boolean]>([
    ['at once', 0, 3600, true],
    ['after 59 s', 59, 3600, true],
    ['not after 60 s', 60, 3600, false],
    ['to the end of a token that ends before', 9, 10, true],
  ])('%s', (_, later, expiresAt, same) => {
    const token = tokenOf({ expiresAt: START + expiresAt });
    const first = assertions.of(token, TERMS);
    time += later;
    expect(assertions.of(token, TERMS) === first).toBe(same);
  });

  test('never for another host or another token', () => {
    const token = tokenOf();
    const first = assertions.of(token, TERMS);
    const other = { ...TERMS, audience: 'other.example.com', issuer: 'https://other.example.com/_auth' };
    expect(decodeJwt(assertions.of(token, other))).toMatchObject({
      aud: 'other.example.com',
      iss: other.issuer,
    });
    expect(decodeJwt(assertions.of(tokenOf({ subject: 'ben' }), TERMS))).toMatchObject({ sub: 'ben' });
    expect(assertions.of(token, TERMS)).toBe(first);
  });

  test('with any number of hosts', () => {
    const token = tokenOf();
    const at = (host: number): string =>
      assertions.of(token, { ...TERMS, audience: `h${host}`, issuer: `https://h${host}/_auth` });
    const all = Array.from({ length: 40 }, (_, host) => at(host));
    expect(all.map((text) => decodeJwt(text).aud)).toEqual(all.map((_, host) => `h${host}`));
    expect(at(39)).toBe(all[39]);
  });
});

test('never outlives the access token', () => {
  expect(decodeJwt(assertions.of(tokenOf({ expiresAt: START + 30 }), TERMS)).exp).toBe(START + 30);
});

describe('rotation', () => {
  test('a secret added last is known before it signs, and one moved to the end still verifies', async () => {
    const [old = '', fresh = ''] = SECRETS;
    const added = createAssertions(keysOf(old, fresh), () => time);
    const moved = createAssertions(keysOf(fresh, old), () => time);
    const [before, after] = [added.of(tokenOf(), TERMS), moved.of(tokenOf(), TERMS)];
    expect([before, after].map((text) => decodeProtectedHeader(text).kid)).toEqual([
      'id0-ES256',
      'id1-ES256',
    ]);
    await verified(after, 'ES256', added);
    await verified(before, 'ES256', moved);
  });

  test('a retired secret verifies nothing', async () => {
    const [old = '', fresh = ''] = SECRETS;
    const before = createAssertions(keysOf(old), () => time).of(tokenOf(), TERMS);
    const retired = createAssertions(keysOf(fresh), () => time);
    await expect(verified(before, 'ES256', retired)).rejects.toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    });
  });
});

test('the same secret gives the same keys everywhere, another one others, and none is private', () => {
  const again = createAssertions(keysOf(...SECRETS), () => time);
  expect(again.jwks).toEqual(assertions.jwks);
  const all = assertions.jwks.keys;
  expect(all.map(({ kid, kty, crv, alg, use }) => [kid, kty, crv, alg, use])).toEqual([
    ['id0-ES256', 'EC', 'P-256', 'ES256', 'sig'],
    ['id0-EdDSA', 'OKP', 'Ed25519', 'EdDSA', 'sig'],
    ['id1-ES256', 'EC', 'P-256', 'ES256', 'sig'],
    ['id1-EdDSA', 'OKP', 'Ed25519', 'EdDSA', 'sig'],
  ]);
  expect(new Set(all.map(({ x }) => x)).size).toBe(4);
  expect(all.filter((key) => 'd' in key)).toEqual([]);
});
