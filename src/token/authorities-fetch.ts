import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from './bounded-fetch.ts';

/**
 * A `fetch` for https with certificate authorities of its own in place of the system's: the one of Node takes none. It
 * follows no redirect and keeps connections open. Bodies are text or forms; that is all our calls send.
 * @param ca PEM
 * @param plain for what is not https
 */
export function createAuthoritiesFetch(ca: string, plain: Fetch): Fetch {
  const agent = new Agent({ ca, keepAlive: true });
  return (url, init = {}) => (url.startsWith('https:') ? send(agent, url, init) : plain(url, init));
}

const send = (agent: Agent, url: string, init: RequestInit): Promise<Response> =>
  new Promise((resolve, reject) => {
    const { signal } = init;
    const headers = new Headers(init.headers);
    const body = bodyOf(init.body);
    if (init.body instanceof URLSearchParams && !headers.has('content-type'))
      headers.set('content-type', 'application/x-www-form-urlencoded;charset=UTF-8');
    if (body !== undefined) headers.set('content-length', String(Buffer.byteLength(body)));
    const sent = request(
      url,
      {
        agent,
        method: init.method ?? 'GET',
        headers: Object.fromEntries(headers),
        ...(signal ? { signal } : {}),
      },
      (answer) => {
        const status = answer.statusCode ?? 0;
        const isEmpty = status === 204 || status === 205 || status === 304;
        if (isEmpty) answer.resume();
        try {
          const received = new Headers();
          for (let at = 0; at + 1 < answer.rawHeaders.length; at += 2)
            received.append(answer.rawHeaders[at] as string, answer.rawHeaders[at + 1] as string);
          const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>);
          resolve(new Response(body, { status, headers: received }));
        } catch (cause) {
          // A status that no Response can have. Thrown from here it would end the process.
          answer.destroy();
          reject(new TypeError('fetch failed', { cause }));
        }
      },
    );
    // As `fetch` fails: its callers look for the cause.
    sent.on('error', (cause) =>
      reject(signal?.aborted ? signal.reason : new TypeError('fetch failed', { cause })),
    );
    sent.end(body);
  });

function bodyOf(body: RequestInit['body']): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return String(body);
  throw new TypeError('only text and forms are sent');
}
