import type { ForwardedRequest } from './forwarded-request.ts';
import { isWebSocket } from './request-kind.ts';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Whether a page of a foreign origin sent this request in a way that could act with a person's cookie: an unsafe
 * method, or a WebSocket (which CORS does not protect: RFC 6455 section 10.2). Every header that is present must
 * agree; a request with neither Origin nor Fetch Metadata is no browser's.
 * @param own the app's own origin
 * @param allowed further origins, serialised
 */
export function isForeignAction(request: ForwardedRequest, own: string, allowed: readonly string[]): boolean {
  if (SAFE.has(request.method) && !isWebSocket(request)) return false;
  const { origin, secFetchSite: site } = request.headers;
  if (origin !== undefined && allowed.includes(origin)) return false;
  if (origin !== undefined && origin !== own) return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}
