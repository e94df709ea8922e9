import { createConnection } from 'node:net';

/** An answer as a `node:http` server is told to send it. */
export interface Answer {
  readonly status: number;
  /** Names and values in turn, as they came, without those that Node adds by itself. */
  readonly lines: readonly string[];
  readonly body: string;
}

const OF_NODE: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive']);

/** Sends one request and reads the answer line by line. */
export async function ask(port: number, request: Buffer): Promise<Answer> {
  const bytes = await exchange(port, request);
  const [head = '', body = ''] = bytes.toString('utf8').split(/\r\n\r\n(.*)/s);
  const [statusLine = '', ...rest] = head.split('\r\n');
  const lines = rest.flatMap((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    return OF_NODE.has(name.toLowerCase()) ? [] : [name, line.slice(colon + 1).trim()];
  });
  return { status: Number(statusLine.split(' ')[1]), lines, body };
}

/** @returns the values of a header. */
export const valuesOf = ({ lines }: Answer, name: string): readonly string[] =>
  lines.filter((_, index) => index % 2 === 1 && lines[index - 1]?.toLowerCase() === name);

function exchange(port: number, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      const headEnd = bytes.indexOf('\r\n\r\n');
      const length = /\r\ncontent-length: *([0-9]+)/i.exec(
        bytes.toString('latin1', 0, Math.max(0, headEnd)),
      )?.[1];
      if (headEnd === -1 || bytes.length < headEnd + 4 + Number(length ?? 0)) return;
      socket.destroy();
      resolve(bytes);
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`127.0.0.1:${port} closed the connection without an answer`)));
    socket.write(request);
  });
}
