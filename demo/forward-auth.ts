import { Agent, type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import {
  type HeaderLine,
  type HeaderLines,
  headerLines,
  valuesOf,
  without,
  withoutHopByHop,
} from './header-lines.ts';
import { asksForGzip, checkLines, type ProxiedRequest } from './proxied-request.ts';

/** Traefik's forwardAuth middleware with `trustForwardHeader: false`. */
export interface ForwardAuth {
  /** URL of the check. Its path and query are kept; nothing of the client's URL is added. */
  readonly address: string;
  /** Deleted from the client's request, then set from the answer. */
  readonly authResponseHeaders: readonly string[];
  /** Cookies of a 2xx answer that the client gets; all others are dropped. Default none. */
  readonly addAuthCookiesToResponse?: readonly string[];
  /** Bytes; a longer answer is a 401. Default 65536. */
  readonly maxResponseBodySize?: number;
}

/** What the check answered. A refusal goes to the client as it is. */
export interface CheckAnswer {
  readonly permit: boolean;
  readonly status: number;
  readonly lines: HeaderLines;
  readonly body: Buffer;
}

// INVARIANT: no status outside 2xx permits, and no error has one.
const answer = (status: number, lines: HeaderLines, body: Buffer): CheckAnswer => ({
  permit: status >= 200 && status <= 299,
  status,
  lines: [...lines, ['Content-Length', String(body.length)]],
  body,
});

const NOTHING = Buffer.alloc(0);
const TIMEOUT = 30_000;
const agent = new Agent({ keepAlive: true });

/**
 * Asks the check about a request.
 * @param gone aborts when the client has left
 * @returns 500 without a body when the check cannot be reached, 401 without a body when its answer is too long
 */
export async function askCheck(
  auth: ForwardAuth,
  asked: ProxiedRequest,
  gone: AbortSignal,
): Promise<CheckAnswer> {
  const address = new URL(auth.address);
  try {
    const res = await call(address, asked, gone);
    const packed = await buffer(res);
    if (packed.length > (auth.maxResponseBodySize ?? 65_536)) return answer(401, [], NOTHING);
    const lines = without(withoutHopByHop(headerLines(res.rawHeaders)), ['Content-Length']);
    const status = res.statusCode ?? 500;
    const unpack = asksForGzip(asked) && valuesOf(lines, 'Content-Encoding')[0] === 'gzip';
    const kept = (unpack ? without(lines, ['Content-Encoding']) : lines).map((line) =>
      absolute(line, address),
    );
    return answer(status, kept, unpack ? gunzipSync(packed) : packed);
  } catch {
    return answer(500, [], NOTHING);
  }
}

function call(address: URL, asked: ProxiedRequest, gone: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: address.hostname,
      port: address.port || 80,
      path: address.pathname + address.search,
      // An array is written line by line as it stands; an object would join repeated Cookie lines.
      headers: checkLines(asked, address.host).flat(),
      agent,
      signal: gone,
      timeout: TIMEOUT,
    });
    sent.on('response', resolve);
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error) => {
      // A pooled connection may have been closed at the same instant: Go, too, sends a GET again then.
      if (sent.reusedSocket && !gone.aborted) call(address, asked, gone).then(resolve, reject);
      else reject(error);
    });
    sent.end();
  });
}

/** A relative Location is resolved against the address of the check, as Traefik does; others stay byte for byte. */
function absolute([name, value]: HeaderLine, address: URL): HeaderLine {
  const relative = name === 'Location' && value !== '' && !/^[a-z][a-z0-9+.-]*:/i.test(value);
  return relative ? [name, new URL(value, address).href] : [name, value];
}
