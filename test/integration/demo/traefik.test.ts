/** The real Traefik with the files of traefik/ and the built-in proxy, side by side: what they ask and what they carry. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../../demo/listener.ts';
import { type RunningProxy, startProxy } from '../../../demo/proxy.ts';
import { findTraefik, type RunningTraefik, startTraefik } from '../../../demo/traefik.ts';
import { readMiddlewares } from '../../../demo/traefik-files.ts';
import { rawExchange } from './raw-exchange.ts';
import { type Recorder, startRecorder } from './recorder.ts';

const shop = (first: string, ...lines: string[]) =>
  `${[`${first} HTTP/1.1`, 'Host: Shop.localhost:8080', 'User-Agent: test/1', ...lines].join('\r\n')}\r\n\r\n`;

const REQUESTS: Readonly<Record<string, string>> = {
  'a page': shop('GET /orders?view=open&q=a%20b;c', 'Accept: text/html', 'Cookie: a=1', 'Cookie: b=2'),
  'dot segments': shop('GET /a/./b/../c//d/'),
  'encoded dot segments': shop('GET /a/%2e%2e/%61dmin?'),
  'characters that need an escape': shop('GET /"<>{}^|`[]!'),
  'forged forwarded headers': shop(
    'GET /',
    'X-Forwarded-Uri: /public',
    'X-Forwarded-Method: PUT',
    'X-Forwarded-For: 6.6.6.6',
    'X-Real-Ip: 6.6.6.6',
    'Forwarded: for=6.6.6.6',
    'X-Auth-Subject: mallory',
    'Authorization: Bearer forged',
  ),
  'headers that make an app see another request': shop(
    'POST /',
    'X-HTTP-Method-Override: DELETE',
    'X-Original-URL: /x',
    'Content-Length: 0',
  ),
  'a body': shop('PUT /orders/7', 'Content-Type: text/plain', 'Content-Length: 5').concat('hello'),
  'a connection header that lists others': shop(
    'GET /',
    'Connection: Cookie, X-Forwarded-Uri, X-Kept',
    'Cookie: a=1',
    'X-Kept: 1',
  ),
  'a WebSocket': shop(
    'GET /live',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ),
  'a page of the gateway': shop('GET /_auth/callback?code=c&state=s', 'Cookie: a=1'),
  'a path that only begins like one': shop('GET /_authors'),
  'a refusal': shop('GET /refuse'),
  'an unknown host': 'GET / HTTP/1.1\r\nHost: other.localhost\r\n\r\n',
  'a fragment': shop('GET /a#b'),
  'a bad escape': shop('GET /%zz'),
};

const traefik = findTraefik();
if (traefik === undefined) {
  test.skip('the built-in proxy beside a real Traefik: neither TRAEFIK_BIN nor `traefik` on the path names one', () => {});
} else {
  describe('the built-in proxy and the real Traefik do the same with', () => {
    let check: Recorder;
    let app: Recorder;
    let pages: Recorder;
    let real: RunningTraefik & { port: number };
    let builtIn: RunningProxy;

    beforeAll(async () => {
      check = await startRecorder((req, res) => {
        if (req.headers['x-forwarded-uri'] === '/refuse') {
          const lines = ['Location', 'https://idp.test/a?b=%2F', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'];
          return void res.writeHead(302, [...lines, 'Content-Length', '0']).end();
        }
        res.writeHead(200, { 'X-Auth-Subject': 'anna', 'X-Other': 'x', 'Set-Cookie': 'lost=1' }).end();
      });
      app = await startRecorder((_req, res) => void res.writeHead(200, { 'Content-Length': '3' }).end('APP'));
      pages = await startRecorder(
        (_req, res) => void res.writeHead(200, { 'Content-Length': '5' }).end('PAGES'),
      );
      const port = await freePort();
      const places = { shop: app.origin, ops: app.origin, checks: check.origin, pages: pages.origin };
      real = Object.assign(await startTraefik(traefik, port, ['127.0.0.1'], places), { port });
      const { drop, ...auth } = await readMiddlewares();
      builtIn = await startProxy({
        port: 0,
        drop,
        routers: [
          { hosts: ['shop.localhost'], pathPrefixes: ['/_auth'], upstream: pages.origin },
          {
            hosts: ['shop.localhost'],
            upstream: app.origin,
            forwardAuth: { address: `${check.origin}/verify`, ...auth },
          },
        ],
      });
    }, 30_000);

    afterAll(async () => {
      for (const one of [real, builtIn, check, app, pages]) await one?.[Symbol.asyncDispose]();
    });

    beforeEach(() => {
      for (const one of [check, app, pages]) one.requests.length = 0;
    });

    test.each(Object.entries(REQUESTS))('%s', async (_name, bytes) => {
      const wanted = await through(real.port, bytes);
      expect(await through(builtIn.port, bytes)).toEqual(wanted);
    });

    async function through(port: number, bytes: string) {
      const answer = await rawExchange(port, bytes);
      const seen = Object.entries({ check, app, pages }).flatMap(([name, { requests }]) =>
        requests.splice(0).map(({ method, url, headers, body }) => ({
          name,
          method,
          url,
          body,
          // Go's client asks for gzip, node's says keep-alive: each on its own hop only.
          lines: joined(headers.filter(([, value]) => value !== 'gzip' && value !== 'keep-alive')),
        })),
      );
      const framing = ['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding'];
      const headers = answer.headers.filter(([name]) => !framing.includes(name));
      const { status } = answer;
      // Their own errors have words of their own.
      return status === 400 || status === 404
        ? { status, seen }
        : { status, seen, body: answer.body, headers: joined(headers) };
    }
  });
}

/** Sorted, names in lower case, one Cookie line for several. */
function joined(lines: readonly (readonly [name: string, value: string])[]): string[] {
  const cookies = lines.filter(([name]) => name === 'Cookie').map(([, value]) => value);
  return lines
    .filter(([name]) => name !== 'Cookie')
    .concat(cookies.length > 0 ? [['Cookie', cookies.join('; ')]] : [])
    .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
    .sort();
}
