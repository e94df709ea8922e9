import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { startChild } from '../support/e2e-child.ts';
import { type GatewayProcess, PROJECT, startGatewayProcess } from '../support/e2e-gateway.ts';
import { openPipeline, type PipelinedAnswer } from '../support/pipeline.ts';
import { makeRulesFolder, type RulesFolder, until } from '../support/rules-folder.ts';

/** Two sets that differ in every answer: where both have a path, where one has none, and in whose host it is. */
const A = {
  'one.yaml': `app: one
hosts: [one.localhost, moved.localhost]
audience: https://api.one
rules: { /a: public, /b: deny, /c: authenticated, /moved: public }
`,
  'two.yaml': 'app: two\nhosts: [two.localhost]\naudience: https://api.two\nrules: { /a: public }\n',
};
const B = {
  'one.yaml': `app: one
hosts: [one.localhost]
audience: https://api.one
rules: { /a: deny, /b: authenticated, /d: public }
`,
  'two.yaml': `app: two
hosts: [two.localhost, moved.localhost]
audience: https://api.two
rules: { /a: authenticated, /moved: deny }
`,
};
/** Host and path, and the answers of both sets. */
const CASES: readonly (readonly [host: string, path: string, a: string, b: string])[] = [
  ['one.localhost', '/a', '200 ', '403 rule-deny'],
  ['one.localhost', '/b', '403 rule-deny', '401 login-needed'],
  ['one.localhost', '/c', '401 login-needed', '403 no-rule'],
  ['one.localhost', '/d', '403 no-rule', '200 '],
  ['two.localhost', '/a', '200 ', '401 login-needed'],
  ['moved.localhost', '/moved', '200 ', '403 rule-deny'],
];
const requests = CASES.map(
  ([host, path]) =>
    `GET /verify HTTP/1.1\r\nHost: gateway\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: ${host}\r\nX-Forwarded-Uri: ${path}\r\n\r\n`,
);
const text = ({ status, reason }: PipelinedAnswer): string => `${status} ${reason}`;

let provider: RunningProvider;
let folder: RulesFolder;
let running: GatewayProcess | undefined;
let gateway: GatewayProcess;
beforeAll(async () => {
  provider = await startProvider({ people: [], resources: [], clients: [] });
});
afterAll(() => provider.close());
afterEach(async () => {
  await running?.stop();
  running = undefined;
  folder[Symbol.dispose]();
});

async function start(files: Readonly<Record<string, string>>): Promise<void> {
  folder = makeRulesFolder(files);
  gateway = await startGatewayProcess(settings());
  running = gateway;
}

const settings = (): Record<string, string> => ({
  POSTERN_PROVIDER_ISSUER: provider.issuer,
  POSTERN_PROVIDER_CLIENT_ID: 'shop',
  POSTERN_SESSION_SECRET: 'a session secret of the reload suite, long enough',
  POSTERN_RULES: folder.path,
  POSTERN_LOG_DECISIONS: 'none',
});

const count = (event: string): number => gateway.output().split(`"event":"${event}"`).length - 1;
const happened = (event: string, times: number): Promise<void> => until(() => count(event) >= times);

async function answers(): Promise<readonly string[]> {
  const pipeline = await openPipeline(gateway.listen);
  const all = await Promise.all(requests.map(pipeline.send));
  pipeline.close();
  return all.map(text);
}
const OF_A = CASES.map(([, , a]) => a);
const OF_B = CASES.map(([, , , b]) => b);

const each = (files: typeof A, change: RulesFolder['edit']): void => {
  for (const [name, rules] of Object.entries(files)) change(name, rules);
};

/** The ways to change the folder as a whole; each leaves either A or B. */
const WAYS: readonly (readonly [string, (files: typeof A) => void])[] = [
  ['edits in place', (files) => each(files, folder.edit)],
  ['renames', (files) => each(files, folder.replace)],
  ['a swap of the folder', (files) => folder.exchange(files)],
  ['swaps of ..data', (files) => folder.mount(files)],
];

describe('the program follows its rules folder', () => {
  test.each(WAYS)('through %s, three times in a row', async (_, change) => {
    await start(A);
    expect(await answers()).toEqual(OF_A);
    for (const [index, [files, expected]] of [
      [B, OF_B] as const,
      [A, OF_A] as const,
      [B, OF_B] as const,
    ].entries()) {
      change(files);
      await happened('rules-reloaded', index + 1);
      expect(await answers()).toEqual(expected);
    }
  });

  test('and reads it on SIGHUP, again and again, which ends nothing', async () => {
    await start(A);
    for (const [index, files] of [B, A, B].entries()) {
      folder.mount(files);
      gateway.hangUp();
      await happened('rules-reloaded', index + 1);
    }
    for (let time = 0; time < 20; time += 1) gateway.hangUp();
    expect(await answers()).toEqual(OF_B);
    expect(await gateway.stop()).toBe(0);
  });

  test('and stays ready on the old rules, through a bad folder, until it is mended', async () => {
    await start(A);
    folder.replace('one.yaml', B['one.yaml']);
    // Half of B beside half of A is sound as well: nobody has the host that moves.
    await happened('rules-reloaded', 1);
    folder.replace('one.yaml', `${A['one.yaml']}tests:\n  - { request: GET /b, expect: permit }\n`);
    await happened('rules-refused', 1);
    const admin = (await (await fetch(`http://${gateway.adminListen}/readyz`)).json()) as object;
    expect(admin).toMatchObject({
      status: 'ready',
      rules: { refused: { problems: [{ place: `${folder.path}/one.yaml:6:1` }] } },
    });
    expect((await fetch(`http://${gateway.listen}/readyz`)).status).toBe(200);
    expect((await answers())[0]).toBe('403 rule-deny');
    folder.replace('one.yaml', A['one.yaml']);
    await happened('rules-reloaded', 2);
    expect(await answers()).toEqual(OF_A);
  });
});

test('a start takes no rules that a reload would refuse', async () => {
  folder = makeRulesFolder({
    'one.yaml': `${A['one.yaml']}tests:\n  - { request: GET /b, expect: permit }\n`,
  });
  await using child = startChild('the gateway', process.execPath, [join(PROJECT, 'dist/main.js')], {
    ...settings(),
    POSTERN_LISTEN: '127.0.0.1:0',
    POSTERN_PAGES_LISTEN: '127.0.0.1:0',
    POSTERN_ADMIN_LISTEN: '127.0.0.1:0',
  });
  await expect(child.wrote('"event":"started"')).rejects.toThrow('ended (2)');
  expect(child.output()).toContain(
    `${folder.path}/one.yaml:6:1: The test \`GET one.localhost/b, anonymous\` fails`,
  );
});

test('100,000 checks while the rules flip: every answer is one set’s, and the new one’s once it is in force', async () => {
  await start(A);
  folder.mount(A);
  /** Which answers are right for a request that is sent now; another object with every change. */
  let state: { readonly sets: readonly (readonly string[])[] } = { sets: [OF_A] };
  const wrong: string[] = [];
  const seen = new Map<string, number>();
  let sent = 0;
  const pipelines = await Promise.all(Array.from({ length: 16 }, () => openPipeline(gateway.listen)));
  const worker = async ({ send }: (typeof pipelines)[number]): Promise<void> => {
    while (sent < 100_000 || flips < 8) {
      const index = sent % requests.length;
      sent += 1;
      const before = state;
      const answer = text(await send(requests[index] ?? ''));
      // Begun on one state and answered in the next: either's is right.
      const right = new Set([...before.sets, ...state.sets].map((set) => set[index]));
      if (!right.has(answer)) wrong.push(`${CASES[index]?.slice(0, 2).join('')}: ${answer}`);
      const key = `${index} ${answer}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  };
  let flips = 0;
  const flipper = async (): Promise<void> => {
    while (sent < 100_000 || flips < 8) {
      const [files, of] = flips % 2 === 0 ? ([B, OF_B] as const) : ([A, OF_A] as const);
      state = { sets: [OF_A, OF_B] };
      folder.mount(files);
      if (flips % 3 === 0) gateway.hangUp();
      flips += 1;
      await happened('rules-reloaded', flips);
      state = { sets: [of] };
      await sleep(50);
    }
  };
  // Four requests under way on each connection.
  await Promise.all([
    ...pipelines.flatMap((one) => [worker(one), worker(one), worker(one), worker(one)]),
    flipper(),
  ]);
  for (const one of pipelines) one.close();
  expect(wrong).toEqual([]);
  expect([...seen.keys()].toSorted()).toEqual(
    CASES.flatMap(([, , a, b], index) => [`${index} ${a}`, `${index} ${b}`]).toSorted(),
  );
  expect(flips).toBeGreaterThan(5);
  expect(count('rules-refused') + count('failed')).toBe(0);
});
