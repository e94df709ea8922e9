import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { ExchangeEvent } from '../../src/broker/exchanges.ts';
import { createLog, type Log } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import type { Reply } from '../../src/outcome/reply.ts';
import { requestOf, ruleSetOf } from '../support/requests.ts';

const DOCUMENT = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

const rowsAfter = (heading: string): readonly (readonly string[])[] =>
  (DOCUMENT.split(`## ${heading}\n`)[1] ?? '')
    .split('\n## ')[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').slice(1, -1)) ?? [];

const words = (cell: string | undefined): readonly string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1] ?? '');

const reply = (status: number): Reply => ({
  status,
  reason: 'scope-missing',
  headers: [],
  facts: {
    app: 'a',
    rule: 'r',
    subject: 's',
    client: 'c',
    credential: 'session',
    missing: ['m'],
    requestId: 'i',
    cause: 'x',
  },
});

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

function linesOf(
  use: (log: Log) => void,
  decisions: 'all' | 'denied' | 'none' = 'all',
): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  use(
    createLog(
      { level: 'info', decisions },
      { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    ),
  );
  return lines;
}

const exchanged = (outcome: ExchangeEvent['outcome']): ExchangeEvent => ({
  ...{ outcome, exchange: 'e', provider: 'p', issuer: 'i', subject: 's', client: 'c' },
  ...{ from: 'f', to: 't', scopes: [], newSubject: undefined, cause: 'c' },
});

describe('the table of log lines', () => {
  const request = requestOf('GET shop.example.com/a?secret=1', { traceparent: TRACEPARENT });
  const events: readonly (readonly [event: string, level: string, use: (log: Log) => void])[] = [
    [
      'started',
      'info',
      (log) => log.started({ listen: 'l', pagesListen: 'p', adminListen: 'a' }, { version: 'v', apps: 1 }),
    ],
    ['decided', 'info', (log) => log.decided(request, reply(403))],
    ['decided', 'warn', (log) => log.decided(request, reply(503))],
    ['warned', 'warn', (log) => log.warned('m', { kind: 'discovery-failed', issuer: 'i' })],
    [
      'warned',
      'warn',
      (log) => log.warned('m', { kind: 'refresh-failed', provider: 'p', outcome: 'ended', cause: 'c' }),
    ],
    ['warned', 'warn', (log) => log.warned('m', { kind: 'tenants-refused', file: 'f', cause: 'c' })],
    ['warned', 'warn', (log) => log.warned('m', { kind: 'secrets-refused', place: 'p', cause: 'c' })],
    [
      'warned',
      'warn',
      (log) => log.warned('m', { kind: 'secret-expiring', provider: 'p', place: 1, expires: 'e' }),
    ],
    ['warned', 'warn', (log) => log.warned('m', { kind: 'secret-fallback', provider: 'p', place: 2 })],
    ['failed', 'error', (log) => log.failed(new Error('m'))],
    ['secrets-reloaded', 'info', (log) => log.secretsReloaded('p', 1)],
    ['tenants-reloaded', 'info', (log) => log.tenantsReloaded(2)],
    ['exchanged', 'info', (log) => log.exchanged(exchanged('granted'))],
    ['exchanged', 'warn', (log) => log.exchanged(exchanged('refused'))],
    [
      'rules-reloaded',
      'info',
      (log) => log.rulesReloaded('a', ruleSetOf('app: a\nhosts: [a.b]\nrules: { /: public }')),
    ],
    [
      'rules-refused',
      'warn',
      (log) => log.rulesRefused({ file: 'f', line: 1, column: 2, message: 'm', wayOut: 'w' }),
    ],
    ['stopping', 'info', (log) => log.stopping('SIGTERM')],
  ];

  test.each(events)('%s, %s: has the fields that are documented', (event, level, use) => {
    const [line] = linesOf(use);
    expect(line).toMatchObject({ event, level });
    const row = rowsAfter('Log lines').find(([name]) => words(name)[0] === event);
    const documented = new Set([...words(row?.[2]), 'level', 'time', 'event']);
    expect(Object.keys(line ?? {}).filter((name) => !documented.has(name))).toEqual([]);
  });

  test('names no event that there is not', () => {
    expect(rowsAfter('Log lines').map(([name]) => words(name)[0])).toEqual([
      ...new Set(events.map(([event]) => event)),
    ]);
  });

  test('the query is never in a line; the trace id is, when it is one', () => {
    const [line] = linesOf((log) => log.decided(request, reply(200)));
    expect(line).toMatchObject({ path: '/a', trace: '4bf92f3577b34da6a3ce929d0e0e4736' });
    for (const traceparent of [
      'x',
      `${TRACEPARENT}\n`,
      TRACEPARENT.toUpperCase(),
      `${TRACEPARENT}, ${TRACEPARENT}`,
    ]) {
      const [other] = linesOf((log) =>
        log.decided(requestOf('GET shop.example.com/a', { traceparent }), reply(200)),
      );
      expect(other).not.toHaveProperty('trace');
    }
  });

  test.each([
    ['all', [200, 302, 403, 500]],
    ['denied', [302, 403, 500]],
    ['none', [500]],
  ] as const)('decisions: %s', (decisions, expected) => {
    const lines = linesOf((log) => {
      for (const status of [200, 302, 403, 500]) log.decided(request, reply(status));
    }, decisions);
    expect(lines.map(({ status }) => status)).toEqual(expected);
  });
});

describe('standard output', () => {
  const program = (end: string): string => `
    import { createLog } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../src/log.ts')).href)};
    const log = createLog({ level: 'info', decisions: 'all' });
    for (let line = 1; line <= 500; line += 1) log.warned(String(line), { more: 'x'.repeat(100) });
    ${end}`;
  test.each([
    ['comes to its end', '', 0],
    ['exits in the same turn', 'process.exit(3);', 3],
    ['fails in the same turn', "throw new Error('no');", 1],
  ])('has every line, once and in order, of a process that %s', (_what, end, status) => {
    const args = ['--no-warnings', '--input-type=module', '--eval', program(end)];
    const { stdout, status: code } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string });
    expect(lines.map(({ msg }) => Number(msg))).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(code).toBe(status);
  });
});

describe('the table of metrics', () => {
  const metrics = createMetrics({
    rules: () => ({ version: 'v1', loadedAt: 5, refusal: {} }),
    keySets: () => [
      ['https://a', 7],
      ['https://b', undefined],
    ],
    providers: () => [['default', true]],
    secrets: () => [['default', 0, 9]],
    appsInReportMode: () => 1,
    warmSessions: () => 3,
    store: () => ({ name: 'redis', reachable: false }),
  });

  test('names every metric of ours, with its labels', async () => {
    metrics.checked(reply(403), 0.002);
    metrics.paged({ ...reply(303), reason: 'login-completed' });
    metrics.called('default', '5xx');
    metrics.refreshed('default', 'renewed');
    metrics.wrongSecret('default');
    metrics.exchanged('dash', 'granted');
    metrics.reloaded('refused');
    const { body } = await metrics.text();
    const names = [...body.matchAll(/^# TYPE (postern_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]);
    const documented = rowsAfter('Metrics').map(([name, type]) => [words(name)[0], type?.trim()]);
    expect(names.sort()).toEqual(documented.sort());
    for (const [name, , labels] of rowsAfter('Metrics')) {
      const line = body.split('\n').find((one) => one.startsWith(`${words(name)[0]}{`));
      const found = [...(line ?? '').matchAll(/(\w+)="/g)].map((m) => m[1]).filter((label) => label !== 'le');
      expect([words(name)[0], found]).toEqual([
        words(name)[0],
        words(labels).filter((word) => /^[a-z]+$/.test(word)),
      ]);
    }
  });

  test('names what it says of the process, and nothing that it does not', async () => {
    const { body } = await metrics.text();
    const names = [...body.matchAll(/^# TYPE ((?:process|nodejs)_\w+) \w+$/gm)].map(([, name]) => name);
    const paragraph = DOCUMENT.slice(DOCUMENT.indexOf('Beside them, read at the scrape')).split('\n\n')[0];
    const documented = words(paragraph).flatMap((word) =>
      /^_\w+_$/.test(word)
        ? [`process_cpu${word}seconds_total`]
        : /^(?:process|nodejs)_/.test(word)
          ? [word]
          : [],
    );
    expect(names.sort()).toEqual(documented.sort());
  });

  test('a histogram counts a check in every bucket that it fits into', async () => {
    const { body } = await metrics.text();
    const lines = body.split('\n').filter((line) => line.startsWith('postern_check_duration_seconds'));
    expect(lines).toEqual([
      ...['0.0001', '0.00025', '0.0005', '0.001'].map(
        (le) => `postern_check_duration_seconds_bucket{le="${le}"} 0`,
      ),
      ...['0.0025', '0.005', '0.01', '0.05', '0.25', '1', '5', '+Inf'].map(
        (le) => `postern_check_duration_seconds_bucket{le="${le}"} 1`,
      ),
      'postern_check_duration_seconds_sum 0.002',
      'postern_check_duration_seconds_count 1',
    ]);
  });

  test('counts what it is told', async () => {
    const { body } = await metrics.text();
    for (const line of [
      'postern_decisions_total{app="a",reason="scope-missing"} 1',
      'postern_logins_total{app="a",outcome="login-completed"} 1',
      'postern_provider_calls_total{provider="default",outcome="5xx"} 1',
      'postern_refreshes_total{provider="default",outcome="renewed"} 1',
      'postern_check_duration_seconds_count 1',
      'postern_key_set_age_seconds{issuer="https://a"} 7',
      'postern_client_secret_expiry_timestamp_seconds{provider="default",place="0"} 9',
      'postern_sessions_warm{store="redis"} 3',
      'postern_store_reachable{store="redis"} 0',
      'postern_rules_info{version="v1"} 1',
      'postern_rules_reloads_total{outcome="refused"} 1',
      'postern_rules_reloads_total{outcome="swapped"} 0',
      'postern_rules_reload_failed 1',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    expect(body).not.toContain('https://b');
  });
});
