import { shown } from './finding.ts';
import type { Answer } from './look.ts';

/** What an answer of the authorization endpoint shows of the client and its redirect URI. */
export type AuthorizationSeen =
  | {
      /** It came to the redirect URI, so that is registered. */
      readonly kind: 'returned';
      readonly error: string | undefined;
      readonly description: string;
      readonly iss: string | undefined;
    }
  | { readonly kind: 'went-on'; readonly where: string; readonly description: '' }
  | {
      readonly kind: 'unregistered' | 'unknown-client' | 'refused' | 'broken';
      readonly status: number;
      /** In the provider's own words. */
      readonly description: string;
    };

// What providers write on their error pages. A page to sign in at may well hold the redirect URI itself, in a link.
const FAULT =
  '(?:invalid|mismatch|mis-match|not (?:registered|match|valid|allowed|permitted)|unregistered|did not match|does not match|unknown)';
const URI = '(?:redirect[ _-]?ur[il]|callback url|reply (?:url|address))';
const UNREGISTERED = new RegExp(`${URI}[^<>&]{0,80}${FAULT}|${FAULT}[^<>&]{0,40}${URI}|AADSTS50011`, 'i');
const MENTIONED = new RegExp(URI, 'i');
const UNKNOWN_CLIENT =
  /invalid_client|AADSTS700016|client[^<>&]{0,40}(?:not found|unknown|invalid|disabled|not enabled)|(?:unknown|invalid) client/i;

/**
 * Reads the answer to an authorization request.
 * @param endpoint what a relative Location is relative to
 */
export function readAuthorizationAnswer(
  { status, headers, body }: Answer,
  redirectUri: string,
  endpoint: string,
): AuthorizationSeen {
  if (status >= 300 && status < 400) {
    const location = URL.parse(headers.location ?? '', endpoint);
    if (location === null) return { kind: 'broken', status, description: '' };
    const { searchParams: query } = location;
    const description = shown(query.get('error_description') ?? '');
    const wanted = new URL(redirectUri);
    if (location.origin === wanted.origin && location.pathname === wanted.pathname)
      return {
        kind: 'returned',
        error: query.get('error') ?? undefined,
        description,
        iss: query.get('iss') ?? undefined,
      };
    if (query.has('error'))
      return faultOf(`${query.get('error')} ${query.get('error_description')}`, status, description);
    return { kind: 'went-on', where: location.origin + location.pathname, description: '' };
  }
  if (status >= 500) return { kind: 'broken', status, description: '' };
  if (status >= 400) return faultOf(body, status, sentenceIn(body));
  if (UNREGISTERED.test(body) || UNKNOWN_CLIENT.test(body)) return faultOf(body, status, sentenceIn(body));
  return { kind: 'went-on', where: `a page with status ${status}`, description: '' };
}

function faultOf(text: string, status: number, description: string): AuthorizationSeen {
  if (UNREGISTERED.test(text)) return { kind: 'unregistered', status, description };
  if (UNKNOWN_CLIENT.test(text)) return { kind: 'unknown-client', status, description };
  return { kind: MENTIONED.test(text) ? 'unregistered' : 'refused', status, description };
}

/** The text around what gives the fault away, without markup. */
function sentenceIn(body: string): string {
  const plain = body
    .replaceAll(/<(style|script)[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<[^>]*>/g, '\n')
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
  const telling =
    plain.find((line) => UNREGISTERED.test(line) || UNKNOWN_CLIENT.test(line)) ??
    plain.find((line) => MENTIONED.test(line));
  return shown(telling ?? '');
}
