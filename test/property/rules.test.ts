import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from '../../src/forwarded/canonical-path.ts';
import { decide } from '../../src/rules/decide.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import type { Rule } from '../../src/rules/rule.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import type { AccessToken } from '../../src/token/access-token.ts';

type Methods = Record<string, string>;
type Rules = Record<string, string | Methods>;
interface Apps {
  readonly [host: string]: { readonly rules: Rules; readonly otherwise: 'deny' | 'authenticated' };
}

// -- The specification: the precedence sentence, word by word, naive on purpose. --

const COMMON = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const parts = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** How literal each segment is, from the left: `0` literal or the end of the path, `1` for `*`, `2` for `**`. */
function literalness(pattern: string, path: readonly string[]): string | undefined {
  const segments = parts(pattern);
  const below = segments.at(-1) === '**';
  if (below ? path.length < segments.length - 1 : path.length !== segments.length) return undefined;
  const fits = segments.every((segment, at) => segment.startsWith('*') || segment === path[at]);
  return fits
    ? `${segments.map((segment) => (segment.startsWith('*') ? segment.length : 0)).join('')}0`
    : undefined;
}

function specified(apps: Apps, host: string, method: string, path: readonly string[]): string {
  const app = apps[host] ?? apps[host.replace(/^[^.]+/, '*')];
  if (app === undefined) return 'unknown-host';
  const ranked = Object.keys(app.rules).flatMap((pattern) => {
    const rank = literalness(pattern, path);
    return rank === undefined ? [] : [[rank, pattern] as const];
  });
  const best = ranked.toSorted(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
  if (best === undefined && app.otherwise === 'deny') return 'no-rule';
  const value = best === undefined ? 'otherwise' : app.rules[best];
  const needs = typeof value === 'object' ? value : { otherwise: String(value) };
  const named = needs[method] ?? (method === 'HEAD' ? needs['GET'] : undefined);
  const need = named ?? (COMMON.includes(method) ? needs['otherwise'] : undefined);
  return need === undefined ? 'method-not-listed' : `${best ?? ''} ${need}`;
}

// -- The same, as rules files for the engine. Each need is a scope of its own, so that rules can be told apart. --

const yamlOf = (rules: Rules): string[] =>
  Object.entries(rules).map(([path, value]) => {
    const need = (text: string) => `["${text}"]`;
    if (typeof value === 'string') return `  "${path}": ${need(value)}\n`;
    return `  "${path}": { ${Object.entries(value)
      .map(([key, text]) => `${key}: ${need(text)}`)
      .join(', ')} }\n`;
  });

function load(apps: Apps, order: <Item>(items: Item[]) => Item[] = (items) => items): RuleSet {
  const files = Object.entries(apps).map(([host, { rules, otherwise }], at) => ({
    file: `${at}.yaml`,
    text: `app: a${at}\nhosts: ["${host}"]\naudience: x\notherwise: ${otherwise}\nrules:\n${order(yamlOf(rules)).join('')}`,
  }));
  const loaded = loadRuleSet(order(files));
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.ruleSet;
}

function engine(ruleSet: RuleSet, host: string, method: string, path: readonly string[]): string {
  const app = ruleSet.appFor(host);
  if (app === undefined) return 'unknown-host';
  const match = ruleSet.match(app, method, path);
  if (match.kind === 'none') return match.reason;
  const { need, path: pattern } = match.rule;
  if (need.kind !== 'token') throw new Error('only token needs are generated');
  return pattern === 'otherwise' ? ' otherwise' : `${pattern} ${need.allOf[0]}`;
}

// -- Small alphabets, so that patterns meet. --

const pattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 4 }), fc.boolean())
  .map(([segments, below]) => `/${[...segments, ...(below ? ['**'] : [])].join('/')}`);
const need = fc.constantFrom('n1', 'n2', 'n3', 'n4');
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND');
const value = fc.oneof(
  need,
  fc.dictionary(fc.oneof(method, fc.constant('otherwise')), need, { minKeys: 1, noNullPrototype: true }),
);
const rules = fc.dictionary(pattern, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true });
const app = fc.record({
  rules,
  otherwise: fc.constantFrom<('deny' | 'authenticated')[]>('deny', 'authenticated'),
});
const host = fc.constantFrom('s.x.de', '*.x.de', '*.s.x.de', 't.x.de');
const apps: fc.Arbitrary<Apps> = fc.dictionary(host, app, { minKeys: 1, maxKeys: 2, noNullPrototype: true });
const path = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 });
const requests = fc.array(
  fc.tuple(fc.constantFrom('s.x.de', 't.x.de', 'u.x.de', 'u.s.x.de', 'y.de'), method, path),
  {
    minLength: 10,
    maxLength: 20,
  },
);

describe('the compiled engine', () => {
  test('chooses the rule of the precedence sentence', () => {
    fc.assert(
      fc.property(apps, requests, (generated, asked) => {
        const ruleSet = load(generated);
        for (const [name, verb, segments] of asked)
          expect(engine(ruleSet, name, verb, segments)).toBe(specified(generated, name, verb, segments));
      }),
      { numRuns: 600 },
    );
  });

  test('does not care for the order of rules and files', () => {
    fc.assert(
      fc.property(apps, requests, (generated, asked) => {
        const [one, other] = [load(generated), load(generated, (items) => items.toReversed())];
        for (const [name, verb, segments] of asked)
          expect(engine(other, name, verb, segments)).toBe(engine(one, name, verb, segments));
      }),
      { numRuns: 300 },
    );
  });
});

describe('decide', () => {
  const scopes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  const audiences = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 });
  const token = (held: readonly string[], audience: readonly string[]): AccessToken =>
    ({ audiences: audience, scopes: new Set(held) }) as unknown as AccessToken;
  const ruleOf = (allOf: string[], anyOf: string[], wanted: string[]): Rule => ({
    id: 'f:1',
    path: '/',
    method: undefined,
    need: { kind: 'token', audiences: wanted, allOf, anyOf, acr: [], loginWithin: undefined },
  });

  test('never permits less for more scopes or audiences', () => {
    fc.assert(
      fc.property(scopes, scopes, audiences, scopes, scopes, audiences, audiences, (...generated) => {
        const [allOf, anyOf, wanted, held, more, audience, further] = generated;
        const rule = ruleOf(allOf, anyOf, wanted);
        const before = decide(rule, token(held, audience));
        const after = decide(rule, token([...held, ...more], [...audience, ...further]));
        if (before.permit) expect(after.permit).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('names as missing what would satisfy the rule', () => {
    fc.assert(
      fc.property(scopes, scopes, audiences, scopes, (allOf, anyOf, wanted, held) => {
        const rule = ruleOf(allOf, anyOf, wanted);
        const decision = decide(rule, token(held, wanted));
        if (decision.permit) return;
        expect(decision.missing.length).toBeGreaterThan(0);
        for (const scope of decision.missing) expect(held).not.toContain(scope);
        expect(decide(rule, token([...held, ...decision.missing], wanted)).permit).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('canonicalPath', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'B',
      '.',
      '..',
      '',
      '%2e',
      '%41',
      '%2F',
      '%25',
      '%2541',
      '%C3%B6',
      '%ff',
      ';',
      '%20',
      '*',
      '~',
      '%0a',
    ),
    fc.string({ maxLength: 4 }),
    fc.string({ maxLength: 3 }).map((text) => encodeURIComponent(text.toWellFormed())),
  );
  const target = fc
    .array(
      fc.array(piece, { maxLength: 3 }).map((pieces) => pieces.join('')),
      { maxLength: 5 },
    )
    .map((segments) => `/${segments.join('/')}`);

  test('is idempotent: its segments, encoded again, give the same', () => {
    fc.assert(
      fc.property(target, (text) => {
        const once = canonicalPath(text);
        if (once === undefined) return;
        expect(canonicalPath(`/${once.map(encodeURIComponent).join('/')}`)).toEqual(once);
        for (const segment of once) {
          expect(['', '.', '..']).not.toContain(segment);
          expect(segment).not.toMatch(/[/\\]/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
