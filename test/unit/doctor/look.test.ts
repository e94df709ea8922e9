import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { closeNow, listen } from '../../../demo/listener.ts';
import { look } from '../../../src/doctor/look.ts';

describe('a look', () => {
  let server: Server;
  let port = 0;
  const hosts: (string | undefined)[] = [];
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    '/moved': (response) => response.writeHead(302, { location: '/there' }).end(),
    '/flood': (response) => {
      const pour = (): void => {
        while (response.write('x'.repeat(16_384)));
      };
      response.on('drain', pour);
      pour();
    },
    '/silent': () => {},
    '/broken': (response) => response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort'),
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      hosts.push(request.headers.host);
      (answers[request.url ?? ''] ?? ((one) => one.end('here')))(response);
    });
    await listen(server, 0, '127.0.0.1');
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => closeNow(server));

  test('follows no redirect', async () => {
    expect(await look(`http://127.0.0.1:${port}/moved`)).toMatchObject({
      status: 302,
      headers: { location: '/there' },
      body: '',
    });
  });

  test('reads no more than 64 KB', async () => {
    const answer = await look(`http://127.0.0.1:${port}/flood`);
    expect('body' in answer && answer.body.length).toBe(65_536);
  });

  test('finds names under localhost on this machine, whatever the resolver says', async () => {
    expect(await look(`http://shop.localhost:${port}/`)).toMatchObject({ status: 200, body: 'here' });
    expect(hosts.at(-1)).toBe(`shop.localhost:${port}`);
  });

  test('connects elsewhere, and names the host all the same', async () => {
    const at = new URL(`http://127.0.0.1:${port}`);
    expect(await look('https://shop.example.com/', { at })).toMatchObject({ status: 200 });
    expect(hosts.at(-1)).toBe('shop.example.com');
  });

  test.each([
    ['/silent', 'no answer within 3 s'],
    ['/broken', 'ECONNRESET'],
  ])('%s fails: %s', async (path, failure) => {
    expect(await look(`http://127.0.0.1:${port}${path}`)).toEqual({ failure });
  });

  test('says when nobody listens', async () => {
    const none = createServer();
    none.listen(0, '127.0.0.1');
    await once(none, 'listening');
    const { port: free } = none.address() as AddressInfo;
    none.close();
    await once(none, 'close');
    expect(await look(`http://127.0.0.1:${free}/`)).toEqual({ failure: 'ECONNREFUSED' });
  });
});
