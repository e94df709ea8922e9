import { isPreflight } from '../forwarded/request-kind.ts';
import type { HeaderLine } from './reply.ts';
import type { Visit } from './visit.ts';

/** Seconds for which a browser need not ask again. */
const PREFLIGHT_AGE = 600;

/**
 * Lets a script of an origin that the app lists in `origins` read an answer of the gateway's own (Fetch standard, CORS
 * protocol). The origin is answered exactly, never `*`: the answer depends on a cookie.
 */
export function corsHeaders({ app, request }: Visit): readonly HeaderLine[] {
  if (app === undefined || app.origins === 'upstream' || app.origins.length === 0) return [];
  const origin = request.headers.origin;
  if (origin === undefined || !app.origins.includes(origin)) return [['Vary', 'Origin']];
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'WWW-Authenticate, Retry-After'],
    ['Vary', 'Origin'],
  ];
}

/**
 * The answer to a preflight for a page of the gateway's own that scripts read.
 * @returns undefined when the request is none, or its origin is not listed
 */
export function preflightHeaders(
  visit: Visit,
  methods: readonly string[],
): readonly HeaderLine[] | undefined {
  if (!isPreflight(visit.request)) return undefined;
  const allowed = corsHeaders(visit);
  if (allowed.length < 2) return undefined;
  return [
    ...allowed,
    ['Access-Control-Allow-Methods', methods.join(', ')],
    // What libraries put on every call.
    ['Access-Control-Allow-Headers', 'Content-Type, X-Requested-With'],
    ['Access-Control-Max-Age', String(PREFLIGHT_AGE)],
  ];
}
