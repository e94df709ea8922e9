import type { Reason } from '../reason.ts';
import { canonicalPath } from './canonical-path.ts';
import type { ClientHeaders, ForwardedRequest } from './forwarded-request.ts';
import { parseHost } from './host.ts';
import { isHttpToken, isRequestTarget, pathOf } from './request-target.ts';

/**
 * What every door ends in: the three words of a request in their strict form, or the reason why not.
 * Does *not* check that the host belongs to an app, or that the path can be read in one way only.
 * @param target byte for byte, one char per byte
 */
export function readRequest(
  method: string,
  hostLine: string,
  target: string,
  headers: ClientHeaders,
): ForwardedRequest | Reason {
  if (!isHttpToken(method)) return 'method-malformed';
  const host = parseHost(hostLine);
  if (host === undefined) return 'host-malformed';
  if (!isRequestTarget(target)) return 'target-malformed';
  return { method, host, target, path: canonicalPath(pathOf(target)), headers };
}

const PROTOS: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss']);

/** The protocol is checked for its form and decides nothing: the public origin is configuration. */
export const isProto = (text: string): boolean => PROTOS.has(text.toLowerCase());
