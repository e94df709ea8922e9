import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ClassChange, diffRuleSets } from '../../src/review/diff.ts';
import type { PathClass } from '../../src/review/path-class.ts';
import { decide } from '../../src/rules/decide.ts';
import { ANY_SEGMENT } from '../../src/rules/path-pattern.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import type { AccessToken } from '../../src/token/access-token.ts';
import { ruleSetOf } from '../support/requests.ts';

// -- The specification: what a change is, by asking both engines with every kind of caller. --

const NOW = 10_000;
const subsets = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: 1 << items.length }, (_, bits) => items.filter((_item, at) => (bits >> at) & 1));
const CALLERS: readonly (AccessToken | undefined)[] = [
  undefined,
  ...subsets(['x', 'y']).flatMap((audiences) =>
    subsets(['a', 'b', 'c']).flatMap((scopes) =>
      [undefined, 'm', 'n'].flatMap((acr) =>
        [undefined, 5, 500].map(
          (age) =>
            ({
              audiences,
              scopes: new Set(scopes),
              acr,
              issuedAt: NOW,
              authenticatedAt: age === undefined ? undefined : NOW - age,
            }) as unknown as AccessToken,
        ),
      ),
    ),
  ),
];

const passes = new Map<string, readonly boolean[]>();

/** Which callers pass. */
function callers(
  ruleSet: RuleSet,
  host: string,
  method: string,
  path: readonly string[],
): readonly boolean[] {
  const app = ruleSet.appFor(host);
  const match = app === undefined ? undefined : ruleSet.match(app, method, path);
  const rule = match?.kind === 'rule' ? match.rule : undefined;
  const key = JSON.stringify(rule?.need);
  const known =
    passes.get(key) ?? CALLERS.map((token) => rule !== undefined && decide(rule, token, NOW).permit);
  passes.set(key, known);
  return known;
}

function specified(before: readonly boolean[], after: readonly boolean[]): string {
  const gained = after.some((passing, at) => passing && before[at] === false);
  const lost = before.some((passing, at) => passing && after[at] === false);
  if (gained && lost) return 'other';
  if (gained) return after[0] === true ? 'public' : before.some(Boolean) ? 'less' : 'opens';
  if (lost) return after.some(Boolean) ? 'more' : 'closes';
  return 'same';
}

// -- What a report says of one request, read as a person would read it. --

const fits = ({ steps, below }: PathClass, path: readonly string[]): boolean =>
  (path.length === steps.length || (below && path.length > steps.length)) &&
  steps.every((step, at) =>
    typeof step === 'object'
      ? step.anyCase === path[at]?.toLowerCase()
      : step === ANY_SEGMENT || step === path[at],
  );

const reported = (classes: readonly ClassChange[], host: string, method: string, path: readonly string[]) =>
  classes.filter(
    ({ hosts, change, paths, except }) =>
      hosts.some((one) => one.host === host || (isBelow(host, one.host) && !one.except.includes(host))) &&
      change.methods.includes(method) &&
      fits(paths, path) &&
      !except.some((other) => fits(other, path)),
  );

const isBelow = (host: string, wildcard: string): boolean => host.replace(/^[^.]*/, '*') === wildcard;

// -- Two sets over small alphabets, so that patterns meet; the second is often the first with a few words changed. --

const need = fc.constantFrom(
  ...['public', 'deny', 'authenticated', '[a]', '[b]', '{ all: [a, b] }', '{ any: [a, b] }'],
  ...['{ all: [c], any: [a, b] }', '{ any: [a, b, c] }', '{ all: [a], any: [a, c] }', '{ audience: y }'],
  ...['{ audience: [x, y], all: [a] }', '{ all: [a], acr: [m] }', '{ all: [a], acr: [m, n] }'],
  ...['{ loginWithin: 10s }', '{ loginWithin: 20m }', '{ acr: [n], loginWithin: 10s }'],
);
const pattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'B', '*', 'other'), { maxLength: 3 }), fc.boolean())
  .map(([segments, below]) => `/${[...segments, ...(below ? ['**'] : [])].join('/')}`);
const value = fc.oneof(
  { weight: 2, arbitrary: need },
  fc
    .dictionary(fc.constantFrom('GET', 'HEAD', 'POST', 'TRACE', 'otherwise'), need, {
      minKeys: 1,
      noNullPrototype: true,
    })
    .map(
      (map) =>
        `{ ${Object.entries(map)
          .map(([key, text]) => `${key}: ${text}`)
          .join(', ')} }`,
    ),
);
const rules = fc.dictionary(pattern, value, { minKeys: 1, maxKeys: 6, noNullPrototype: true });
const hosts = fc.constantFrom('s.x.de', '*.x.de', '{tenant}.s.x.de', 't.x.de', 'any.x.de');
const app = fc.record({
  hosts: fc.uniqueArray(hosts, { minLength: 1, maxLength: 3 }),
  rules,
  otherwise: fc.constantFrom('deny', 'authenticated'),
  ignoreCase: fc.boolean(),
});
type App = typeof app extends fc.Arbitrary<infer Value> ? Value : never;

/** One app or two; a host that the first has is not the second's. */
function load([first, second]: readonly App[]): RuleSet {
  const left = second?.hosts.filter((host) => !first?.hosts.includes(host)) ?? [];
  const apps = [first, ...(second === undefined || left.length === 0 ? [] : [{ ...second, hosts: left }])];
  return ruleSetOf(
    ...apps.map((one, at) => {
      if (one === undefined) throw new TypeError('an app is generated');
      const seen = new Set<string>();
      const lines = Object.entries(one.rules).flatMap(([path, text]) => {
        const key = one.ignoreCase ? path.toLowerCase() : path;
        if (seen.has(key)) return [];
        seen.add(key);
        return [`  "${path}": ${text}\n`];
      });
      const list = one.hosts.map((host) => JSON.stringify(host)).join(', ');
      return `app: a${at}\nhosts: [${list}]\naudience: x\notherwise: ${one.otherwise}\nignoreCase: ${one.ignoreCase}\nrules:\n${lines.join('')}`;
    }),
  );
}

const apps = fc.array(app, { minLength: 1, maxLength: 2 });
const pair = fc.oneof(
  fc.tuple(apps, apps),
  // A few rules of the first app changed, as a pull request does.
  fc
    .tuple(apps, rules, fc.constantFrom(0, 1, 2), fc.boolean())
    .map(([[first, ...rest], more, dropped, flip]): [App[], App[]] => {
      if (first === undefined) throw new TypeError('an app is generated');
      const kept = Object.fromEntries(Object.entries(first.rules).slice(dropped));
      const changed = { ...first, rules: { ...kept, ...more }, ignoreCase: first.ignoreCase !== flip };
      return [
        [first, ...rest],
        [changed, ...rest],
      ];
    }),
);

const product = (length: number): readonly string[][] =>
  length === 0 ? [[]] : product(length - 1).flatMap((path) => SEGMENTS.map((segment) => [...path, segment]));
const SEGMENTS = ['a', 'A', 'b', 'B', 'other', 'q'];
const PATHS = [0, 1, 2, 3].flatMap(product);
const HOSTS = ['s.x.de', 't.x.de', 'any.x.de', 'u.x.de', 'u.s.x.de', 'y.de'];
const METHODS = ['GET', 'HEAD', 'POST', 'DELETE', 'TRACE', 'LOCK'];

describe('rules diff', () => {
  test('says of every request exactly what the two engines do', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const [before, after] = [load(from), load(to)];
        const diff = diffRuleSets(before, after);
        if (typeof diff === 'number') throw new TypeError('no such small set is too large');
        let [changed, opens] = [false, false];
        for (const host of HOSTS)
          for (const path of PATHS)
            for (const method of METHODS) {
              const kind = specified(callers(before, host, method, path), callers(after, host, method, path));
              const kinds = new Set(reported(diff.classes, host, method, path).map((one) => one.change.kind));
              if ([...kinds].join() !== (kind === 'same' ? '' : kind))
                throw new Error(
                  `${method} ${host}/${path.join('/')} is ${kind}, and reported as ${[...kinds]}`,
                );
              if (kind !== 'same') changed = true;
              if (['public', 'opens', 'less', 'other'].includes(kind)) opens = true;
              seen.set(kind, (seen.get(kind) ?? 0) + 1);
            }
        if (!changed) expect(diff.classes).toEqual([]);
        if (opens) expect(diff.opens).toBe(true);
        else expect(diff.opens).toBe(diff.apps.some(({ effect }) => effect === 'opens'));
      }),
      { numRuns: 20 },
    );
    expect([...seen.keys()].toSorted()).toEqual([
      'closes',
      'less',
      'more',
      'opens',
      'other',
      'public',
      'same',
    ]);
  });

  test('proves every class by a request', () => {
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const [before, after] = [load(from), load(to)];
        const diff = diffRuleSets(before, after);
        if (typeof diff === 'number') throw new TypeError('no such small set is too large');
        for (const { request, change, paths, except } of diff.classes) {
          const { hostname, pathname } = new URL(request.url);
          const path = pathname
            .split('/')
            .filter((segment) => segment !== '')
            .map(decodeURIComponent);
          expect(fits(paths, path) && !except.some((other) => fits(other, path))).toBe(true);
          expect(change.methods).toContain(request.method);
          const shown = [before, after].map((set) => callers(set, hostname, request.method, path));
          expect(specified(shown[0] ?? [], shown[1] ?? [])).toBe(change.kind);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('finds nothing between a set and itself, and the reverse where the sets are swapped', () => {
    const REVERSE: Readonly<Record<string, readonly string[]>> = {
      public: ['more', 'closes'],
      opens: ['closes'],
      less: ['more'],
      other: ['other'],
      more: ['less', 'public'],
      closes: ['opens', 'public'],
    };
    fc.assert(
      fc.property(pair, ([from, to]) => {
        const [before, after] = [load(from), load(to)];
        expect(diffRuleSets(before, load(from))).toEqual({ classes: [], apps: [], opens: false });
        const [there, back] = [diffRuleSets(before, after), diffRuleSets(after, before)];
        if (typeof there === 'number' || typeof back === 'number') throw new TypeError('too large');
        for (const { request, change } of there.classes) {
          const { hostname, pathname } = new URL(request.url);
          const path = pathname
            .split('/')
            .filter((segment) => segment !== '')
            .map(decodeURIComponent);
          const [reverse] = reported(back.classes, hostname, request.method, path);
          expect(REVERSE[change.kind]).toContain(reverse?.change.kind);
        }
      }),
      { numRuns: 60 },
    );
  });
});
