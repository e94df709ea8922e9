import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** An answer as it came over the wire, one char per byte. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** TLS without certificates: both ends know the key. */
export const PRESHARED = { identity: 'test', psk: Buffer.alloc(32, 7) } as const;
export const PRESHARED_CIPHERS = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;

/** Sends bytes as they stand and reads one answer. */
export async function rawExchange(port: number, bytes: string, tls = false): Promise<RawAnswer> {
  const socket: Socket = tls
    ? connectTls({
        port,
        host: '127.0.0.1',
        ...PRESHARED_CIPHERS,
        pskCallback: () => PRESHARED,
        checkServerIdentity: () => undefined,
      })
    : connect(port, '127.0.0.1');
  try {
    socket.setEncoding('latin1');
    socket.write(bytes, 'latin1');
    let received = '';
    for await (const chunk of socket) {
      received += chunk;
      const answer = complete(received);
      if (answer !== undefined) return answer;
    }
    const answer = complete(received, true);
    if (answer === undefined) throw new Error(`no answer but ${JSON.stringify(received)}`);
    return answer;
  } finally {
    socket.destroy();
  }
}

function complete(received: string, closed = false): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...rest] = received.slice(0, end).split('\r\n');
  const headers = rest.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const status = Number(first.split(' ')[1]);
  const body = received.slice(end + 4);
  const length = headers.find(([name]) => name === 'content-length')?.[1];
  const chunked = headers.some(([name]) => name === 'transfer-encoding');
  const whole =
    closed || status === 101 || (chunked ? body.endsWith('0\r\n\r\n') : body.length >= Number(length ?? 0));
  return whole ? { status, headers, body } : undefined;
}
