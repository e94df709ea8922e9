import { describe, expect, test } from '@jest/globals';
import { diffRuleSets } from '../../../src/review/diff.ts';
import { classText } from '../../../src/review/path-class.ts';
import { ruleSetOf } from '../../support/requests.ts';

const app = (rules: string, more = ''): string =>
  `app: shop\nhosts: [shop.example.com]\naudience: shop-api\n${more}rules:\n${rules}`;

/** The report in short: `kind methods host/path but /other: was -> now | sample`. */
function report(before: readonly string[], after: readonly string[]): readonly string[] {
  const diff = diffRuleSets(ruleSetOf(...before), ruleSetOf(...after));
  if (typeof diff === 'number') throw new TypeError('these sets are small');
  const common = 'GET HEAD POST PUT PATCH DELETE OPTIONS';
  const classes = diff.classes.map(({ change, hosts, paths, except, beforePlaces, afterPlaces, request }) => {
    const methods = change.methods.join(' ') === common ? 'any' : change.methods.join(' ');
    const on = hosts.map(({ host, except: not }) => [host, ...not].join(' but ')).join(', ');
    const but = except.length === 0 ? '' : ` but ${except.map(classText).join(', ')}`;
    const was = `${change.beforeText} (${beforePlaces.join(', ')})`;
    const now = `${change.afterText} (${afterPlaces.join(', ')})`;
    return `${change.kind}: ${methods} ${on} ${classText(paths)}${but}: ${was} -> ${now} | ${request.method} ${request.url.slice(8)}`;
  });
  const apps = diff.apps.map(
    ({ key, effect, beforeText, afterText }) => `${key} ${effect}: ${beforeText} -> ${afterText}`,
  );
  return [...classes, ...apps, ...(diff.opens ? ['OPENS'] : [])];
}

describe('the classes of one path', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'a need that becomes public',
      '  /a/**: [r]\n',
      '  /a/**: public\n',
      [
        'public: any shop.example.com /a/**: [r] (0.yaml:5) -> public (0.yaml:5) | GET shop.example.com/a',
        'OPENS',
      ],
    ],
    [
      'a path that had no rule',
      '  /a: [r]\n',
      '  /a: [r]\n  /b: authenticated\n',
      [
        'opens: any shop.example.com /b: no rule () -> authenticated (0.yaml:6) | GET shop.example.com/b',
        'OPENS',
      ],
    ],
    [
      'a deny that goes, and what stood behind it',
      '  /a/**: [r]\n  /a/b: deny\n',
      '  /a/**: [r]\n',
      [
        'opens: any shop.example.com /a/b: deny (0.yaml:6) -> [r] (0.yaml:5) | GET shop.example.com/a/b',
        'OPENS',
      ],
    ],
    [
      'a method that is named now; GET covers HEAD',
      '  /a:\n    POST: [w]\n',
      '  /a:\n    POST: [w]\n    GET: [r]\n',
      [
        'opens: GET HEAD shop.example.com /a: method not listed () -> [r] (0.yaml:7) | GET shop.example.com/a',
        'OPENS',
      ],
    ],
    [
      'a method out of the ordinary',
      '  /a:\n    POST: [w]\n',
      '  /a:\n    POST: [w]\n    PROPFIND: [r]\n',
      [
        'opens: PROPFIND shop.example.com /a: method not listed () -> [r] (0.yaml:7) | PROPFIND shop.example.com/a',
        'OPENS',
      ],
    ],
    [
      'one scope less',
      '  /a: { all: [r, s] }\n',
      '  /a: [r]\n',
      [
        'less: any shop.example.com /a: { all: [r, s] } (0.yaml:5) -> [r] (0.yaml:5) | GET shop.example.com/a',
        'OPENS',
      ],
    ],
    [
      'another scope',
      '  /a: [r]\n',
      '  /a: [s]\n',
      ['other: any shop.example.com /a: [r] (0.yaml:5) -> [s] (0.yaml:5) | GET shop.example.com/a', 'OPENS'],
    ],
    [
      'another audience, said because it differs',
      '  /a: [r]\n',
      '  /a: { audience: ops-api, all: [r] }\n',
      [
        'other: any shop.example.com /a: [r] (0.yaml:5) -> { audience: ops-api, all: [r] } (0.yaml:5) | GET shop.example.com/a',
        'OPENS',
      ],
    ],
    [
      'a step-up',
      '  /a: [r]\n',
      '  /a: { all: [r], acr: [mfa], loginWithin: 15m }\n',
      [
        'more: any shop.example.com /a: [r] (0.yaml:5) -> { all: [r], acr: [mfa], loginWithin: 15m } (0.yaml:5) | GET shop.example.com/a',
      ],
    ],
    [
      'a public path that needs a token',
      '  /a: public\n',
      '  /a: authenticated\n',
      [
        'more: any shop.example.com /a: public (0.yaml:5) -> authenticated (0.yaml:5) | GET shop.example.com/a',
      ],
    ],
    [
      'a path that goes',
      '  /a: public\n  /b: [r]\n',
      '  /b: [r]\n',
      ['closes: any shop.example.com /a: public (0.yaml:5) -> no rule () | GET shop.example.com/a'],
    ],
    ['the same need in other words', '  /a: { all: [r] }\n', '  /a: [r]\n', []],
    ['an `any` that `all` holds already', '  /a: { all: [r], any: [r, s] }\n', '  /a: [r]\n', []],
    ['rules in another order', '  /a: [r]\n  /b: [s]\n', '  /b: [s]\n  /a: [r]\n', []],
    ['a deny in place of no rule', '  /a: [r]\n', '  /a: [r]\n  /b/**: deny\n', []],
    ['a rule that another beats everywhere', '  /**: [r]\n', '  /**: [r]\n  /*/**: [r]\n  /: [r]\n', []],
  ])('%s', (_, before, after, expected) => {
    expect(report([app(before)], [app(after)])).toEqual(expected);
  });
});

describe('classes that other paths cut', () => {
  test.each<[string, string, string, readonly string[]]>([
    [
      'say which more literal paths are none of it',
      '  /api/**: [r]\n  /api/orders: [o]\n  /api/*/x: [x]\n',
      '  /api/**: public\n  /api/orders: [o]\n  /api/*/x: [x]\n',
      [
        'public: any shop.example.com /api/** but /api/orders, /api/*/x: [r] (0.yaml:5) -> public (0.yaml:5) | GET shop.example.com/api',
        'OPENS',
      ],
    ],
    [
      'are one where all below changes alike',
      `  /admin/**: [a]\n${[...'bcdefghij'].map((name) => `  /admin/${name}: [a]\n`).join('')}`,
      '  /admin/**: public\n',
      [
        'public: any shop.example.com /admin/**: [a] (0.yaml:5, 0.yaml:6, 0.yaml:7, 0.yaml:8, 0.yaml:9, 0.yaml:10, 0.yaml:11, 0.yaml:12, 0.yaml:13, 0.yaml:14) -> public (0.yaml:5) | GET shop.example.com/admin',
        'OPENS',
      ],
    ],
    [
      'are one with an exception, where nearly all does',
      `  /admin/**: [a]\n${[...'bcdefghij'].map((name) => `  /admin/${name}: [a]\n`).join('')}`,
      '  /admin/**: public\n  /admin/c: [a]\n',
      [
        'public: any shop.example.com /admin/** but /admin/c: [a] (0.yaml:5, 0.yaml:6, 0.yaml:8, 0.yaml:9, 0.yaml:10, 0.yaml:11, 0.yaml:12, 0.yaml:13, 0.yaml:14) -> public (0.yaml:5) | GET shop.example.com/admin',
        'OPENS',
      ],
    ],
    [
      'are what both patterns match',
      '  /*/a/**: [r]\n',
      '  /b/*: [r]\n',
      [
        'opens: any shop.example.com /b/* but /b/a: no rule () -> [r] (0.yaml:5) | GET shop.example.com/b/other',
        'closes: any shop.example.com /*/a/** but /b/a: [r] (0.yaml:5) -> no rule () | GET shop.example.com/b/a/other',
        'OPENS',
      ],
    ],
    [
      'know the rest of an app',
      '  /a: [r]\n',
      '  /a: [r]\n  /**: authenticated\n  /b: deny\n',
      [
        'opens: any shop.example.com /** but /a, /b: no rule () -> authenticated (0.yaml:6) | GET shop.example.com/',
        'OPENS',
      ],
    ],
    [
      'choose a sample that no rule names, and escape it',
      '  /other/größe: [r]\n  /*/größe: [s]\n',
      '  /other/größe: [r]\n  /*/größe: public\n',
      [
        'public: any shop.example.com /*/größe but /other/größe: [s] (0.yaml:6) -> public (0.yaml:6) | GET shop.example.com/other-2/gr%C3%B6%C3%9Fe',
        'OPENS',
      ],
    ],
    ['leave out what no request can be', '  /a: [r]\n', '  /a: [r]\n  /.../b: public\n', []],
  ])('%s', (_, before, after, expected) => {
    expect(report([app(before)], [app(after)])).toEqual(expected);
  });

  test('tell the other spellings of a path apart once case makes no difference', () => {
    const rules = '  /Admin: [a]\n  /admin: [a]\n  /x/**: public\n';
    const folded = '  /ADMIN: [a]\n  /x/**: public\n';
    expect(report([app(rules)], [app(folded, 'ignoreCase: true\n')])).toEqual([
      'public: any shop.example.com /x/** in any case but /x/**: no rule () -> public (0.yaml:7) | GET shop.example.com/X',
      'opens: any shop.example.com /admin in any case but /Admin, /admin: no rule () -> [a] (0.yaml:6) | GET shop.example.com/aDmin',
      'ignoreCase neither: false -> true',
      'OPENS',
    ]);
  });
});

describe('hosts', () => {
  const on = (hosts: string, rule: string, name = 'shop'): string =>
    `app: ${name}\nhosts: [${hosts}]\naudience: shop-api\nrules: { /**: ${rule} }\n`;

  test.each<[string, readonly string[], readonly string[], readonly string[]]>([
    [
      'a host that is known now',
      [on('a.de', '[r]')],
      [on('a.de, b.de', '[r]')],
      ['opens: any b.de /**: unknown host () -> [r] (0.yaml:4) | GET b.de/', 'OPENS'],
    ],
    [
      'a wildcard, without the name that another app has',
      [on('"*.a.de"', '[r]'), on('any.a.de', 'public', 'other')],
      [on('"*.a.de"', '[s]'), on('any.a.de', 'public', 'other')],
      ['other: any *.a.de but any.a.de /**: [r] (0.yaml:4) -> [s] (0.yaml:4) | GET any-2.a.de/', 'OPENS'],
    ],
    [
      'an exact host that leaves its wildcard',
      [on('"*.a.de"', '[r]')],
      [on('"*.a.de"', '[r]'), on('x.a.de', 'public', 'other')],
      [
        'public: any x.a.de /**: [r] (0.yaml:4) -> public (1.yaml:4) | GET x.a.de/',
        'name neither: shop -> other',
        'OPENS',
      ],
    ],
    [
      'several hosts in one line, the exact ones first',
      [on('"*.a.de", b.de', '[r]')],
      [on('"*.a.de", b.de', 'deny')],
      ['closes: any b.de, *.a.de /**: [r] (0.yaml:4) -> deny (0.yaml:4) | GET b.de/'],
    ],
    [
      'a tenant that is captured, and compared with nothing',
      [on('"*.a.de"', '[r]')],
      [on('"{tenant}.a.de"', '[r]')],
      ['hosts neither: *.a.de -> {tenant}.a.de'],
    ],
    [
      'a tenant that is captured no more',
      [on('"{tenant}.a.de"', '[r]').replace('shop-api', '"api:{tenant}"')],
      [on('"*.a.de"', '[r]').replace('shop-api', '"api:any"')],
      [
        'other: any *.a.de /**: { audience: api:{tenant}, all: [r] } (0.yaml:4) -> { audience: api:any, all: [r] } (0.yaml:4) | GET any.a.de/',
        'hosts neither: {tenant}.a.de -> *.a.de',
        'OPENS',
      ],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(report(before, after)).toEqual(expected);
  });
});

describe('what an app says beside its rules', () => {
  test.each<[string, string, readonly string[]]>([
    ['', 'mode: report\n', ['mode opens: enforce -> report', 'OPENS']],
    ['mode: report\n', '', ['mode closes: report -> enforce']],
    ['', 'issuers: [https://b.example]\n', ['issuers opens: none -> https://b.example', 'OPENS']],
    ['issuers: [https://b.example]\n', '', ['issuers closes: https://b.example -> none']],
    ['', 'provider: b\n', ['provider opens: the only one -> b', 'OPENS']],
    ['credentials: [session]\n', '', ['credentials opens: session -> session, bearer', 'OPENS']],
    ['', 'credentials: [bearer, session]\n', []],
    ['', 'credentials: [bearer]\n', ['credentials closes: session, bearer -> bearer']],
    ['', 'origins: [https://b.example]\n', ['origins opens: none -> https://b.example', 'OPENS']],
    [
      'origins: [https://b.example]\n',
      'origins: upstream\n',
      ['origins opens: https://b.example -> upstream', 'OPENS'],
    ],
    ['', 'tolerate: [semicolon]\n', ['tolerate opens: none -> semicolon', 'OPENS']],
    ['tolerate: [semicolon]\n', '', ['tolerate closes: semicolon -> none']],
    ['', 'headers: { X-Forwarded-Email: email }\n', ['headers neither: none -> X-Forwarded-Email: email']],
    ['', 'passAccessToken: false\n', ['passAccessToken neither: true -> false']],
    [
      '',
      'login: { scopes: [openid, email] }\n',
      ['login neither: openid, ask: rules -> openid email, ask: rules'],
    ],
    ['', 'title: Our Shop\n', []],
  ])('%j -> %j', (before, after, expected) => {
    expect(report([app('  /a: public\n', before)], [app('  /a: public\n', after)])).toEqual(expected);
  });
});

test('says so when two sets cut paths into too many kinds', () => {
  const lines = Array.from({ length: 16 }, (_, depth) =>
    ['a', 'b'].map((name) => `  "/${'*/'.repeat(depth)}${name}": [r]\n`).join(''),
  );
  const rules = ruleSetOf(app(lines.join('')));
  expect(diffRuleSets(rules, rules, 10_000)).toBe(10_000);
});
