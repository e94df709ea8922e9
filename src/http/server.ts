import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as NetServer } from 'node:net';
import type { Address } from '../config/config.ts';
import { bareRefusal } from '../outcome/bare-refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { type Eventual, isPromise } from './eventual.ts';
import { writeReply } from './write-reply.ts';

/** Bytes: an app's own cookies come along, and 17 KB of them must not lock anyone out. */
const MAX_HEADER_SIZE = 64 * 1024;
/** Header lines; Node's own cap would drop the rest in silence, the forwarded headers among them. */
const MAX_HEADER_LINES = 200;
/** Milliseconds: longer than the 90 s for which Traefik keeps idle connections, or it would write into a closing one. */
const KEEP_ALIVE = 100_000;

/** Milliseconds for which a silent connection is kept once the server listens no more. */
const LAST_WORD = 50;

/** Handles one request; never throws. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A listening server that can be stopped without losing what is under way. */
export interface Listener {
  readonly address: AddressInfo;
  /** From now on every answer ends its connection, so that none is idle when the end comes. */
  drain(): void;
  /** Requests under way finish; then everything is closed. */
  stop(): Promise<void>;
}

export const isHeaderFlood = (request: IncomingMessage): boolean =>
  request.rawHeaders.length > 2 * MAX_HEADER_LINES;

/** Listens on an address. @throws the system's error when it is taken. */
export async function listen(handler: Handler, address: Address): Promise<Listener> {
  const server: Server = createServer(
    // A check has no body, so nothing of a stream needs to be set up and torn down for it.
    { maxHeaderSize: MAX_HEADER_SIZE, keepAliveTimeout: KEEP_ALIVE, optimizeEmptyRequests: true },
    handler,
  );
  server.maxHeadersCount = 0;
  // `Expect` is between the client and the upstream (Traefik passes it on): Node's own 417 would be a verdict.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    server.emit('request', request, response);
  });
  let stopping = false;
  // After SIGTERM a kept connection must not carry a request into a server that is gone.
  server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
    if (stopping) response.shouldKeepAlive = false;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    drain: () => {
      stopping = true;
    },
    stop: () =>
      new Promise((resolve) => {
        stopping = true;
        // Not `http.Server.close`: it would cut connections that were just accepted and wait for their first request.
        NetServer.prototype.close.call(server, () => resolve());
        setTimeout(() => server.closeIdleConnections(), LAST_WORD);
      }),
  };
}

/** Answers with what `answer` makes, at once or later; an exception is a 500, never a 2xx. */
export function respond(
  response: ServerResponse,
  answer: () => Eventual<Reply>,
  failed: (error: unknown) => void,
  answered: (reply: Reply) => void,
): void {
  const giveUp = (error: unknown): void => {
    failed(error);
    response.destroy();
  };
  const fail = (error: unknown): Reply => {
    failed(error);
    return bareRefusal('internal-error');
  };
  const send = (reply: Reply): void => {
    writeReply(response, reply);
    answered(reply);
  };
  let reply: Eventual<Reply>;
  try {
    reply = answer();
  } catch (error) {
    reply = fail(error);
  }
  if (isPromise(reply)) {
    reply.catch(fail).then(send).catch(giveUp);
    return;
  }
  try {
    send(reply);
  } catch (error) {
    giveUp(error);
  }
}
