import type { ClientHeaders } from '../forwarded/forwarded-request.ts';
import type { Reason } from '../reason.ts';
import type { App } from '../rules/rule-set.ts';
import { readBasic } from './basic-credential.ts';

/** The one credential that a request can be decided by. A bearer beats a session; their scopes are never added. */
export type Credential =
  /** The session's cookie, or nothing: opening it tells which. */
  | { readonly kind: 'session' }
  | { readonly kind: 'bearer'; readonly raw: string; readonly line: string }
  /** A client id and its secret, which get an access token. */
  | { readonly kind: 'basic'; readonly id: string; readonly secret: string }
  /** A scheme that proves possession of a key (RFC 9449): no plain bearer, and its proof is not accepted here. */
  | { readonly kind: 'bound' };

// RFC 9110 section 11.4: a token, then a blank and the rest, if any
const SCHEME = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?: |$)/;
// RFC 6750 section 2.1: b64token
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;
// RFC 7617 section 2
const BASIC = /^basic +([A-Za-z0-9+/]+=*)$/i;

/**
 * Tells which credential decides, by the `Authorization` line and by what the app takes. Opens nothing.
 * Does *not* look for a second line: the check has refused that before (RFC 6750 section 2).
 * @returns a reason when the header itself is wrong (RFC 6750 section 3.1, invalid_request)
 */
export function readCredential(
  { authorization }: ClientHeaders,
  app: App,
): Credential | Extract<Reason, 'authorization-malformed'> {
  const [line] = authorization;
  if (line === undefined || line === '') return { kind: 'session' };
  if (takesBasic(app) && /^basic(?: |$)/i.test(line)) {
    const client = readBasic(BASIC.exec(line)?.[1] ?? '');
    return client === undefined ? 'authorization-malformed' : { kind: 'basic', ...client };
  }
  if (!app.credentials.includes('bearer')) return { kind: 'session' };
  const scheme = SCHEME.exec(line)?.[1]?.toLowerCase();
  // Not plainly of any scheme: an upstream that reads more loosely could take it for a bearer token.
  if (scheme === undefined) return 'authorization-malformed';
  if (scheme === 'dpop') return { kind: 'bound' };
  if (scheme !== 'bearer') return { kind: 'session' }; // another scheme is the upstream's business, or nobody's
  const raw = BEARER.exec(line)?.[1];
  return raw === undefined ? 'authorization-malformed' : { kind: 'bearer', raw, line };
}

const takesBasic = (app: App): boolean => app.credentials.includes('basic');

/**
 * @returns the client's own line where it is nothing to us: the scheme is the upstream's business. INVARIANT: never that of a
 * scheme which the app takes, and so never a secret that the provider knows
 */
export function unreadLine({ authorization }: ClientHeaders, app: App): string | undefined {
  const [line] = authorization;
  if (line === undefined) return undefined;
  return takesBasic(app) && /^\s*basic(?:\s|$)/i.test(line) ? undefined : line;
}
