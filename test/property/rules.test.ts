import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide } from '../../src/rules/decide.ts';
import { tenantIn } from '../../src/rules/host-pattern.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import type { Rule, TokenNeed } from '../../src/rules/rule.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import type { AccessToken } from '../../src/token/access-token.ts';
import { RUNS } from '../support/property-runs.ts';

type WrittenNeed =
  | 'public'
  | 'authenticated'
  | 'deny'
  | { all?: string[]; any?: string[]; audience?: string; acr?: string[]; loginWithin?: string };
type Methods = Record<string, WrittenNeed>;
interface WrittenApp {
  readonly hosts: readonly string[];
  readonly otherwise: 'deny' | 'authenticated';
  readonly ignoreCase: boolean;
  readonly rules: Readonly<Record<string, WrittenNeed | Methods>>;
}

// -- The specification: the precedence sentence, word by word, naive on purpose. --

const NOW = 1_800_000_000;
/** Keys of a path that lists methods. */
const KEYS = ['GET', 'HEAD', 'POST PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'otherwise'];
const keyWith = (method: string) => KEYS.find((key) => key.split(' ').includes(method));
const COMMON = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const parts = (path: string): string[] => path.split('/').filter((part) => part !== '');
const isMethods = (value: WrittenNeed | Methods): value is Methods =>
  typeof value === 'object' && Object.keys(value).some((key) => /^[A-Z]|^otherwise$/.test(key));

/** How literal each segment is, from the left: `0` literal or the end of the path, `1` for `*`, `2` for `**`. */
function literalness(pattern: string, path: readonly string[], same: (a: string, b: string) => boolean) {
  const segments = parts(pattern);
  const below = segments.at(-1) === '**';
  if (below ? path.length < segments.length - 1 : path.length !== segments.length) return undefined;
  const fits = segments.every((segment, at) => {
    if (segment === '**') return true;
    return segment === '*' ? path[at] !== '' : same(segment, path[at] ?? '');
  });
  return fits
    ? `${segments.map((segment) => (segment.startsWith('*') ? segment.length : 0)).join('')}0`
    : undefined;
}

function ownerOf(apps: readonly WrittenApp[], host: string): WrittenApp | undefined {
  const parent = (name: string): string => name.slice(name.indexOf('.'));
  const isWild = (pattern: string): boolean => pattern.startsWith('*.') || pattern.startsWith('{tenant}.');
  return (
    apps.find(({ hosts }) => hosts.includes(host)) ??
    apps.find(({ hosts }) => hosts.some((one) => isWild(one) && parent(one) === parent(host)))
  );
}

/** The rule's path, its key among the methods if it has any, and its need; or the reason why there is none. */
type Choice = string | { readonly path: string; readonly key?: string; readonly need: WrittenNeed };

function specified(app: WrittenApp, method: string, path: readonly string[]): Choice {
  const fold = (text: string): string => (app.ignoreCase ? text.toLowerCase() : text);
  const ranked = Object.keys(app.rules).flatMap((pattern) => {
    const rank = literalness(pattern, path, (a, b) => fold(a) === fold(b));
    return rank === undefined ? [] : [[rank, pattern] as const];
  });
  const best = ranked.toSorted(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
  const common = COMMON.includes(method);
  if (best === undefined && app.otherwise === 'deny') return 'no-rule';
  if (best === undefined) return common ? { path: 'otherwise', need: 'authenticated' } : 'method-not-listed';
  const value = app.rules[best] as WrittenNeed | Methods;
  if (!isMethods(value)) return common ? { path: best, need: value } : 'method-not-listed';
  const naming = (wanted: string) => Object.keys(value).find((key) => key.split(' ').includes(wanted));
  const key =
    naming(method) ??
    (method === 'HEAD' ? naming('GET') : undefined) ??
    (common ? naming('otherwise') : undefined);
  return key === undefined ? 'method-not-listed' : { path: best, key, need: value[key] as WrittenNeed };
}

interface Held {
  readonly audiences: string[];
  readonly scopes: string[];
  readonly acr: string | undefined;
  readonly authenticatedAt: number | undefined;
}
function allowed(need: WrittenNeed, token: Held | undefined): boolean {
  if (need === 'public') return true;
  if (need === 'deny' || token === undefined) return false;
  const { all = [], any, audience = 'x', acr, loginWithin } = need === 'authenticated' ? {} : need;
  const age = token.authenticatedAt === undefined ? Number.NaN : NOW - token.authenticatedAt;
  return (
    token.audiences.includes(audience) &&
    all.every((scope) => token.scopes.includes(scope)) &&
    (any === undefined || any.some((scope) => token.scopes.includes(scope))) &&
    (acr === undefined || acr.some((one) => one === token.acr)) &&
    (loginWithin === undefined || (age >= 0 && age <= Number(loginWithin.slice(0, -1))))
  );
}

// -- The same, as rules files for the engine. --

type Order = <Item>(items: readonly Item[]) => readonly Item[];
const asWritten: Order = (items) => items;

function load(apps: readonly WrittenApp[], order: Order = asWritten): RuleSet {
  const map = (value: object): string =>
    `{ ${order(Object.entries(value))
      .map(([key, one]) => `"${key}": ${flow(one)}`)
      .join(', ')} }`;
  const flow = (value: unknown): string => {
    if (Array.isArray(value)) return JSON.stringify(order(value));
    return typeof value === 'object' && value !== null ? map(value) : JSON.stringify(value);
  };
  const files = apps.map(({ hosts, rules, otherwise, ignoreCase }, at) => ({
    file: `${at}.yaml`,
    text: order([
      `app: a${at}\n`,
      `hosts: ${flow(hosts)}\n`,
      'audience: x\n',
      `otherwise: ${otherwise}\n`,
      `ignoreCase: ${ignoreCase}\n`,
      `rules:\n${order(Object.entries(rules))
        .map(([path, value]) => `  "${path}": ${flow(value)}\n`)
        .join('')}`,
    ]).join(''),
  }));
  const loaded = loadRuleSet(order(files));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

const tokenOf = (held: Held | undefined): AccessToken | undefined =>
  held && ({ ...held, scopes: new Set(held.scopes), issuedAt: NOW - 1 } as unknown as AccessToken);

interface Asked {
  readonly host: string;
  readonly method: string;
  readonly path: readonly string[];
  readonly held: Held | undefined;
}

/** Owner, rule with its methods, and whether the request passes. */
function specifiedAnswer(apps: readonly WrittenApp[], { host, method, path, held }: Asked): unknown {
  const owner = ownerOf(apps, host);
  if (owner === undefined) return 'unknown-host';
  const choice = specified(owner, method, path);
  if (typeof choice === 'string') return [owner.hosts.toSorted(), choice];
  const { path: rule, key, need } = choice;
  return [owner.hosts.toSorted(), rule, key, allowed(need, held)];
}

function engineAnswer(ruleSet: RuleSet, { host, method, path, held }: Asked): unknown {
  const app = ruleSet.appFor(host);
  if (app === undefined) return 'unknown-host';
  const hosts = app.hosts.toSorted();
  const match = ruleSet.match(app, method, path);
  if (match.kind === 'none') return [hosts, match.reason];
  const { rule } = match;
  const { permit } = decide(rule, tokenOf(held), NOW);
  return [hosts, rule.path, rule.method && keyWith(rule.method), permit];
}

// -- Small alphabets, so that patterns meet. --

const segment = fc.constantFrom('a', 'b', 'A', 'ö', 'Ö');
const pattern = fc
  .tuple(fc.array(fc.oneof(segment, fc.constant('*')), { maxLength: 4 }), fc.constantFrom('', '/', '/**'))
  .map(([segments, end]) => `/${segments.join('/')}${segments.length === 0 ? end.slice(1) : end}`);
const scopes = fc.uniqueArray(fc.constantFrom('r', 'w', 's'), { minLength: 1, maxLength: 2 });
const step = fc.record(
  {
    all: scopes,
    any: scopes,
    audience: fc.constantFrom('x', 'y'),
    acr: fc.uniqueArray(fc.constantFrom('mfa', 'phr'), { minLength: 1 }),
    loginWithin: fc.constantFrom('1s', '60s', '900s'),
  },
  { requiredKeys: [], noNullPrototype: true },
);
const need: fc.Arbitrary<WrittenNeed> = fc.oneof(
  fc.constantFrom<WrittenNeed[]>('public', 'authenticated', 'deny'),
  step.map((map) => (Object.keys(map).length === 0 ? 'deny' : map)),
);
const methodKey = fc.constantFrom(...KEYS);
const value = fc.oneof(need, fc.dictionary(methodKey, need, { minKeys: 1, noNullPrototype: true }));
const tidy = (path: string): string => `/${parts(path).join('/')}`;
const app: fc.Arbitrary<Omit<WrittenApp, 'hosts'>> = fc
  .record({
    otherwise: fc.constantFrom<('deny' | 'authenticated')[]>('deny', 'authenticated'),
    ignoreCase: fc.boolean(),
    rules: fc.array(fc.tuple(pattern, value), { minLength: 1, maxLength: 8 }),
  })
  .map(({ rules, ...rest }) => {
    // Two spellings of one path are a load error.
    const key = (path: string): string => (rest.ignoreCase ? tidy(path).toLowerCase() : tidy(path));
    const byKey = new Map(rules.map(([path, one]) => [key(path), [path, one] as const]));
    return { ...rest, rules: Object.fromEntries(byKey.values()) };
  });
const wild = (parent: string) => fc.constantFrom(`*.${parent}`, `{tenant}.${parent}`);
const apps = fc
  .tuple(
    fc.array(app, { minLength: 1, maxLength: 3 }),
    fc.tuple(fc.constant('s.x.de'), fc.constant('t.x.de'), wild('x.de'), wild('s.x.de'), fc.constant('x.de')),
    fc.array(fc.nat({ max: 3 }), { minLength: 5, maxLength: 5 }),
  )
  .map(([all, pool, owners]): WrittenApp[] =>
    all
      .map((one, at) => ({ ...one, hosts: pool.filter((_, host) => owners[host] === at) }))
      .filter(({ hosts }) => hosts.length > 0),
  )
  .filter((all) => all.length > 0);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND', 'get');
const host = fc.constantFrom('s.x.de', 't.x.de', 'u.x.de', 'u.s.x.de', 'x.de', 'y.de', 'v.u.x.de');
const path = fc.array(fc.oneof({ weight: 5, arbitrary: segment }, fc.constantFrom('c', '', 'a/b')), {
  maxLength: 5,
});
const held: fc.Arbitrary<Held | undefined> = fc.option(
  fc.record({
    audiences: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
    scopes: fc.uniqueArray(fc.constantFrom('r', 'w', 's', 'R')),
    acr: fc.constantFrom(undefined, 'mfa', 'phr', 'pwd'),
    authenticatedAt: fc.constantFrom(undefined, NOW, NOW - 1, NOW - 60, NOW - 61, NOW - 900, NOW + 1, 0),
  }),
  { nil: undefined },
);
const requests = fc.array(fc.record({ host, method, path, held }), { minLength: 40, maxLength: 60 });

describe('the compiled engine', () => {
  test('chooses the rule of the precedence sentence, and decides as it is written', () => {
    fc.assert(
      fc.property(apps, requests, (written, asked) => {
        const ruleSet = load(written);
        const answers = asked.map((request) => [
          specifiedAnswer(written, request),
          engineAnswer(ruleSet, request),
        ]);
        expect(answers.filter(([one, other]) => !isDeepStrictEqual(one, other))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('does not care for the order of files, hosts, rules, methods, needs and lists', () => {
    fc.assert(
      fc.property(apps, requests, (written, asked) => {
        const [one, other] = [load(written), load(written, (items) => items.toReversed())];
        const answers = asked.map((request) => [engineAnswer(one, request), engineAnswer(other, request)]);
        expect(answers.filter(([before, after]) => !isDeepStrictEqual(before, after))).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  test('captures a tenant for hosts of its pattern only', () => {
    fc.assert(
      fc.property(apps, host, (written, name) => {
        const found = load(written).appFor(name);
        if (found === undefined) return;
        const [label = '', ...parent] = name.split('.');
        const captured = !found.hosts.includes(name) && found.hosts.includes(`{tenant}.${parent.join('.')}`);
        expect(tenantIn(found, name)).toBe(captured ? label : '');
      }),
      { numRuns: RUNS },
    );
  });

  test('folds case where the app says so, and nowhere else', () => {
    fc.assert(
      fc.property(apps, requests, (written, asked) => {
        const ruleSet = load(written);
        for (const { host: name, method: verb, path: segments } of asked) {
          const found = ruleSet.appFor(name);
          if (found?.ignoreCase !== true) continue;
          const upper = segments.map((one) => one.toUpperCase());
          expect(ruleSet.match(found, verb, upper)).toEqual(ruleSet.match(found, verb, segments));
        }
      }),
      { numRuns: RUNS },
    );
  });
});

describe('decide', () => {
  const some = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  const audiences = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 });
  const age = fc.integer({ min: 0, max: 1000 });
  const tokenNeed: fc.Arbitrary<TokenNeed> = fc.record({
    kind: fc.constant('token' as const),
    audiences,
    allOf: some,
    anyOf: some,
    acr: fc.uniqueArray(fc.constantFrom('mfa', 'phr')),
    loginWithin: fc.option(age, { nil: undefined }),
  });
  const token = fc.record({
    audiences,
    scopes: some,
    acr: fc.constantFrom(undefined, 'mfa', 'phr', 'pwd'),
    authenticatedAt: fc.option(
      age.map((seconds) => NOW - seconds),
      { nil: undefined },
    ),
  });
  const ruleOf = (wanted: TokenNeed): Rule => ({ id: 'f:1', path: '/', method: undefined, need: wanted });
  const permits = (wanted: TokenNeed, given: Held, now = NOW): boolean =>
    decide(ruleOf(wanted), tokenOf(given), now).permit;
  const runs = { numRuns: RUNS * 10 };

  test('never permits less for more scopes or audiences', () => {
    fc.assert(
      fc.property(tokenNeed, token, some, audiences, (wanted, given, more, further) => {
        const richer = {
          ...given,
          scopes: [...given.scopes, ...more],
          audiences: [...given.audiences, ...further],
        };
        if (permits(wanted, given)) expect(permits(wanted, richer)).toBe(true);
      }),
      runs,
    );
  });

  test('never permits less for a fresher sign-in, a longer time, more classes to choose from, or no step-up', () => {
    fc.assert(
      fc.property(tokenNeed, token, age, (wanted, given, seconds) => {
        if (!permits(wanted, given)) return;
        const at = given.authenticatedAt;
        const fresher = at === undefined ? at : Math.min(NOW, at + seconds);
        expect(permits(wanted, { ...given, authenticatedAt: fresher })).toBe(true);
        const longer = wanted.loginWithin === undefined ? undefined : wanted.loginWithin + seconds;
        expect(permits({ ...wanted, loginWithin: longer }, given)).toBe(true);
        const acr = wanted.acr.length === 0 ? [] : [...wanted.acr, 'gold'];
        expect(permits({ ...wanted, acr }, given)).toBe(true);
        expect(permits({ ...wanted, acr: [], loginWithin: undefined }, given)).toBe(true);
      }),
      runs,
    );
  });

  test('never permits more as time goes by', () => {
    fc.assert(
      fc.property(tokenNeed, token, age, (wanted, given, seconds) => {
        if (permits(wanted, given, NOW + seconds)) expect(permits(wanted, given)).toBe(true);
      }),
      runs,
    );
  });

  test('names as missing what would satisfy the rule but for a step-up', () => {
    fc.assert(
      fc.property(tokenNeed, token, (wanted, given) => {
        const decision = decide(ruleOf(wanted), tokenOf(given), NOW);
        if (decision.permit || decision.reason !== 'scope-missing') {
          expect(decision.permit ? [] : decision.missing).toEqual([]);
          return;
        }
        expect(decision.missing.length).toBeGreaterThan(0);
        for (const scope of decision.missing) expect(given.scopes).not.toContain(scope);
        const enough = { ...given, scopes: [...given.scopes, ...decision.missing] };
        expect(['permitted', 'step-up-needed']).toContain(
          decide(ruleOf(wanted), tokenOf(enough), NOW).reason,
        );
      }),
      runs,
    );
  });
});
