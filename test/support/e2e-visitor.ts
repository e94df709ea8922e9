import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { CookieJar } from 'tough-cookie';
import type { Seen } from './e2e-upstream.ts';

/** How a request is made: the headers that a browser, or a program, would send with it. */
export type Manner = 'page' | 'form' | 'frame' | 'script' | 'plain';

const navigation = (dest: string, site: string): readonly string[] => [
  ...['Accept', 'text/html,*/*;q=0.8', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', dest],
  ...['Sec-Fetch-Site', site, 'Sec-Fetch-User', '?1'],
];
const MANNERS: Readonly<Record<Manner, readonly string[]>> = {
  page: navigation('document', 'none'),
  form: navigation('document', 'same-origin'),
  frame: navigation('iframe', 'same-origin'),
  script: [
    ...['Accept', '*/*', 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty'],
    ...['Sec-Fetch-Site', 'same-origin'],
  ],
  plain: [],
};

export interface Ask {
  readonly method?: string;
  /** Default `page`. */
  readonly manner?: Manner;
  /** More header lines, names and values in turn. A `Cookie` here replaces the jar's. */
  readonly lines?: readonly string[];
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookie: readonly string[];
  readonly body: string;
  /** Of a refusal, whether it came as JSON or as a page. */
  readonly reason: string | undefined;
}

/** Someone with a cookie jar who asks the proxy, byte for byte as told. `*.localhost` is always 127.0.0.1 here. */
export class Visitor {
  readonly jar = new CookieJar(undefined, { prefixSecurity: 'strict', allowSpecialUseDomain: true });
  readonly #origin: string;

  /** @param origin of the app, as people reach it */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** The `Cookie` header that would be sent now. */
  get cookie(): string {
    return this.jar.getCookieStringSync(`${this.#origin}/`);
  }

  /** Opens a URL, or a target of the app as it stands. Redirects are not followed. */
  async open(where: string, ask: Ask = {}): Promise<Answer> {
    const response = await answered(this.#send(where, ask));
    return this.#keep(where, response, await text(response));
  }

  /** Opens and leaves the body open. */
  async stream(where: string, ask: Ask = {}): Promise<IncomingMessage> {
    return answered(this.#send(where, ask));
  }

  /** Asks for a WebSocket. @returns the refusal, or 101 with the open socket */
  async upgrade(where: string, lines: readonly string[] = []): Promise<Answer & { socket?: Socket }> {
    const handshake = [
      ...['Connection', 'Upgrade', 'Upgrade', 'websocket', 'Sec-WebSocket-Version', '13'],
      ...['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-Fetch-Mode', 'websocket'],
      ...['Sec-Fetch-Dest', 'websocket', 'Sec-Fetch-Site', 'same-origin', ...lines],
    ];
    const sent = this.#send(where, { manner: 'plain', lines: handshake });
    let socket: Socket | undefined;
    const opened = new Promise<IncomingMessage>((resolve) =>
      sent.once('upgrade', (response, open) => {
        socket = open;
        resolve(response);
      }),
    );
    const first = await Promise.race([opened, answered(sent)]);
    if (socket === undefined) return this.#keep(where, first, await text(first));
    return { ...(await this.#keep(where, first, '')), socket };
  }

  /** Opens a page that needs a login and goes through the provider. @returns the answer of the callback */
  async signIn(target: string): Promise<Answer> {
    const asked = await this.open(target);
    if (asked.status !== 302) throw new Error(`no login at ${target}: ${asked.status} ${asked.reason}`);
    return this.open(await this.follow(String(asked.headers.location)));
  }

  /** Follows redirects of other origins. @returns the first URL of the app that they lead to, before it is opened */
  async follow(location: string): Promise<string> {
    let url = location;
    for (let hop = 0; hop < 10; hop += 1) {
      if (url.startsWith(`${this.#origin}/`)) return url;
      const { headers, status, body } = await this.open(url);
      if (headers.location === undefined) throw new Error(`stuck at ${url}: ${status} ${body}`);
      url = new URL(headers.location, url).href;
    }
    throw new Error(`redirects without end: ${url}`);
  }

  #send(where: string, { method = 'GET', manner = 'page', lines = [], body }: Ask): ClientRequest {
    const url = where.startsWith('/') ? `${this.#origin}${where}` : where;
    const [, host = '', target] = /^https?:\/\/([^/]*)(.*)$/.exec(url) ?? [];
    const cookie = this.jar.getCookieStringSync(new URL(url).href);
    const named = (name: string): boolean => lines.some((l, i) => i % 2 === 0 && l.toLowerCase() === name);
    const options = {
      host: '127.0.0.1',
      port: host.split(':')[1] ?? 80,
      path: target === '' ? '/' : target,
      method,
      agent: false,
      setHost: false,
      timeout: 15_000,
      headers: [
        ...(named('host') ? [] : ['Host', host]),
        ...MANNERS[manner],
        ...(cookie === '' || named('cookie') ? [] : ['Cookie', cookie]),
        ...(body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]),
        ...lines,
      ] as never,
    };
    // The certificate is of the proxy's own making, a minute ago.
    const tls = { servername: host.split(':')[0], rejectUnauthorized: false };
    const sent = url.startsWith('https:') ? requestTls({ ...options, ...tls }) : request(options);
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${url}`)));
    sent.end(body);
    return sent;
  }

  async #keep(where: string, response: IncomingMessage, body: string): Promise<Answer> {
    const { headers, statusCode = 0 } = response;
    const setCookie = headers['set-cookie'] ?? [];
    const url = where.startsWith('/') ? `${this.#origin}/` : where;
    for (const line of setCookie) await this.jar.setCookie(line, url);
    return { status: statusCode, headers, setCookie, body, reason: reasonIn(headers, body) };
  }
}

const answered = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });

function reasonIn(headers: IncomingHttpHeaders, body: string): string | undefined {
  return headers['content-type'] === 'application/problem+json'
    ? (JSON.parse(body) as { reason: string }).reason
    : /Reason <code>([a-z-]+)<\/code>/.exec(body)?.[1];
}

/** @returns what the upstream received, from its JSON answer. */
export function seenIn({ status, body }: Answer): Seen {
  if (status !== 200) throw new Error(`not the upstream's answer: ${status} ${body}`);
  return JSON.parse(body) as Seen;
}
