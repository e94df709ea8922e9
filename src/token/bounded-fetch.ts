/** What the gateway needs of `fetch`; the global one fits, tests and rewriting wrappers too. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** The peer answered, but in a way that is never read: a redirect, or more bytes than allowed. */
export class AnswerRefused extends Error {
  override readonly name = 'AnswerRefused';
}

/**
 * Wraps a `fetch` for calls to servers that may hang, lie or flood: the whole answer arrives within `timeout`
 * milliseconds and `maxBytes` bytes (counted after decompression, so a gzip bomb is cut too), and a redirect is
 * refused, because it could lead into the private network. It does *not* check the status or the content type.
 */
export function createBoundedFetch(limits: { fetch: Fetch; timeout: number; maxBytes: number }): Fetch {
  return async (url, init = {}) => {
    const deadline = AbortSignal.timeout(limits.timeout);
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline;
    const response = await limits.fetch(url, { ...init, redirect: 'manual', signal });
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw new AnswerRefused(`a redirect (status ${response.status})`);
    }
    const body = await readBody(response, limits.maxBytes);
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

/** @returns a `fetch` all of whose calls end when so many milliseconds have passed since now. */
export function withinTogether(milliseconds: number, fetch: Fetch): Fetch {
  const deadline = AbortSignal.timeout(milliseconds);
  return (url, init) =>
    fetch(url, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, deadline]) : deadline });
}

async function readBody(response: Response, maxBytes: number): Promise<Blob | null> {
  if (response.body === null) return null;
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream, so the rest is not even received.
    if (size > maxBytes) throw new AnswerRefused(`an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return new Blob(chunks);
}
