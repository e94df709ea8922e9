import { parseHost } from '../forwarded/host.ts';
import { type PublicAddress, publicOrigin } from '../forwarded/public-origin.ts';
import { isRequestTarget } from '../forwarded/request-target.ts';
import type { RuleSet } from '../rules/rule-set.ts';

/** Longer ones lead to `/` in any case. */
const LONGEST = 2048;

/**
 * Validates a return URL that came from outside (`rd`, a Referer): only a host of the rules or one of the `origins`
 * (RFC 9700 section 4.11: no open redirector).
 * @param base the public origin of the host that was asked
 * @returns an absolute URL on an allowed origin; undefined for anything else.
 */
export function safeReturnUrl(
  text: string | undefined,
  base: string,
  rules: RuleSet,
  configured: PublicAddress | undefined,
): string | undefined {
  if (text === undefined || text === '' || text.length > LONGEST) return undefined;
  // Browsers drop TAB, CR and LF inside URLs and read `\` as `/`; userinfo hides the host. None is needed here.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control bytes are what this refuses
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(text)) return undefined;
  if (text.startsWith('/')) {
    return isRequestTarget(text.split('#', 1)[0] as string) ? URL.parse(`${base}${text}`)?.href : undefined;
  }
  if (!/^https?:\/\/[^/?#@]+(?:[/?#]|$)/i.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return undefined;
  if (rules.apps.some((app) => app.origins !== 'upstream' && app.origins.includes(url.origin)))
    return url.href;
  const host = parseHost(url.host);
  if (host === undefined || rules.appFor(host.name) === undefined) return undefined;
  // Said in full, it is what a target of this host leads to; `loginUrl` may have a port of its own.
  if (url.origin === base) return url.href;
  const { origin, foreign } = publicOrigin(host, configured);
  return !foreign && origin === url.origin ? url.href : undefined;
}

/** @returns the URL a return target stands for: targets of this host are kept byte for byte. */
export const returnUrl = (returnTo: string, origin: string): string =>
  returnTo.startsWith('/') ? `${origin}${returnTo}` : returnTo;
