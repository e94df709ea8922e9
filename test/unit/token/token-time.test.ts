import { expect, test } from '@jest/globals';
import { isFarAhead, judgeTime, sessionTokenExpired } from '../../../src/token/token-time.ts';

const NOW = 1_800_000_000;
const TOLERANCE = 5;
const times = (over: object) => ({ issuedAt: NOW - 100, expiresAt: NOW + 200, notBefore: 0, ...over });

test.each([
  ['in force', {}, undefined],
  ['exp just ahead', { expiresAt: NOW + 1 }, undefined],
  ['exp now', { expiresAt: NOW }, undefined],
  ['exp tolerance - 1 ago', { expiresAt: NOW - TOLERANCE + 1 }, undefined],
  ['exp tolerance ago', { expiresAt: NOW - TOLERANCE }, 'token-expired'],
  ['exp tolerance + 1 ago', { expiresAt: NOW - TOLERANCE - 1 }, 'token-expired'],
  ['nbf tolerance - 1 ahead', { notBefore: NOW + TOLERANCE - 1 }, undefined],
  ['nbf tolerance ahead', { notBefore: NOW + TOLERANCE }, undefined],
  ['nbf tolerance + 1 ahead', { notBefore: NOW + TOLERANCE + 1 }, 'token-not-yet-valid'],
  ['iat tolerance - 1 ahead', { issuedAt: NOW + TOLERANCE - 1 }, undefined],
  ['iat tolerance + 1 ahead', { issuedAt: NOW + TOLERANCE + 1 }, 'token-not-yet-valid'],
  ['fractions of a second', { expiresAt: NOW - TOLERANCE + 0.5 }, undefined],
  ['expired and not yet valid', { expiresAt: 0, notBefore: NOW + 99 }, 'token-expired'],
])('%s', (_name, over, verdict) => {
  expect(judgeTime(times(over), NOW, TOLERANCE)).toBe(verdict);
});

test('a clock one hour off opens nothing', () => {
  const token = times({ issuedAt: NOW - 60, expiresAt: NOW + 60 });
  expect(judgeTime(token, NOW + 3600, TOLERANCE)).toBe('token-expired');
  expect(judgeTime(token, NOW - 3600, TOLERANCE)).toBe('token-not-yet-valid');
});

test.each([
  ['a long token, 11 s before', 3600, 11, false],
  ['a long token, 10 s before', 3600, 10, true],
  ['a long token, at exp', 3600, 0, true],
  ['a token of 20 s, 3 s before', 20, 3, false],
  ['a token of 20 s, 2 s before', 20, 2, true],
  ['a token of 5 s, 1 s before', 5, 1, false],
  ['a token that expires before it was issued', -5, 1, false],
])('the session token counts as expired early: %s', (_name, life, before, expired) => {
  const expiresAt = NOW + before;
  expect(sessionTokenExpired({ issuedAt: expiresAt - life, expiresAt, notBefore: 0 }, NOW)).toBe(expired);
});

test('milliseconds taken for seconds are far ahead', () => {
  expect(isFarAhead(NOW * 1000, NOW)).toBe(true);
  expect(isFarAhead(NOW + 9 * 365 * 86_400, NOW)).toBe(false);
});
