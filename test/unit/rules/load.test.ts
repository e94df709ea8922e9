import { describe, expect, test } from '@jest/globals';
import { loadRuleSet, type RulesText } from '../../../src/rules/load.ts';
import type { App, RuleSet } from '../../../src/rules/rule-set.ts';

function load(...files: RulesText[]): RuleSet {
  const loaded = loadRuleSet(files);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

const appOf = (text: string, ...others: RulesText[]): App | undefined =>
  load({ file: 'shop.yaml', text }, ...others).apps[0];

describe('an app', () => {
  test('with everything said', () => {
    const app = appOf(`
app: shop
title: The Shop
hosts: [Shop.example.com, "*.größe.de"]
provider: main
issuers: [https://old.example.com/]
audience: [https://api, https://api2]
login: { scopes: [openid, email], ask: listed }
credentials: [bearer]
origins: [https://www.example.com, http://localhost:3000]
otherwise: authenticated
mode: report
ignoreCase: true
tolerate: [semicolon, encoded-slash]
headers: { X-Forwarded-Email: email }
passAccessToken: false
exchange: [dash, partner]
rules:
  /a: [b]
  /c: { all: [a, z], any: [m] }
  /m: { GET: { audience: [https://ops, https://api], all: [metrics:read] }, audience: https://two, POST: [w] }
  /p: public
`);
    expect(app).toEqual({
      name: 'shop',
      title: 'The Shop',
      tenant: '',
      usesTenant: false,
      hosts: ['shop.example.com', '*.xn--gre-6ka8i.de'],
      provider: 'main',
      issuers: ['https://old.example.com/'],
      audiences: ['https://api', 'https://api2'],
      login: { scopes: ['openid', 'email'], ask: 'listed' },
      credentials: ['bearer'],
      origins: ['https://www.example.com', 'http://localhost:3000'],
      headers: { 'X-Forwarded-Email': 'email' },
      exchange: ['dash', 'partner'],
      passAccessToken: false,
      mode: 'report',
      ignoreCase: true,
      tolerate: ['semicolon', 'encoded-slash'],
      scopesByAudience: new Map([
        ['https://api', ['a', 'b', 'm', 'z']],
        ['https://ops', ['metrics:read']],
        ['https://two', ['w']],
      ]),
    });
  });

  test('with the least said', () => {
    expect(appOf('app: site\nhosts: [a.de]\nrules: { /**: public }\n')).toEqual({
      name: 'site',
      title: 'site',
      tenant: '',
      usesTenant: false,
      hosts: ['a.de'],
      provider: undefined,
      issuers: [],
      audiences: [],
      login: { scopes: ['openid'], ask: 'rules' },
      credentials: ['session', 'bearer'],
      origins: [],
      headers: {},
      exchange: [],
      passAccessToken: true,
      mode: 'enforce',
      ignoreCase: false,
      tolerate: [],
      scopesByAudience: new Map(),
    });
  });

  test('needs no audience of its own when every need names one, or needs no token', () => {
    const app = appOf(
      'app: a\nhosts: [a.de]\nrules: { /: { audience: x }, /b: deny, /c: { audience: y, GET: [s] } }\n',
    );
    expect(app?.audiences).toEqual([]);
    expect(app?.scopesByAudience).toEqual(
      new Map([
        ['x', []],
        ['y', ['s']],
      ]),
    );
  });

  test('inherits what it does not say', () => {
    const defaults = {
      file: 'rules/_defaults.yaml',
      text: 'audience: x\nlogin: { scopes: [openid, email] }\ncredentials: [bearer]\norigins: upstream\nheaders: { X-A: a }\npassAccessToken: false\notherwise: authenticated\nignoreCase: true\ntolerate: [semicolon]\n',
    };
    const text = 'app: a\nhosts: [a.de]\nheaders: {}\nlogin: { ask: listed }\n';
    const ruleSet = load({ file: 'rules/a.yaml', text }, defaults);
    const app = ruleSet.apps[0];
    expect(app).toMatchObject({
      audiences: ['x'],
      login: { scopes: ['openid'], ask: 'listed' },
      credentials: ['bearer'],
      origins: 'upstream',
      headers: {},
      passAccessToken: false,
      mode: 'enforce',
      ignoreCase: true,
      tolerate: ['semicolon'],
    });
    const other = {
      file: 'rules/b.yaml',
      text: 'app: b\nhosts: [b.de]\nignoreCase: false\ntolerate: [empty-segment]\n',
    };
    expect(load(other, defaults).apps[0]).toMatchObject({ ignoreCase: false, tolerate: ['empty-segment'] });
    expect(app && ruleSet.match(app, 'GET', ['z'])).toMatchObject({
      kind: 'rule',
      rule: { id: 'rules/_defaults.yaml:7', path: 'otherwise' },
    });
  });
});

describe('the tests of an app', () => {
  const testsOf = (text: string) => load({ file: 'rules/a.yaml', text: `app: a\n${text}` }).written[0]?.tests;

  test('as they are written, for whoever runs them', () => {
    expect(
      testsOf(`hosts: ["{tenant}.a.de", a.de, größe.de]
audience: x
rules: { /: public }
tests:
  - { request: "GET /a,b?c=d", expect: public }
  - { request: PROPFIND /, scopes: [], expect: forbidden, missing: [r, w], host: GRÖße.de }
  - request: DELETE /x
    expect: permit
    scopes: [r]
    acr: mfa
    audience: y
    host: t.a.de
  - { request: GET /größe, expect: bad-request }
  - { request: GET x y, expect: bad-request }
`),
    ).toEqual([
      { id: 'rules/a.yaml:6', method: 'GET', target: '/a,b?c=d', expect: 'public', host: 'a.de' },
      {
        id: 'rules/a.yaml:7',
        method: 'PROPFIND',
        target: '/',
        expect: 'forbidden',
        missing: ['r', 'w'],
        host: 'xn--gre-6ka8i.de',
        scopes: [],
      },
      {
        id: 'rules/a.yaml:8',
        method: 'DELETE',
        target: '/x',
        expect: 'permit',
        scopes: ['r'],
        acr: 'mfa',
        audience: 'y',
        host: 't.a.de',
      },
      { id: 'rules/a.yaml:14', method: 'GET', target: '/größe', expect: 'bad-request', host: 'a.de' },
      { id: 'rules/a.yaml:15', method: 'GET', target: 'x y', expect: 'bad-request', host: 'a.de' },
    ]);
  });

  test.each([
    ['[a.de, b.de]', 'a.de'],
    ['["*.a.de", b.de]', 'b.de'],
    ['["*.a.de"]', 'any.a.de'],
    ['["{tenant}.a.de", "*.b.de"]', 'tenant.a.de'],
  ])('ask %s for %s when they name no host', (hosts, host) => {
    const tests = testsOf(
      `hosts: ${hosts}\nrules: { /: public }\ntests: [{ request: GET /, expect: public }]\n`,
    );
    expect(tests?.map((one) => one.host)).toEqual([host]);
  });

  test('are none when none are written', () => {
    expect(testsOf('hosts: [a.de]\nrules: { /: public }\n')).toEqual([]);
  });
});

describe('the version', () => {
  const a = { file: 'a.yaml', text: 'app: a\nhosts: [a.de]\nrules: { /: public }\n' };
  const b = { file: 'b.yaml', text: 'app: b\nhosts: [b.de]\nrules: { /: public }\n' };
  test('is short hex that depends on names and texts, not on the order', () => {
    expect(load(a, b).version).toMatch(/^[0-9a-f]{12}$/);
    expect(load(b, a).version).toBe(load(a, b).version);
    expect(load(b, a).apps).toEqual(load(a, b).apps);
    expect(load(a).version).not.toBe(load(a, b).version);
    expect(load({ ...a, file: 'c.yaml' }).version).not.toBe(load(a).version);
    // Wherever the folder is: what a build checked is what a gateway says it has.
    expect(load({ ...a, file: `/etc/postern/rules/${a.file}` }).version).toBe(load(a).version);
    expect(load({ ...a, text: `${a.text}# x\n` }).version).not.toBe(load(a).version);
  });
});
