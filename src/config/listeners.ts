import { addressesClash, isLoopbackAddress, isProxyRange, parseAddress } from './address.ts';
import type { Address, Config } from './config.ts';
import type { Findings } from './findings.ts';
import type { RawConfig } from './schema.ts';

const LISTENERS = ['listen', 'pagesListen', 'adminListen'] as const;

/** Who may connect where. */
export type Listeners = Pick<Config, (typeof LISTENERS)[number] | 'trustedProxies'>;

/** Reads the three addresses and who is trusted on the first of them. */
export function readListeners(raw: RawConfig, findings: Findings): Listeners {
  const [listen, pagesListen, adminListen] = LISTENERS.map((name) =>
    readAddress(name, raw[name], findings),
  ) as [Address, Address, Address];
  const all = { listen, pagesListen, adminListen };
  for (const [at, name] of LISTENERS.entries()) {
    const rival = LISTENERS.slice(0, at).find((other) => addressesClash(all[other], all[name]));
    if (rival === undefined) continue;
    const message = `\`${name}\` and \`${rival}\` are the same address.`;
    findings.add([name], message, 'give each listener a port of its own', { restsOn: [[rival]] });
  }
  for (const [at, range] of (raw.trustedProxies ?? []).entries()) {
    if (isProxyRange(range)) continue;
    const message = `\`trustedProxies[${at}]\` is no IP address, no range and no known word.`;
    const wayOut =
      'write for example 10.1.2.3, 10.0.0.0/8, fd00::/8, loopback or private; host names are not looked up';
    findings.add(['trustedProxies', at], message, wayOut);
  }
  if (!isLoopbackAddress(listen) && raw.trustedProxies === undefined)
    findings.add(
      ['listen'],
      '`listen` can be reached from other machines, and `trustedProxies` does not say which of them is the proxy.',
      "add the line `trustedProxies: [private]`, or better the proxy's own address or range in place of `private` (environment: POSTERN_TRUSTED_PROXIES)",
      { restsOn: [['trustedProxies']] },
    );
  return { ...all, trustedProxies: raw.trustedProxies ?? ['loopback'] };
}

function readAddress(name: (typeof LISTENERS)[number], text: string, findings: Findings): Address {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  findings.add(
    [name],
    `\`${name}\` must be an address and a port.`,
    'write for example `127.0.0.1:4180`, `"[::1]:4180"`, or `:4180` for every interface',
  );
  findings.broken([name]);
  return { host: '127.0.0.1', port: 0 };
}
