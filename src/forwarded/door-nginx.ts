import type { Reason } from '../reason.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { sortHeaders } from './raw-headers.ts';
import { isProto, readRequest } from './read-request.ts';

const NAMES = ['x-original-method', 'x-original-url'];

/**
 * The door for nginx's `auth_request`: reads exactly one line each of X-Original-Method (`$request_method`) and
 * X-Original-URL (`$scheme://$http_host$request_uri`), which the location of the check must set.
 * Does *not* check that the peer is a trusted proxy.
 */
export function readNginx(rawHeaders: readonly string[]): ForwardedRequest | Reason {
  const { lines, client } = sortHeaders(rawHeaders, NAMES);
  if (lines.some((line) => line.length > 1)) return 'forwarded-header-repeated';
  const [method = '', url = ''] = lines.map((line) => line[0]);
  if (method === '' || url === '') return 'forwarded-header-missing';
  // Not by the URL parser: it would clean the path, and the target must stay what the upstream gets.
  const [, proto = '', host = '', target = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  return isProto(proto) ? readRequest(method, host, target, client) : 'proto-malformed';
}
