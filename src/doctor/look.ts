import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isLoopbackName } from '../forwarded/host.ts';

/** An answer as it came; a redirect is one too. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The beginning, as text. */
  readonly body: string;
}

/** There was no answer. */
export interface Silence {
  /** In constant words and codes. */
  readonly failure: string;
}

export interface LookOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Where to connect, in place of what the URL's host resolves to: scheme, host and port. */
  readonly at?: URL | undefined;
}

/** Asks for a page as a visitor would. */
export type Look = (url: string, options?: LookOptions) => Promise<Answer | Silence>;

export const isSilence = (seen: Answer | Silence): seen is Silence => 'failure' in seen;

/** Milliseconds for a whole answer. */
export const PATIENCE = 3000;
const MAX_BYTES = 65_536;

/**
 * One GET without cookies. Within three seconds, at most 64 KB are read (what is more is left unread), and no redirect is followed.
 * Certificates are checked for the URL's own host. Does *not* reject: what fails is the answer.
 */
export const look: Look = (url, { headers = {}, at } = {}) => {
  const target = new URL(url);
  const place = at ?? target;
  const { promise, resolve } = Promise.withResolvers<Answer | Silence>();
  const secure = place.protocol === 'https:';
  const name = bare(target.hostname);
  const sent = (secure ? requestHttps : requestHttp)(
    {
      host: bare(place.hostname),
      port: place.port === '' ? (secure ? 443 : 80) : Number(place.port),
      path: target.pathname + target.search,
      headers: { ...headers, Host: target.host },
      agent: false,
      signal: AbortSignal.timeout(PATIENCE),
      ...(isLoopbackName(place.hostname) ? { lookup: thisMachine } : {}),
      ...(secure && /[^\d.]/.test(name) && !name.includes(':') ? { servername: name } : {}),
    },
    (response) => {
      readBeginning(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        (error: unknown) => resolve({ failure: failureOf(error) }),
      );
    },
  );
  sent.on('error', (error) => resolve({ failure: failureOf(error) }));
  sent.end();
  return promise;
};

// URLs write IPv6 addresses in brackets, sockets without.
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

/** Browsers take every name under `localhost` for this machine; the system's resolver often does not. */
const thisMachine: LookupFunction = (_name, options, found) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  if (options.all === true) found(null, addresses);
  else found(null, '127.0.0.1', 4);
};

async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) break; // leaving the loop ends the connection
  }
  return Buffer.concat(chunks).subarray(0, MAX_BYTES).toString('utf8');
}

function failureOf(error: unknown): string {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR')
    return `no answer within ${PATIENCE / 1000} s`;
  return typeof code === 'string' ? code : 'a broken answer';
}

/** What a failed call most often comes from, where its code says so. */
export function likelyCause(failure: string): string | undefined {
  if (/^(ENOTFOUND|EAI_)/.test(failure)) return 'the name does not resolve from here';
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(failure))
    return 'the certificate is not trusted from here: NODE_EXTRA_CA_CERTS names a file with a further authority';
  if (failure === 'ECONNREFUSED') return 'nothing listens there';
  return undefined;
}
