import { beforeEach, expect, test } from '@jest/globals';
import { createKeySet } from '../../../src/token/key-set.ts';
import { createTokenReader, type TokenReader } from '../../../src/token/token-reader.ts';
import type { IssuerTrust } from '../../../src/token/validate-access-token.ts';
import { makeKey, signJws } from '../../support/jws.ts';
import { trustOf } from '../../support/trust.ts';

const START = 1_800_000_000;
const ISSUER = 'https://id.example/';
const key = makeKey('ES256');

let now: number;
let keys: readonly object[];
let reader: TokenReader;
let trust: IssuerTrust;

beforeEach(() => {
  now = START;
  keys = [key.jwk];
  reader = createTokenReader(() => now);
  trust = trustOf(
    ISSUER,
    createKeySet({
      jwksUri: async () => new URL('jwks', ISSUER),
      fetch: async () => Response.json({ keys }),
      now: () => now,
    }),
  );
});

const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: 'https://api.example',
  iat: START,
  jti: 'j',
  client_id: 'robot',
};
const token = (more: object = {}): string =>
  signJws({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' }, { ...CLAIMS, exp: START + 3600, ...more }, key);
const read = (raw: string, issuers: readonly IssuerTrust[] = [trust]) =>
  reader.read(raw, new Map(issuers.map((one) => [one.issuer, one])));

test('a token that was seen before is there at once, the same one', async () => {
  const raw = token();
  const first = read(raw);
  expect(first).toBeInstanceOf(Promise);
  const known = await first;
  expect(known).toMatchObject({ subject: 'alice' });
  expect(read(raw)).toBe(known);
});

test('a hit is judged again by time', async () => {
  const raw = token({ exp: START + 60 });
  await read(raw);
  now = START + 64;
  expect(read(raw)).toMatchObject({ subject: 'alice' });
  now = START + 65;
  expect(read(raw)).toEqual({ reason: 'token-expired', detail: 'by exp, nbf or iat' });
});

test('and by issuer and terms', async () => {
  const raw = token();
  await read(raw);
  expect(await read(raw, [])).toMatchObject({ reason: 'token-issuer' });
  expect(await read(raw, [{ ...trust, algorithms: ['RS256'] }])).toHaveProperty('reason');
});

test('another text with the same signature is another token, and refused', async () => {
  const raw = token();
  const known = await read(raw);
  const [header, , signature] = raw.split('.');
  const [, other] = token({ sub: 'mallory' }).split('.');
  expect(await read([header, other, signature].join('.'))).toMatchObject({ reason: 'token-signature' });
  expect(read(raw)).toBe(known);
});

test('after ten minutes the signature is verified again, with the keys of today', async () => {
  const raw = token();
  const known = await read(raw);
  now = START + 599;
  expect(read(raw)).toBe(known);
  now = START + 600;
  keys = [makeKey('ES256', 'another').jwk];
  const again = read(raw);
  expect(again).toBeInstanceOf(Promise);
  expect(await again).toEqual({ ...(known as object) });
  expect(read(raw)).not.toBe(known);
});

test('a refusal is not kept', async () => {
  const raw = token({ cnf: { jkt: 'x' } });
  for (const _ of [1, 2]) {
    const answer = read(raw);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toMatchObject({ reason: 'token-bound' });
  }
});
