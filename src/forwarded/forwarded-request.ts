import type { CanonicalPath } from './canonical-path.ts';
import type { Host } from './host.ts';

/**
 * The request that a proxy asks about, as a value. Doors (Traefik and Caddy, nginx, Envoy, a person's own
 * request) make it; every later step reads it and nothing else.
 */
export interface ForwardedRequest {
  /** An HTTP token, case-sensitive. */
  readonly method: string;
  readonly host: Host;
  /** The request target byte for byte (latin1, one char per byte); begins with one `/`. For return URLs only. */
  readonly target: string;
  /** What rules are matched on; `undefined` when the path can be read in more than one way. */
  readonly path: CanonicalPath | undefined;
  readonly headers: ClientHeaders;
}

/** The client's headers that mean something to the gateway; `undefined` where absent, joined by `, ` where repeated. */
export interface ClientHeaders {
  /** Every `Cookie` line. */
  readonly cookie: readonly string[];
  /** Every `Authorization` line: more than one is refused (RFC 6750 section 2). */
  readonly authorization: readonly string[];
  readonly accept: string | undefined;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly secFetchMode: string | undefined;
  readonly secFetchDest: string | undefined;
  readonly secFetchUser: string | undefined;
  /** `Sec-Purpose` or the older `Purpose`: a prefetch. */
  readonly purpose: string | undefined;
  readonly requestedWith: string | undefined;
  readonly webSocketKey: string | undefined;
  readonly accessControlRequestMethod: string | undefined;
  /** W3C Trace Context: for the log line only. */
  readonly traceparent: string | undefined;
  /** Names (lower case) that hold `_` or `.`: some upstreams fold these into `-`. */
  readonly foldable: readonly string[];
}
