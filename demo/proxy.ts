import { createServer, type IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { askCheck, type CheckAnswer, type ForwardAuth } from './forward-auth.ts';
import { valuesOf } from './header-lines.ts';
import { listen, unlisten } from './listener.ts';
import { type ProxiedRequest, proxiedRequest, upstreamLines } from './proxied-request.ts';
import { cleanTarget } from './target.ts';
import { cookieName, type Permit, upstreamCarrier } from './upstream.ts';

/** Which requests go to which upstream, checked or not. */
export interface Router {
  /** Exact host names, without port. */
  readonly hosts: readonly string[];
  /** Any of; default every path. As in Traefik, a prefix of the text, not of segments. */
  readonly pathPrefixes?: readonly string[];
  /** `http://127.0.0.1:<port>`. */
  readonly upstream: string;
  /** Asked about every request; default nobody is. */
  readonly forwardAuth?: ForwardAuth;
}

export interface ProxyOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Default 127.0.0.1 only. */
  readonly addresses?: readonly string[];
  /** The first that matches is taken. */
  readonly routers: readonly Router[];
  /** Canonical names of client headers that go nowhere. */
  readonly drop?: readonly string[];
  /** Given: https. */
  readonly tls?: TlsOptions;
}

/** A proxy that answers until it is closed. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts a small proxy that does forward-auth as Traefik 3.7 at the edge does (`trustForwardHeader: false`, paths
 * cleaned); test/integration/demo/proxy-vectors.test.ts holds it to recorded requests. It does *not* do HTTP/2,
 * CONNECT, absolute-form targets or `OPTIONS *`.
 */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const carrier = upstreamCarrier();
  const sockets = new Set<Socket>();

  const handle = async (req: IncomingMessage, res: ServerResponse, upgrade: boolean, carry: Carry) => {
    const target = cleanTarget(req.url ?? '');
    if (target === undefined) return void res.writeHead(400).end();
    const router = options.routers.find((one) => matches(one, req.headers.host ?? '', target.path));
    if (router === undefined) return void res.writeHead(404).end('404 page not found\n');
    const { upstream, forwardAuth } = router;
    const asked = proxiedRequest(req, target.path + target.query, upgrade, options.drop ?? []);
    if (forwardAuth === undefined) {
      return carry({ upstream, target: asked.target, lines: upstreamLines(asked, [], []), cookies: [] });
    }
    const answer = await ask(forwardAuth, asked, req.socket);
    if (!answer.permit) return void res.writeHead(answer.status, answer.lines.flat()).end(answer.body);
    const cookies = valuesOf(answer.lines, 'Set-Cookie').filter((cookie) =>
      forwardAuth.addAuthCookiesToResponse?.includes(cookieName(cookie)),
    );
    const lines = upstreamLines(asked, forwardAuth.authResponseHeaders, answer.lines);
    carry({ upstream, target: asked.target, lines, cookies });
  };

  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    handle(req, res, false, (permit) => carrier.web(permit, req, res)).catch(() => res.destroy());
  };
  const onUpgrade = (req: IncomingMessage, socket: Socket, head: Buffer) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A refusal of an upgrade is an ordinary answer on the same socket.
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.on('finish', () => socket.end());
    handle(req, res, true, (permit) => {
      res.detachSocket(socket);
      carrier.ws(permit, req, socket, head);
    }).catch(() => socket.destroy());
  };

  const server = () => {
    const settings = {
      // Traefik reads 1 MiB of headers, in any number of lines.
      maxHeaderSize: 1 << 20,
      shouldUpgradeCallback: (req: IncomingMessage) => req.headers.upgrade?.toLowerCase() === 'websocket',
    };
    const made = options.tls
      ? createSecureServer({ ...settings, ...options.tls }, onRequest)
      : createServer(settings, onRequest);
    made.maxHeadersCount = 0;
    made.on('upgrade', onUpgrade);
    return made;
  };
  const servers: ReturnType<typeof server>[] = [];
  let port = options.port;
  const close = async () => {
    const closed = servers.map(unlisten);
    for (const one of servers) one.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await Promise.all(closed);
    carrier.close();
  };
  for (const address of options.addresses ?? ['127.0.0.1']) {
    const one = server();
    servers.push(one);
    await listen(one, port, address).catch(async (error) => {
      await close();
      throw error;
    });
    port = (one.address() as AddressInfo).port;
  }
  return { port, close, [Symbol.asyncDispose]: close };
}

type Carry = (permit: Permit) => void;

/** Traefik's `Host()` and `PathPrefix()`: the port and one final dot of the host do not count. */
function matches(router: Router, host: string, path: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '');
  return (
    router.hosts.includes(name) && (router.pathPrefixes ?? ['/']).some((prefix) => path.startsWith(prefix))
  );
}

async function ask(auth: ForwardAuth, asked: ProxiedRequest, socket: Socket): Promise<CheckAnswer> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  socket.once('close', leave);
  try {
    return await askCheck(auth, asked, gone.signal);
  } finally {
    socket.off('close', leave);
  }
}
