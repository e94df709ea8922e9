import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Provider } from '../../../src/oidc/provider.ts';
import type { ProviderReason } from '../../../src/oidc/provider-error.ts';
import {
  type HostileProvider,
  type Misbehaviour,
  startHostileProvider,
} from '../../support/hostile-provider.ts';
import { makeKey } from '../../support/jws.ts';
import { answerTo, newRequest, providerOf, refusal, seconds } from './_login.ts';

let op: HostileProvider;
let provider: Provider;

beforeAll(async () => {
  op = await startHostileProvider();
  provider = providerOf(op.issuer);
  await provider.keySet.warm();
});
beforeEach(() => {
  op.misbehaviour = {};
  op.requests.length = 0;
});
afterAll(async () => {
  await op[Symbol.asyncDispose]();
});

/** A whole login with a provider that misbehaves from the callback on. */
async function login(misbehaviour: Misbehaviour, over = {}, by = provider) {
  const request = newRequest(over);
  const url = await by.identityProvider.authorizationUrl(request);
  op.misbehaviour = misbehaviour;
  return by.identityProvider.redeem(answerTo(request, op.authorize(url)));
}
const tokenCalls = () => op.requests.filter(({ path }) => path === '/token').length;

test('the honest provider logs in', async () => {
  const result = await login({});
  expect(result).toMatchObject({ subject: 'alice', profile: { sub: 'alice', name: 'Alice' } });
  expect(tokenCalls()).toBe(1);
});

type Change = NonNullable<Misbehaviour['authorization']>;
const with_ =
  (name: string, value: string) =>
  (answer: URLSearchParams): void =>
    answer.set(name, value);
const again =
  (name: string, value: string) =>
  (answer: URLSearchParams): void =>
    answer.append(name, value);
const error = (code: string) => (answer: URLSearchParams) => {
  answer.delete('code');
  answer.set('error', code);
  answer.set('error_description', '<script>alert(1)</script>\r\nX: y');
};

const both = (first: Change, second: Change) => (answer: URLSearchParams) => {
  first(answer);
  second(answer);
};

describe('the callback: no token request follows', () => {
  test.each<[string, Change, ProviderReason, string]>([
    ['code twice', again('code', 'b'), 'callback-malformed', 'repeats code'],
    ['state twice', again('state', 'b'), 'callback-malformed', 'repeats state'],
    ['iss twice', again('iss', 'https://b.example'), 'callback-malformed', 'repeats iss'],
    ['error twice', both(again('error', 'x'), again('error', 'y')), 'callback-malformed', 'repeats error'],
    ['id_token', with_('id_token', 'x'), 'callback-malformed', 'id_token'],
    ['access_token', with_('access_token', 'x'), 'callback-malformed', 'access_token'],
    ['token', with_('token', 'x'), 'callback-malformed', 'token'],
    ['response (JARM)', with_('response', 'x'), 'callback-malformed', 'response'],
    ['no code', (a) => a.delete('code'), 'callback-malformed', 'neither code nor error'],
    ['empty code', with_('code', ''), 'callback-malformed', 'neither code nor error'],
    ['state of another login', with_('state', 'other'), 'callback-state', 'state'],
    ['state with one letter more', (a) => a.set('state', `${a.get('state')}x`), 'callback-state', 'state'],
    ['no state', (a) => a.delete('state'), 'callback-state', 'state'],
    ['iss with a final slash', (a) => a.set('iss', `${a.get('iss')}/`), 'callback-issuer', 'iss is not'],
    ['iss of another provider', with_('iss', 'https://evil.example'), 'callback-issuer', 'iss is not'],
    ['iss empty', with_('iss', ''), 'callback-issuer', 'iss is not'],
    ['iss absent while advertised', (a) => a.delete('iss'), 'callback-issuer', 'iss is absent'],
    [
      'an error of another provider',
      both(error('access_denied'), with_('iss', 'https://evil.example')),
      'callback-issuer',
      'iss is not',
    ],
    ['access_denied', error('access_denied'), 'provider-refused', 'access_denied'],
    ['login_required', error('login_required'), 'provider-refused', 'login_required'],
    ['invalid_target', error('invalid_target'), 'provider-refused', 'invalid_target'],
    ['server_error', error('server_error'), 'provider-unavailable', 'server_error'],
    ['temporarily_unavailable', error('temporarily_unavailable'), 'provider-unavailable', 'temporarily'],
    ['an error that is not registered', error('<b>evil</b>'), 'provider-refused', 'not registered'],
    ['an empty error', error(''), 'provider-refused', 'not registered'],
  ])('%s', async (_name, authorization, reason, cause) => {
    const refused = await refusal(login({ authorization }));
    expect(refused).toMatchObject({ reason, message: expect.stringContaining(cause) });
    expect(refused.message).not.toMatch(/[<>\r\n]|evil/);
    expect(tokenCalls()).toBe(0);
  });

  test('the error code is handed on if it is a registered one', async () => {
    expect((await refusal(login({ authorization: error('access_denied') }))).providerError).toBe(
      'access_denied',
    );
    expect((await refusal(login({ authorization: error('evil') }))).providerError).toBeUndefined();
  });
});

const status = (code: number, body = '', headers = {}): Misbehaviour => ({
  answer: (path, response) => {
    if (path !== '/token') return false;
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(body);
    return true;
  },
});
const raw = (body: string, type = 'application/json'): Misbehaviour =>
  status(200, body, { 'content-type': type });
const tokens = (change: (body: Record<string, unknown>) => unknown): Misbehaviour => ({ tokens: change });
const without = (name: string): Misbehaviour => tokens((body) => ({ ...body, [name]: undefined }));
const replaced = (name: string, value: unknown): Misbehaviour =>
  tokens((body) => ({ ...body, [name]: value }));
const destroyed: Misbehaviour = {
  answer: (path, response) => {
    if (path !== '/token') return false;
    response.destroy();
    return true;
  },
};

describe('the token response', () => {
  test.each<[string, Misbehaviour, ProviderReason, string]>([
    ['201', status(201, '{}'), 'provider-answer-invalid', 'status 201'],
    ['204', status(204), 'provider-answer-invalid', 'status 204'],
    ['302', status(302, '', { location: '/elsewhere' }), 'provider-answer-invalid', 'redirect (status 302)'],
    ['307', status(307, '', { location: '/elsewhere' }), 'provider-answer-invalid', 'redirect (status 307)'],
    ['500', status(500, 'oops'), 'provider-answer-invalid', 'status 500'],
    ['invalid_grant', status(400, '{"error":"invalid_grant"}'), 'provider-answer-invalid', 'invalid_grant'],
    [
      'invalid_client',
      status(401, '{"error":"invalid_client"}'),
      'provider-answer-invalid',
      'invalid_client',
    ],
    [
      'invalid_client with a challenge',
      status(401, '{"error":"invalid_client"}', { 'www-authenticate': 'Basic realm="x"' }),
      'provider-answer-invalid',
      'client authentication failed',
    ],
    ['an unregistered error', status(400, '{"error":"<evil>"}'), 'provider-answer-invalid', 'not registered'],
    ['400 without JSON', status(400, 'oops'), 'provider-answer-invalid', 'status 400'],
    ['HTML', raw('<html>', 'text/html'), 'provider-answer-invalid', 'not application/json'],
    ['no content type', raw('{}', ''), 'provider-answer-invalid', 'not application/json'],
    ['broken JSON', raw('{"access_token":'), 'provider-answer-invalid', 'OAUTH_PARSE_ERROR'],
    ['an array', raw('[]'), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['null', raw('null'), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['nothing', raw(''), 'provider-answer-invalid', 'OAUTH_PARSE_ERROR'],
    ['50 MB', raw('x'.repeat(50_000_000)), 'provider-answer-invalid', 'more than 1048576 bytes'],
    ['no access_token', without('access_token'), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    [
      'access_token a number',
      replaced('access_token', 1),
      'provider-answer-invalid',
      'OAUTH_INVALID_RESPONSE',
    ],
    ['access_token empty', replaced('access_token', ''), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['no token_type', without('token_type'), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    [
      'token_type mac',
      replaced('token_type', 'mac'),
      'provider-answer-invalid',
      'OAUTH_UNSUPPORTED_OPERATION',
    ],
    ['token_type DPoP', replaced('token_type', 'DPoP'), 'provider-answer-invalid', 'not bearer'],
    ['no id_token', without('id_token'), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['id_token a number', replaced('id_token', 7), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['expires_in negative', replaced('expires_in', -1), 'provider-answer-invalid', 'OAUTH_INVALID_RESPONSE'],
    ['the connection breaks', destroyed, 'provider-unavailable', 'cannot be reached: UND_ERR_SOCKET'],
  ])('%s', async (_name, misbehaviour, reason, cause) => {
    const refused = await refusal(login(misbehaviour));
    expect(refused).toMatchObject({ reason, message: expect.stringContaining(cause) });
    expect(refused.message).not.toMatch(/eyJ|evil/);
    expect(refused.cause).toBeUndefined();
    expect(tokenCalls()).toBe(1);
  });

  test.each<[string, Misbehaviour]>([
    ['token_type bEaReR', replaced('token_type', 'bEaReR')],
    ['no expires_in', without('expires_in')],
    ['expires_in 0', replaced('expires_in', 0)],
    ['expires_in a text', replaced('expires_in', '300')],
    ['expires_in 1e18', replaced('expires_in', 1e18)],
    ['a refresh token that nobody asked for', replaced('refresh_token', 'r')],
    ['scope that claims more', replaced('scope', 'admin')],
  ])('taken: %s', async (_name, misbehaviour) => {
    const result = await login(misbehaviour);
    expect(Object.keys(result).sort()).toEqual(['accessToken', 'idToken', 'profile', 'subject']);
  });

  test('a gzip bomb is cut', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'));
    const refused = await refusal(
      login({
        answer: (path, response) => {
          if (path !== '/token') return false;
          response
            .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
            .end(bomb);
          return true;
        },
      }),
    );
    expect(refused.reason).toBe('provider-answer-invalid');
  });

  test('a token endpoint that hangs is given up after 4 s', async () => {
    const refused = await refusal(login({ answer: (path) => path === '/token' }));
    expect(refused).toMatchObject({
      reason: 'provider-unavailable',
      message: expect.stringContaining('TimeoutError'),
    });
  }, 8000);
});

const claim = (name: string, value: unknown): Misbehaviour => ({
  idTokenClaims: (claims) => ({ ...claims, [name]: value }),
});
const claims = (change: (claims: Record<string, unknown>) => Record<string, unknown>): Misbehaviour => ({
  idTokenClaims: change,
});
const header = (over: Record<string, unknown>): Misbehaviour => ({
  idTokenHeader: (h) => ({ ...h, ...over }),
});
const foreignKey = makeKey('RS256', 'id');
const esKey = makeKey('ES256', 'es');

describe('the ID token', () => {
  test.each<[string, Misbehaviour, string]>([
    // IT1, in the names of the OpenID Foundation's suite where it has one
    ['invalid-sig-rs256', { idToken: (token) => `${token.slice(0, -8)}AAAAAAAA` }, 'does not verify'],
    ['signed with a foreign key', { signIdTokenWith: foreignKey }, 'does not verify'],
    ['idtoken-sig-none', { idToken: (token) => unsigned(token) }, 'no JWT'],
    ['alg none with a signature', header({ alg: 'none' }), 'alg is not RS256'],
    ['alg HS256', header({ alg: 'HS256' }), 'alg is not RS256'],
    ['invalid-alternate-alg', { signIdTokenWith: esKey }, 'alg is not RS256'],
    ['null alg', header({ alg: null }), 'the header has no alg'],
    ['crit', header({ crit: ['x'], x: 1 }), 'crit'],
    [
      'jwk in the header',
      { ...header({ jwk: foreignKey.jwk }), signIdTokenWith: foreignKey },
      'does not verify',
    ],
    ['padded', { idToken: (token) => `${token}==` }, 'no JWT'],
    ['a JWE', { idToken: (token) => `${token}.x.y` }, 'no JWT'],
    ['not a token', { idToken: () => 'opaque' }, 'no JWT'],
    ['an unknown kid', header({ kid: 'unknown' }), 'no key for this kid'],
    // IT2
    ['iss + "1"', claims((c) => ({ ...c, iss: `${c['iss']}1` })), 'iss is not'],
    ['iss with a final slash', claims((c) => ({ ...c, iss: `${c['iss']}/` })), 'iss is not'],
    ['missing-iss', claim('iss', undefined), 'iss is not'],
    // IT3
    ['invalid-aud', claim('aud', 'other'), 'aud does not name'],
    ['missing-aud', claim('aud', undefined), 'aud is neither'],
    ['aud holds a number', claim('aud', ['shop', 1]), 'aud is neither'],
    ['invalid-secondary-aud', claim('aud', ['shop', 'other']), 'aud names others'],
    [
      'secondary aud with azp',
      claims((c) => ({ ...c, aud: ['shop', 'other'], azp: 'shop' })),
      'aud names others',
    ],
    ['our audience without azp', claim('aud', ['shop', 'https://api.example']), 'azp is missing'],
    ['azp of another client', claim('azp', 'other'), 'azp is not'],
    ['azp null', claim('azp', null), 'azp is not'],
    // IT4
    ['missing-sub', claim('sub', undefined), 'sub is no text'],
    ['sub 5', claim('sub', 5), 'sub is no text'],
    ['sub empty', claim('sub', ''), 'sub is no text'],
    ['sub of 256 characters', claim('sub', 's'.repeat(256)), 'sub is no text'],
    ['missing-exp', claim('exp', undefined), 'exp is missing'],
    ['exp a text', claim('exp', '9999999999'), 'exp is missing'],
    ['missing-iat', claim('iat', undefined), 'iat is missing'],
    // IT5
    ['invalid-expired-exp', claims(() => ({ ...good(), exp: seconds() - 6 })), 'exp is missing or past'],
    [
      'iat-is-week-in-past',
      claims(() => ({ ...good(), iat: seconds() - 604_800 })),
      'older than ten minutes',
    ],
    ['iat 10 min and 6 s ago', claims(() => ({ ...good(), iat: seconds() - 606 })), 'older than ten minutes'],
    ['iat ahead', claims(() => ({ ...good(), iat: seconds() + 8 })), 'iat is missing or in the future'],
    ['nbf ahead', claims(() => ({ ...good(), nbf: seconds() + 60 })), 'nbf is in the future'],
    // IT6
    ['nonce-invalid', claim('nonce', 'other'), 'nonce is missing or not'],
    ['missing-nonce', claim('nonce', undefined), 'nonce is missing or not'],
    // IT7
    ['at_hash of another token', claim('at_hash', 'AAAAAAAAAAAAAAAAAAAAAA'), 'at_hash does not fit'],
    ['at_hash null', claim('at_hash', null), 'at_hash does not fit'],
  ])('%s', async (_name, misbehaviour, cause) => {
    const refused = await refusal(login(misbehaviour, { nonce: 'nonce-1' }));
    expect(refused).toMatchObject({ reason: 'id-token-invalid', message: expect.stringContaining(cause) });
    expect(refused.message).not.toMatch(/eyJ/);
  });

  const good = () => ({
    iss: op.issuer,
    sub: 'alice',
    aud: 'shop',
    nonce: 'nonce-1',
    iat: seconds(),
    exp: seconds() + 300,
  });
  const unsigned = (token: string) => `${token.split('.').slice(0, 2).join('.')}.`;

  test.each<[string, Misbehaviour]>([
    ['aud in a list', claim('aud', ['shop'])],
    ['azp is us', claim('azp', 'shop')],
    [
      'the audience of this login beside us',
      claims((c) => ({ ...c, aud: ['shop', 'https://api.example'], azp: 'shop' })),
    ],
    ['exp 3 s ago', claims((c) => ({ ...c, exp: seconds() - 3 }))],
    ['iat 9 min ago', claims((c) => ({ ...c, iat: seconds() - 540 }))],
    ['iat 3 s ahead', claims((c) => ({ ...c, iat: seconds() + 3 }))],
    ['kid-absent-single-jwks', header({ kid: undefined })],
    ['no typ', header({ typ: undefined })],
    ['sub of 255 characters', claim('sub', 's'.repeat(255))],
  ])('taken: %s', async (_name, misbehaviour) => {
    await expect(login(misbehaviour)).resolves.toBeDefined();
  });

  test.each([
    ['RS256', 'sha256'],
    ['ES512', 'sha512'],
    ['EdDSA', 'sha512'],
  ])('at_hash that fits, by the hash of %s', async (idTokenAlg, digest) => {
    const key = makeKey(idTokenAlg);
    const accessToken = 'opaque-to-this-check';
    const hash = createHash(digest).update(accessToken).digest();
    const half = hash.subarray(0, hash.length / 2).toString('base64url');
    const by = providerOf(op.issuer, { idTokenAlg });
    const result = await login(
      {
        ...claim('at_hash', half),
        ...replaced('access_token', accessToken),
        signIdTokenWith: key,
        jwks: () => [key.jwk],
      },
      {},
      by,
    );
    expect(result.accessToken).toBe(accessToken);
  });
});

describe('keys', () => {
  test('rotation: a new kid at login is looked up at once, within the cool-down', async () => {
    const rotated = makeKey('RS256', 'rotated');
    const by = providerOf(op.issuer);
    await login({}, {}, by);
    op.requests.length = 0;
    await login({ signIdTokenWith: rotated, jwks: (keys) => [...keys, rotated.jwk] }, {}, by);
    expect(op.requests.map(({ path }) => path)).toEqual(['/token', '/jwks']);
  });

  test('decoys of the same kid and another kind', async () => {
    const decoys = [makeKey('ES256', 'id').jwk, { kty: 'oct', k: 'AAAA', kid: 'id' }, { kid: 'id' }];
    await login({ jwks: (keys) => [...decoys, ...keys] }, {}, providerOf(op.issuer));
  });

  test('several keys that fit, without a kid', async () => {
    const more = makeKey('RS256', 'more');
    await login(
      { jwks: (keys) => [more.jwk, ...keys], idTokenHeader: (h) => ({ ...h, kid: undefined }) },
      {},
      providerOf(op.issuer),
    );
  });

  test('20 parallel first logins fetch the document and the keys once', async () => {
    const by = providerOf(op.issuer);
    await Promise.all(Array.from({ length: 20 }, () => login({}, {}, by)));
    const count = (path: string) => op.requests.filter((request) => request.path === path).length;
    expect([count('/.well-known/openid-configuration'), count('/jwks'), count('/token')]).toEqual([1, 1, 20]);
  });

  test('a key set that fails makes the login unavailable, not invalid', async () => {
    const by = providerOf(op.issuer);
    const refused = await refusal(login({ jwks: () => 'none' }, {}, by));
    expect(refused.reason).toBe('provider-unavailable');
  });
});

describe('discovery', () => {
  test.each<[string, (document: Record<string, unknown>) => unknown, string]>([
    ['discovery-issuer-mismatch', (d) => ({ ...d, issuer: 'https://evil.example' }), 'issuer'],
    ['issuer with a final slash', (d) => ({ ...d, issuer: `${d['issuer']}/` }), 'to the last character'],
    ['no issuer', (d) => ({ ...d, issuer: undefined }), 'OAUTH_INVALID_RESPONSE'],
    ['no jwks_uri', (d) => ({ ...d, jwks_uri: undefined }), 'jwks_uri is missing'],
    ['a relative token_endpoint', (d) => ({ ...d, token_endpoint: '/token' }), 'token_endpoint is missing'],
    ['token_endpoint of a foreign scheme', (d) => ({ ...d, token_endpoint: 'ftp://a/b' }), 'is no https URL'],
    [
      'authorization_endpoint javascript:',
      (d) => ({ ...d, authorization_endpoint: 'javascript:x' }),
      'no https URL',
    ],
    ['end_session_endpoint a number', (d) => ({ ...d, end_session_endpoint: 1 }), 'end_session_endpoint'],
    ['a user in an endpoint', (d) => ({ ...d, token_endpoint: 'https://a:b@c/d' }), 'user name'],
    ['plain PKCE only', (d) => ({ ...d, code_challenge_methods_supported: ['plain'] }), 'S256'],
    ['no PKCE in the list', (d) => ({ ...d, code_challenge_methods_supported: [] }), 'S256'],
    ['PKCE list is a text', (d) => ({ ...d, code_challenge_methods_supported: 'S256' }), 'S256'],
    ['an array', () => [], 'OAUTH_INVALID_RESPONSE'],
  ])('%s', async (_name, metadata, cause) => {
    op.misbehaviour = { metadata };
    const by = providerOf(op.issuer);
    const refused = await refusal(by.identityProvider.authorizationUrl(newRequest()));
    expect(refused).toMatchObject({
      reason: 'provider-unavailable',
      message: expect.stringContaining(cause),
    });
    expect(by.identityProvider.ready()).toBe(false);
    await expect(by.keySet.key({ alg: 'RS256', kid: 'id' })).rejects.toThrow('cannot be had');
  });

  test('an absent list of PKCE methods says nothing', async () => {
    op.misbehaviour = { metadata: (d) => ({ ...d, code_challenge_methods_supported: undefined }) };
    await providerOf(op.issuer).identityProvider.authorizationUrl(newRequest());
  });

  test('50 logins while it fails: one attempt per 5 s; it heals by itself', async () => {
    let now = 1000;
    const by = providerOf(op.issuer, {}, { now: () => now });
    op.misbehaviour = { answer: (_path, response) => Boolean(response.writeHead(503).end()) };
    for (let i = 0; i < 50; i += 1) await refusal(by.identityProvider.authorizationUrl(newRequest()));
    expect(op.requests).toHaveLength(1);
    now += 5;
    op.misbehaviour = {};
    await by.identityProvider.authorizationUrl(newRequest());
    expect(by.identityProvider.ready()).toBe(true);
  });

  test('a document that was not read lately is read again: new endpoints are taken, a new issuer is not', async () => {
    let now = 1000;
    const by = providerOf(op.issuer, {}, { now: () => now });
    const endpoint = async () => new URL(await by.identityProvider.authorizationUrl(newRequest())).pathname;
    expect(await endpoint()).toBe('/authorize');
    const moved = (d: Record<string, unknown>) => ({ ...d, authorization_endpoint: `${op.issuer}/moved` });
    op.misbehaviour = { metadata: (d) => ({ ...moved(d), issuer: 'https://evil.example' }) };
    now += 3600;
    expect(await endpoint()).toBe('/authorize');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await endpoint()).toBe('/authorize');
    op.misbehaviour = { metadata: moved };
    now += 5;
    expect(await endpoint()).toBe('/moved');
  });

  describe('without traffic', () => {
    beforeEach(() => {
      jest.useFakeTimers({
        doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setTimeout'],
      });
    });
    afterEach(() => {
      jest.useRealTimers();
    });
    const settle = () => new Promise((resolve) => setTimeout(resolve, 100));

    test('start is ready at once when the provider is up', async () => {
      await using by = providerOf(op.issuer);
      expect(by.identityProvider.ready()).toBe(false);
      by.start();
      await settle();
      expect(by.identityProvider.ready()).toBe(true);
      expect(by.keySet.age()).toBeDefined();
    });

    test('it heals within 30 s, and stop ends the attempts', async () => {
      let now = 1000;
      await using by = providerOf(op.issuer, {}, { now: () => now });
      op.misbehaviour = { answer: (_path, response) => Boolean(response.writeHead(503).end()) };
      by.start();
      await settle();
      expect(by.identityProvider.ready()).toBe(false);
      op.misbehaviour = {};
      now += 10;
      jest.advanceTimersByTime(10_000);
      await settle();
      expect(by.identityProvider.ready()).toBe(true);
      by.stop();
      expect(jest.getTimerCount()).toBe(0);
    });
  });

  test('while it is unknown, logging out does not wait for it', async () => {
    op.misbehaviour = { answer: (_path, response) => Boolean(response.writeHead(503).end()) };
    const { identityProvider } = providerOf(op.issuer);
    const request = { postLogoutRedirectUri: 'https://app.example.com/_auth/logged-out', state: 's' };
    expect(await identityProvider.endSessionUrl(request)).toBeUndefined();
  });

  test('the log hears of failures in constant words', async () => {
    const heard: unknown[] = [];
    const by = providerOf(op.issuer, {}, { log: (event) => heard.push(event) });
    op.misbehaviour = { metadata: (d) => ({ ...d, issuer: 'https://evil.example' }) };
    await by.keySet.warm();
    const about = { issuer: op.issuer };
    expect(heard).toEqual([
      {
        ...about,
        event: 'discovery-failed',
        message: expect.stringContaining('issuer differs from provider.issuer'),
      },
    ]);
    expect(JSON.stringify(heard)).not.toContain('evil');
  });

  test('the log hears of a failing key set', async () => {
    const heard: unknown[] = [];
    const by = providerOf(op.issuer, {}, { log: (event) => heard.push(event) });
    op.misbehaviour = {
      answer: (path, response) => path === '/jwks' && Boolean(response.writeHead(503).end()),
    };
    await by.keySet.warm();
    expect(heard).toEqual([{ event: 'key-set-failed', issuer: op.issuer, message: 'status 503' }]);
  });
});
