import { describe, expect, test } from '@jest/globals';
import type { LoginEnd } from '../../../src/login/login-memory.ts';
import { askedStepUp, nowMet, stepUpName, stepUpOf, wasUnmet } from '../../../src/login/step-up.ts';
import type { StepUp } from '../../../src/outcome/challenge.ts';
import { ruleSetOf } from '../../support/requests.ts';

const needs = (acr: readonly string[], loginWithin?: number): StepUp => ({ acr, loginWithin });
const end = (unmet?: StepUp): LoginEnd => ({
  audience: 'https://api',
  scopes: [],
  at: 1,
  completed: true,
  ...(unmet === undefined ? {} : { unmet: stepUpName(unmet) }),
});

test.each<[StepUp, StepUp | undefined]>([
  [needs([]), undefined],
  [needs(['mfa']), needs(['mfa'])],
  [needs([], 60), needs([], 60)],
  [needs(['mfa'], 60), needs(['mfa'], 60)],
])('%j asks for %j', (need, stepUp) => expect(stepUpOf(need)).toEqual(stepUp));

describe('the memory', () => {
  const ASKED = [
    needs(['mfa']),
    needs(['mfa'], 60),
    needs(['mfa', 'hwk']),
    needs(['mfa hwk']),
    needs([], 60),
    needs([], 61),
  ];
  test.each(ASKED)('tells %j from all others', (stepUp) => {
    const others = ASKED.filter((one) => one !== stepUp);
    expect(wasUnmet([end(), ...others.map(end)], stepUp)).toBe(false);
    expect(wasUnmet([end(stepUp), end()], stepUp)).toBe(true);
  });

  test('keeps an end that was met later, without its mark', () => {
    const [mfa, fresh] = [needs(['mfa']), needs([], 60)];
    expect(nowMet([end(mfa), end(fresh), end()], mfa)).toEqual([end(), end(fresh), end()]);
  });

  test('takes as many bytes for the longest need as for the shortest', () => {
    const long = needs(Array.from({ length: 500 }, (_, index) => `urn:example:class:${index}`));
    expect(stepUpName(long)).toHaveLength(stepUpName(needs(['a'])).length);
  });
});

/** No stranger's link makes the provider ask for what no rule needs. */
test.each<[query: string, stepUp: StepUp | undefined]>([
  ['', undefined],
  ['acr_values=mfa', needs(['mfa'])],
  ['acr_values=hwk%20mfa&max_age=900', needs(['hwk', 'mfa'], 900)],
  ['max_age=60', needs([], 60)],
  ['max_age=3600', needs([], 3600)],
  ['max_age=0', undefined],
  ['max_age=-1', undefined],
  ['max_age=060', needs([], 60)],
  ['max_age=6e1', undefined],
  ['acr_values=other', undefined],
  ['acr_values=mfa%20other&max_age=1', needs(['mfa'])],
])('a link with %s asks for %j', (query, stepUp) => {
  const rules = ruleSetOf(
    [
      'app: shop',
      'hosts: [shop.example.com]',
      'audience: https://api',
      'rules:',
      '  /a: { acr: [mfa, hwk] }',
      '  /b: { GET: { loginWithin: 15m }, POST: authenticated, otherwise: { loginWithin: 1m } }',
      '  /c/**: { all: [x], acr: [mfa], loginWithin: 1h }',
    ].join('\n'),
    'app: other\nhosts: [other.example.com]\naudience: https://api\nrules: { /: { acr: [other], loginWithin: 1s } }',
  );
  const app = rules.appFor('shop.example.com');
  if (app === undefined) throw new TypeError('no app');
  expect(askedStepUp(app, rules, new URLSearchParams(query))).toEqual(stepUp);
});
