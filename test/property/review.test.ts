import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NO_EXCHANGE } from '../../src/broker/exchanged-tokens.ts';
import { readRequest } from '../../src/forwarded/read-request.ts';
import { createAnswers } from '../../src/http/answers.ts';
import { createCheck } from '../../src/http/check.ts';
import { createCredentials } from '../../src/http/credentials.ts';
import { createVisits } from '../../src/http/visits.ts';
import type { LoginMemory } from '../../src/login/login-memory.ts';
import type { SignIn } from '../../src/login/sign-in.ts';
import { bareRefusal } from '../../src/outcome/bare-refusal.ts';
import { refuse } from '../../src/outcome/refusal.ts';
import { type Reply, redirect } from '../../src/outcome/reply.ts';
import { type AskedRequest, type Caller, evaluate } from '../../src/review/evaluate.ts';
import { implies } from '../../src/review/implies.ts';
import { needsOf } from '../../src/review/methods.ts';
import { checkNeed } from '../../src/review/need-check.ts';
import { createOverlaps } from '../../src/review/overlaps.ts';
import { asMatched, byPrecedence, covering, covers } from '../../src/review/precedence.ts';
import { runTests } from '../../src/review/run-tests.ts';
import { testLine } from '../../src/review/test-line.ts';
import { decide } from '../../src/rules/decide.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import type { Need } from '../../src/rules/rule.ts';
import type { RuleSet } from '../../src/rules/rule-set.ts';
import { createCookies } from '../../src/session/cookies.ts';
import type { LiveSession } from '../../src/session/session.ts';
import type { AccessToken } from '../../src/token/access-token.ts';
import type { IssuerTrusts } from '../../src/token/token-reader.ts';
import { headersOf } from '../support/requests.ts';

const NOW = 1_800_000_000;
const BASE_PATH = ['_auth'];
const ISSUER = 'https://id.example.com';

// -- Rule sets, requests and callers from small alphabets, so that they meet. --

const pattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'B', 'ä', '*'), { maxLength: 3 }), fc.boolean())
  .map(([segments, below]) => `/${[...segments, ...(below ? ['**'] : [])].join('/')}`);
const need = fc.constantFrom(
  'public',
  'deny',
  'authenticated',
  '[r]',
  '{ all: [r, w] }',
  '{ all: [r], any: [w, x] }',
  '{ audience: https://other, any: [r, w] }',
  '{ audience: [https://other, https://api] }',
  '{ acr: [mfa] }',
  '{ all: [r], loginWithin: 15m }',
);
const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND');
const value = fc.oneof(
  need,
  fc.dictionary(fc.oneof(method, fc.constant('otherwise')), need, { minKeys: 1, noNullPrototype: true }).map(
    (map) =>
      `{ ${Object.entries(map)
        .map(([key, text]) => `${key}: ${text}`)
        .join(', ')} }`,
  ),
);
const rules = fc.dictionary(pattern, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true });
const app = fc.record({
  rules,
  otherwise: fc.constantFrom('deny', 'authenticated'),
  ignoreCase: fc.boolean(),
  tolerate: fc.constantFrom('', '[encoded-slash, semicolon]', '[empty-segment, encoded-percent]'),
});
type Apps = Readonly<Record<string, typeof app extends fc.Arbitrary<infer App> ? App : never>>;
const host = fc.constantFrom('s.x.de', '*.x.de', '{tenant}.s.x.de');
const apps: fc.Arbitrary<Apps> = fc.dictionary(host, app, { minKeys: 1, maxKeys: 3, noNullPrototype: true });

/** @returns undefined when the rules are a load error, such as two paths that differ only in case. */
function load(generated: Apps, tolerant: boolean): RuleSet | undefined {
  const files = Object.entries(generated).map(
    ([name, { rules: paths, otherwise, ignoreCase, tolerate }], at) => ({
      file: `${at}.yaml`,
      text: [
        `app: a${at}`,
        `hosts: ["${name}"]`,
        'audience: https://api',
        `otherwise: ${otherwise}`,
        `ignoreCase: ${ignoreCase}`,
        tolerant && tolerate !== '' ? `tolerate: ${tolerate}` : '',
        'rules:',
        ...Object.entries(paths).map(([path, text]) => `  "${path}": ${text}`),
      ].join('\n'),
    }),
  );
  const loaded = loadRuleSet(files);
  return 'ruleSet' in loaded ? loaded.ruleSet : undefined;
}

const piece = fc.constantFrom(
  'a',
  'b',
  'B',
  '%61',
  '%C3%A4',
  'c',
  '',
  '..',
  '%2e',
  '%2F',
  'a;b',
  '%2541',
  '_auth',
  'login',
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 4 }).map((pieces) => `/${pieces.join('/')}`),
  fc.constantFrom(
    '/_auth/login',
    '/_auth//login',
    '/a#b',
    'a',
    '/a?b=//c',
    '/.well-known/oauth-protected-resource',
  ),
);
const asked: fc.Arbitrary<AskedRequest> = fc.record({
  method: fc.oneof(method, fc.constantFrom('get', 'G T')),
  host: fc.constantFrom('s.x.de', 'S.x.de:443', 't.x.de', 'u.s.x.de', 'y.de', 'a b'),
  target,
});
const caller: fc.Arbitrary<Caller> = fc.oneof(
  fc.constant<Caller>({ kind: 'anonymous' }),
  fc.record({
    kind: fc.constant<'supposed'>('supposed'),
    scopes: fc.uniqueArray(fc.constantFrom('r', 'w', 'x')),
    audiences: fc.constantFrom(undefined, ['https://other'], ['https://api', 'https://other']),
    acr: fc.constantFrom(undefined, 'mfa', 'pwd'),
    authenticatedAt: fc.constantFrom(undefined, NOW - 60, NOW - 3600),
  }),
);
const cases = fc.array(fc.tuple(asked, caller), { minLength: 10, maxLength: 20 });

// -- The check as the gateway builds it, with a caller who brings this token. --

const NO_KEYS = { sign: () => '', verify: () => false, index: () => -1 };
const NO_MEMORY: LoginMemory = { read: () => [], remember: () => [], forget: () => [] };
const TRUSTS = new Map([[ISSUER, {}]]) as unknown as IssuerTrusts;
const signIn: SignIn = async () => redirect(302, 'login-started', ISSUER);

/** @param as how the token comes; an anonymous caller brings none in any case */
async function checked(
  ruleSet: RuleSet,
  { method: verb, host: line, target: path }: AskedRequest,
  token: AccessToken | undefined,
  as: 'bearer' | 'session',
): Promise<Reply> {
  const authorization = token !== undefined && as === 'bearer' ? ['Bearer token'] : [];
  const request = readRequest(verb, line, path, headersOf({ authorization }));
  if (typeof request === 'string') return bareRefusal(request);
  const rulesInForce = () => ruleSet;
  const session = { session: { profile: {}, asked: [] }, tokens: [token] } as unknown as LiveSession;
  const check = createCheck({
    visits: createVisits(
      { public: undefined, basePath: '/_auth' },
      rulesInForce,
      createCookies(NO_KEYS),
      () => ({}),
    ),
    basePath: BASE_PATH,
    pages: async (_, visit) =>
      refuse(visit, visit.app === undefined ? 'unknown-host' : 'own-page', { status: 404 }),
    credentials: createCredentials({
      sessionOf: () => (token !== undefined && as === 'session' ? session : undefined),
      bearers: { read: () => token as AccessToken, known: () => token },
      exchanged: NO_EXCHANGE,
      services: { read: () => ({ reason: 'client-refused', detail: 'no Basic' }) },
      trustsOf: () => TRUSTS,
      clockTolerance: 5,
      now: () => NOW,
    }),
    answers: createAnswers(signIn, NO_MEMORY, undefined, () => undefined),
    now: () => NOW,
  });
  return check(request);
}

/** The supposed token of an evaluation, as one that the gateway would trust. Where no token is asked for, any will do. */
function tokenOf(who: Caller, supposed: AccessToken | undefined): AccessToken | undefined {
  if (who.kind !== 'supposed') return undefined;
  const { scopes, audiences = ['https://api'] } = who;
  const plain = { raw: 't', subject: 's', client: 'c', audiences, scopes: new Set(scopes), keyId: undefined };
  const times = {
    issuedAt: 0,
    notBefore: 0,
    expiresAt: NOW + 9999,
    acr: undefined,
    authenticatedAt: undefined,
  };
  return { ...plain, ...times, ...supposed, issuer: ISSUER } as AccessToken;
}

describe('an explanation and the check', () => {
  test('give the same reason, for every rule set, request and caller', async () => {
    await fc.assert(
      fc.asyncProperty(apps, cases, async (generated, requests) => {
        const ruleSet = load(generated, true);
        fc.pre(ruleSet !== undefined);
        for (const [request, who] of requests) {
          const { reason, token } = evaluate(ruleSet, BASE_PATH, request, who, NOW);
          const reply = await checked(ruleSet, request, tokenOf(who, token), 'bearer');
          expect({ request, who, reason: reply.reason }).toEqual({ request, who, reason });
        }
      }),
      { numRuns: 150 },
    );
  });

  test('never disagree on a permit, in a session either, and whatever an app tolerates', async () => {
    await fc.assert(
      fc.asyncProperty(apps, cases, async (generated, requests) => {
        const ruleSet = load(generated, true);
        fc.pre(ruleSet !== undefined);
        for (const [request, who] of requests) {
          const { outcome, token } = evaluate(ruleSet, BASE_PATH, request, who, NOW);
          for (const as of ['bearer', 'session'] as const) {
            const { status } = await checked(ruleSet, request, tokenOf(who, token), as);
            if (status === 200)
              expect({ request, who, outcome }).toMatchObject({ outcome: /^p/.exec(outcome)?.input });
            else expect(status).toBeGreaterThanOrEqual(300);
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a test that an explanation writes', () => {
  test('passes', () => {
    fc.assert(
      fc.property(apps, cases, (generated, requests) => {
        const ruleSet = load(generated, true);
        fc.pre(ruleSet !== undefined);
        for (const [request, who] of requests) {
          const evaluation = evaluate(ruleSet, BASE_PATH, request, who, NOW);
          const line = testLine(evaluation, who);
          if (line === undefined || evaluation.app === undefined) continue;
          const name = evaluation.app.hosts[0] ?? '';
          const { rules: paths, otherwise, ignoreCase, tolerate } = generated[name] as Apps[string];
          const text = [
            `app: a\nhosts: ["${name}"]\naudience: https://api\notherwise: ${otherwise}\nignoreCase: ${ignoreCase}`,
            tolerate === '' ? '' : `tolerate: ${tolerate}`,
            `rules:\n${Object.entries(paths)
              .map(([path, need]) => `  "${path}": ${need}`)
              .join('\n')}`,
            `tests:\n  - ${line}`,
          ].join('\n');
          const loaded = loadRuleSet([{ file: 'a.yaml', text }]);
          // `get` is a method to a server, and a slip of the pen in a test.
          if ('problems' in loaded) {
            expect(line).toMatch(/request: "?get /);
            continue;
          }
          const failures = runTests(loaded.ruleSet, BASE_PATH, NOW).map(({ failure }) => failure);
          expect({ line, failures }).toEqual({ line, failures: [undefined] });
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('the order of precedence', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'B', 'c'), { maxLength: 4 });

  test('puts the pattern first that the lookup finds', () => {
    fc.assert(
      fc.property(apps, fc.array(path, { minLength: 10 }), (generated, paths) => {
        const ruleSet = load(generated, false);
        fc.pre(ruleSet !== undefined);
        for (const written of ruleSet.written)
          for (const segments of paths) {
            const [winner] = covering(written, segments);
            const match = ruleSet.match(written.app, 'GET', segments);
            const wanted =
              winner === undefined ? written.otherwise : (winner.byMethod.get('GET') ?? winner.rest);
            expect(match.kind === 'rule' ? match.rule : undefined).toBe(wanted);
          }
      }),
      { numRuns: 150 },
    );
  });

  test('finds exactly the patterns that overlap', () => {
    fc.assert(
      fc.property(rules, (generated) => {
        const ruleSet = load(
          { 's.x.de': { rules: generated, otherwise: 'deny', ignoreCase: false, tolerate: '' } },
          false,
        );
        const [written] = ruleSet?.written ?? [];
        fc.pre(written !== undefined);
        const paths = asMatched(written);
        const overlapping = createOverlaps(paths);
        // Every kind of path that these alphabets can tell apart.
        const segments = ['a', 'B', 'ä', 'other'];
        const all = [[], ...segments.map((one) => [one])].flatMap((one) => [one]);
        for (let depth = 0; depth < 3; depth++)
          for (const one of all.filter(({ length }) => length === depth + 1))
            all.push(...segments.map((next) => [...one, next]));
        for (const one of paths) {
          const met = paths.filter((other) =>
            all.some((path) => covers(one.pattern, path) && covers(other.pattern, path)),
          );
          expect(new Set(overlapping(one.pattern))).toEqual(new Set(met));
        }
        expect(paths.toSorted((a, b) => byPrecedence(a.pattern, b.pattern))).toEqual(
          paths.toReversed().toSorted((a, b) => byPrecedence(a.pattern, b.pattern)),
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe('needs', () => {
  const scopes = fc.uniqueArray(fc.constantFrom('r', 'w', 'x'));
  const tokenNeed = fc.record({
    kind: fc.constant<'token'>('token'),
    audiences: fc.uniqueArray(fc.constantFrom('p', 'q'), { minLength: 1 }),
    allOf: scopes,
    anyOf: scopes,
    acr: fc.uniqueArray(fc.constantFrom('mfa', 'pwd')),
    loginWithin: fc.constantFrom(undefined, 60, 900),
  });
  const anyNeed: fc.Arbitrary<Need> = fc.oneof(
    { weight: 8, arbitrary: tokenNeed },
    fc.constantFrom<Need[]>({ kind: 'public' }, { kind: 'deny' }),
  );
  const subsets = <T>(all: readonly T[]): readonly T[][] =>
    Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_one, at) => (bits >> at) & 1));
  const tokens = subsets(['p', 'q']).flatMap((audiences) =>
    subsets(['r', 'w', 'x']).flatMap((held) =>
      [undefined, 'mfa', 'pwd'].flatMap((acr) =>
        [undefined, NOW - 30, NOW - 600, NOW - 9000].map(
          (authenticatedAt) =>
            ({
              audiences,
              scopes: new Set(held),
              acr,
              authenticatedAt,
              issuedAt: NOW,
            }) as unknown as AccessToken,
        ),
      ),
    ),
  );
  const permits = (one: Need, token: AccessToken | undefined): boolean =>
    decide({ id: '', path: '', method: undefined, need: one }, token, NOW).permit;

  test('imply one another exactly when every caller who meets the first meets the second', () => {
    fc.assert(
      fc.property(anyNeed, anyNeed, (first, second) => {
        const everyone = [undefined, ...tokens];
        const holds = everyone.every((token) => !permits(first, token) || permits(second, token));
        expect({ first, second, implied: implies(first, second) }).toEqual({ first, second, implied: holds });
      }),
      { numRuns: 400 },
    );
  });

  test('are met when each of their parts is', () => {
    fc.assert(
      fc.property(tokenNeed, fc.constantFrom(undefined, ...tokens), (one, token) => {
        const parts = checkNeed(one, token, NOW);
        expect({ met: parts.every(({ met }) => met) }).toEqual({ met: permits(one, token) });
      }),
      { numRuns: 1000 },
    );
  });

  test('of a path cover each of its methods once', () => {
    fc.assert(
      fc.property(rules, (generated) => {
        const ruleSet = load(
          { 's.x.de': { rules: generated, otherwise: 'deny', ignoreCase: false, tolerate: '' } },
          false,
        );
        for (const { paths } of ruleSet?.written ?? [])
          for (const one of paths) {
            const methods = needsOf(one).flatMap((group) => group.methods);
            expect(new Set(methods).size).toBe(methods.length);
          }
      }),
    );
  });
});
