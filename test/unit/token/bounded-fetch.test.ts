import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { AnswerRefused, createBoundedFetch } from '../../../src/token/bounded-fetch.ts';

const bounded = createBoundedFetch({ fetch: globalThis.fetch, timeout: 200, maxBytes: 1000 });
const BOMB = gzipSync(Buffer.alloc(50_000_000));

async function serving(answer: Parameters<typeof createServer>[1], ask: (url: string) => Promise<void>) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  await ask(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`).finally(() => {
    server.closeAllConnections();
    server.close();
  });
}

test('an answer within the limits passes: status, headers, body', () =>
  serving(
    (_req, res) => res.writeHead(201, { 'content-type': 'application/json' }).end(`"${'x'.repeat(998)}"`),
    async (url) => {
      const response = await bounded(url);
      expect(response.status).toBe(201);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect((await response.text()).length).toBe(1000);
    },
  ));

test('no body is no body', () =>
  serving(
    (_req, res) => res.writeHead(204).end(),
    async (url) => expect((await bounded(url)).status).toBe(204),
  ));

test('one byte too many', () =>
  serving(
    (_req, res) => res.end('x'.repeat(1001)),
    (url) => expect(bounded(url)).rejects.toThrow(new AnswerRefused('an answer of more than 1000 bytes')),
  ));

test('a gzip bomb is counted as what it unfolds to', () =>
  serving(
    (_req, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(BOMB),
    (url) => expect(bounded(url)).rejects.toThrow(new AnswerRefused('an answer of more than 1000 bytes')),
  ));

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', (status) =>
  serving(
    (req, res) => {
      if (req.url !== '/') throw new Error('followed');
      res.writeHead(status, { location: '/elsewhere' }).end();
    },
    (url) => expect(bounded(url)).rejects.toThrow(new AnswerRefused(`a redirect (status ${status})`)),
  ),
);

test('headers that never come', () =>
  serving(
    () => {},
    (url) => expect(bounded(url)).rejects.toMatchObject({ name: 'TimeoutError' }),
  ));

test('a body that never ends', () =>
  serving(
    (_req, res) => {
      res.write('{');
    },
    (url) => expect(bounded(url)).rejects.toMatchObject({ name: 'TimeoutError' }),
  ));

test("the caller's own signal counts too", () =>
  serving(
    () => {},
    (url) =>
      expect(bounded(url, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' }),
  ));
