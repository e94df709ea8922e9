import type { Reason } from '../reason.ts';
import { canonicalPath } from './canonical-path.ts';
import type { ForwardedRequest } from './forwarded-request.ts';
import { parseHost } from './host.ts';
import { sortHeaders } from './raw-headers.ts';
import { isHttpToken, isRequestTarget, pathOf } from './request-target.ts';

/**
 * The door for a person's own request, through the extra router: the host comes from `Host`, and X-Forwarded-* mean
 * nothing. Does *not* check that the host belongs to an app.
 */
export function readDirect(
  method: string,
  target: string,
  rawHeaders: readonly string[],
): ForwardedRequest | Reason {
  const hosts = rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host',
  );
  const [hostLine] = hosts;
  const host = hostLine === undefined || hosts.length > 1 ? undefined : parseHost(hostLine);
  if (host === undefined) return 'host-malformed';
  if (!isHttpToken(method)) return 'method-malformed';
  if (!isRequestTarget(target)) return 'target-malformed';
  const { client } = sortHeaders(rawHeaders);
  return { method, host, target, path: canonicalPath(pathOf(target)), headers: client };
}
