import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** A server that answers until it is closed. */
export interface RunningServer extends AsyncDisposable {
  readonly origin: string;
  close(): Promise<void>;
}

/** @returns `http://127.0.0.1:<port>` of a server that listens there. */
export const originOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Starts to listen; rejects when the address cannot be had. */
export function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Stops to listen and waits until the port is free. */
export function unlisten(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

/** Stops to listen, cuts every connection, and waits until the port is free. */
export async function closeNow(server: HttpServer): Promise<void> {
  const closed = unlisten(server);
  server.closeAllConnections();
  await closed;
}

/** Starts to listen on a free port of 127.0.0.1. */
export async function serveHere(server: HttpServer): Promise<RunningServer> {
  await listen(server, 0, '127.0.0.1');
  const close = (): Promise<void> => closeNow(server);
  return { origin: originOf(server), close, [Symbol.asyncDispose]: close };
}

/**
 * A port that is free on 127.0.0.1 now, for a program that has to be told one.
 * Somebody else may take it before that program does: whoever starts it must notice.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await listen(server, 0, '127.0.0.1');
  const address = server.address();
  await unlisten(server);
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** @returns whether nobody listens there, on any of the loopback addresses that this machine has. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of await loopbackAddresses()) {
    const server = createServer();
    try {
      await listen(server, port, host);
    } catch {
      return false;
    }
    await unlisten(server);
  }
  return true;
}

/** 127.0.0.1, and ::1 where there is one: browsers may resolve `*.localhost` to either. */
export async function loopbackAddresses(): Promise<readonly string[]> {
  const server = createServer();
  try {
    await listen(server, 0, '::1');
  } catch {
    return ['127.0.0.1'];
  }
  await unlisten(server);
  return ['127.0.0.1', '::1'];
}
