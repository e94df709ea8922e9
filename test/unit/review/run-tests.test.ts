import { expect, test } from '@jest/globals';
import { runTests } from '../../../src/review/run-tests.ts';
import { ruleSetOf } from '../../support/requests.ts';

const NOW = 1_800_000_000;
const APP = `app: a
hosts: [a.example.com]
audience: [https://api, https://second]
rules:
  /own: authenticated
  /ops: { audience: https://ops, all: [s] }
  /mfa: { acr: [mfa, hwk] }
  /fresh: { loginWithin: 15m }
  /both: { acr: [mfa], loginWithin: 15m }
tests:
`;

/** The summary of a failure, and what the need asked for; undefined for a test that passes. */
function failure(line: string) {
  const [result] = runTests(ruleSetOf(`${APP}  - { ${line} }\n`), ['_auth'], NOW);
  const failed = result?.failure;
  return failed && [failed.summary, ...failed.facts.slice(3, -1).map((fact) => fact.join(' '))];
}

test.each<[string, readonly string[] | undefined]>([
  // The token is for the app's first audience, as a login's is, whatever the rule needs.
  ['request: GET /own, scopes: [], expect: permit', undefined],
  ['request: GET /ops, scopes: [s], expect: forbidden', undefined],
  ['request: GET /ops, scopes: [s], audience: https://ops, expect: permit', undefined],
  [
    'request: GET /ops, scopes: [s], expect: permit',
    [
      'expected permit, got forbidden (audience needs https://ops; the token is for https://api)',
      'audience needs https://ops; the token is for https://api',
    ],
  ],
  [
    'request: GET /own, scopes: [], audience: https://x, expect: permit',
    [
      'expected permit, got forbidden (audience needs https://api or https://second; the token is for https://x)',
      'audience needs https://api or https://second; the token is for https://x',
    ],
  ],
  ['request: GET /mfa, scopes: [], acr: hwk, expect: permit', undefined],
  [
    'request: GET /mfa, scopes: [], acr: pwd, expect: permit',
    [
      'expected permit, got forbidden (acr needs mfa or hwk; the token names pwd)',
      'acr needs mfa or hwk; the token names pwd',
    ],
  ],
  ['request: GET /fresh, scopes: [], loginAge: 15m, expect: permit', undefined],
  ['request: GET /fresh, scopes: [], loginAge: 0s, expect: permit', undefined],
  ['request: GET /fresh, scopes: [], loginAge: 16m, expect: forbidden', undefined],
  [
    'request: GET /fresh, scopes: [], loginAge: 1h, expect: permit',
    [
      'expected permit, got forbidden (loginWithin needs 15m; the person signed in 1h ago)',
      'loginWithin needs 15m; the person signed in 1h ago',
    ],
  ],
  [
    'request: GET /both, scopes: [], expect: permit',
    [
      'expected permit, got forbidden (acr needs mfa; the token names none; loginWithin needs 15m; the token does not say when the person signed in)',
      'acr needs mfa; the token names none',
      'loginWithin needs 15m; the token does not say when the person signed in',
    ],
  ],
])('%s', (line, expected) => {
  expect(failure(line)).toEqual(expected);
});

test('a title says how long ago the person signed in', () => {
  const tests = `${APP}  - { request: GET /fresh, scopes: [], acr: mfa, loginAge: 300s, expect: permit }\n`;
  expect(runTests(ruleSetOf(tests), ['_auth'], NOW).map(({ title }) => title)).toEqual([
    'GET a.example.com/fresh, with no scopes, acr mfa, signed in 5m ago',
  ]);
});
