import type { ClientHeaders } from './forwarded-request.ts';

/** What the header lines of a request say. */
export interface SortedHeaders {
  readonly client: ClientHeaders;
  /** Every line of each name that the door asked for, so that a repeated one can be told. */
  readonly lines: readonly (readonly string[])[];
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
const join = (before: string | undefined, line: string): string =>
  before === undefined ? line : `${before}, ${line}`;

/**
 * Sorts header lines in one pass. Reads `rawHeaders`, since Node's `req.headers` joins repeated lines and keeps only
 * the first `Authorization`. Whatever neither is named here nor asked for by the door is never looked at (Forwarded,
 * X-Rewrite-URL, X-Forwarded-Prefix, X-Forwarded-Port, X-HTTP-Method-Override, the headers of other proxies …).
 * @param raw names and values in turn, as `IncomingMessage.rawHeaders`
 * @param names the lower-case names that this door reads
 */
export function sortHeaders(raw: readonly string[], names: readonly string[]): SortedHeaders {
  const cookie: string[] = [];
  const authorization: string[] = [];
  const foldable: string[] = [];
  const lines = names.map((): string[] => []);
  const client: Writable<ClientHeaders> = {
    cookie,
    authorization,
    foldable,
    accept: undefined,
    origin: undefined,
    referer: undefined,
    secFetchSite: undefined,
    secFetchMode: undefined,
    secFetchDest: undefined,
    secFetchUser: undefined,
    purpose: undefined,
    requestedWith: undefined,
    webSocketKey: undefined,
    accessControlRequestMethod: undefined,
    traceparent: undefined,
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const line = raw[i + 1] as string;
    switch (name) {
      case 'cookie':
        cookie.push(line);
        break;
      case 'authorization':
        authorization.push(line);
        break;
      case 'accept':
        client.accept = join(client.accept, line);
        break;
      case 'origin':
        client.origin = join(client.origin, line);
        break;
      case 'referer':
        client.referer = join(client.referer, line);
        break;
      case 'sec-fetch-site':
        client.secFetchSite = join(client.secFetchSite, line);
        break;
      case 'sec-fetch-mode':
        client.secFetchMode = join(client.secFetchMode, line);
        break;
      case 'sec-fetch-dest':
        client.secFetchDest = join(client.secFetchDest, line);
        break;
      case 'sec-fetch-user':
        client.secFetchUser = join(client.secFetchUser, line);
        break;
      case 'sec-purpose':
      case 'purpose':
        client.purpose = join(client.purpose, line);
        break;
      case 'x-requested-with':
        client.requestedWith = join(client.requestedWith, line);
        break;
      case 'sec-websocket-key':
        client.webSocketKey = join(client.webSocketKey, line);
        break;
      case 'access-control-request-method':
        client.accessControlRequestMethod = join(client.accessControlRequestMethod, line);
        break;
      case 'traceparent':
        client.traceparent = join(client.traceparent, line);
        break;
      default: {
        const lineOf = lines[names.indexOf(name)];
        if (lineOf !== undefined) lineOf.push(line);
        else if (name.includes('_') || name.includes('.')) foldable.push(name);
      }
    }
  }
  return { client, lines };
}
