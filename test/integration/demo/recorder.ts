import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, unlisten } from '../../../demo/listener.ts';

/** A request as a recorder got it. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** A server that keeps what it is sent. */
export interface Recorder extends AsyncDisposable {
  readonly port: number;
  readonly origin: string;
  readonly requests: Recorded[];
}

/** Starts a server that keeps each request, then answers as told; WebSockets are accepted and left open. */
export async function startRecorder(
  answer: (req: IncomingMessage, res: ServerResponse) => void,
): Promise<Recorder> {
  const requests: Recorded[] = [];
  const sockets = new Set<Duplex>();
  const keep = (req: IncomingMessage, body: string) => {
    const headers: [string, string][] = [];
    for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
      headers.push([req.rawHeaders[i] ?? '', req.rawHeaders[i + 1] ?? '']);
    }
    requests.push({ method: req.method ?? '', url: req.url ?? '', headers, body });
  };
  const server = createServer({ maxHeaderSize: 1 << 20 }, (req, res) => {
    let body = '';
    req.setEncoding('latin1');
    req.on('data', (chunk) => {
      body += chunk;
    });
    req.on('end', () => {
      keep(req, body);
      answer(req, res);
    });
  });
  server.maxHeadersCount = 0;
  server.on('upgrade', (req, socket) => {
    keep(req, '');
    const accept = createHash('sha1')
      .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.on('data', (chunk) => socket.write(chunk));
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    sockets.add(socket);
  });
  await listen(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      const closed = unlisten(server);
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
