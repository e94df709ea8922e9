import { type Host, isLoopbackName } from './host.ts';

/** Where people reach a host: from the configuration, never from what a header says. */
export interface PublicOrigin {
  readonly scheme: 'http' | 'https';
  /** Serialised: `https://shop.example.com`, `http://shop.localhost:8080`. */
  readonly origin: string;
  /** The request came for another port, or a host with a final dot: nobody can sign in there. */
  readonly foreign: boolean;
}

export interface PublicAddress {
  readonly scheme: 'http' | 'https';
  readonly port: number;
}

const DEFAULT_PORT = { http: 80, https: 443 } as const;
const EVERYWHERE: PublicAddress = { scheme: 'https', port: 443 };

/**
 * @param configured the configuration's `public`; without it, https on 443, and http on whatever port a loopback
 * name was asked with.
 */
export function publicOrigin(host: Host, configured: PublicAddress | undefined): PublicOrigin {
  if (configured === undefined && isLoopbackName(host.name)) {
    return { scheme: 'http', origin: serialise('http', host.name, host.port ?? 80), foreign: host.finalDot };
  }
  const { scheme, port } = configured ?? EVERYWHERE;
  const foreign = host.finalDot || (host.port !== undefined && host.port !== port);
  return { scheme, origin: serialise(scheme, host.name, port), foreign };
}

const serialise = (scheme: 'http' | 'https', name: string, port: number): string =>
  `${scheme}://${name}${port === DEFAULT_PORT[scheme] ? '' : `:${port}`}`;
