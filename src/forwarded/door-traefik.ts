import type { Reason } from '../reason.ts';
import { canonicalPath } from './canonical-path.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { parseHost } from './host.ts';
import { sortHeaders } from './raw-headers.ts';
import { isHttpToken, isRequestTarget, pathOf } from './request-target.ts';

const PROTOS: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss']);

/**
 * The door for Traefik and Caddy: reads exactly one line each of X-Forwarded-Method, -Proto, -Host and -Uri.
 * Never falls back to the gateway's own path or Host: a missing line is the mark of a proxy that points at the
 * wrong place, or of someone who asks past it.
 * Does *not* check that the peer is a trusted proxy.
 * @returns the forwarded request, or the reason it cannot be told which request it is.
 */
export function readTraefik(rawHeaders: readonly string[]): ForwardedRequest | Reason {
  const { proxy, client } = sortHeaders(rawHeaders);
  const lines = [proxy.method, proxy.proto, proxy.host, proxy.uri];
  if (lines.some((line) => line.length > 1)) return 'forwarded-header-repeated';
  const [method = '', proto = '', hostLine = '', target = ''] = lines.map((line) => line[0]);
  if (method === '' || proto === '' || hostLine === '' || target === '') return 'forwarded-header-missing';
  if (!isHttpToken(method)) return 'method-malformed';
  if (!PROTOS.has(proto.toLowerCase())) return 'proto-malformed';
  const host = parseHost(hostLine);
  if (host === undefined) return 'host-malformed';
  if (!isRequestTarget(target)) return 'target-malformed';
  return { method, host, target, path: canonicalPath(pathOf(target)), headers: client };
}
