import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { listen, unlisten } from '../../demo/listener.ts';

/** What an app behind the proxy received. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  /** Names and values in turn, as they came. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** An app that tells what it received: as JSON, or as a page where HTML is asked for. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  /** Everything that ever reached it, WebSockets too. */
  readonly seen: readonly Seen[];
  /** Writes one more event to every open stream of `/live/events`. */
  emit(data: string): void;
}

/** @returns the values of a header, in order, whatever its case. */
export const linesOf = ({ lines }: Seen, name: string): readonly string[] =>
  lines.filter((_value, i) => i % 2 === 1 && lines[i - 1]?.toLowerCase() === name.toLowerCase());

export async function startUpstream(): Promise<Upstream> {
  const seen: Seen[] = [];
  const streams = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  const note = ({ method = '', url = '', rawHeaders }: IncomingMessage, body: string): Seen => {
    const one = { method, target: url, lines: [...rawHeaders], body };
    seen.push(one);
    return one;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one = note(request, await text(request));
    if (one.target === '/live/events') {
      response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
      response.write('data: first\n\n');
      streams.add(response);
      response.on('close', () => streams.delete(response));
    } else if (request.headers.accept?.startsWith('text/html')) {
      // Without `no-store` a browser's back button shows what it has kept, whoever is signed in.
      response
        .writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
        .end(pageAbout(one));
    } else {
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(one));
    }
  };
  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.maxHeadersCount = 0;
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    note(request, '');
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash('sha1').update(key).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.pipe(socket);
  });
  await listen(server, 0, '127.0.0.1');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    emit: (data) => {
      for (const stream of streams) stream.write(`data: ${data}\n\n`);
    },
    async [Symbol.asyncDispose]() {
      const closed = unlisten(server);
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function pageAbout(one: Seen): string {
  const who = linesOf(one, 'X-Auth-Subject').join() || 'nobody';
  const where = one.target.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
  const frame = one.target === '/frames' ? '<iframe src="/account/inside" title="inside"></iframe>' : '';
  return `<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,">
<h1>The app</h1><p id="who">${who}</p><p id="where">${where}</p>${frame}`;
}
