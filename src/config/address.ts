import { isIP } from 'node:net';
import { isLoopbackName } from '../forwarded/host.ts';
import type { Address } from './config.ts';

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?))?:([0-9]{1,5})$/i;

/**
 * Parses `host:port`, `[::1]:4180`, or `:4180` for every interface (host is then the empty text, which
 * `server.listen` takes for just that). Port 0 is any free port. Does *not* look the name up.
 */
export function parseAddress(text: string): Address | undefined {
  const match = ADDRESS.exec(text);
  if (match === null) return undefined;
  const [, ipv6, name, digits] = match;
  const port = Number(digits);
  if (port > 65535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined;
  // Digits and dots only must be an IPv4 address: 127.0.0.256 is a slip, not a name.
  if (name !== undefined && /^[0-9.]+$/.test(name) && isIP(name) !== 4) return undefined;
  return { host: ipv6 ?? name ?? '', port };
}

/** @returns whether only this very machine can connect to the address. */
export function isLoopbackAddress({ host }: Address): boolean {
  return isLoopbackName(host.includes(':') ? `[${host}]` : host.toLowerCase());
}

/** @returns whether two listeners could not both have their address. */
export function addressesClash(a: Address, b: Address): boolean {
  return a.port !== 0 && a.port === b.port && (a.host === b.host || anyHost(a) || anyHost(b));
}

const anyHost = ({ host }: Address): boolean => host === '' || host === '0.0.0.0' || host === '::';

/** @returns whether the text is `loopback`, `private`, an IP address, or a range such as 10.0.0.0/8. */
export function isProxyRange(text: string): boolean {
  if (text === 'loopback' || text === 'private') return true;
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}
