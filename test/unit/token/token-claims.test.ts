import { expect, test } from '@jest/globals';
import { readClaims } from '../../../src/token/token-claims.ts';

const NOW = 1_800_000_000;
const CLAIMS = {
  iss: 'https://a/',
  sub: 'alice',
  aud: 'x',
  exp: NOW + 60,
  iat: NOW,
  jti: 'j',
  client_id: 'c',
};

// SU4: what has another type says nothing, and so satisfies nothing.
test.each<[claims: Record<string, unknown>, acr: string | undefined, authenticatedAt: number | undefined]>([
  [{}, undefined, undefined],
  [{ acr: 'mfa', auth_time: NOW - 5 }, 'mfa', NOW - 5],
  [{ acr: 'pwd mfa', auth_time: NOW + 0.5 }, 'pwd mfa', NOW + 0.5],
  [{ acr: '', auth_time: String(NOW) }, undefined, undefined],
  [{ acr: ['mfa'], auth_time: [NOW] }, undefined, undefined],
  [{ acr: 1, auth_time: true }, undefined, undefined],
  [{ acr: null, auth_time: null }, undefined, undefined],
  [{ amr: ['mfa'] }, undefined, undefined],
])('how and when the person authenticated: %j', (claims, acr, authenticatedAt) => {
  const token = { raw: 'x', header: { alg: 'ES256' }, claims: { ...CLAIMS, ...claims } };
  const read = readClaims(token, { profile: 'rfc9068', scopeClaim: 'scope' }, NOW);
  expect(read).toMatchObject({ subject: 'alice', acr, authenticatedAt });
});
