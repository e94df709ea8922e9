import { BlockList, isIP, type Socket } from 'node:net';

const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', '127.0.0.0/8', '::1/128'],
};

/** Tells the configured proxies from everyone else, by the address at the other end of the connection. */
export type TrustedPeers = (socket: Socket) => boolean;

/** @param entries addresses, CIDRs, `loopback`, `private`; the configuration has checked their form */
export function createTrustedPeers(entries: readonly string[]): TrustedPeers {
  const list = new BlockList();
  for (const entry of entries.flatMap((word) => WORDS[word] ?? [word])) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  const known = new WeakMap<Socket, boolean>();
  return (socket) => {
    const before = known.get(socket);
    if (before !== undefined) return before;
    const peer = socket.remoteAddress ?? '';
    // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
    const address = peer.startsWith('::ffff:') && peer.includes('.') ? peer.slice(7) : peer;
    const family = isIP(address);
    const trusted = family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    known.set(socket, trusted);
    return trusted;
  };
}
