/** What no recorded request shows of the built-in proxy. */

import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type ProxyOptions, type RunningProxy, startProxy } from '../../../demo/proxy.ts';
import { rawExchange } from './raw-exchange.ts';
import { type Recorder, startRecorder } from './recorder.ts';

let check: Recorder;
let upstream: Recorder;
let answer: (res: ServerResponse) => void;
const permit = (res: ServerResponse) => void res.writeHead(200, { 'X-Auth-Subject': 'anna' }).end();

beforeAll(async () => {
  check = await startRecorder((_req, res) => answer(res));
  upstream = await startRecorder((_req, res) => {
    res.writeHead(200, ['Set-Cookie', 'app=1', 'Set-Cookie', 'session=app']).end('UPSTREAM');
  });
});
afterAll(async () => {
  await check[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});
beforeEach(() => {
  check.requests.length = 0;
  upstream.requests.length = 0;
  answer = permit;
});

const proxyWith = (
  over: Partial<ProxyOptions> = {},
  address = `${check.origin}/verify`,
): Promise<RunningProxy> =>
  startProxy({
    port: 0,
    routers: [
      { hosts: ['shop.localhost'], pathPrefixes: ['/_auth'], upstream: upstream.origin },
      {
        hosts: ['shop.localhost'],
        upstream: upstream.origin,
        forwardAuth: { address, authResponseHeaders: ['X-Auth-Subject', 'Cookie'] },
      },
    ],
    ...over,
  });

const get = (path: string, ...lines: string[]) =>
  `${['GET '.concat(path, ' HTTP/1.1'), 'Host: shop.localhost', ...lines].join('\r\n')}\r\n\r\n`;
const has = (lines: Recorder['requests'][number]['headers'] | undefined, name: string) =>
  lines?.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);

test('a flood of header lines hides nothing from the check', async () => {
  await using proxy = await proxyWith();
  const flood = Array.from({ length: 1015 }, () => 'a: b');
  expect((await rawExchange(proxy.port, get('/admin', ...flood))).status).toBe(200);
  const [asked] = check.requests;
  expect(has(asked?.headers, 'a')).toHaveLength(1015);
  expect(has(asked?.headers, 'x-forwarded-uri')).toEqual(['/admin']);
  expect(has(asked?.headers, 'x-forwarded-method')).toEqual(['GET']);
});

test('a listed header that the check does not set is deleted', async () => {
  answer = (res) => void res.writeHead(200).end();
  await using proxy = await proxyWith();
  await rawExchange(proxy.port, get('/', 'X-Auth-Subject: mallory', 'Cookie: postern=secret'));
  expect(has(upstream.requests[0]?.headers, 'x-auth-subject')).toEqual([]);
  expect(has(upstream.requests[0]?.headers, 'cookie')).toEqual([]);
});

test('a cookie of a 2xx answer reaches the client only if its name is listed', async () => {
  answer = (res) =>
    void res.writeHead(200, ['Set-Cookie', 'session=new; HttpOnly', 'Set-Cookie', 'other=1']).end();
  await using plain = await proxyWith();
  const cookies = async (proxy: RunningProxy) =>
    (await rawExchange(proxy.port, get('/'))).headers
      .filter(([name]) => name === 'set-cookie')
      .map(([, value]) => value);
  expect(await cookies(plain)).toEqual(['app=1', 'session=app']);
  await using listed = await proxyWith({
    routers: [
      {
        hosts: ['shop.localhost'],
        upstream: upstream.origin,
        forwardAuth: {
          address: check.origin,
          authResponseHeaders: [],
          addAuthCookiesToResponse: ['session'],
        },
      },
    ],
  });
  expect(await cookies(listed)).toEqual(['app=1', 'session=new; HttpOnly']);
});

test('a check that is down, hangs up or sends too much never permits', async () => {
  const outcomes: [() => Promise<RunningProxy>, (res: ServerResponse) => void, number][] = [
    [() => proxyWith({}, 'http://127.0.0.1:1/verify'), permit, 500],
    [proxyWith, (res) => void res.destroy(), 500],
    [proxyWith, (res) => void res.writeHead(200).end('x'.repeat(65_537)), 401],
    [proxyWith, (res) => void res.writeHead(304).end(), 304],
  ];
  for (const [start, how, status] of outcomes) {
    answer = how;
    await using proxy = await start();
    const refused = await rawExchange(proxy.port, get('/'));
    expect([refused.status, refused.body]).toEqual([status, '']);
  }
  expect(upstream.requests).toHaveLength(0);
});

test('a refused WebSocket gets the refusal and no connection', async () => {
  answer = (res) => void res.writeHead(401, { 'Content-Type': 'text/plain' }).end('no');
  await using proxy = await proxyWith();
  const refused = await rawExchange(
    proxy.port,
    get('/live', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='),
  );
  expect([refused.status, refused.body]).toEqual([401, 'no']);
  expect(upstream.requests).toHaveLength(0);
});

test('the extra router asks nobody; an unknown host is a 404', async () => {
  answer = (res) => void res.writeHead(401).end();
  await using proxy = await proxyWith({ drop: ['X-Http-Method-Override'] });
  expect(
    (await rawExchange(proxy.port, get('/_auth/callback?code=1', 'X-HTTP-Method-Override: PUT'))).status,
  ).toBe(200);
  expect(has(upstream.requests[0]?.headers, 'x-http-method-override')).toEqual([]);
  expect(check.requests).toHaveLength(0);
  const other = 'GET / HTTP/1.1\r\nHost: other.localhost\r\n\r\n';
  expect((await rawExchange(proxy.port, other)).status).toBe(404);
});
