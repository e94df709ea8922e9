/** Where something listens. */
export interface Place {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export const authority = ({ host, port }: Place): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** @returns whether a host is an address: nobody needs to look it up. */
export const isAddress = (host: string): boolean => /^[0-9.]+$|:/.test(host);

/** Where an app is. */
export interface Upstream extends Place {
  readonly scheme: 'http' | 'https';
  /** Nobody said where the app is: this address only keeps the output valid. */
  readonly placeholder: boolean;
}

/** Placeholders begin here: 9001 for the first app. */
const FIRST = 9001;

export const upstreamFor = (app: string, at: number, said: ReadonlyMap<string, Upstream>): Upstream =>
  said.get(app) ?? { scheme: 'http', host: '127.0.0.1', port: FIRST + at, placeholder: true };

/**
 * Parses `app=url` of `--upstream`.
 * @returns what is wrong with it, in words, when it cannot be used
 */
export function parseUpstream(text: string): readonly [app: string, upstream: Upstream] | string {
  const [, app = '', address = ''] = /^([^=]*)=(.*)$/.exec(text) ?? [];
  if (app === '' || address === '') return `--upstream ${text} is not of the form app=url`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const { protocol, hostname = '', port } = url ?? {};
  if (url === undefined || (protocol !== 'http:' && protocol !== 'https:') || !HOST.test(hostname))
    return `--upstream ${text}: ${address} is no URL such as http://shop:3000`;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '')
    return `--upstream ${text}: write scheme, host and port only, the path stays what was decided on`;
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const number = port === '' || port === undefined ? { http: 80, https: 443 }[scheme] : Number(port);
  return [app, { scheme, host: hostname.replace(/^\[(.*)\]$/, '$1'), port: number, placeholder: false }];
}

// What no proxy's configuration reads in another way.
const HOST = /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?|\[[0-9a-f:.]+\])$/;

/** @returns the host of `--gateway`, undefined when it is none. */
export function parseGateway(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return HOST.test(bare) || HOST.test(`[${bare}]`) ? bare : undefined;
}
