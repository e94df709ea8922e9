import type { Fetch } from '../token/bounded-fetch.ts';

/**
 * Sends our own calls for the issuer's origin to the provider's internal address. URLs that browsers see are never
 * rewritten, for they do not pass through here; neither are endpoints on other hosts.
 */
export function throughInternalUrl(fetch: Fetch, issuer: string, internalUrl: string | undefined): Fetch {
  if (internalUrl === undefined) return fetch;
  const outside = new URL(issuer).origin;
  const inside = new URL(internalUrl).origin;
  return (url, init) => {
    const { origin, pathname, search } = new URL(url);
    // Joined as text: resolved as a relative reference, a path that begins with two slashes would name a host.
    return fetch(origin === outside ? inside + pathname + search : url, init);
  };
}
