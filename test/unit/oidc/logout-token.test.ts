import { describe, expect, test } from '@jest/globals';
import type { JWK } from 'jose';
import { type LogoutTokenTerms, validateLogoutToken } from '../../../src/oidc/logout-token.ts';
import { createKeySet } from '../../../src/token/key-set.ts';
import { makeKey, type SigningKey, signJws, unsignedJws } from '../../support/jws.ts';

const NOW = 1_800_000_000;
const TOLERANCE = 5;
const ISSUER = 'https://id.example.com/';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const KEY = makeKey('RS256');
const OTHER = makeKey('ES256');
const STRANGER = makeKey('RS256');

let outbound = 0;
const keysOf = (jwks: readonly JWK[] | 'down') =>
  createKeySet({
    jwksUri: async () => new URL('jwks', ISSUER),
    fetch: async () => {
      outbound += 1;
      return jwks === 'down' ? new Response('', { status: 503 }) : Response.json({ keys: jwks });
    },
    now: () => NOW,
  });

const terms = (over: Partial<LogoutTokenTerms> = {}): LogoutTokenTerms => ({
  issuer: ISSUER,
  clientId: 'shop',
  algorithm: 'RS256',
  keys: keysOf([KEY.jwk, OTHER.jwk]),
  now: NOW,
  clockTolerance: TOLERANCE,
  ...over,
});

const CLAIMS = {
  iss: ISSUER,
  aud: 'shop',
  iat: NOW - 2,
  exp: NOW + 118,
  jti: 'j1',
  sub: 'alice',
  sid: 's1',
  events: { [EVENT]: {} },
};

interface Case {
  readonly header?: Record<string, unknown>;
  /** Changes to the good claims; undefined takes one away. */
  readonly claims?: Record<string, unknown>;
  readonly key?: SigningKey;
  /** What is sent in place of the finished token. */
  readonly bend?: (raw: string) => string;
}

function mint({ header, claims, key = KEY, bend = (raw) => raw }: Case): string {
  const first = { alg: key.alg, kid: key.kid, typ: 'logout+jwt', ...header };
  return bend(signJws(first, { ...CLAIMS, ...claims }, key));
}

describe('LO3: a logout token is accepted', () => {
  test.each<[what: string, given: Case, says: object]>([
    ['as it is', {}, { jti: 'j1', sid: 's1', subject: 'alice', goodUntil: NOW + 118 + TOLERANCE }],
    ['with the type JWT', { header: { typ: 'JWT' } }, { sid: 's1' }],
    ['with the whole media type', { header: { typ: 'application/Logout+JWT' } }, { sid: 's1' }],
    ['without a type, which is recommended only', { header: { typ: undefined } }, { sid: 's1' }],
    ['with sid alone', { claims: { sub: undefined } }, { sid: 's1', subject: undefined }],
    ['with sub alone', { claims: { sid: undefined } }, { sid: undefined, subject: 'alice' }],
    ['with a list of one audience', { claims: { aud: ['shop'] } }, { sid: 's1' }],
    ['with a further event', { claims: { events: { [EVENT]: { a: 1 }, 'urn:x': {} } } }, { sid: 's1' }],
    ['with further claims', { claims: { trace: 'x', at_hash: 'x' } }, { sid: 's1' }],
    ['at the end of the tolerance', { claims: { exp: NOW - TOLERANCE + 1 } }, { goodUntil: NOW + 1 }],
    ['from a clock that is ahead', { claims: { iat: NOW + TOLERANCE } }, { sid: 's1' }],
    // Or a token that lives for years would have to be remembered as long.
    ['of a long life', { claims: { exp: NOW + 9e7 } }, { goodUntil: NOW - 2 + 600 + TOLERANCE }],
  ])('%s', async (_what, given, says) => {
    expect(await validateLogoutToken(mint(given), terms())).toMatchObject(says);
  });
});

const EVENTS_FAULT = 'events does not name a back-channel logout';
const SPELLING = 'it is no JWT of at most 16 KB in its one canonical spelling';
const SIGNATURE = 'the signature does not verify with the key of the issuer';
const ALGORITHM = 'alg is not that of provider.idTokenAlg';
const TYPE = 'typ is that of another kind of token';

describe('LO3: a logout token is refused', () => {
  test.each<[what: string, given: Case, detail: string]>([
    ['of another issuer', { claims: { iss: 'https://evil.example/' } }, 'iss is not provider.issuer'],
    ['of almost the issuer', { claims: { iss: ISSUER.slice(0, -1) } }, 'iss is not provider.issuer'],
    ['without issuer', { claims: { iss: undefined } }, 'iss is not provider.issuer'],
    ['of another client', { claims: { aud: 'portal' } }, 'aud does not name provider.clientId'],
    ['without audience', { claims: { aud: undefined } }, 'aud does not name provider.clientId'],
    ['for several', { claims: { aud: ['shop', 'x'] } }, 'aud names others beside provider.clientId'],
    ['that has expired', { claims: { exp: NOW - TOLERANCE } }, 'exp is missing or past'],
    ['without an end', { claims: { exp: undefined } }, 'exp is missing or past'],
    ['with an end in words', { claims: { exp: String(NOW + 60) } }, 'exp is missing or past'],
    ['from the future', { claims: { iat: NOW + TOLERANCE + 1 } }, 'iat is missing or in the future'],
    ['without its time', { claims: { iat: undefined } }, 'iat is missing or in the future'],
    ['that was kept', { claims: { iat: NOW - 600 - TOLERANCE } }, 'iat is older than ten minutes'],
    ['that is not good yet', { claims: { nbf: NOW + 60 } }, 'nbf is in the future'],
    ['with a nonce', { claims: { nonce: 'n' } }, 'nonce is present, as in an ID token'],
    ['with an empty nonce', { claims: { nonce: null } }, 'nonce is present, as in an ID token'],
    ['without events', { claims: { events: undefined } }, EVENTS_FAULT],
    ['with events as a list', { claims: { events: [EVENT] } }, EVENTS_FAULT],
    ['with events as a text', { claims: { events: EVENT } }, EVENTS_FAULT],
    ['with the event as a text', { claims: { events: { [EVENT]: 'yes' } } }, EVENTS_FAULT],
    ['with the event as a list', { claims: { events: { [EVENT]: [] } } }, EVENTS_FAULT],
    ['with the event as nothing', { claims: { events: { [EVENT]: null } } }, EVENTS_FAULT],
    ['with another event', { claims: { events: { [`${EVENT}/`]: {} } } }, EVENTS_FAULT],
    ['without jti', { claims: { jti: undefined } }, 'jti is no text of 1 to 255 characters'],
    ['with an endless jti', { claims: { jti: 'j'.repeat(256) } }, 'jti is no text of 1 to 255 characters'],
    ['with a number for sub', { claims: { sub: 7 } }, 'sub is no text of 1 to 255 characters'],
    ['with an empty sid', { claims: { sid: '' } }, 'sid is no text of 1 to 255 characters'],
    ['of nobody', { claims: { sub: undefined, sid: undefined } }, 'neither sub nor sid is present'],
    ['that is an access token', { header: { typ: 'at+jwt' } }, TYPE],
    ['that is some other token', { header: { typ: 'secevent+jwt' } }, TYPE],
    ['that is an ID token', { header: { typ: 'JWT' }, claims: { events: undefined } }, EVENTS_FAULT],
    ['of another algorithm', { key: OTHER }, ALGORITHM],
    ['of no algorithm', { bend: () => unsignedJws({ alg: 'none' }, CLAIMS) }, SPELLING],
    ['with none and a signature', { header: { alg: 'none' } }, ALGORITHM],
    ['of an HMAC', { header: { alg: 'HS256' } }, ALGORITHM],
    ['signed by a stranger', { key: { ...STRANGER, kid: KEY.kid } }, SIGNATURE],
    ['of an unknown key', { header: { kid: 'x' } }, 'the issuer has no key for this kid and alg'],
    ['with a critical extension', { header: { crit: ['x'] } }, 'the header names critical extensions (crit)'],
    ['in another spelling', { bend: (raw) => `${raw}=` }, SPELLING],
    ['of four parts', { bend: (raw) => `${raw}.x` }, SPELLING],
    ['that is too long', { claims: { x: 'x'.repeat(16_000) } }, SPELLING],
    ['that is no token', { bend: () => 'sid=s1' }, SPELLING],
    ['that is empty', { bend: () => '' }, SPELLING],
  ])('%s', async (_what, given, detail) => {
    const refusal = { reason: 'logout-token-invalid', detail };
    expect(await validateLogoutToken(mint(given), terms())).toEqual(refusal);
  });

  test('with another algorithm where that one is configured: the other way round', async () => {
    const elliptic = terms({ algorithm: 'ES256' });
    expect(await validateLogoutToken(mint({ key: OTHER }), elliptic)).toMatchObject({ sid: 's1' });
    expect(await validateLogoutToken(mint({}), elliptic)).toMatchObject({ detail: ALGORITHM });
  });

  test('while the keys cannot be had, which is no word about the token', async () => {
    expect(await validateLogoutToken(mint({}), terms({ keys: keysOf('down') }))).toEqual({
      reason: 'key-set-unavailable',
      detail: 'the key set cannot be had',
    });
  });

  test('LO5: a flood of unknown keys is one fetch', async () => {
    const keys = keysOf([KEY.jwk]);
    outbound = 0;
    for (let at = 0; at < 50; at += 1)
      await validateLogoutToken(mint({ header: { kid: `k${at}` } }), terms({ keys }));
    expect(outbound).toBe(1);
  });
});
