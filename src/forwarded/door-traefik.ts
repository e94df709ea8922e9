import type { Reason } from '../reason.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { sortHeaders } from './raw-headers.ts';
import { isProto, readRequest } from './read-request.ts';

const NAMES = ['x-forwarded-method', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-uri'];

/**
 * The door for Traefik and Caddy: reads exactly one line each of X-Forwarded-Method, -Proto, -Host and -Uri.
 * Never falls back to the gateway's own path or Host: a missing line is the mark of a proxy that points at the
 * wrong place, or of someone who asks past it.
 * Does *not* check that the peer is a trusted proxy.
 * @returns the forwarded request, or the reason it cannot be told which request it is.
 */
export function readTraefik(rawHeaders: readonly string[]): ForwardedRequest | Reason {
  const { lines, client } = sortHeaders(rawHeaders, NAMES);
  if (lines.some((line) => line.length > 1)) return 'forwarded-header-repeated';
  const [method = '', proto = '', host = '', uri = ''] = lines.map((line) => line[0]);
  if (method === '' || proto === '' || host === '' || uri === '') return 'forwarded-header-missing';
  return isProto(proto) ? readRequest(method, host, uri, client) : 'proto-malformed';
}
