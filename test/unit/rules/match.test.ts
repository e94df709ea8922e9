import { describe, expect, test } from '@jest/globals';
import { canonicalPath } from '../../../src/forwarded/canonical-path.ts';
import { tenantIn } from '../../../src/rules/host-pattern.ts';
import { loadRuleSet, type RulesText } from '../../../src/rules/load.ts';
import type { RuleSet } from '../../../src/rules/rule-set.ts';

function load(...files: RulesText[]): RuleSet {
  const loaded = loadRuleSet(files);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

/** `path as written [method as written]`, or the reason why there is no rule. */
function matchOf(ruleSet: RuleSet, host: string, request: string): string {
  const [method = '', target = ''] = request.split(' ');
  const app = ruleSet.appFor(host);
  const path = canonicalPath(target);
  if (app === undefined) return 'unknown-host';
  if (path === undefined) return 'path-ambiguous';
  const match = ruleSet.match(app, method, path);
  if (match.kind === 'none') return match.reason;
  return match.rule.method === undefined ? match.rule.path : `${match.rule.path} ${match.rule.method}`;
}

const table = (rules: string, rows: [request: string, match: string][], extra = ''): void => {
  const text = `app: a\nhosts: [a.de]\naudience: x\n${extra}\nrules:\n${rules}`;
  const ruleSet = load({ file: 'a.yaml', text });
  test.each(rows)('%s -> %s', (request, match) => expect(matchOf(ruleSet, 'a.de', request)).toBe(match));
};

describe('the root and the final slash', () => {
  table('  /: public\n  /a: public\n  /b/: public\n', [
    ['GET /', '/'],
    ['GET /a', '/a'],
    ['GET /a/', '/a'],
    ['GET /b', '/b/'],
    ['GET /b/', '/b/'],
    ['GET /c', 'no-rule'],
    ['GET /a/b', 'no-rule'],
    ['GET /A', 'no-rule'],
  ]);
});

describe('wildcards', () => {
  table('  /a/*: public\n  /b/**: public\n  /c/*/d: public\n', [
    ['GET /a', 'no-rule'],
    ['GET /a/', 'no-rule'],
    ['GET /a/x', '/a/*'],
    ['GET /a/x/', '/a/*'],
    ['GET /a/*', '/a/*'],
    ['GET /a/x/y', 'no-rule'],
    ['GET /b', '/b/**'],
    ['GET /b/', '/b/**'],
    ['GET /b/x/y/z', '/b/**'],
    ['GET /bb', 'no-rule'],
    ['GET /c/x/d', '/c/*/d'],
    ['GET /c/d', 'no-rule'],
    ['GET /c/x/e', 'no-rule'],
  ]);
});

describe('the most literal path, segment by segment from the left', () => {
  table(
    [
      ...['/**', '/x', '/x/**', '/x/*', '/x/y', '/x/*/z', '/x/y/**'],
      ...['/a/*/c', '/*/b/c', '/l/m/n', '/l/*/o', '/*/m/**', '/q/*/r/s', '/q/t/**'],
    ]
      .map((path) => `  ${path}: public\n`)
      .join(''),
    [
      ['GET /', '/**'],
      ['GET /x', '/x'],
      ['GET /x/y', '/x/y'],
      ['GET /x/w', '/x/*'],
      ['GET /x/w/v', '/x/**'],
      ['GET /x/w/z', '/x/*/z'],
      ['GET /x/y/z', '/x/y/**'],
      ['GET /a/b/c', '/a/*/c'],
      ['GET /b/b/c', '/*/b/c'],
      ['GET /a/b/d', '/**'],
      ['GET /l/m/n', '/l/m/n'],
      ['GET /l/m/o', '/l/*/o'],
      ['GET /l/m/p', '/*/m/**'],
      ['GET /k/m/o', '/*/m/**'],
      ['GET /k/m', '/*/m/**'],
      ['GET /q/t/r/s', '/q/t/**'],
      ['GET /q/u/r/s', '/q/*/r/s'],
      ['GET /q/u/r', '/**'],
    ],
  );
});

describe('decoded text', () => {
  table(
    '  /größe: public\n  "/my files/**": public\n  /a+b: public\n  /$metadata: public\n  "/f(1)": public\n',
    [
      ['GET /gr%C3%B6%C3%9Fe', '/größe'],
      ['GET /gro%CC%88%C3%9Fe', 'no-rule'], // not normalised
      ['GET /my%20files/x', '/my files/**'],
      ['GET /a+b', '/a+b'],
      ['GET /a%2Bb', '/a+b'],
      ['GET /a%20b', 'no-rule'],
      ['GET /$metadata', '/$metadata'],
      ['GET /f(1)', '/f(1)'],
      ['GET /%67r%C3%B6%C3%9Fe', '/größe'],
    ],
  );
});

describe('methods', () => {
  table(
    [
      '/plain: public',
      '/read: { GET: public }',
      '/head: { GET: public, HEAD: deny }',
      '/write: { POST PUT PATCH: [w], otherwise: [r] }',
      '/both: { GET: [r], otherwise: [o] }',
      '/dav: { PROPFIND: public, M-SEARCH: public }',
      '/rest: { otherwise: public }',
    ]
      .map((line) => `  ${line}\n`)
      .join(''),
    [
      ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].flatMap(
        (method): [string, string][] => [
          [`${method} /plain`, '/plain'],
          [`${method} /rest`, '/rest otherwise'],
          [`${method} /none`, 'no-rule'],
        ],
      ),
      ['PROPFIND /plain', 'method-not-listed'],
      ['TRACE /plain', 'method-not-listed'],
      ['get /plain', 'method-not-listed'],
      ['PROPFIND /rest', 'method-not-listed'],
      ['PROPFIND /none', 'no-rule'],
      ['GET /read', '/read GET'],
      ['HEAD /read', '/read GET'],
      ['POST /read', 'method-not-listed'],
      ['OPTIONS /read', 'method-not-listed'],
      ['HEAD /head', '/head HEAD'],
      ['PUT /write', '/write PUT'],
      ['GET /write', '/write otherwise'],
      ['HEAD /write', '/write otherwise'],
      ['HEAD /both', '/both GET'],
      ['POST /both', '/both otherwise'],
      ['PROPFIND /dav', '/dav PROPFIND'],
      ['M-SEARCH /dav', '/dav M-SEARCH'],
      ['GET /dav', 'method-not-listed'],
    ],
  );
});

describe('a narrower path that lists methods does not fall through to a wider one', () => {
  table('  /**: public\n  /a/*: { GET: [r] }\n', [
    ['GET /a/1', '/a/* GET'],
    ['POST /a/1', 'method-not-listed'],
    ['POST /a/1/2', '/**'],
  ]);
});

describe('otherwise of the app', () => {
  table(
    '  /a: { GET: public }\n',
    [
      ['GET /b', 'otherwise'],
      ['DELETE /b/c', 'otherwise'],
      ['GET /', 'otherwise'],
      ['PROPFIND /b', 'method-not-listed'],
      ['POST /a', 'method-not-listed'],
    ],
    'otherwise: authenticated',
  );
});

describe('needs and their audiences', () => {
  const text = `app: a
hosts: [a.de]
audience: [x, y]
otherwise: authenticated
rules:
  /1: authenticated
  /2: [s]
  /3: { all: [s, t], any: [u] }
  /4: { audience: z }
  /5:
    audience: z
    GET: [s]
    POST: { audience: [v, w], any: [s] }
    otherwise: authenticated
    DELETE: deny
  /6: public
  /8: { acr: [mfa, phr], loginWithin: 15m }
  /9: { GET: { all: [s], loginWithin: 2h }, POST PUT: { acr: [mfa], audience: z } }
`;
  const ruleSet = load({ file: 'rules/a.yaml', text });
  const token = (audiences: string[], allOf: string[] = [], anyOf: string[] = []) => ({
    kind: 'token',
    audiences,
    allOf,
    anyOf,
    acr: [],
    loginWithin: undefined,
  });
  test.each<[string, number, object]>([
    ['GET /1', 6, token(['x', 'y'])],
    ['GET /2', 7, token(['x', 'y'], ['s'])],
    ['GET /3', 8, token(['x', 'y'], ['s', 't'], ['u'])],
    ['GET /4', 9, token(['z'])],
    ['GET /5', 12, token(['z'], ['s'])],
    ['POST /5', 13, token(['v', 'w'], [], ['s'])],
    ['PUT /5', 14, token(['z'])],
    ['DELETE /5', 15, { kind: 'deny' }],
    ['GET /6', 16, { kind: 'public' }],
    ['GET /7', 4, token(['x', 'y'])],
    ['GET /8', 17, { ...token(['x', 'y']), acr: ['mfa', 'phr'], loginWithin: 900 }],
    ['HEAD /9', 18, { ...token(['x', 'y'], ['s']), loginWithin: 7200 }],
    ['PUT /9', 18, { ...token(['z']), acr: ['mfa'] }],
  ])('%s', (request, line, need) => {
    const app = ruleSet.appFor('a.de');
    const [method = '', path = ''] = request.split(' /');
    expect(app && ruleSet.match(app, method, [path])).toMatchObject({
      kind: 'rule',
      app,
      rule: { id: `rules/a.yaml:${line}`, need },
    });
  });
});

describe('ignoreCase', () => {
  table(
    '  /ΟΔΟΣ: public\n  /Admin/**: public\n  /a/*/C: public\n  /GRÖSSE: public\n  /x/Y: { GET: public }\n',
    [
      ['GET /admin', '/Admin/**'],
      ['GET /ADMIN/x/Y', '/Admin/**'],
      ['GET /%41dmin', '/Admin/**'],
      ['GET /A/b/c', '/a/*/C'],
      ['GET /a/B/C', '/a/*/C'],
      ['GET /gr%C3%B6sse', '/GRÖSSE'],
      ['GET /gr%C3%B6%C3%9Fe', 'no-rule'], // ß folds to ss in full case folding only
      // Simple lower-casing, character by character: no sigma looks at its place, and U+0130 is one letter.
      ['GET /%CE%BF%CE%B4%CE%BF%CF%83', '/ΟΔΟΣ'],
      ['GET /%CE%BF%CE%B4%CE%BF%CF%82', 'no-rule'],
      ['GET /adm%C4%B0n', '/Admin/**'],
      ['GET /X/y', '/x/Y GET'],
      ['get /x/y', 'method-not-listed'],
      ['GET /x/%C5%BF', 'no-rule'],
    ],
    'ignoreCase: true',
  );
});

describe('empty segments, which only a tolerated reading has', () => {
  const text =
    'app: a\nhosts: [a.de]\nrules:\n  /a/*: public\n  /b/**: public\n  /*/c: public\n  /d/*/e: public\n';
  const ruleSet = load({ file: 'a.yaml', text });
  test.each<[string[], string]>([
    [['a', ''], 'no-rule'],
    [['b', ''], '/b/**'],
    [['b', '', 'x'], '/b/**'],
    [['', 'c'], 'no-rule'],
    [['d', '', 'e'], 'no-rule'],
    [['a', 'x/y'], '/a/*'],
  ])('%j', (path, expected) => {
    const app = ruleSet.appFor('a.de');
    const match = app && ruleSet.match(app, 'GET', path);
    expect(match?.kind === 'rule' ? match.rule.path : match?.reason).toBe(expected);
  });
});

describe('hosts', () => {
  const app = (name: string, hosts: string, rules: string): RulesText => ({
    file: `${name}.yaml`,
    text: `app: ${name}\nhosts: ${hosts}\nrules:\n  ${rules}\n`,
  });
  const ruleSet = load(
    app('exact', '[shop.example.com, größe.de, "[::1]", localhost]', '/only: public'),
    app('wild', '["*.example.com", "*.größe.de"]', '/**: public'),
    app('deep', '["*.shop.example.com"]', '/**: public'),
    app(
      'tenants',
      '["{tenant}.cloud.de", admin.cloud.de, "*.plain.de", "{tenant}.xn--gre-6ka8i.eu"]',
      '/**: public',
    ),
    app('own', '[own.cloud.de]', '/**: public'),
  );
  test.each<[string, string | undefined]>([
    ['shop.example.com', 'exact'],
    ['xn--gre-6ka8i.de', 'exact'],
    ['[::1]', 'exact'],
    ['localhost', 'exact'],
    ['other.example.com', 'wild'],
    ['a.xn--gre-6ka8i.de', 'wild'],
    ['a.shop.example.com', 'deep'],
    ['a.b.example.com', undefined],
    ['example.com', undefined],
    ['com', undefined],
    ['.example.com', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['evil-shop.example.com.evil.de', undefined],
    ['acme.cloud.de', 'tenants'],
    ['admin.cloud.de', 'tenants'],
    ['own.cloud.de', 'own'],
    ['a.acme.cloud.de', undefined],
    ['cloud.de', undefined],
    ['{tenant}.cloud.de', 'tenants'], // no host that parses
  ])('%s -> %s', (host, name) => {
    expect(ruleSet.appFor(host)?.name).toBe(name);
  });

  test('an exact host without a matching rule never falls back to a wildcard app', () => {
    expect(matchOf(ruleSet, 'shop.example.com', 'GET /x')).toBe('no-rule');
    expect(matchOf(ruleSet, 'other.example.com', 'GET /x')).toBe('/**');
  });

  test.each<[string, string]>([
    ['acme.cloud.de', 'acme'],
    ['xn--gre-6ka8i.cloud.de', 'xn--gre-6ka8i'],
    ['admin.cloud.de', ''], // an exact host beats the pattern
    ['a.plain.de', ''],
    ['b.xn--gre-6ka8i.eu', 'b'],
    ['shop.example.com', ''],
    ['a.example.com', ''],
    ['localhost', ''],
    ['[::1]', ''],
  ])('the tenant of %s is "%s"', (host, tenant) => {
    const owner = ruleSet.appFor(host);
    expect(owner && tenantIn(owner, host)).toBe(tenant);
  });

  test('an app of another rule set has no rules here', () => {
    const [stranger] = load(app('exact', '[shop.example.com]', '/**: public')).apps;
    expect(stranger && ruleSet.match(stranger, 'GET', [])).toEqual({
      kind: 'none',
      app: stranger,
      reason: 'no-rule',
    });
  });
});
