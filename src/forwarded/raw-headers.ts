import type { ClientHeaders } from './forwarded-request.ts';

/** What the header lines of a request say. */
export interface SortedHeaders {
  readonly client: ClientHeaders;
  /** Every line of each name that the door asked for, so that a repeated one can be told. */
  readonly lines: readonly (readonly string[])[];
}

/** Headers of which one value is read; the two that repeat with a meaning are apart. */
type Field = Exclude<keyof ClientHeaders, 'cookie' | 'authorization' | 'foldable'>;

const FIELDS: Readonly<Record<string, Field>> = {
  accept: 'accept',
  origin: 'origin',
  referer: 'referer',
  'sec-fetch-site': 'secFetchSite',
  'sec-fetch-mode': 'secFetchMode',
  'sec-fetch-dest': 'secFetchDest',
  'sec-fetch-user': 'secFetchUser',
  'sec-purpose': 'purpose',
  purpose: 'purpose',
  'x-requested-with': 'requestedWith',
  'sec-websocket-key': 'webSocketKey',
  'access-control-request-method': 'accessControlRequestMethod',
  traceparent: 'traceparent',
};

/** Others that come with most requests: those that doors read, and those that mean nothing here. */
const FREQUENT = [
  ...['host', 'cookie', 'authorization', 'x-original-method', 'x-original-url', 'x-real-ip'],
  ...['method', 'proto', 'host', 'uri', 'for', 'port', 'server'].map((name) => `x-forwarded-${name}`),
  ...['user-agent', 'accept-encoding', 'accept-language', 'cache-control', 'pragma', 'priority', 'dnt', 'te'],
  ...['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'upgrade-insecure-requests', 'if-none-match'],
  ...['connection', 'content-type', 'content-length'],
];

/** A header name in lower case, and what is read of it. */
interface Name {
  readonly name: string;
  readonly field: Field | undefined;
  /** Some upstreams would read another name. */
  readonly foldable: boolean;
}

const readName = (name: string): Name => ({
  name,
  field: Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined,
  foldable: name.includes('_') || name.includes('.'),
});

/** `X-Forwarded-Uri`, as Go and so most proxies spell names. */
export const capitalised = (name: string): string =>
  name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());

/** Frequent names in both frequent spellings, so that lower-casing and reading them is not done for every check. */
const KNOWN: ReadonlyMap<string, Name> = new Map(
  [...Object.keys(FIELDS), ...FREQUENT].map(readName).flatMap((read) => [
    [read.name, read],
    [capitalised(read.name), read],
  ]),
);

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
    const spelled = raw[i] as string;
    const { name, field, foldable: isFoldable } = KNOWN.get(spelled) ?? readName(spelled.toLowerCase());
    const line = raw[i + 1] as string;
    if (field !== undefined) client[field] = join(client[field], line);
    else if (name === 'cookie') cookie.push(line);
    else if (name === 'authorization') authorization.push(line);
    else {
      const lineOf = lines[names.indexOf(name)];
      if (lineOf !== undefined) lineOf.push(line);
      else if (isFoldable) foldable.push(name);
    }
  }
  return { client, lines };
}
