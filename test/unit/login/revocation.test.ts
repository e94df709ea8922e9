import { describe, expect, test } from '@jest/globals';
import { revokeTokens } from '../../../src/login/revocation.ts';
import type { RevocationOutcome, RevocationRequest } from '../../../src/oidc/revocation.ts';

const TOKENS = [
  { audience: 'a', raw: 'access-a', refreshToken: 'refresh-a' },
  { audience: 'b', raw: 'access-b', refreshToken: 'refresh-a' },
  { audience: 'c', raw: 'access-c', refreshToken: 'refresh-c' },
];
const failed = (cause: string): RevocationOutcome => ({ kind: 'failed', cause });

/** A provider that answers in its own time. */
function providerOf(outcome: (request: RevocationRequest) => RevocationOutcome) {
  const asked: string[] = [];
  const ended: string[] = [];
  const signals = new Set<AbortSignal>();
  const revoke = async (request: RevocationRequest, signal: AbortSignal): Promise<RevocationOutcome> => {
    asked.push(`${request.hint} ${request.token}`);
    signals.add(signal);
    // Let everything that was asked at once be asked before anything ends.
    await new Promise((resolve) => setImmediate(resolve));
    ended.push(request.token);
    return outcome(request);
  };
  return { asked, ended, signals, revoke };
}

describe('RI1: the tokens of an ended session', () => {
  test('are revoked, the refresh tokens first, within one deadline', async () => {
    const provider = providerOf(() => ({ kind: 'revoked' }));
    expect(await revokeTokens({ tokens: TOKENS }, provider)).toBeUndefined();
    expect(provider.asked).toEqual([
      ...['refresh_token refresh-a', 'refresh_token refresh-c'],
      ...['access_token access-a', 'access_token access-b', 'access_token access-c'],
    ]);
    expect(provider.ended.slice(0, 2)).toEqual(['refresh-a', 'refresh-c']);
    expect(provider.signals.size).toBe(1);
  });

  test.each<[what: string, outcome: (request: RevocationRequest) => RevocationOutcome, says: unknown]>([
    ['are not of a kind that is revoked', () => ({ kind: 'unsupported' }), undefined],
    [
      'are of such a kind in part',
      ({ hint }) => ({ kind: hint === 'access_token' ? 'unsupported' : 'revoked' }),
      undefined,
    ],
    [
      'are not all revoked',
      ({ token }) => (token === 'access-b' ? failed('status 503') : { kind: 'revoked' }),
      'status 503',
    ],
    [
      'are asked for although the first failed',
      ({ token }) => (token === 'refresh-a' ? failed('no answer') : { kind: 'revoked' }),
      'no answer',
    ],
  ])('%s', async (_what, outcome, says) => {
    const provider = providerOf(outcome);
    expect(await revokeTokens({ tokens: TOKENS }, provider)).toBe(says);
    expect(provider.asked).toHaveLength(5);
  });
});
