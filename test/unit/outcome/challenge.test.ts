import { expect, test } from '@jest/globals';
import { bearerChallenge, isChallenged } from '../../../src/outcome/challenge.ts';
import { REASONS, type Reason } from '../../../src/reason.ts';

const REALM = 'shop.example.com';

test.each<[reason: Reason, scopes: string[], challenge: string]>([
  // BE1: no error code for who sent no credentials
  ['login-needed', [], 'Bearer realm="shop.example.com"'],
  ['session-expired', [], 'Bearer realm="shop.example.com"'],
  ['audience-not-held', [], 'Bearer realm="shop.example.com"'],
  ['logged-out-page', [], 'Bearer realm="shop.example.com"'],
  // BE2
  [
    'token-expired',
    [],
    'Bearer realm="shop.example.com", error="invalid_token", error_description="Get a fresh one."',
  ],
  [
    'token-audience',
    [],
    'Bearer realm="shop.example.com", error="invalid_token", error_description="It is for another resource."',
  ],
  [
    'scope-missing',
    ['orders:write'],
    'Bearer realm="shop.example.com", error="insufficient_scope", scope="orders:write"',
  ],
  [
    'scopes-not-asked',
    ['orders:read', 'orders:write'],
    'Bearer realm="shop.example.com", error="insufficient_scope", scope="orders:read orders:write"',
  ],
  ['authorization-repeated', [], 'Bearer realm="shop.example.com", error="invalid_request"'],
  ['authorization-malformed', [], 'Bearer realm="shop.example.com", error="invalid_request"'],
])('%s', (reason, scopes, challenge) => {
  expect(bearerChallenge(reason, REALM, scopes)).toBe(challenge);
});

// SU1, RFC 9470 section 3
test.each<[Parameters<typeof bearerChallenge>[3], string]>([
  [{ acr: ['mfa', 'urn:x:phr'], loginWithin: 900 }, ', acr_values="mfa urn:x:phr", max_age="900"'],
  [{ acr: ['mfa'], loginWithin: undefined }, ', acr_values="mfa"'],
  [{ acr: [], loginWithin: 60 }, ', max_age="60"'],
  [undefined, ''],
])('step-up for %j', (stepUp, parameters) => {
  const error = 'Bearer realm="shop.example.com", error="insufficient_user_authentication"';
  expect(bearerChallenge('step-up-needed', REALM, [], stepUp)).toBe(error + parameters);
  expect(bearerChallenge('login-needed', REALM, [], stepUp)).toBe('Bearer realm="shop.example.com"');
});

/** RFC 9110 section 11.6.1 and RFC 6750 section 3: what may stand in each parameter. */
const PARAMETERS: Readonly<Record<string, RegExp>> = {
  realm: /^[a-z0-9.:[\]_-]+$/,
  error: /^(?:invalid_request|invalid_token|insufficient_scope|insufficient_user_authentication)$/,
  error_description: /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/,
  scope: /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/,
};

test.each(Object.keys(REASONS) as Reason[])(
  'BE7, BE8: %s makes a challenge that can be read back',
  (reason) => {
    for (const [realm, scopes] of [
      [REALM, []],
      ['[::1]', ["a!#$%&'()*+,-./:;<=>?@[]^_`{|}~"]],
      ['xn--gre-6ka8i.example.com', ['a', 'b:c', 'https://a.example/x.y']],
    ] as const) {
      const challenge = bearerChallenge(reason, realm, scopes);
      const read = [...challenge.slice('Bearer '.length).matchAll(/(\w+)="([^"\\]*)"(?:, |$)/g)];
      expect(`Bearer ${read.map(([text]) => text).join('')}`).toBe(challenge);
      const names = read.map(([, name = '']) => name);
      expect(new Set(names).size).toBe(names.length);
      for (const [, name = '', value = ''] of read)
        expect(value).toMatch(PARAMETERS[name] ?? /^unknown parameter$/);
      expect(names.includes('scope')).toBe(scopes.length > 0);
    }
  },
);

test.each(Object.keys(REASONS) as Reason[])(
  '%s: a challenge with every 401, and with every error code',
  (reason) => {
    const { status, error } = REASONS[reason] as { status: number; error?: string };
    expect(isChallenged(reason, status)).toBe(status === 401 || error !== undefined);
    expect(isChallenged(reason, 401)).toBe(true);
  },
);
