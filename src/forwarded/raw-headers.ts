import type { ClientHeaders } from './forwarded-request.ts';

/** What the header lines of a request say. */
export interface SortedHeaders {
  readonly client: ClientHeaders;
  /** Every line of each name that the door asked for, so that a repeated one can be told. */
  readonly lines: readonly (readonly string[])[];
}

/** Headers of which one value is read; the two that repeat with a meaning are apart. */
type Field = Exclude<keyof ClientHeaders, 'cookie' | 'authorization' | 'foldable'>;

const FIELDS: ReadonlyMap<string, Field> = new Map([
  ['accept', 'accept'],
  ['origin', 'origin'],
  ['referer', 'referer'],
  ['sec-fetch-site', 'secFetchSite'],
  ['sec-fetch-mode', 'secFetchMode'],
  ['sec-fetch-dest', 'secFetchDest'],
  ['sec-fetch-user', 'secFetchUser'],
  ['sec-purpose', 'purpose'],
  ['purpose', 'purpose'],
  ['x-requested-with', 'requestedWith'],
  ['sec-websocket-key', 'webSocketKey'],
  ['access-control-request-method', 'accessControlRequestMethod'],
  ['traceparent', 'traceparent'],
]);

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
      default: {
        const field = FIELDS.get(name);
        const lineOf = field === undefined ? lines[names.indexOf(name)] : undefined;
        if (field !== undefined) client[field] = join(client[field], line);
        else if (lineOf !== undefined) lineOf.push(line);
        else if (name.includes('_') || name.includes('.')) foldable.push(name);
      }
    }
  }
  return { client, lines };
}
