import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { clockNotes } from '../../../src/doctor/clock.ts';
import { notesAbout } from '../../../src/doctor/finding.ts';
import { secretNotes } from '../../../src/doctor/secrets.ts';
import { keyNotes } from '../../../src/doctor/signing-keys.ts';
import { mute, said } from './_said.ts';

const notes = notesAbout('provider', 'default');

describe('the clock', () => {
  const NOON = Date.UTC(2026, 0, 1, 12);
  const date = (seconds: number): string => new Date(NOON + seconds * 1000).toUTCString();
  const read = (seconds: number, rest: { age?: string; tolerance?: number } = {}) =>
    clockNotes(
      { date: date(seconds), age: rest.age ?? null, between: [NOON, NOON + 100] },
      rest.tolerance ?? 5,
      notes,
    );

  test.each<[string, number, { age?: string; tolerance?: number }, string]>([
    ['the same', 0, {}, 'ok: the clocks agree within clockTolerance (5 s)'],
    [
      'within the tolerance, and the second that is not told',
      -5,
      {},
      'ok: the clocks agree within clockTolerance (5 s)',
    ],
    [
      "the provider's is ahead",
      42,
      {},
      "problem: our clock is 42 s behind the provider's, and clockTolerance is 5 s",
    ],
    [
      "the provider's is behind",
      -42,
      {},
      "problem: our clock is 42 s ahead of the provider's, and clockTolerance is 5 s",
    ],
    ['a wide tolerance', 42, { tolerance: 60 }, 'ok: the clocks agree within clockTolerance (60 s)'],
    ['an old answer of a cache', -42, { age: '42' }, 'ok: the clocks agree within clockTolerance (5 s)'],
    ['no tolerance', 0, { tolerance: 0 }, 'ok: the clocks agree within clockTolerance (0 s)'],
  ])('%s', (_, seconds, rest, expected) => {
    expect(said(read(seconds, rest))).toEqual([expected]);
    expect(mute(read(seconds, rest))).toEqual([]);
  });

  test('is left open without a date', () => {
    for (const nothing of [null, 'yesterday'])
      expect(clockNotes({ date: nothing, age: null, between: [NOON, NOON] }, 5, notes)[0]?.level).toBe(
        'open',
      );
  });
});

describe('the key set', () => {
  const jwk = (type: 'rsa' | 'weak' | 'P-256' | 'ed25519', more: object = {}) => {
    const { publicKey } =
      type === 'ed25519'
        ? generateKeyPairSync('ed25519')
        : type === 'P-256'
          ? generateKeyPairSync('ec', { namedCurve: type })
          : generateKeyPairSync('rsa', { modulusLength: type === 'weak' ? 1024 : 2048 });
    return { ...publicKey.export({ format: 'jwk' }), ...more };
  };
  const terms = (idTokenAlg = 'RS256', algorithms = ['RS256', 'ES256']) => ({
    idTokenAlg,
    tokens: { profile: 'rfc9068', algorithms, scopeClaim: 'scope', audienceIsClient: false } as const,
  });
  const LACKS = 'No access token can be verified';

  test.each<[string, unknown, ReturnType<typeof terms>, string[]]>([
    [
      'both keys',
      [jwk('rsa'), jwk('P-256')],
      terms(),
      ['ok: keys verify access tokens with RS256, ES256, ID tokens with RS256'],
    ],
    [
      'keys that are told for what',
      [jwk('rsa', { alg: 'RS256', use: 'sig' }), jwk('P-256', { use: 'enc' })],
      terms(),
      ['ok: keys verify access tokens with RS256, ID tokens with RS256'],
    ],
    [
      'an Edwards curve',
      [jwk('ed25519')],
      terms('EdDSA', ['EdDSA']),
      ['ok: keys verify access tokens with EdDSA, ID tokens with EdDSA'],
    ],
    [
      'no key for ID tokens',
      [jwk('P-256')],
      terms(),
      ['problem: the key set has no key for RS256, only for ES256'],
    ],
    [
      'no key for access tokens',
      [jwk('rsa', { alg: 'RS256' })],
      terms('RS256', ['ES256']),
      ['problem: the key set has keys for RS256, and provider.tokens.algorithms are ES256'],
    ],
    [
      'a key of 1024 bits',
      [jwk('weak')],
      terms('RS256', ['RS256']),
      [
        'problem: the key set has no key for RS256, only for none',
        'problem: the key set has keys for none, and provider.tokens.algorithms are RS256',
      ],
    ],
    [
      'a symmetric key',
      [jwk('rsa'), { kty: 'oct', k: 'c2VjcmV0' }],
      terms(),
      ['problem: the public key set holds a private or symmetric key'],
    ],
    ['no key set', 'keys', terms(), ['problem: jwks_uri answers with something that is no key set']],
    [
      'odd members beside a good one',
      [null, 'x', [], {}, jwk('rsa')],
      terms('RS256', ['RS256']),
      ['ok: keys verify access tokens with RS256, ID tokens with RS256'],
    ],
  ])('%s', (_, members, provider, expected) => {
    const found = keyNotes(members, provider, 'login', notes);
    expect(said(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
    expect(JSON.stringify(found)).not.toContain('c2VjcmV0');
  });

  test('of a further issuer verifies no ID tokens', () => {
    expect(said(keyNotes([jwk('P-256')], terms(), 'keys', notes))).toEqual([
      'ok: keys verify access tokens with ES256',
    ]);
    expect(JSON.stringify(keyNotes([], terms(), 'keys', notes))).toContain(LACKS);
  });
});

describe('client secrets', () => {
  const NOW = Date.UTC(2026, 0, 1) / 1000;
  const ends = (...days: (number | undefined)[]) =>
    days.map((inDays) => ({
      value: 'a secret that nobody may see',
      expiresAt: inDays === undefined ? undefined : NOW + inDays * 86_400,
    }));

  test.each<[string, (number | undefined)[], string[]]>([
    ['none', [], ['ok: the client is a public one, without a secret']],
    [
      'one without an end',
      [undefined],
      ['ok: a client secret is in force, without an end that is known here'],
    ],
    ['one that ends in a year', [365], ['ok: a client secret is in force until 2027-01-01']],
    ['one that ends in 30 days', [30], ['ok: a client secret is in force until 2026-01-31']],
    ['one that ends in 29 days', [29], ['warning: the last client secret expires on 2026-01-30, in 29 days']],
    ['one that ends in a week', [7], ['warning: the last client secret expires on 2026-01-08, in 7 days']],
    ['one that ends in a day', [1], ['problem: the last client secret expires on 2026-01-02, in 1 day']],
    ['one that ends soon, and the next', [3, 300], ['ok: a client secret is in force until 2026-10-28']],
    [
      'one that has ended, and the next',
      [-1, undefined],
      [
        'warning: 1 of 2 client secrets has expired',
        'ok: a client secret is in force, without an end that is known here',
      ],
    ],
    [
      'all that have ended since they were loaded',
      [-2, 0],
      ['warning: 2 of 2 client secrets have expired', 'problem: no client secret is in force'],
    ],
  ])('%s', (_, days, expected) => {
    const found = secretNotes('default', ends(...days), NOW);
    expect(said(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
    expect(JSON.stringify(found)).not.toContain('nobody may see');
  });
});
