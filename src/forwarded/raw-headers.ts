import type { ClientHeaders } from './forwarded-request.ts';

/** The headers that proxies write; every line of each, so that a repeated one can be told. */
export interface ProxyHeaders {
  readonly method: readonly string[];
  readonly proto: readonly string[];
  readonly host: readonly string[];
  readonly uri: readonly string[];
}

export interface SortedHeaders {
  readonly client: ClientHeaders;
  readonly proxy: ProxyHeaders;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
const join = (before: string | undefined, line: string): string =>
  before === undefined ? line : `${before}, ${line}`;

/**
 * Sorts header lines in one pass. Reads `rawHeaders`, since Node's `req.headers` joins repeated lines and keeps only
 * the first `Authorization`. Everything not named here is never looked at (Forwarded, X-Original-URL, X-Rewrite-URL,
 * X-Forwarded-Prefix, X-Forwarded-Port, X-HTTP-Method-Override …).
 * @param raw names and values in turn, as `IncomingMessage.rawHeaders`
 */
export function sortHeaders(raw: readonly string[]): SortedHeaders {
  const cookie: string[] = [];
  const authorization: string[] = [];
  const foldable: string[] = [];
  const proxy = { method: [] as string[], proto: [] as string[], host: [] as string[], uri: [] as string[] };
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
  };
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase();
    const line = raw[i + 1] as string;
    switch (name) {
      case 'x-forwarded-method':
        proxy.method.push(line);
        break;
      case 'x-forwarded-proto':
        proxy.proto.push(line);
        break;
      case 'x-forwarded-host':
        proxy.host.push(line);
        break;
      case 'x-forwarded-uri':
        proxy.uri.push(line);
        break;
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
      default:
        if (name.includes('_') || name.includes('.')) foldable.push(name);
    }
  }
  return { client, proxy };
}
