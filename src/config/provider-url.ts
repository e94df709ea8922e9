import { isLoopbackName } from '../forwarded/host.ts';

/** Why a URL of a provider is not accepted. */
export interface UrlFault {
  /** Completes "`provider.issuer` …". */
  readonly words: string;
  readonly wayOut: string;
}

/** Which parts a URL may have besides scheme and host. */
export interface UrlParts {
  readonly path: boolean;
  readonly query: boolean;
}

const fault = (words: string, wayOut: string): UrlFault => ({ words, wayOut });

/** Judges a URL by its form alone. http is for loopback hosts, or for any with the loud switch. */
export function urlFault(text: string, parts: UrlParts, insecureHttp: boolean): UrlFault | undefined {
  // URL.parse would forgive blanks around it, a missing slash and backslashes.
  const url = /^https?:\/\/[^\s\\]+$/.test(text) ? URL.parse(text) : null;
  if (url === null)
    return fault(
      'must be a URL that begins with https://',
      'write it whole, for example `https://id.example.com/`',
    );
  if (url.username !== '' || url.password !== '')
    return fault('must not hold a user name or password', 'remove what stands before the @');
  if (text.includes('#')) return fault('must not have a fragment', 'remove the # and what follows');
  if (!parts.query && text.includes('?'))
    return fault('must not have a query', 'remove the ? and what follows');
  if (!parts.path && url.pathname !== '/')
    return fault('is for scheme and host only', `write \`${url.origin}\`; the path is the issuer's`);
  if (url.protocol === 'http:' && !insecureHttp && !isLoopbackName(url.hostname))
    return fault(
      'is http, so anyone on the way can read and change what the provider says',
      'write https; if that network is yours alone, add the line `insecureHttp: true`',
    );
  return undefined;
}
