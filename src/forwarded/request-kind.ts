import type { ForwardedRequest } from './forwarded-request.ts';

/**
 * How the caller can be answered.
 * - `page-load`: a browser opens a page; it can follow a redirect to a login.
 * - `frame`: a page inside an iframe; providers refuse to be framed.
 * - `form`: a navigation with another method; a redirect would lose what was sent.
 * - `script`: everything else: fetch, XHR, API clients, WebSocket, server-sent events, prefetches.
 */
export type RequestKind = 'page-load' | 'frame' | 'form' | 'script';

const FRAMES: ReadonlySet<string> = new Set(['iframe', 'frame', 'embed', 'object', 'fencedframe']);

/** Fetch Metadata decides where a browser sends it; `Accept` only where it does not. */
export function requestKind({ method, headers }: Pick<ForwardedRequest, 'method' | 'headers'>): RequestKind {
  if (headers.purpose !== undefined || headers.webSocketKey !== undefined) return 'script';
  const { secFetchMode: mode, secFetchDest: dest } = headers;
  if (mode === undefined && dest === undefined) {
    if (headers.requestedWith !== undefined || !prefersHtml(headers.accept)) return 'script';
  } else {
    if (mode !== undefined && mode !== 'navigate') return 'script';
    if (dest !== undefined && dest !== 'document') return FRAMES.has(dest) ? 'frame' : 'script';
  }
  return method === 'GET' || method === 'HEAD' ? 'page-load' : 'form';
}

/** Whether the media range with the highest weight is HTML (RFC 9110 section 12.5.1); on a tie the first one listed. */
function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let best = '';
  let bestWeight = 0;
  for (const range of accept.split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const q = parameters.find((parameter) => parameter.startsWith('q='));
    const weight = q === undefined ? 1 : Number(q.slice(2));
    if (weight > bestWeight) {
      best = type;
      bestWeight = weight;
    }
  }
  return best === 'text/html' || best === 'application/xhtml+xml';
}

/** @returns whether the request opens a WebSocket. Traefik strips `Upgrade`, so the handshake's key is what shows it. */
export const isWebSocket = ({ headers }: ForwardedRequest): boolean =>
  headers.webSocketKey !== undefined || headers.secFetchMode === 'websocket';

/** @returns whether the request is a true CORS preflight (Fetch standard, "CORS-preflight request"). */
export const isPreflight = ({ method, headers }: ForwardedRequest): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers.accessControlRequestMethod !== undefined;
