import type { App } from '../rules/rule-set.ts';
import type { StepUp } from './challenge.ts';

/**
 * The address of a login that comes back to `rd`.
 * Does *not* check `rd`: the login does, when it is opened.
 */
export const loginAddress = (
  origin: string,
  basePath: string,
  rd: string,
  prompt?: 'select_account',
): string =>
  `${origin}${basePath}/login?rd=${encodeURIComponent(latin1ToUtf8(rd))}${prompt === undefined ? '' : `&prompt=${prompt}`}`;

/**
 * Adds to the address of a login what it shall ask for. The login page checks each against the rules of the app before
 * it asks anyone for them.
 */
export function withNeed(
  address: string,
  app: App,
  { audience, scopes, stepUp }: { audience: string; scopes: readonly string[]; stepUp?: StepUp | undefined },
): string {
  const parts: readonly (readonly [string, string])[] = [
    ['audience', audience === app.audiences[0] ? '' : audience],
    ['scope', scopes.join(' ')],
    ['acr_values', stepUp?.acr.join(' ') ?? ''],
    ['max_age', stepUp?.loginWithin === undefined ? '' : String(stepUp.loginWithin)],
  ];
  const named = parts.filter(([, value]) => value !== '');
  return address + named.map(([name, value]) => `&${name}=${encodeURIComponent(value)}`).join('');
}

/** A target holds one char per byte; as text it is UTF-8 where it is valid, else it stays as it is. */
function latin1ToUtf8(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
