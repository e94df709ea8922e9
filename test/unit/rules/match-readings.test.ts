import { describe, expect, test } from '@jest/globals';
import { TOLERANCES, type Tolerance } from '../../../src/forwarded/canonical-path.ts';
import { pathReadings } from '../../../src/forwarded/path-readings.ts';
import { loadRuleSet } from '../../../src/rules/load.ts';
import { matchReadings } from '../../../src/rules/match-readings.ts';

const text = `app: a
hosts: [a.de]
rules:
  /files/**: public
  /files/secret: deny
  /files/secret/**: deny
  /one/*: public
  /shop: public
  /shop/cart: { GET: public }
  /shop/list: { GET: public }
  /100/*: public
`;
const loaded = loadRuleSet([{ file: 'a.yaml', text }]);
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
const { ruleSet } = loaded;
const [app] = ruleSet.apps;
if (app === undefined) throw new Error('no app');

function matchOf(request: string, tolerate: readonly Tolerance[] = TOLERANCES): string {
  const [method = '', path = ''] = request.split(' ');
  const match = matchReadings(ruleSet, app as NonNullable<typeof app>, method, pathReadings(path, tolerate));
  return match.kind === 'rule' ? match.rule.path : match.reason;
}

describe('all readings choose one rule, or the path is ambiguous', () => {
  test.each<[request: string, match: string]>([
    ['GET /files/a', '/files/**'],
    ['GET /files/a%2Fb', '/files/**'],
    ['GET /files/secret', '/files/secret'],
    ['GET /files%2Fsecret', 'path-ambiguous'],
    ['GET /files/secret%2Fb', 'path-ambiguous'], // as one segment it is another file
    ['GET /files/secret/a%2Fb', '/files/secret/**'],
    ['GET /files/secret;x', 'path-ambiguous'],
    ['GET /files//secret', 'path-ambiguous'],
    ['GET /files/secret//', 'path-ambiguous'], // `/files/secret` and what is below it are two rules
    ['GET /files/a//b', '/files/**'],
    ['GET /files/%2573ecret', 'path-ambiguous'],
    ['GET /files/%2561', '/files/**'],
    ['GET /files/secret%23', 'path-ambiguous'],
    ['GET /files/a%23b', '/files/**'],
    ['GET /files/a%3Fb/c', '/files/**'],
    ['GET /one/a%2Fb', 'path-ambiguous'],
    ['GET /one/a;v=1', '/one/*'],
    ['GET /one/;v=1', 'path-ambiguous'], // without parameters it is `/one/`
    ['GET /shop/cart;jsessionid=1', 'path-ambiguous'], // no rule for `cart;jsessionid=1`
    ['GET /nowhere;x', 'no-rule'],
    ['GET /nowhere%2Fx', 'no-rule'],
    ['POST /shop/cart', 'method-not-listed'],
    ['GET /100/%25', '/100/*'],
    ['GET /files/..;/one/x', 'path-ambiguous'],
    ['GET /files/%2e%2e', 'path-ambiguous'],
    ['GET nowhere', 'path-ambiguous'],
  ])('%s -> %s', (request, match) => expect(matchOf(request)).toBe(match));

  test('nothing is tolerated that the app does not name', () => {
    expect(matchOf('GET /files/a', [])).toBe('/files/**');
    expect(matchOf('GET /files/a%2Fb', [])).toBe('path-ambiguous');
    expect(matchOf('GET /files/a%2Fb', ['semicolon'])).toBe('path-ambiguous');
    expect(matchOf('GET /files/a%2Fb', ['encoded-slash'])).toBe('/files/**');
  });
});

test('two readings without a rule for different reasons are ambiguous', () => {
  const readings = [['shop', 'cart'], ['nowhere']];
  expect(matchReadings(ruleSet, app, 'POST', readings)).toEqual({
    kind: 'none',
    app,
    reason: 'path-ambiguous',
  });
  expect(
    matchReadings(ruleSet, app, 'POST', [
      ['shop', 'cart'],
      ['shop', 'list'],
    ]),
  ).toEqual({
    kind: 'none',
    app,
    reason: 'method-not-listed',
  });
  expect(
    matchReadings(ruleSet, app, 'GET', [
      ['shop', 'cart'],
      ['shop', 'list'],
    ]),
  ).toEqual({
    kind: 'none',
    app,
    reason: 'path-ambiguous',
  });
  expect(matchReadings(ruleSet, app, 'GET', [])).toEqual({ kind: 'none', app, reason: 'path-ambiguous' });
});
