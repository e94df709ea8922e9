import { describe, expect, test } from '@jest/globals';
import { configuredNames, type Identity, NOBODY, permit } from '../../../src/outcome/permit.ts';
import { redirect } from '../../../src/outcome/reply.ts';
import type { AccessToken } from '../../../src/token/access-token.ts';
import { shopApp } from '../../support/requests.ts';

const PLAIN = shopApp();
const MAPPED = shopApp('headers: { X-Forwarded-Email: email, X-Forwarded-Groups: groups, X-Who: name }');

const known = (parts: Partial<Omit<AccessToken, 'scopes'>> & { scopes?: string[] } = {}): Identity => ({
  token: {
    subject: 'alice',
    client: 'shop',
    ...parts,
    scopes: new Set(parts.scopes ?? ['orders:read', 'orders:write']),
  } as unknown as AccessToken,
  profile: undefined,
});
const headers = (identity: Identity, app = PLAIN, authorization?: string, cookie?: string) =>
  permit('permitted', app, identity, authorization, cookie, {}).headers.map(
    ([name, value]) => `${name}: ${value}`,
  );

const NONE = ['X-Auth-Subject: ', 'X-Auth-Client: ', 'X-Auth-Scopes: '];
const ALICE = ['X-Auth-Subject: alice', 'X-Auth-Client: shop', 'X-Auth-Scopes: orders:read orders:write'];

describe('all configured names are always there, empty when unknown (FA12)', () => {
  test.each<[what: string, actual: string[], expected: string[]]>([
    ['nobody', headers(NOBODY), [...NONE, 'Content-Length: 0']],
    ['a token', headers(known()), [...ALICE, 'Content-Length: 0']],
    [
      'a token without scopes',
      headers(known({ scopes: [] })),
      ['X-Auth-Subject: alice', 'X-Auth-Client: shop', 'X-Auth-Scopes: ', 'Content-Length: 0'],
    ],
    [
      'a map, and nobody',
      headers(NOBODY, MAPPED),
      [...NONE, 'X-Forwarded-Email: ', 'X-Forwarded-Groups: ', 'X-Who: ', 'Content-Length: 0'],
    ],
    [
      'a map, and a session',
      headers({ ...known(), profile: { email: 'a@b.de', groups: ['x', 'y'], unmapped: 'z' } }, MAPPED),
      [...ALICE, 'X-Forwarded-Email: a@b.de', 'X-Forwarded-Groups: x,y', 'X-Who: ', 'Content-Length: 0'],
    ],
    [
      'Authorization and Cookie',
      headers(known(), PLAIN, 'Bearer abc', 'a=1; b="2"'),
      [...ALICE, 'Authorization: Bearer abc', 'Cookie: a=1; b="2"', 'Content-Length: 0'],
    ],
    [
      'claims that would forge a header',
      headers(
        { ...known({ subject: 'a\r\nX-Auth-Scopes: admin', client: '🚪' }), profile: { name: 'ö%' } },
        MAPPED,
      ),
      [
        'X-Auth-Subject: a%0D%0AX-Auth-Scopes: admin',
        'X-Auth-Client: %F0%9F%9A%AA',
        'X-Auth-Scopes: orders:read orders:write',
        'X-Forwarded-Email: ',
        'X-Forwarded-Groups: ',
        'X-Who: %C3%B6%25',
        'Content-Length: 0',
      ],
    ],
  ])('%s', (_what, actual, expected) => expect(actual).toEqual(expected));
});

test.each(['public', 'permitted', 'preflight'] as const)(
  '%s is a 200 without a body, and sets no cookie',
  (reason) => {
    const reply = permit(reason, PLAIN, NOBODY, undefined, undefined, { app: 'shop' });
    expect(reply).toEqual({
      status: 200,
      reason,
      headers: [
        ['X-Auth-Subject', ''],
        ['X-Auth-Client', ''],
        ['X-Auth-Scopes', ''],
        ['Content-Length', '0'],
      ],
      facts: { app: 'shop' },
    });
  },
);

test('what is kept for a token or a profile is never another one’s, nor another app’s', () => {
  const other = shopApp('headers: { X-Who: email }');
  const person = (subject: string, name: string, email: string): Identity => ({
    ...known({ subject }),
    profile: { name, email },
  });
  const [anna, ben] = [person('anna', 'Anna', 'a@b.de'), person('ben', 'Ben', 'b@b.de')];
  const linesOf = (identity: Identity, app = MAPPED) =>
    headers(identity, app).filter((line) => /^X-(Auth-Subject|Who)/.test(line));
  for (const _ of [1, 2]) {
    expect(linesOf(anna)).toEqual(['X-Auth-Subject: anna', 'X-Who: Anna']);
    expect(linesOf(ben)).toEqual(['X-Auth-Subject: ben', 'X-Who: Ben']);
    expect(linesOf(anna, other)).toEqual(['X-Auth-Subject: anna', 'X-Who: a@b.de']);
    expect(linesOf({ ...anna, profile: ben.profile })).toEqual(['X-Auth-Subject: anna', 'X-Who: Ben']);
    expect(linesOf(NOBODY)).toEqual(['X-Auth-Subject: ', 'X-Who: ']);
    expect(linesOf(NOBODY, other)).toEqual(['X-Auth-Subject: ', 'X-Who: ']);
  }
});

test('IT12: a permit has no place for an ID token', () => {
  const profile = { email: 'a@b.de', id_token: 'eyJ', raw: 'eyJ' };
  expect(headers({ ...known(), profile }, MAPPED).join('\n')).not.toContain('eyJ');
});

test.each([
  [PLAIN, ['x-auth-subject', 'x-auth-client', 'x-auth-scopes', 'authorization', 'cookie']],
  [
    MAPPED,
    [
      'x-auth-subject',
      'x-auth-client',
      'x-auth-scopes',
      'authorization',
      'cookie',
      'x-forwarded-email',
      'x-forwarded-groups',
      'x-who',
    ],
  ],
])('the names that no client may imitate', (app, names) => {
  expect([...configuredNames(app)]).toEqual(names);
});

/** AR7: never 307 or 308, which would send a form again. */
test.each([302, 303] as const)('a %d is absolute, kept by nobody, and tells no referrer', (status) => {
  const reply = redirect(status, 'login-started', 'https://id.example.com/?x=1', ['a=1; path=/', 'b=2'], {
    app: 'shop',
  });
  expect(reply).toEqual({
    status,
    reason: 'login-started',
    headers: [
      ['Location', 'https://id.example.com/?x=1'],
      ['Cache-Control', 'no-store'],
      ['Referrer-Policy', 'no-referrer'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Content-Length', '0'],
      ['Set-Cookie', 'a=1; path=/'],
      ['Set-Cookie', 'b=2'],
    ],
    facts: { app: 'shop' },
  });
});
