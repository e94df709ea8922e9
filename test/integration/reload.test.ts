import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { formatProblems } from '../../src/document/format.ts';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { loadRuleSet } from '../../src/rules/load.ts';
import { Browser } from '../support/browser.ts';
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts';
import { signJws } from '../support/jws.ts';
import { makeRulesFolder, type RulesFolder, until } from '../support/rules-folder.ts';
import { type Answer, CLIENT_SECRET, SESSION_SECRET, sendLines, type World } from '../support/world.ts';

const API = 'https://api.shop.localhost';
const HOST = 'http://shop.localhost:8080';

/** The app, with what a test changes. */
const shop = (...lines: readonly string[]): string =>
  ['app: shop', 'hosts: [shop.localhost]', `audience: ${API}`, 'provider: first', ...lines, ''].join('\n');
const OPEN = shop('rules: { /**: public }');
const CLOSED = shop('rules: { /**: deny }');
const SIGNED_IN = shop('rules: { /**: authenticated }');

let first: HostileProvider;
let second: HostileProvider;
let folder: RulesFolder;
let gateway: Gateway;
let log: Record<string, unknown>[];
let world: World;

const events = (event: string): readonly Record<string, unknown>[] =>
  log.filter((line) => line['event'] === event);

/** @param before what the rules were when they were loaded, a moment before */
async function start(text: string, before = text): Promise<void> {
  folder = makeRulesFolder({ 'shop.yaml': text });
  const provider = (issuer: string): string =>
    `{ issuer: "${issuer}", clientId: shop, clientSecret: "${CLIENT_SECRET}" }`;
  const loaded = loadConfig({
    path: '/postern.yaml',
    env: {},
    cwd: '/',
    readFile: () =>
      [
        'listen: 127.0.0.1:0',
        'pagesListen: 127.0.0.1:0',
        'adminListen: 127.0.0.1:0',
        `rules: ${folder.path}`,
        `session: { secret: "${SESSION_SECRET}" }`,
        `providers: { first: ${provider(first.issuer)}, second: ${provider(second.issuer)} }`,
        'log: { decisions: all }',
      ].join('\n'),
    now: Math.floor(Date.now() / 1000),
  });
  if ('problems' in loaded) throw new Error(formatProblems(loaded.problems));
  const rules = loadRuleSet([{ file: join(folder.path, 'shop.yaml'), text: before }]);
  if ('problems' in rules) throw new Error(formatProblems(rules.problems));
  log = [];
  gateway = await startGateway(loaded.config, loaded.secrets, rules.ruleSet, {
    logTo: { write: (line: string) => void log.push(JSON.parse(line) as Record<string, unknown>) },
  });
  const { addresses } = gateway;
  world = {
    gateway,
    provider: undefined,
    issuer: first.issuer,
    log,
    async send(listener, path, lines, method = 'GET') {
      const answer = await sendLines(addresses[listener], path, lines, method);
      return { ...answer, reason: answer.reason || String(events('decided').at(-1)?.['reason']) };
    },
    async [Symbol.asyncDispose]() {},
  };
  await gateway.follow();
}

beforeEach(async () => {
  first = await startHostileProvider();
  second = await startHostileProvider();
});
afterEach(async () => {
  await gateway.stop();
  folder[Symbol.dispose]();
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

const check = (path = '/', lines: readonly string[] = []): Promise<Answer> =>
  new Browser(world).check(HOST + path, { manner: 'plain', lines });
const reasonOf = async (...args: Parameters<typeof check>): Promise<string> => (await check(...args)).reason;
const admin = (path: string): Promise<Answer> => world.send('adminListen', path, []);
const metric = async (line: string): Promise<string | undefined> =>
  (await admin('/metrics')).body.split('\n').find((one) => one.startsWith(`${line} `));
const reloaded = (times: number): Promise<void> => until(() => events('rules-reloaded').length === times);
const refused = (times: number): Promise<void> => until(() => events('rules-refused').length === times);

describe('rules that change on disk', () => {
  test.each<[string, (text: string) => void]>([
    ['edited in place', (text) => folder.edit('shop.yaml', text)],
    ['renamed over the old ones', (text) => folder.replace('shop.yaml', text)],
    ['in a ConfigMap whose ..data is swapped', (text) => folder.mount({ 'shop.yaml': text })],
    ['in another folder in the place of the old', (text) => folder.exchange({ 'shop.yaml': text })],
  ])('%s, three times in a row: are in force each time', async (_, change) => {
    await start(OPEN);
    expect([await reasonOf(), events('rules-reloaded')]).toEqual(['public', []]);
    const versions = new Set<unknown>();
    for (const [index, [text, reason]] of [
      [CLOSED, 'rule-deny'],
      [SIGNED_IN, 'login-needed'],
      [`${OPEN}# once more\n`, 'public'],
    ].entries()) {
      change(text ?? '');
      await reloaded(index + 1);
      expect(await reasonOf()).toBe(reason);
      const line = events('rules-reloaded').at(-1);
      expect(line).toMatchObject({ level: 'info', msg: 'rules reloaded', rules: { apps: 1 } });
      versions.add(line?.['before']);
      const { rules } = JSON.parse((await admin('/readyz')).body) as { rules: { version: string } };
      expect(line).toMatchObject({ rules: { version: rules.version } });
      expect(await metric(`postern_rules_info{version="${rules.version}"}`)).toMatch(/ 1$/);
    }
    expect(versions.size).toBe(3);
    expect(await metric('postern_rules_reloads_total{outcome="swapped"}')).toMatch(/ 3$/);
    expect(events('rules-refused')).toEqual([]);
  });

  test('a further app comes and goes', async () => {
    await start(OPEN);
    const other = (): Promise<Answer> =>
      new Browser(world).check('http://other.localhost/', { manner: 'plain' });
    expect((await other()).reason).toBe('unknown-host');
    folder.edit('other.yaml', OPEN.replace('app: shop', 'app: other').replace('[shop.', '[other.'));
    await reloaded(1);
    expect((await other()).reason).toBe('public');
    folder.remove('other.yaml');
    await reloaded(2);
    expect((await other()).reason).toBe('unknown-host');
  });

  test('what changed between the start and the first look is made up for', async () => {
    await start(CLOSED, OPEN);
    expect(await reasonOf()).toBe('rule-deny');
    expect(events('rules-reloaded')).toHaveLength(1);
  });

  test('a reload that is asked for, and finds nothing new, swaps nothing', async () => {
    await start(OPEN);
    await gateway.reload();
    expect(events('rules-reloaded')).toEqual([]);
    expect(await metric('postern_rules_reloads_total{outcome="unchanged"}')).toMatch(/ 1$/);
  });
});

describe('a bad folder', () => {
  const BAD: readonly (readonly [string, string, readonly (readonly [RegExp, RegExp])[]])[] = [
    ['no YAML', 'app: [', [[/shop\.yaml:\d+:\d+$/, /./]]],
    [
      'two problems',
      shop('rules: { /x: [a, b], /y: pubic }'),
      [
        [/shop\.yaml:5:\d+$/, /./],
        [/shop\.yaml:5:\d+$/, /pubic/],
      ],
    ],
    [
      'tests that fail',
      `${OPEN}tests:\n  - { request: GET /, expect: deny }\n`,
      [
        [
          /shop\.yaml:7:1$/,
          /^The test `GET shop\.localhost\/, anonymous` fails: expected deny, got public\.$/,
        ],
      ],
    ],
    [
      'a provider that the configuration lacks',
      OPEN.replace('first', 'third'),
      [[/shop\.yaml:4:11$/, /no provider `third`/]],
    ],
    ['an empty app', '', [[/shop\.yaml/, /./]]],
  ];

  test.each(BAD)('%s: changes nothing, and says so in log, metric and detail', async (_, text, problems) => {
    await start(OPEN);
    const before = JSON.parse((await admin('/readyz')).body) as { rules: { version: string } };
    folder.replace('shop.yaml', text);
    await refused(problems.length);
    expect(await reasonOf()).toBe('public');
    expect(events('rules-refused')).toEqual(
      problems.map(([place, message]) =>
        expect.objectContaining({
          level: 'warn',
          place: expect.stringMatching(place),
          msg: expect.stringMatching(message),
          wayOut: expect.stringMatching(/./),
        }),
      ),
    );
    expect(await metric('postern_rules_reload_failed')).toMatch(/ 1$/);
    expect(await metric('postern_rules_reloads_total{outcome="refused"}')).toMatch(/ 1$/);
    expect(await metric(`postern_rules_info{version="${before.rules.version}"}`)).toMatch(/ 1$/);
    const detail = await admin('/readyz');
    expect([detail.status, JSON.parse(detail.body)]).toEqual([
      200,
      {
        ...before,
        rules: {
          ...before.rules,
          refused: {
            since: expect.any(Number),
            problems: problems.map(([place, message]) => ({
              place: expect.stringMatching(place),
              message: expect.stringMatching(message),
              way_out: expect.stringMatching(/./),
            })),
          },
        },
      },
    ]);
    const ready = await world.send('listen', '/readyz', []);
    expect([ready.status, JSON.parse(ready.body)]).toEqual([200, { status: 'ready' }]);
  });

  test('is over when it is mended, or put back as it was', async () => {
    await start(OPEN);
    for (const [index, [text, reason]] of [
      [OPEN, 'public'],
      [CLOSED, 'rule-deny'],
    ].entries()) {
      folder.replace('shop.yaml', 'app: [');
      await refused(index + 1);
      expect(await metric('postern_rules_reload_failed')).toMatch(/ 1$/);
      folder.replace('shop.yaml', text ?? '');
      await reloaded(index + 1);
      expect(await metric('postern_rules_reload_failed')).toMatch(/ 0$/);
      expect(await reasonOf()).toBe(reason);
      expect(JSON.parse((await admin('/readyz')).body)).not.toHaveProperty('rules.refused');
    }
  });

  test('that is gone is a bad folder', async () => {
    await start(OPEN);
    folder.remove('shop.yaml');
    await refused(1);
    expect(await reasonOf()).toBe('public');
    folder[Symbol.dispose]();
    await gateway.reload();
    expect(events('rules-refused').map(({ msg }) => msg)).toEqual([
      'The folder holds no rules file.',
      'The rules cannot be read (ENOENT).',
    ]);
    expect(await reasonOf()).toBe('public');
    folder = makeRulesFolder({});
  });
});

/** An access token of a provider. */
const mint = (of: HostileProvider): string => {
  const now = Math.floor(Date.now() / 1000);
  const { alg, kid } = of.keys.accessToken;
  return signJws(
    { alg, kid, typ: 'at+jwt' },
    {
      ...{ iss: of.issuer, sub: 'carl', aud: API, client_id: 'cli', scope: 'orders:read' },
      ...{ iat: now, exp: now + 300, jti: 'j' },
    },
    of.keys.accessToken,
  );
};

test('a request in flight ends on the rules that it began with', async () => {
  await start(shop(`issuers: ["${second.issuer}"]`, 'rules: { /**: [orders:read] }'));
  const token = ['Authorization', `Bearer ${mint(second)}`];
  let asked = (): void => {};
  let letGo = (): void => {};
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  second.misbehaviour = {
    async answer(path: string, _response: ServerResponse) {
      if (path !== '/jwks') return false;
      asked();
      await held;
      return false;
    },
  };
  const under = check('/', token);
  await isAsked;
  // Neither the issuer, nor the host, nor the rule is what it was.
  folder.edit('shop.yaml', CLOSED);
  await reloaded(1);
  expect(await reasonOf('/', token)).toBe('rule-deny');
  letGo();
  const { status, reason, headers } = await under;
  expect([status, reason, headers['x-auth-subject']]).toEqual([200, 'permitted', 'carl']);
});

describe('whom an app trusts', () => {
  const ACCOUNT = `${HOST}/account`;

  test('an issuer that is taken away refuses tokens that were accepted, and given back accepts them', async () => {
    const both = shop(`issuers: ["${second.issuer}"]`, 'rules: { /**: [orders:read] }');
    const own = shop('rules: { /**: [orders:read] }');
    await start(both);
    const token = ['Authorization', `Bearer ${mint(second)}`];
    expect([await reasonOf('/', token), await reasonOf('/', token)]).toEqual(['permitted', 'permitted']);
    folder.edit('shop.yaml', own);
    await reloaded(1);
    expect([await reasonOf('/', token), await reasonOf('/', token)]).toEqual([
      'token-issuer',
      'token-issuer',
    ]);
    folder.edit('shop.yaml', both);
    await reloaded(2);
    expect(await reasonOf('/', token)).toBe('permitted');
  });

  test('an issuer that only former rules named is in no metric', async () => {
    await using third = await startHostileProvider();
    await start(shop(`issuers: ["${third.issuer}"]`, 'rules: { /**: [orders:read] }'));
    const age = (): Promise<string | undefined> =>
      metric(`postern_key_set_age_seconds{issuer="${third.issuer}"}`);
    expect(await reasonOf('/', ['Authorization', `Bearer ${mint(third)}`])).toBe('permitted');
    expect(await age()).toMatch(/ [0-9]+$/);
    folder.edit('shop.yaml', OPEN);
    await reloaded(1);
    expect(await age()).toBeUndefined();
  });

  test('the tokens of a warm session are read again on the terms of the rules in force', async () => {
    const both = shop(`issuers: ["${second.issuer}"]`, 'rules: { /**: authenticated }');
    await start(both);
    first.misbehaviour = { tokens: (body) => ({ ...body, access_token: mint(second) }) };
    const alice = new Browser(world);
    expect((await alice.signIn(ACCOUNT)).reason).toBe('login-completed');
    const reason = async (): Promise<string> => (await alice.check(ACCOUNT, { manner: 'script' })).reason;
    folder.edit('shop.yaml', SIGNED_IN);
    await reloaded(1);
    // Opened for the first time, and warm from now on, under rules that do not take the token's issuer.
    expect([await reason(), await reason()]).toEqual(['audience-refused', 'audience-refused']);
    folder.edit('shop.yaml', both);
    await reloaded(2);
    expect([await reason(), await reason()]).toEqual(['permitted', 'permitted']);
  });

  test('another provider for an app ends its sessions there; the old one again, they are good', async () => {
    await start(SIGNED_IN);
    const alice = new Browser(world);
    expect((await alice.signIn(ACCOUNT)).reason).toBe('login-completed');
    const mayPass = async (): Promise<string> => (await alice.check(ACCOUNT, { manner: 'script' })).reason;
    expect([await mayPass(), await mayPass()]).toEqual(['permitted', 'permitted']);
    folder.edit('shop.yaml', SIGNED_IN.replace('first', 'second'));
    await reloaded(1);
    const { status, headers } = await alice.check(ACCOUNT);
    expect([status, new URL(String(headers.location)).origin]).toEqual([302, second.issuer]);
    expect([await mayPass(), await mayPass()]).toEqual(['login-needed', 'login-needed']);
    folder.edit('shop.yaml', SIGNED_IN);
    await reloaded(2);
    expect([await mayPass(), await mayPass()]).toEqual(['permitted', 'permitted']);
  });

  test('a scope that rules ask for from now on is asked of a warm session', async () => {
    await start(SIGNED_IN);
    const alice = new Browser(world);
    await alice.signIn(ACCOUNT);
    expect((await alice.check(ACCOUNT)).reason).toBe('permitted');
    folder.edit('shop.yaml', shop('rules: { /**: [orders:read] }'));
    await reloaded(1);
    const { status, headers } = await alice.check(ACCOUNT);
    expect([status, new URL(String(headers.location)).searchParams.get('scope')]).toEqual([
      302,
      expect.stringContaining('orders:read'),
    ]);
  });
});
