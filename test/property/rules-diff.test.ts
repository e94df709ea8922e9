import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathReadings } from '../../src/forwarded/path-readings.ts';
import { type ClassChange, diffRuleSets } from '../../src/review/diff.ts';
import type { PathClass } from '../../src/review/path-class.ts';
import { decide } from '../../src/rules/decide.ts';
import { matchReadings } from '../../src/rules/match-readings.ts';
import { COMMON_METHODS } from '../../src/rules/method.ts';
import { ANY_SEGMENT } from '../../src/rules/path-pattern.ts';
import { passesReported, reportedRule } from '../../src/rules/report-mode.ts';
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

/** Which of them pass in a session, in an app that is in report mode or read as if it were. */
function sessions(
  ruleSet: RuleSet,
  host: string,
  method: string,
  path: readonly string[],
): readonly boolean[] {
  const known = ruleSet.appFor(host);
  const app = known === undefined ? undefined : { ...known, mode: 'report' as const };
  const match = known === undefined ? undefined : ruleSet.match(known, method, path);
  const rule = match?.kind === 'rule' ? match.rule : undefined;
  const isBare = match?.kind === 'none' && match.reason === 'no-rule' && COMMON_METHODS.has(method);
  const reported = isBare && app !== undefined ? reportedRule(app, method, match.reason) : undefined;
  const key = JSON.stringify([rule?.need, reported?.need, app?.audiences]);
  const asked = passes.get(key);
  if (asked !== undefined) return asked;
  const passing = CALLERS.map((token) => {
    if (rule === undefined || app === undefined)
      return reported !== undefined && decide(reported, token, NOW).permit;
    const decision = decide(rule, token, NOW);
    return decision.permit || passesReported(app, decision, token);
  });
  passes.set(key, passing);
  return passing;
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
  otherwise: fc.constantFrom('', 'deny', 'authenticated'),
  ignoreCase: fc.boolean(),
});
type App = (typeof app extends fc.Arbitrary<infer Value> ? Value : never) & {
  readonly audience?: string;
  /** Further lines. */
  readonly more?: string;
};

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
      return `app: a${at}\nhosts: [${list}]\naudience: ${one.audience ?? 'x'}\n${one.otherwise === '' ? '' : `otherwise: ${one.otherwise}\n`}${one.more ?? ''}ignoreCase: ${one.ignoreCase}\nrules:\n${lines.join('')}`;
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

/** The same with words that stand beside the rules of every app. */
const decorated = (
  words: fc.Arbitrary<Pick<App, 'audience' | 'more'>>,
): fc.Arbitrary<readonly [App[], App[]]> =>
  fc
    .tuple(pair, words, words)
    .map(([[from, to], old, now]) => [
      from.map((one) => ({ ...one, ...old })),
      to.map((one) => ({ ...one, ...now })),
    ]);

const product = (length: number): readonly string[][] =>
  length === 0 ? [[]] : product(length - 1).flatMap((path) => SEGMENTS.map((segment) => [...path, segment]));
const SEGMENTS = ['a', 'A', 'b', 'B', 'other', 'q'];
const PATHS = [0, 1, 2, 3].flatMap(product);
const HOSTS = ['s.x.de', 't.x.de', 'any.x.de', 'u.x.de', 'u.s.x.de', 'y.de'];
const SPELLINGS = ['encoded-slash', 'semicolon', 'empty-segment', 'encoded-percent', 'encoded-hash'] as const;
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

  const reporting = decorated(
    fc.record({
      audience: fc.constantFrom('x', '[x, y]', 'y'),
      more: fc.constantFrom('mode: report\n', 'mode: report\n', ''),
    }),
  );

  test('says of sessions in report mode whether any passes, or none does any more', () => {
    const seen = new Set<string>();
    const directions = (kind: string): string =>
      kind === 'same' ? '' : OPENS.has(kind) ? 'opens' : 'closes';
    const OPENS = new Set(['public', 'opens', 'less', 'other']);
    fc.assert(
      fc.property(reporting, ([from, to]) => {
        const [before, after] = [load(from), load(to)];
        const diff = diffRuleSets(before, after);
        if (typeof diff === 'number') throw new TypeError('no such small set is too large');
        for (const host of HOSTS)
          for (const path of PATHS)
            for (const method of METHODS) {
              const [old, now] = [before, after].map((set) => callers(set, host, method, path));
              const general = specified(old ?? [], now ?? []);
              const isReported = after.appFor(host)?.mode === 'report';
              const special = isReported
                ? specified(sessions(before, host, method, path), sessions(after, host, method, path))
                : 'same';
              const lines = reported(diff.classes, host, method, path).map(({ change }) => change);
              const kinds = new Set(lines.filter((one) => one.callers !== 'sessions').map((one) => one.kind));
              const own = new Set(lines.filter((one) => one.callers === 'sessions').map((one) => one.kind));
              const isOwn = special !== 'same' && directions(special) !== directions(general);
              const expected = [general === 'same' ? '' : general, isOwn ? special : ''];
              if ([...kinds].join() !== expected[0] || [...own].join() !== expected[1])
                throw new Error(
                  `${method} ${host}/${path.join('/')} is ${expected}, and reported as ${[...kinds]},${[...own]}`,
                );
              if (isOwn) seen.add(directions(special));
            }
      }),
      // Of one seed: that both directions come up is expected below.
      { numRuns: 20, seed: 1 },
    );
    expect([...seen].toSorted()).toEqual(['closes', 'opens']);
  });

  test('opens where a tolerated spelling may pass that was refused', () => {
    const tolerant = decorated(
      fc.record({
        audience: fc.constant('x'),
        more: fc
          .constantFrom('', 'mode: report\n')
          .map((mode) => `${mode}tolerate: [${SPELLINGS.join(', ')}]\n`),
      }),
    );
    const piece = fc.constantFrom(
      '',
      'a',
      'b',
      'B',
      'a;q',
      'b;q',
      'a%2Fb',
      'q%2Fa',
      '%2561',
      'a%23',
      'other',
    );
    const targets = fc.array(
      fc.array(piece, { minLength: 1, maxLength: 3 }).map((pieces) => `/${pieces.join('/')}`),
      { minLength: 30, maxLength: 30 },
    );
    let found = 0;
    fc.assert(
      fc.property(tolerant, targets, ([from, to], asked) => {
        const [before, after] = [load(from), load(to)];
        const diff = diffRuleSets(before, after);
        if (typeof diff === 'number') throw new TypeError('no such small set is too large');
        for (const host of HOSTS)
          for (const target of asked)
            for (const method of METHODS) {
              const [was, is] = [before, after].map((set) => {
                const one = set.appFor(host);
                const readings = pathReadings(target, SPELLINGS);
                return one === undefined || readings.length === 0
                  ? undefined
                  : matchReadings(set, one, method, readings);
              });
              if (was?.kind !== 'none' || was.reason !== 'path-ambiguous' || is === undefined) continue;
              const passes =
                is.kind === 'rule'
                  ? is.rule.need.kind !== 'deny'
                  : is.reason === 'no-rule' && is.app.mode === 'report' && COMMON_METHODS.has(method);
              if (!passes) continue;
              found++;
              const lines = diff.apps.filter((one) => one.key === 'tolerate' && one.effect === 'opens');
              expect({ host, target, method, lines: lines.length > 0, opens: diff.opens }).toEqual({
                host,
                target,
                method,
                lines: true,
                opens: true,
              });
            }
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(0);
  });
});
