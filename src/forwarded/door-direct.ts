import type { Reason } from '../reason.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { sortHeaders } from './raw-headers.ts';
import { readRequest } from './read-request.ts';

const NAMES = ['host'];

/**
 * The door for a person's own request, through the extra router: the host comes from `Host`, and X-Forwarded-* mean
 * nothing. Does *not* check that the host belongs to an app.
 */
export function readDirect(
  method: string,
  target: string,
  rawHeaders: readonly string[],
): ForwardedRequest | Reason {
  const { lines, client } = sortHeaders(rawHeaders, NAMES);
  const [hosts = []] = lines;
  return hosts.length === 1 ? readRequest(method, hosts[0] ?? '', target, client) : 'host-malformed';
}
