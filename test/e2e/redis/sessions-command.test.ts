import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { SessionsValues } from '../../../src/commands/sessions/sessions-command.ts';
import { sessions } from '../../../src/commands/sessions.ts';
import { deriveKeys } from '../../../src/session/keys.ts';
import type { Session } from '../../../src/session/session.ts';
import { sessionOf } from '../../contract/session-store.contract.ts';
import { missingRedis, type RedisServer, startRedis } from '../../support/redis-server.ts';
import { Clocks, newPrefix, type RedisProcess, startProcess } from '../../support/redis-store.ts';
import { SESSION_SECRET } from '../../support/world.ts';

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(
  words: readonly string[],
  values: SessionsValues,
  env: Readonly<Record<string, string>>,
  json = false,
): Promise<Said> {
  let [out, err] = ['', ''];
  const code = await sessions({
    ...{ env, cwd: '/', configPath: undefined, json, words, values },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

const ENV = {
  POSTERN_PROVIDER_ISSUER: 'https://id.example.com/',
  POSTERN_PROVIDER_CLIENT_ID: 'shop',
  POSTERN_SESSION_SECRET: SESSION_SECRET,
  POSTERN_SESSION_STORE: 'redis',
  POSTERN_SESSION_REDIS_URL: 'redis://127.0.0.1:1',
};

describe('a wrong call', () => {
  test.each<[words: string, values: SessionsValues, err: string]>([
    ['', {}, 'what about the sessions?\n  -> write one of: postern sessions list|kill'],
    ['lst', {}, 'there is no command "sessions lst"\n  -> did you mean "sessions list"?'],
    ['list all', {}, '"all" is one word too many\n  -> see postern --help'],
  ])('postern sessions %s', async (words, values, err) => {
    const said = await run(words.split(' ').filter(Boolean), values, ENV);
    expect(said).toEqual({ code: 2, out: '', err: `postern: ${err}\n` });
  });

  test('says that Redis is not there, and gives no answer in its place', async () => {
    const message = expect.stringMatching(/^the session store cannot be reached: /);
    const wayOut = 'see session.redis, and that Redis can be reached from here';
    const said = await run(['list'], {}, ENV);
    expect(said).toMatchObject({ code: 2, out: '' });
    expect(said.err).toMatch(/^postern: the session store cannot be reached: .*\n {2}-> see session\.redis/);
    const json = await run(['list'], {}, ENV, true);
    expect([json.code, JSON.parse(json.out)]).toEqual([2, { ok: false, problems: [{ message, wayOut }] }]);
  });

  test('shows what is wrong with the configuration', async () => {
    const said = await run(['list'], {}, { ...ENV, POSTERN_SESSION_SECRET: 'short' });
    expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining('shorter than 32 bytes') });
  });
});

if (missingRedis === undefined) describe('with Redis', onRedis);
else test.skip(`with Redis: ${missingRedis}`, () => {});

function onRedis(): void {
  let redis: RedisServer;
  let gateway: RedisProcess;
  let env: Record<string, string>;
  let opened: number;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    const keyPrefix = newPrefix();
    opened = Math.floor(Date.now() / 1000) - 2 * 3600 - 300;
    const clocks = new Clocks();
    clocks.advance(opened - clocks.now());
    gateway = await startProcess({
      config: { port: redis.port, keyPrefix },
      secrets: [deriveKeys(SESSION_SECRET)],
      idle: 6 * 3600,
      clocks,
    });
    clocks.advance(2 * 3600);
    env = {
      ...ENV,
      POSTERN_SESSION_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      POSTERN_SESSION_REDIS_KEY_PREFIX: keyPrefix,
      POSTERN_SESSION_IDLE: '6h',
    };
  });
  afterEach(() => gateway[Symbol.dispose]());
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  /** @param at seconds after the first */
  const save = (id: string, at: number, parts: Partial<Session> = {}): Promise<string> =>
    gateway.store.save(
      sessionOf({
        ...{ id, host: 'shop.example.com', tenant: '', createdAt: opened + at },
        expiresAt: opened + at + 12 * 3600,
        ...parts,
      }),
    );
  const WORLD: Readonly<Record<string, Partial<Session>>> = {
    'id-of-alice-at-home000': {},
    'id-of-alice-at-work000': { sid: 'two', host: 'desk.example.com', clientId: 'desk' },
    'id-of-bob-000000000000': { subject: 'bob', sid: 'three' },
  };
  const populate = async (): Promise<void> => {
    for (const [at, [id, parts]] of Object.entries(WORLD).entries()) await save(id, at * 60, parts);
  };

  test('list shows a line for each, the youngest first', async () => {
    await populate();
    const { code, out, err } = await run(['list'], {}, env);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [head, ...lines] = out.trimEnd().split('\n');
    expect(head?.split(/ {2,}/)).toEqual([
      ...['ID', 'SUBJECT', 'CLIENT/PROVIDER', 'HOST', 'OPENED', 'ENDS', 'IDLE'],
    ]);
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual(
      [
        ['id-of-bob-000000000000', 'bob', 'shop/default', 'shop.example.com', '2h3m ago', 'in 9h56m', '5m'],
        ['id-of-alice-at-work000', 'alice', 'desk/default', 'desk.example.com', '2h4m ago', 'in 9h55m', '5m'],
        ['id-of-alice-at-home000', 'alice', 'shop/default', 'shop.example.com', '2h5m ago', 'in 9h54m', '5m'],
      ].map((row) => row.map((cell) => expect.stringMatching(roughly(cell)))),
    );
  });

  test.each<[values: SessionsValues, ids: readonly string[]]>([
    [{ subject: 'alice' }, ['id-of-alice-at-work000', 'id-of-alice-at-home000']],
    [{ client: 'desk' }, ['id-of-alice-at-work000']],
    [{ client: 'desk', subject: 'bob' }, []],
    [{ limit: '1' }, ['id-of-bob-000000000000']],
    [{}, ['id-of-bob-000000000000', 'id-of-alice-at-work000', 'id-of-alice-at-home000']],
  ])('list %j', async (values, ids) => {
    await populate();
    const json = await run(['list'], values, env, true);
    const { sessions: listed, total } = JSON.parse(json.out) as { sessions: Session[]; total: number };
    expect(listed.map(({ id }) => id)).toEqual(ids);
    expect([json.code, total]).toEqual([
      ids.length === 0 ? 1 : 0,
      values.limit === undefined ? ids.length : 3,
    ]);
    const text = await run(['list'], values, env);
    for (const id of ids) expect(text.out).toContain(id);
    expect(text.out.includes('and 2 more: --limit 3, or --json for all\n')).toBe(values.limit !== undefined);
    if (ids.length === 0) expect(text).toEqual({ code: 1, out: 'No session.\n', err: '' });
  });

  test('list as JSON has every fact, and no secret', async () => {
    await save('one', 0);
    const { out } = await run(['list'], {}, env, true);
    expect(JSON.parse(out)).toEqual({
      total: 1,
      sessions: [
        {
          ...{ id: 'one', subject: 'alice', provider: 'default', clientId: 'shop', tenant: '' },
          ...{ host: 'shop.example.com', createdAt: opened, expiresAt: opened + 12 * 3600 },
          usedAt: expect.any(Number),
        },
      ],
    });
    expect(out).not.toMatch(/eyJ/);
  });

  test('list keeps to a line of a hundred columns, whatever a person is called', async () => {
    await save('one', 0, {
      subject: `auth0|${'ü🚪'.repeat(60)}\n\u202ex`,
      host: `${'h'.repeat(60)}.example.com`,
    });
    await save('two', 1, { clientId: 'c'.repeat(90) });
    const { out } = await run(['list'], {}, env);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) expect([...line].length).toBeLessThanOrEqual(100);
    expect(out).toMatch(/auth0\|ü🚪.*…/u);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would act on them
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  test.each(['0', '-1', 'many', '1.5', ''])('list --limit %s is a wrong call', async (limit) => {
    const said = await run(['list'], { limit }, env);
    expect(said).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('is no number of sessions'),
    });
  });

  test.each<[values: SessionsValues, ended: number]>([
    [{ id: 'id-of-alice-at-home000' }, 1],
    [{ id: 'id-of-nobody' }, 0],
    [{ subject: 'alice' }, 2],
    [{ subject: 'alice', provider: 'default' }, 2],
    [{ subject: 'Alice' }, 0],
    [{ client: 'shop' }, 2],
    [{ sid: 'two' }, 1],
  ])('kill %j ends %i, for every process', async (values, ended) => {
    await populate();
    const handle = await save('another', 0, { subject: 'eve', sid: 'four', clientId: 'other' });
    const said = await run(['kill'], values, env);
    expect(said).toEqual({
      code: ended === 0 ? 1 : 0,
      err: '',
      out:
        ended === 0
          ? 'No such session: nothing was ended.\n'
          : `Ended ${ended} session${ended === 1 ? '' : 's'}. Every process asks to sign in again within a second.\n`,
    });
    const { out } = await run(['list'], {}, env, true);
    expect(JSON.parse(out)).toMatchObject({ total: 4 - ended });
    expect(await gateway.store.load(handle, 'shop.example.com', '', opened + 7500)).toMatchObject({
      id: 'another',
    });
    const again = await run(['kill'], values, env, true);
    expect([again.code, JSON.parse(again.out)]).toEqual([1, expect.objectContaining({ ended: 0 })]);
  });

  test.each<[values: SessionsValues, code: number, says: string]>([
    [{ subject: 'alice' }, 2, 'whose subject or sid?\n  -> add --provider default|staff'],
    [{ sid: 'two' }, 2, 'whose subject or sid?\n  -> add --provider default|staff'],
    [{ subject: 'alice', provider: 'staff' }, 1, 'No such session'],
    [{ subject: 'alice', provider: 'default' }, 0, 'Ended 2 sessions'],
    [{ id: 'id-of-bob-000000000000' }, 0, 'Ended 1 session'],
  ])('kill %j where there are two providers', async (values, code, says) => {
    await populate();
    const folder = mkdtempSync(join(tmpdir(), 'postern-sessions-'));
    try {
      const config = [
        'providers:',
        '  default: { issuer: "https://id.example.com/", clientId: shop }',
        '  staff: { issuer: "https://staff.example.com/", clientId: desk }',
      ];
      const file = join(folder, 'postern.yaml');
      writeFileSync(file, config.join('\n'));
      const { POSTERN_PROVIDER_ISSUER: _, POSTERN_PROVIDER_CLIENT_ID: __, ...rest } = env;
      const said = await run(['kill'], values, { ...rest, POSTERN_CONFIG: file });
      expect([said.code, said.out + said.err]).toEqual([code, expect.stringContaining(says)]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const MISUSE = 'postern: ';
  test.each<[values: SessionsValues, err: string]>([
    [{}, 'which sessions?\n  -> write one of --id=ID, --subject, --client, --sid'],
    [{ id: 'a', client: 'b' }, 'one way to say which sessions, not several'],
    [{ subject: '' }, 'an empty text names no session'],
    [{ id: 'a', provider: 'default' }, '--provider goes with --subject and --sid'],
    [{ subject: 'a', provider: 'defalt' }, 'there is no provider "defalt"\n  -> did you mean "default"?'],
  ])('kill %j is a wrong call, and ends nothing', async (values, err) => {
    await populate();
    const said = await run(['kill'], values, env);
    expect(said).toMatchObject({ code: 2, out: '', err: expect.stringContaining(MISUSE + err) });
    expect(JSON.parse((await run(['list'], {}, env, true)).out)).toMatchObject({ total: 3 });
  });
}

/** Times move on while the test runs: a minute more or less is as good. */
function roughly(cell: string): RegExp {
  const escaped = cell.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/\d+m/, '\\d+m(?:\\d+s)?')}$`);
}
