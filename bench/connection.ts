import { createConnection } from 'node:net';

/** A connection that stays open and carries one request at a time. */
export interface Connection {
  readonly send: (request: Buffer) => void;
  /** Rejects when the server ends it; never fulfilled. */
  readonly lost: Promise<never>;
  close(): void;
}

/** Bytes; the gateway's answers are at most 16 KB and their headers. */
const LARGEST_ANSWER = 256 * 1024;

/**
 * Connects to a server. On bare sockets, so that the client costs less than what it measures.
 * @param answered called for each answer that is there whole
 */
export function connect(
  host: string,
  port: number,
  answered: (connection: Connection, status: number) => void,
): Promise<Connection> {
  const answer = Buffer.allocUnsafe(LARGEST_ANSWER);
  let filled = 0;
  // Into one buffer: a stream of chunks would cost the client as much as the gateway takes.
  const onread = {
    buffer: Buffer.allocUnsafe(64 * 1024),
    callback(size: number, chunk: Uint8Array): boolean {
      answer.set(chunk.subarray(0, size), filled);
      filled += size;
      const status = statusOfWhole(answer, filled);
      if (status === undefined) return true;
      filled = 0;
      answered(connection, status);
      return true;
    },
  };
  const socket = createConnection({ port, host, noDelay: true, onread });
  let done = false;
  const lost = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    socket.once('close', () => done || reject(new Error(`${host}:${port} closed a connection`)));
  });
  lost.catch(() => {});
  const connection: Connection = {
    send: (request) => void socket.write(request),
    lost,
    close() {
      done = true;
      socket.end();
    },
  };
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(connection));
    lost.catch(reject);
  });
}

/** @returns the status of the answer in the first bytes, once it is there whole. */
function statusOfWhole(bytes: Buffer, size: number): number | undefined {
  const headEnd = bytes.subarray(0, size).indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
  if (length !== undefined) return size >= headEnd + 4 + Number(length) ? status : undefined;
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return status;
  return bytes.toString('latin1', size - 5, size) === '0\r\n\r\n' ? status : undefined;
}
