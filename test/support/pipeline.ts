import { once } from 'node:events';
import { connect } from 'node:net';

/** What came back for one request. */
export interface PipelinedAnswer {
  readonly status: number;
  /** `reason` of a problem JSON; empty without one. */
  readonly reason: string;
}

/** Requests over one kept connection, as many under way as are sent; cheap, so that a test's load is the server's. */
export interface Pipeline {
  /** @param head the whole request, to the empty line. Rejects when the connection ends before its answer. */
  send(head: string): Promise<PipelinedAnswer>;
  close(): void;
}

interface Waiting {
  readonly resolve: (answer: PipelinedAnswer) => void;
  readonly reject: (error: Error) => void;
}

export async function openPipeline(address: string): Promise<Pipeline> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  socket.setNoDelay(true);
  const waiting: Waiting[] = [];
  let read = '';
  const fail = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the connection ended')));
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    read += chunk;
    for (let end = read.indexOf('\r\n\r\n'); end !== -1; end = read.indexOf('\r\n\r\n')) {
      const head = read.slice(0, end);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const next = end + 4 + length;
      if (read.length < next) return;
      const body = read.slice(end + 4, next);
      read = read.slice(next);
      const reason = /"reason": *"([^"]*)"/.exec(body)?.[1] ?? '';
      waiting.shift()?.resolve({ status: Number(head.slice(9, 12)), reason });
    }
  });
  return {
    send: (head) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        socket.write(head);
      }),
    close: () => socket.destroy(),
  };
}
