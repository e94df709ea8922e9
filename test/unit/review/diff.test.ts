import { describe, expect, test } from '@jest/globals';
import { diffRuleSets } from '../../../src/review/diff.ts';
import { classText } from '../../../src/review/path-class.ts';
import { ruleSetOf } from '../../support/requests.ts';

const app = (rules: string, more = ''): string =>
  `app: shop\nhosts: [shop.example.com]\naudience: shop-api\n${more}rules:\n${rules}`;

/** The report in short: `kind methods host/path but /other: was -> now | sample`, and for whom if not for everybody. */
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
    const whom = change.callers === 'everybody' ? '' : ` for ${change.callers}`;
    return `${change.kind}${whom}: ${methods} ${on} ${classText(paths)}${but}: ${was} -> ${now} | ${request.method} ${request.url.slice(8)}`;
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
    ['assertion: true\n', 'assertion: EdDSA\n', ['assertion neither: ES256 -> EdDSA']],
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

describe('sessions in report mode', () => {
  const reporting = (rules: string, more = ''): string => app(rules, `mode: report\n${more}`);
  const ANY = 'GET HEAD POST PUT PATCH DELETE OPTIONS';
  const reported = 'only reported for a token for shop-api';

  test.each<[string, string, string, readonly string[]]>([
    [
      'a deny that goes, and leaves no rule',
      reporting('  /a: [r]\n  /b/**: deny\n'),
      reporting('  /a: [r]\n'),
      [
        `opens for sessions: any shop.example.com /b/**: deny (0.yaml:7) -> no rule; ${reported} () | GET shop.example.com/b`,
        'OPENS',
      ],
    ],
    [
      'a path that goes, with methods that it did not list',
      reporting('  /a: [r]\n  /b/**: { GET: [r] }\n'),
      reporting('  /a: [r]\n'),
      [
        `opens for sessions: POST PUT PATCH DELETE OPTIONS shop.example.com /b/**: method not listed () -> no rule; ${reported} () | POST shop.example.com/b`,
        'closes for others: GET HEAD shop.example.com /b/**: [r] (0.yaml:7) -> no rule () | GET shop.example.com/b',
        'OPENS',
      ],
    ],
    [
      'a further audience of the app',
      reporting('  /a: { audience: ops-api, all: [r] }\n'),
      reporting('  /a: { audience: ops-api, all: [r] }\n').replace('shop-api', '[shop-api, ops-api]'),
      [
        `less for sessions: any shop.example.com /** but /a: no rule; ${reported} () -> no rule; ${reported} or ops-api () | GET shop.example.com/`,
        `less for sessions: any shop.example.com /a: { audience: ops-api, all: [r] }; ${reported} (0.yaml:6) -> { audience: ops-api, all: [r] }; ${reported} or ops-api (0.yaml:6) | GET shop.example.com/a`,
        'OPENS',
      ],
    ],
    [
      'a deny where sessions met no rule',
      reporting('  /a: [r]\n'),
      reporting('  /a: [r]\n  /b: deny\n'),
      [
        `closes for sessions: any shop.example.com /b: no rule; ${reported} () -> deny (0.yaml:7) | GET shop.example.com/b`,
      ],
    ],
    [
      'a step-up, which no session has to meet',
      reporting('  /a: [r]\n'),
      reporting('  /a: { all: [r], acr: [mfa] }\n'),
      [
        'more for others: any shop.example.com /a: [r] (0.yaml:6) -> { all: [r], acr: [mfa] } (0.yaml:6) | GET shop.example.com/a',
      ],
    ],
    [
      'the mode itself is a line of the app, and a deny that goes with it is none',
      app('  /a: [r]\n  /b: deny\n'),
      reporting('  /a: [r]\n'),
      [
        `opens for sessions: any shop.example.com /b: deny (0.yaml:6) -> no rule; ${reported} () | GET shop.example.com/b`,
        'mode opens: enforce -> report',
        'OPENS',
      ],
    ],
    [
      'a mode that ends opens nothing',
      reporting('  /a: [r]\n  /b: deny\n'),
      app('  /a: [r]\n'),
      ['mode closes: report -> enforce'],
    ],
    [
      'an app without sessions has nothing to report',
      reporting('  /a: [r]\n  /b: deny\n', 'credentials: [bearer]\n'),
      reporting('  /a: [r]\n', 'credentials: [bearer]\n'),
      [],
    ],
    [
      'a method out of the ordinary passes nowhere without a rule',
      reporting('  /a: [r]\n  /b: { PROPFIND: deny }\n'),
      reporting('  /a: [r]\n'),
      [
        `opens for sessions: any shop.example.com /b: method not listed () -> no rule; ${reported} () | GET shop.example.com/b`,
        'OPENS',
      ],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(report([before], [after])).toEqual(expected.map((line) => line.replace(ANY, 'any')));
  });

  test('of a host that was not known pass where no rule is', () => {
    const other = 'app: other\nhosts: [other.example.com]\naudience: a\nrules: { /: public }\n';
    expect(report([other], [other, reporting('  /a: public\n')])).toEqual([
      'public: any shop.example.com /a: unknown host () -> public (1.yaml:6) | GET shop.example.com/a',
      `opens for sessions: any shop.example.com /** but /a: unknown host () -> no rule; ${reported} () | GET shop.example.com/`,
      'OPENS',
    ]);
  });
});

describe('spellings that are tolerated', () => {
  const opening = (before: string, after: string): readonly string[] => [
    `tolerate opens: readings in ${before} choose different rules -> all choose ${after}`,
    'OPENS',
  ];
  test.each<[string, string, string, readonly string[]]>([
    [
      'may pass once two rules are one',
      '  /a/**: [r]\n  /a/*/b: [r]\n',
      '  /a/**: [r]\n',
      opening('/a/** and /a/*/b', '/a/**'),
    ],
    [
      'may pass once many are one',
      `  /**: [r]\n${[...'bcdef'].map((name) => `  /a/${name}: [r]\n`).join('')}`,
      '  /**: [r]\n',
      opening('/**, /a/b, /a/c and 3 more', '/**'),
    ],
    [
      'may pass by one method',
      '  /a/**: [r]\n  /a/b: { GET: [r], otherwise: deny }\n',
      '  /a/**: { GET: [r], otherwise: deny }\n',
      [
        'closes: POST PUT PATCH DELETE OPTIONS shop.example.com /a/** but /a/b: [r] (0.yaml:6) -> deny (0.yaml:6) | POST shop.example.com/a',
        ...opening('/a/** and /a/b', '/a/**'),
      ],
    ],
    [
      'with an empty segment may pass, which chose a rule that no other path chooses',
      '  /a: [r]\n  /a/*/**: [r]\n  /a/**: [r]\n',
      '  /a: [r]\n  /a/**: [r]\n',
      opening('/a/*/** and /a/**', '/a/**'),
    ],
    ['stay refused where a rule is split', '  /a/**: [r]\n', '  /a/**: [r]\n  /a/*/b: [r]\n', []],
    [
      'stay refused where all is denied',
      '  /x: [r]\n  /a/**: deny\n  /a/*/b: deny\n',
      '  /x: [r]\n  /a/**: deny\n',
      [],
    ],
    [
      'have no readings in two paths that differ before any odd segment',
      '  /a/b: [r]\n  /a/c: [r]\n  /a/*: [r]\n',
      '  /a/b: [r]\n  /a/c: [r]\n  /a/*: [r]\n',
      [],
    ],
  ])('%s', (_, before, after, expected) => {
    const tolerant = (rules: string): string => app(rules, 'tolerate: [encoded-slash, empty-segment]\n');
    expect(report([tolerant(before)], [tolerant(after)])).toEqual(expected);
    expect(report([app(before)], [app(after)])).not.toContainEqual(expect.stringContaining('tolerate'));
  });
});

test('says so when two sets cut paths into too many kinds', () => {
  const lines = Array.from({ length: 16 }, (_, depth) =>
    ['a', 'b'].map((name) => `  "/${'*/'.repeat(depth)}${name}": [r]\n`).join(''),
  );
  const rules = ruleSetOf(app(lines.join('')));
  expect(diffRuleSets(rules, rules, 10_000)).toBe(10_000);
});
