import { Agent, type ClientRequest, type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createProxyServer } from 'http-proxy-3';
import { grouped, type HeaderLines } from './header-lines.ts';

/** A request that may go to its upstream, exactly like this. */
export interface Permit {
  /** `http://127.0.0.1:<port>`. */
  readonly upstream: string;
  readonly target: string;
  readonly lines: HeaderLines;
  /** `Set-Cookie` values of the check, for the client. */
  readonly cookies: readonly string[];
}

/** Carries permitted requests and their answers. */
export interface UpstreamCarrier {
  web(permit: Permit, req: IncomingMessage, res: ServerResponse): void;
  ws(permit: Permit, req: IncomingMessage, socket: Socket, head: Buffer): void;
  close(): void;
}

export const cookieName = (cookie: string): string => cookie.split('=', 1)[0] ?? '';

/** http-proxy-3, made to send what was permitted and nothing else. */
export function upstreamCarrier(): UpstreamCarrier {
  const agent = new Agent({ keepAlive: true });
  const proxy = createProxyServer({ agent, toProxy: true, preserveHeaderKeyCase: true });
  const permits = new WeakMap<IncomingMessage, Permit>();

  // The library joins repeated lines, adds some of its own and cleans the path once more.
  const exact = (call: ClientRequest, req: IncomingMessage) => {
    const permit = permits.get(req);
    if (permit === undefined) return void call.destroy(new Error('a request that nobody permitted'));
    // Those that node would add by itself stay away only if they are removed as well.
    const own = ['Connection', 'Content-Length', 'Transfer-Encoding'];
    for (const name of [...call.getHeaderNames(), ...own]) call.removeHeader(name);
    for (const [name, values] of grouped(permit.lines)) call.setHeader(name, [...values]);
    call.path = permit.target;
  };
  proxy.on('proxyReq', exact);
  proxy.on('proxyReqWs', exact);
  proxy.on('proxyRes', (answer, req) => {
    for (const [name, values] of Object.entries(answer.headersDistinct)) {
      if (values !== undefined && values.length > 1) answer.headers[name] = values;
    }
    const { cookies = [] } = permits.get(req) ?? {};
    const names = cookies.map(cookieName);
    const own = (answer.headers['set-cookie'] ?? []).filter((cookie) => !names.includes(cookieName(cookie)));
    if (cookies.length > 0) answer.headers['set-cookie'] = [...own, ...cookies];
  });
  proxy.on('error', (_error, _req, res) => {
    if (!(res instanceof ServerResponse) || res.headersSent) res.destroy();
    else res.writeHead(502).end('Bad Gateway');
  });
  return {
    web: (permit, req, res) => {
      // With Expect the library does not offer the request for changes.
      delete req.headers.expect;
      permits.set(req, permit);
      proxy.web(req, res, { target: permit.upstream });
    },
    ws: (permit, req, socket, head) => {
      permits.set(req, permit);
      proxy.ws(req, socket, head, { target: permit.upstream });
    },
    close: () => agent.destroy(),
  };
}
