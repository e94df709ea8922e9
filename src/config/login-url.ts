import { isLoopbackName, parseHost } from '../forwarded/host.ts';
import type { Config, LoginUrl } from './config.ts';
import type { Findings } from './findings.ts';
import type { UrlFault } from './provider-url.ts';
import type { RawConfig } from './schema.ts';

const EXAMPLE = 'https://login.example.com';

/** Reads where the one redirect URI is. Does *not* know whether an app has that host too: the rules say so. */
export function readLoginUrl(raw: RawConfig, findings: Findings): Pick<Config, 'loginUrl'> {
  const { loginUrl: text } = raw;
  if (text === undefined) return { loginUrl: undefined };
  // Whether http is permitted is unknown while that key is broken: say nothing of it.
  const read = parseLoginUrl(text, raw.insecureHttp || findings.isBroken(['insecureHttp']));
  if (!('words' in read)) return { loginUrl: read };
  findings.add(['loginUrl'], `\`loginUrl\` ${read.words}.`, read.wayOut);
  return { loginUrl: undefined };
}

function parseLoginUrl(text: string, insecureHttp: boolean): LoginUrl | UrlFault {
  // URL.parse would forgive blanks around it, a missing slash and backslashes.
  const url = /^https?:\/\/[^\s\\]+$/.test(text) ? URL.parse(text) : null;
  const host = url === null ? undefined : parseHost(url.hostname);
  if (url === null || host === undefined)
    return { words: 'must be a URL that begins with https://', wayOut: `write for example \`${EXAMPLE}\`` };
  if (url.username !== '' || url.password !== '')
    return { words: 'must not hold a user name or password', wayOut: 'remove what stands before the @' };
  if (url.pathname !== '/' || /[?#]/.test(text))
    return {
      words: 'is for scheme, host and port only',
      wayOut: `write \`${url.origin}\`; the path of the gateway's pages is \`basePath\``,
    };
  if (host.finalDot)
    return { words: 'must not end with a dot', wayOut: `write \`${url.origin.replace(/\.(?=:|$)/, '')}\`` };
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  if (scheme === 'http' && !insecureHttp && !isLoopbackName(host.name))
    return {
      words: 'is http, so anyone on the way can read the answers of the provider',
      wayOut: 'write https; if that network is yours alone, add the line `insecureHttp: true`',
    };
  const port = url.port === '' ? { http: 80, https: 443 }[scheme] : Number(url.port);
  return { origin: url.origin, host: host.name, scheme, port };
}
