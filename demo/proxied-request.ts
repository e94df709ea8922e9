import type { IncomingMessage } from 'node:http';
import { hostname } from 'node:os';
import {
  canonicalName,
  type HeaderLine,
  type HeaderLines,
  headerLines,
  sorted,
  without,
  withoutHopByHop,
  withoutManaged,
} from './header-lines.ts';

/** What the proxy knows of a request before it asks anybody. */
export interface ProxiedRequest {
  readonly method: string;
  /** As the client wrote it. */
  readonly host: string;
  /** The cleaned target. */
  readonly target: string;
  readonly secure: boolean;
  /** A WebSocket wants to open. */
  readonly upgrade: boolean;
  readonly peer: string;
  /** The client's lines without managed and hop-by-hop headers. */
  readonly lines: HeaderLines;
  readonly chunked: boolean;
}

/**
 * @param target cleaned
 * @param drop canonical names of client headers that go nowhere
 */
export function proxiedRequest(
  req: IncomingMessage,
  target: string,
  upgrade: boolean,
  drop: readonly string[],
): ProxiedRequest {
  const client = withoutHopByHop(withoutManaged(headerLines(req.rawHeaders)));
  return {
    method: req.method ?? '',
    host: req.headers.host ?? '',
    target,
    secure: 'encrypted' in req.socket,
    upgrade,
    peer: req.socket.remoteAddress ?? '',
    // Node has already answered `100 Continue` itself.
    lines: without(client, [...drop, 'Expect']),
    chunked: req.headers['transfer-encoding'] !== undefined,
  };
}

/** The lines of the subrequest, in Traefik's order. */
export function checkLines(asked: ProxiedRequest, checkHost: string): HeaderLines {
  const client = without(asked.lines, ['Host', 'Content-Length']);
  const lines = sorted([
    ...client,
    ['Host', checkHost],
    ['X-Forwarded-For', asked.peer],
    ['X-Forwarded-Host', asked.host],
    ['X-Forwarded-Method', asked.method],
    ['X-Forwarded-Port', port(asked)],
    ['X-Forwarded-Proto', asked.secure ? 'https' : 'http'],
    ['X-Forwarded-Uri', asked.target],
  ]);
  return asksForGzip(asked) ? [...lines, ['Accept-Encoding', 'gzip']] : lines;
}

/** Go's client asks for gzip by itself where the request does not care, and unpacks the answer. */
export function asksForGzip({ lines }: ProxiedRequest): boolean {
  return !lines.some(([name]) => name === 'Accept-Encoding' || name === 'Range');
}

/**
 * The lines of the request to the upstream.
 * @param taken names that are deleted from the client's request, then set from `answer`
 * @param answer the lines of the check's permit
 */
export function upstreamLines(
  asked: ProxiedRequest,
  taken: readonly string[],
  answer: HeaderLines,
): HeaderLines {
  const fixed = ['Host', 'Content-Length'];
  const names = taken.map(canonicalName).filter((name) => !fixed.includes(name));
  const scheme = asked.upgrade ? 'ws' : 'http';
  const hop: HeaderLine[] = asked.upgrade
    ? [
        ['Connection', 'Upgrade'],
        ['Upgrade', 'websocket'],
      ]
    : asked.chunked
      ? [['Transfer-Encoding', 'chunked']]
      : [];
  return [
    ...without(asked.lines, names),
    ...hop,
    ...answer.filter(([name]) => names.includes(name)),
    ['X-Forwarded-For', asked.peer],
    ['X-Forwarded-Host', asked.host],
    ['X-Forwarded-Port', port(asked)],
    ['X-Forwarded-Proto', asked.secure ? `${scheme}s` : scheme],
    ['X-Forwarded-Server', hostname()],
    ['X-Real-Ip', asked.peer],
  ];
}

/** The port that the client used: the one in Host, else the scheme's. */
function port({ host, secure }: ProxiedRequest): string {
  return /:([0-9]+)$/.exec(host)?.[1] ?? (secure ? '443' : '80');
}
