import { expect, test } from '@jest/globals';
import { decide } from '../../../src/rules/decide.ts';
import type { Need, Rule, TokenNeed } from '../../../src/rules/rule.ts';
import type { AccessToken } from '../../../src/token/access-token.ts';

const NOW = 1_800_000_000;

const ruleOf = (need: Need): Rule => ({ id: 'a.yaml:1', path: '/', method: undefined, need });

const needOf = (need: Partial<TokenNeed>): TokenNeed => ({
  kind: 'token',
  audiences: ['x'],
  allOf: [],
  anyOf: [],
  acr: [],
  loginWithin: undefined,
  ...need,
});

const tokenOf = (token: Partial<AccessToken>): AccessToken =>
  ({
    audiences: ['x'],
    scopes: new Set(),
    issuedAt: NOW - 60,
    acr: undefined,
    authenticatedAt: undefined,
    ...token,
  }) as AccessToken;

const scopes = (...names: string[]): Partial<AccessToken> => ({ scopes: new Set(names) });

/** `reason missing…` */
function answer(need: Need, token: AccessToken | undefined): string {
  const decision = decide(ruleOf(need), token, NOW);
  expect(decision.rule.need).toBe(need);
  expect(decision.permit).toBe(decision.reason === 'public' || decision.reason === 'permitted');
  return [decision.reason, ...(decision.permit ? [] : decision.missing)].join(' ');
}

test.each<[need: Need, token: AccessToken | undefined, expected: string]>([
  [{ kind: 'public' }, undefined, 'public'],
  [{ kind: 'deny' }, tokenOf({}), 'rule-deny'],
  [needOf({}), undefined, 'login-needed'],
])('%j', (need, token, expected) => expect(answer(need, token)).toBe(expected));

test.each<[why: string, need: Partial<TokenNeed>, token: Partial<AccessToken>, expected: string]>([
  ['audience', {}, {}, 'permitted'],
  ['another audience', {}, { audiences: ['y'] }, 'token-audience'],
  ['one of several audiences', { audiences: ['x', 'y'] }, { audiences: ['z', 'y'] }, 'permitted'],
  ['audiences are exact', { audiences: ['x/'] }, { audiences: ['x', 'X/'] }, 'token-audience'],
  ['all scopes', { allOf: ['a', 'b'] }, scopes('b', 'a', 'c'), 'permitted'],
  ['all but one scope', { allOf: ['a', 'b'] }, scopes('a'), 'scope-missing b'],
  ['any scope', { anyOf: ['a', 'b'] }, scopes('b'), 'permitted'],
  ['none of any', { anyOf: ['a', 'b'] }, scopes('c'), 'scope-missing a b'],
  ['both, all lacking', { allOf: ['a'], anyOf: ['b'] }, scopes('b'), 'scope-missing a'],
  ['both, any lacking', { allOf: ['a'], anyOf: ['b', 'a2'] }, scopes('a'), 'scope-missing b a2'],
  ['a scope of both is named once', { allOf: ['a'], anyOf: ['a', 'b'] }, {}, 'scope-missing a b'],
  ['scopes are exact', { allOf: ['a'] }, scopes('A', 'a:b', 'a '), 'scope-missing a'],
  ['audience before scopes', { allOf: ['a'] }, { audiences: ['y'] }, 'token-audience'],
  ['audience before step-up', { acr: ['mfa'] }, { audiences: ['y'] }, 'token-audience'],
  ['scopes before step-up', { allOf: ['a'], acr: ['mfa'], loginWithin: 1 }, {}, 'scope-missing a'],
])('%s', (_why, need, token, expected) => {
  expect(answer(needOf(need), tokenOf(token))).toBe(expected);
});

// SU3, SU4: from the access token alone, exact members of a list; a future time fails.
test.each<[why: string, need: Partial<TokenNeed>, token: Partial<AccessToken>, expected: string]>([
  ['the acr', { acr: ['mfa'] }, { acr: 'mfa' }, 'permitted'],
  ['one of several', { acr: ['phr', 'mfa'] }, { acr: 'mfa' }, 'permitted'],
  ['no acr', { acr: ['mfa'] }, {}, 'step-up-needed'],
  ['another acr', { acr: ['mfa'] }, { acr: 'pwd' }, 'step-up-needed'],
  ['case', { acr: ['mfa'] }, { acr: 'MFA' }, 'step-up-needed'],
  ['a part of it', { acr: ['mfa'] }, { acr: 'mf' }, 'step-up-needed'],
  ['two in one', { acr: ['mfa'] }, { acr: 'pwd mfa' }, 'step-up-needed'],
  ['an acr that is not asked for', {}, { acr: 'pwd' }, 'permitted'],
  ['just now', { loginWithin: 900 }, { authenticatedAt: NOW }, 'permitted'],
  ['just in time', { loginWithin: 900 }, { authenticatedAt: NOW - 900 }, 'permitted'],
  ['just too late', { loginWithin: 900 }, { authenticatedAt: NOW - 901 }, 'step-up-needed'],
  ['a part of a second too late', { loginWithin: 900 }, { authenticatedAt: NOW - 900.5 }, 'step-up-needed'],
  ['no time', { loginWithin: 900 }, {}, 'step-up-needed'],
  ['time zero', { loginWithin: 900 }, { authenticatedAt: 0 }, 'step-up-needed'],
  ['a time before 1970', { loginWithin: 900 }, { authenticatedAt: -5 }, 'step-up-needed'],
  ['the future', { loginWithin: 900 }, { authenticatedAt: NOW + 1 }, 'step-up-needed'],
  ['the far future', { loginWithin: 900 }, { authenticatedAt: NOW * 1000 }, 'step-up-needed'],
  [
    'no number that can be',
    { loginWithin: 900 },
    { authenticatedAt: Number.POSITIVE_INFINITY },
    'step-up-needed',
  ],
  [
    "an issuer's clock that is ahead, as `iat` shows",
    { loginWithin: 900 },
    { authenticatedAt: NOW + 3, issuedAt: NOW + 4 },
    'permitted',
  ],
  [
    'later than the token',
    { loginWithin: 900 },
    { authenticatedAt: NOW + 5, issuedAt: NOW + 4 },
    'step-up-needed',
  ],
  ['both', { acr: ['mfa'], loginWithin: 9 }, { acr: 'mfa', authenticatedAt: NOW - 9 }, 'permitted'],
  ['both, acr lacking', { acr: ['mfa'], loginWithin: 9 }, { authenticatedAt: NOW }, 'step-up-needed'],
  ['both, too old', { acr: ['mfa'], loginWithin: 9 }, { acr: 'mfa', authenticatedAt: 1 }, 'step-up-needed'],
])('step-up: %s', (_why, need, token, expected) => {
  expect(answer(needOf(need), tokenOf(token))).toBe(expected);
});
