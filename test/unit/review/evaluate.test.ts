import { describe, expect, test } from '@jest/globals';
import { type Caller, evaluate } from '../../../src/review/evaluate.ts';
import { explain } from '../../../src/review/explanation.ts';
import { ruleSetOf } from '../../support/requests.ts';

const NOW = 1_800_000_000;
const RULES = ruleSetOf(
  `
app: shop
hosts: [shop.example.com, "{tenant}.example.org"]
audience: [https://api, https://second]
tolerate: [encoded-slash]
rules:
  /: public
  /account/**: authenticated
  /orders/**: { GET: [read], POST: { all: [write], any: [staff, partner] } }
  /orders/*/internal: deny
  /metrics: { audience: https://ops, all: [metrics] }
  /admin: { acr: [mfa], loginWithin: 15m }
`,
  `
app: wild
hosts: ["*.example.com"]
audience: https://wild
ignoreCase: true
otherwise: authenticated
rules: { /Open/**: public }
`,
);
const ANONYMOUS: Caller = { kind: 'anonymous' };
const holding = (scopes: string, more: Partial<Caller> = {}): Caller =>
  ({ kind: 'supposed', scopes: scopes.split(' ').filter((scope) => scope !== ''), ...more }) as Caller;

const evaluated = (line: string, caller: Caller) => {
  const [, method = '', host = '', target = ''] = /^(\S+) ([^/]+)(.*)$/.exec(line) ?? [];
  return evaluate(RULES, ['_auth'], { method, host, target }, caller, NOW);
};

describe('evaluate', () => {
  test.each<[string, Caller, string, string]>([
    ['GET shop.example.com/', ANONYMOUS, 'public', 'public'],
    ['GET SHOP.example.com.:8443/', holding(''), 'public', 'public'],
    ['GET shop.example.com/account/', ANONYMOUS, 'login', 'login-needed'],
    ['GET shop.example.com/account', holding(''), 'permit', 'permitted'],
    ['HEAD shop.example.com/orders/7?x', holding('read'), 'permit', 'permitted'],
    ['GET shop.example.com/orders/7', holding('Read'), 'forbidden', 'scope-missing'],
    ['POST shop.example.com/orders', holding('write partner'), 'permit', 'permitted'],
    ['POST shop.example.com/orders', holding('write'), 'forbidden', 'scope-missing'],
    ['DELETE shop.example.com/orders', holding('write'), 'deny', 'method-not-listed'],
    ['GET shop.example.com/orders/7/internal', holding('read'), 'deny', 'rule-deny'],
    ['GET shop.example.com/metrics', holding('metrics'), 'forbidden', 'token-audience'],
    [
      'GET shop.example.com/metrics',
      holding('metrics', { audiences: ['https://ops'] }),
      'permit',
      'permitted',
    ],
    // The first audience of the app is the one that a login asks for.
    ['GET shop.example.com/account', holding('', { audiences: ['https://second'] }), 'permit', 'permitted'],
    ['GET shop.example.com/admin', holding(''), 'forbidden', 'step-up-needed'],
    ['GET shop.example.com/admin', holding('', { acr: 'mfa', loginAge: 899 }), 'permit', 'permitted'],
    ['GET shop.example.com/admin', holding('', { acr: 'mfa', loginAge: 901 }), 'forbidden', 'step-up-needed'],
    ['GET shop.example.com/nothing', holding('read'), 'deny', 'no-rule'],
    ['GET other.example.com/nothing', holding(''), 'permit', 'permitted'],
    ['GET other.example.com/oPEN', ANONYMOUS, 'public', 'public'],
    ['GET acme.example.org/', ANONYMOUS, 'public', 'public'],
    ['GET example.com/', ANONYMOUS, 'deny', 'unknown-host'],
    ['GET example.com/_auth/login', ANONYMOUS, 'deny', 'unknown-host'],
    ['GET shop.example.com/_auth/login', holding('read'), 'own-page', 'own-page'],
    ['GET shop.example.com/_auth%2Flogin', holding('read'), 'bad-request', 'path-ambiguous'],
    ['GET shop.example.com/account%2Fx', holding(''), 'bad-request', 'path-ambiguous'],
    ['GET shop.example.com/orders%2F7/a%2Fb', holding('read'), 'bad-request', 'path-ambiguous'],
    ['GET shop.example.com/orders/a%2Fb', holding('read'), 'permit', 'permitted'],
    ['GET other.example.com/a%2Fb', holding(''), 'bad-request', 'path-ambiguous'],
    ['G@T shop.example.com/', ANONYMOUS, 'bad-request', 'method-malformed'],
    ['GET shop..example.com/', ANONYMOUS, 'bad-request', 'host-malformed'],
    ['GET shop.example.com//a', ANONYMOUS, 'bad-request', 'target-malformed'],
    ['GET shop.example.com/a#b', ANONYMOUS, 'bad-request', 'target-malformed'],
  ])('%s, %j: %s', (line, caller, outcome, reason) => {
    const evaluation = evaluated(line, caller);
    expect({ outcome: evaluation.outcome, reason: evaluation.reason }).toEqual({ outcome, reason });
  });

  test('supposes a token only where one is asked for', () => {
    expect(evaluated('GET shop.example.com/', holding('read')).token).toBeUndefined();
    expect(evaluated('GET shop.example.com/orders', holding('read')).token?.audiences).toEqual([
      'https://api',
    ]);
  });
});

describe('explain', () => {
  test('tells the winner, and of each loser which segment is less literal', () => {
    const { winner, losers } = explain(RULES, evaluated('GET shop.example.com/orders/7/internal', ANONYMOUS));
    expect(winner?.pattern.segments).toHaveLength(3);
    expect(losers).toEqual([
      { path: '/orders/**', place: '0.yaml:9', why: 'segment 2: `/**` is less literal than `*`' },
    ]);
  });

  test('has the winner also where it denies by not naming the method', () => {
    const { winner } = explain(RULES, evaluated('DELETE shop.example.com/orders', ANONYMOUS));
    expect(winner?.rest).toBeUndefined();
    expect([...(winner?.byMethod.keys() ?? [])]).toEqual(['GET', 'POST', 'HEAD']);
  });

  test('tells the host pattern, and whose wildcard has no say', () => {
    const { hostPattern, otherApps } = explain(RULES, evaluated('GET shop.example.com/', ANONYMOUS));
    expect(hostPattern).toBe('shop.example.com');
    expect(otherApps.map(({ app, hostPattern: theirs }) => [app.name, theirs])).toEqual([
      ['wild', '*.example.com'],
    ]);
    const tenant = explain(RULES, evaluated('GET acme.example.org/', ANONYMOUS));
    expect([tenant.hostPattern, tenant.otherApps]).toEqual(['{tenant}.example.org', []]);
  });

  test('tells what each reading leads to', () => {
    const { readings } = explain(RULES, evaluated('GET shop.example.com/account%2Fx', ANONYMOUS));
    const told = readings.map(({ path, match }) => [
      path.join('|'),
      match.kind === 'rule' ? match.rule.path : match.reason,
    ]);
    expect(told.toSorted()).toEqual([
      ['account/x', 'no-rule'],
      ['account|x', '/account/**'],
    ]);
  });
});
