import { describe, expect, test } from '@jest/globals';
import type { ClientHeaders } from '../../../src/forwarded/forwarded-request.ts';
import { readCredential } from '../../../src/session/credential.ts';
import {
  type Asked,
  type LiveSession,
  mergeAsked,
  notAsked,
  tokensFor,
  wasAsked,
  withoutHeld,
} from '../../../src/session/session.ts';
import { headersOf, shopApp } from '../../support/requests.ts';

describe('one need is met by one token', () => {
  const live = (...audiences: string[][]): LiveSession =>
    ({ session: {}, tokens: audiences.map((list) => ({ audiences: list })) }) as unknown as LiveSession;

  test.each<[held: string[][], wanted: string[], found: string[][]]>([
    [[], ['a'], []],
    [[['a']], ['a'], [['a']]],
    [[['a']], ['b'], []],
    [[['a']], [], []],
    [[['a'], ['b']], ['b'], [['b']]],
    [[['a', 'b']], ['b'], [['a', 'b']]],
    [[['a', 'b']], ['c', 'b'], [['a', 'b']]],
    [[['a'], ['a', 'x']], ['a'], [['a'], ['a', 'x']]],
    [[['https://a.example/']], ['https://a.example'], []],
    [[['https://a.example']], ['https://a'], []],
    [[['A']], ['a'], []],
  ])('tokens for %j, any of %j wanted: %j', (held, wanted, found) => {
    expect(tokensFor(live(...held), wanted).map(({ audiences }) => audiences)).toEqual(found);
  });
});

describe('what was asked is not asked again', () => {
  const ASKED: Asked[] = [
    { audience: 'a', scopes: ['read', 'write'] },
    { audience: 'b', scopes: [] },
    { audience: '', scopes: ['openid'] },
  ];

  test.each<[audiences: string[], asked: boolean]>([
    [['a'], true],
    [['b'], true],
    [['x', 'b'], true],
    [[''], true],
    [['x'], false],
    [['A'], false],
    [[], false],
  ])('an audience among %j: %s', (audiences, asked) => expect(wasAsked(ASKED, audiences)).toBe(asked));

  test.each<[audiences: string[], scopes: string[], left: string[]]>([
    [['a'], ['read'], []],
    [['a'], ['read', 'admin'], ['admin']],
    [['a'], [], []],
    [['b'], ['read'], ['read']],
    [['a', 'b'], ['read', 'admin'], ['admin']],
    [['x'], ['read'], ['read']],
    [['a'], ['READ'], ['READ']],
    [['a'], ['openid'], ['openid']],
  ])('for any of %j, of the scopes %j: %j are left', (audiences, scopes, left) => {
    expect(notAsked(ASKED, audiences, scopes)).toEqual(left);
  });

  test.each<[memories: Asked[][], merged: Asked[]]>([
    [[], []],
    [[[], []], []],
    [[ASKED], ASKED],
    [
      [[{ audience: 'a', scopes: ['x', 'y'] }], [{ audience: 'a', scopes: ['y', 'z'] }]],
      [{ audience: 'a', scopes: ['x', 'y', 'z'] }],
    ],
    [
      [
        [{ audience: 'a', scopes: ['x'] }],
        [{ audience: 'b', scopes: ['x'] }],
        [{ audience: 'a', scopes: [] }],
      ],
      [
        { audience: 'a', scopes: ['x'] },
        { audience: 'b', scopes: ['x'] },
      ],
    ],
    [
      [
        [
          { audience: '__proto__', scopes: ['constructor'] },
          { audience: '__proto__', scopes: ['x'] },
        ],
      ],
      [{ audience: '__proto__', scopes: ['constructor', 'x'] }],
    ],
  ])('%j become %j', (memories, merged) => {
    const before = structuredClone(memories);
    expect(mergeAsked(...memories)).toEqual(merged);
    expect(memories).toEqual(before);
  });
});

test.each<[what: string, audience: string, held: string[], left: string[][]]>([
  ['what the token held is forgotten', 'a', ['read'], [['write'], [], ['read']]],
  ['all of it', 'a', ['write', 'read', 'more'], [[], [], ['read']]],
  ['nothing, where it held nothing', 'a', [], [['read', 'write'], [], ['read']]],
  ['nothing of another audience', 'x', ['read'], [['read', 'write'], [], ['read']]],
])('of a token that is given up, %s', (_what, audience, held, left) => {
  const asked = [
    { audience: 'a', scopes: ['read', 'write'], at: 1 },
    { audience: 'b', scopes: [], at: 2 },
    { audience: '', scopes: ['read'], at: 3 },
  ];
  expect(withoutHeld(asked, audience, new Set(held))).toEqual(
    asked.map((entry, at) => ({ ...entry, scopes: left[at] })),
  );
});

describe('which credential decides', () => {
  const BOTH = shopApp();
  const SESSION_ONLY = shopApp('credentials: [session]');
  const BEARER_ONLY = shopApp('credentials: [bearer]');
  const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
  const lines = (...authorization: string[]): ClientHeaders =>
    headersOf({ authorization, cookie: ['__Host-postern=x'] });
  const bearer = (raw: string, line: string) => ({ kind: 'bearer', raw, line });
  const SESSION = { kind: 'session' };
  const BOUND = { kind: 'bound' };
  const MALFORMED = 'authorization-malformed';

  test('no Authorization: the session, if there is one', () => {
    for (const app of [BOTH, SESSION_ONLY, BEARER_ONLY])
      expect(readCredential(lines(), app)).toEqual(SESSION);
  });

  test.each<[line: string, expected: unknown]>([
    // BE6: a bearer beats a session
    [`Bearer ${TOKEN}`, bearer(TOKEN, `Bearer ${TOKEN}`)],
    // BE4: any case of the scheme, and the client's own line goes on unchanged
    [`bEaReR ${TOKEN}`, bearer(TOKEN, `bEaReR ${TOKEN}`)],
    [`Bearer   ${TOKEN}`, bearer(TOKEN, `Bearer   ${TOKEN}`)],
    ['Bearer opaque', bearer('opaque', 'Bearer opaque')],
    ['Bearer a-._~+/z==', bearer('a-._~+/z==', 'Bearer a-._~+/z==')],
    // RFC 6750 section 2.1: not a b64token
    ['Bearer', MALFORMED],
    ['bearer', MALFORMED],
    ['Bearer ', MALFORMED],
    ['Bearer a b', MALFORMED],
    [`Bearer ${TOKEN} `, MALFORMED],
    [`Bearer ${TOKEN}, Bearer ${TOKEN}`, MALFORMED],
    ['Bearer a,b', MALFORMED],
    ['Bearer a=b', MALFORMED],
    ['Bearer =', MALFORMED],
    ['Bearer "a"', MALFORMED],
    ['Bearer a\u00e9', MALFORMED],
    ['Bearer a\tb', MALFORMED],
    ['Bearer a\n', MALFORMED],
    ['Bearer token="a"', MALFORMED],
    // PC2: a proof that nobody looks at proves nothing
    [`DPoP ${TOKEN}`, BOUND],
    [`dpop ${TOKEN}`, BOUND],
    ['DPoP', BOUND],
    // another scheme is the upstream's business, or nobody's
    ['Basic YWxpY2U6cHc=', SESSION],
    ['Digest username="x"', SESSION],
    ['Negotiate x', SESSION],
    [`Bearerx ${TOKEN}`, SESSION],
    [`Token ${TOKEN}`, SESSION],
    [TOKEN, SESSION],
    ['', SESSION],
  ])('%j', (line, expected) => {
    expect(readCredential(lines(line), BOTH)).toEqual(expected);
    expect(readCredential(lines(line), BEARER_ONLY)).toEqual(expected);
    expect(readCredential(lines(line), SESSION_ONLY)).toEqual(SESSION);
  });

  test.each<[line: string, expected: unknown]>([
    ['Basic YWxpY2U6cHc=', { kind: 'basic', id: 'alice', secret: 'pw' }],
    ['bASIC  YWxpY2U6cDp3', { kind: 'basic', id: 'alice', secret: 'p:w' }],
    ['Basic YWxpY2U6cHc', MALFORMED],
    ['Basic YWxpY2U6cHc= ', MALFORMED],
    ['Basic', MALFORMED],
    ['Basicx YWxpY2U6cHc=', SESSION],
    [`Bearer ${TOKEN}`, SESSION],
  ])('%j where the app takes a client id and its secret, and no bearer', (line, expected) => {
    expect(readCredential(lines(line), shopApp('credentials: [basic]'))).toEqual(expected);
  });
});
