import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLog, type Log } from '../../src/log.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { Reply } from '../../src/outcome/reply.ts';
import { requestOf } from '../support/requests.ts';

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
    ['failed', 'error', (log) => log.failed(new Error('m'))],
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

describe('the table of metrics', () => {
  const metrics = createMetrics({
    rules: () => ({ version: 'v1', loadedAt: 5 }),
    keySets: () => [
      ['https://a', 7],
      ['https://b', undefined],
    ],
    providers: () => [['default', true]],
    secrets: () => [['default', 0, 9]],
    warmSessions: () => 3,
  });

  test('names every metric of ours, with its labels', async () => {
    metrics.checked(reply(403), 0.002);
    metrics.paged({ ...reply(303), reason: 'login-completed' });
    metrics.called('default', '5xx');
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

  test('counts what it is told', async () => {
    const { body } = await metrics.text();
    for (const line of [
      'postern_decisions_total{app="a",reason="scope-missing"} 1',
      'postern_logins_total{app="a",outcome="login-completed"} 1',
      'postern_provider_calls_total{provider="default",outcome="5xx"} 1',
      'postern_check_duration_seconds_count 1',
      'postern_key_set_age_seconds{issuer="https://a"} 7',
      'postern_client_secret_expiry_timestamp_seconds{provider="default",place="0"} 9',
      'postern_sessions_warm{store="cookie"} 3',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    expect(body).not.toContain('https://b');
  });
});
