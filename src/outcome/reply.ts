import type { Reason } from '../reason.ts';

/**
 * What a request is answered with, as a value. Doors and pages make it; one writer turns it into bytes.
 */
export interface Reply {
  readonly status: number;
  readonly reason: Reason;
  /** In order; a name may repeat (`Set-Cookie`, `WWW-Authenticate`). Values are header-safe. */
  readonly headers: readonly HeaderLine[];
  /** UTF-8; undefined for none. */
  readonly body?: string;
  /** For the decision log only. */
  readonly facts?: Facts;
}

export type HeaderLine = readonly [name: string, value: string];

/** What the log says beside the reason. Never a token, code, cookie or secret. */
export interface Facts {
  readonly app?: string;
  readonly tenant?: string | undefined;
  readonly rule?: string;
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
  readonly credential?: 'session' | 'bearer' | 'basic' | 'none';
  readonly missing?: readonly string[];
  readonly requestId?: string;
  /** Why, in words for the operator. */
  readonly cause?: string | undefined;
}

/** RFC 9111: no answer of the gateway itself may be kept by a cache. */
export const NO_STORE: HeaderLine = ['Cache-Control', 'no-store'];

/**
 * A redirect with an absolute Location: Traefik would resolve a relative one against its own inner address.
 * Only 302 and 303: 307 and 308 would send a form again, to another origin (RFC 9700 section 4.12).
 */
export function redirect(
  status: 302 | 303,
  reason: Reason,
  location: string,
  setCookie: readonly string[] = [],
  facts?: Facts,
): Reply {
  return {
    status,
    reason,
    headers: [
      ['Location', location],
      NO_STORE,
      ['Referrer-Policy', 'no-referrer'],
      ['X-Content-Type-Options', 'nosniff'],
      ['Content-Length', '0'],
      ...setCookie.map((line): HeaderLine => ['Set-Cookie', line]),
    ],
    ...(facts === undefined ? {} : { facts }),
  };
}
