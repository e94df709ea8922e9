import type { Reason } from '../reason.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { sortHeaders } from './raw-headers.ts';
import { readRequest } from './read-request.ts';

const NAMES = ['host'];

/**
 * The door for Envoy's `ext_authz` over HTTP: the check's own request line is the client's, behind a path prefix, and
 * `Host` is the client's.
 * Does *not* check that the peer is a trusted proxy.
 * @param prefix the configured `path_prefix`, without a final slash
 */
export function readEnvoy(
  method: string,
  url: string,
  rawHeaders: readonly string[],
  prefix: string,
): ForwardedRequest | Reason {
  const { lines, client } = sortHeaders(rawHeaders, NAMES);
  const [hosts = []] = lines;
  if (hosts.length > 1) return 'forwarded-header-repeated';
  const target = url.slice(prefix.length);
  if (hosts[0] === undefined || hosts[0] === '' || target === '') return 'forwarded-header-missing';
  return readRequest(method, hosts[0], target, client);
}
