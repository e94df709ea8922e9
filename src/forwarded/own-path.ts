import type { CanonicalPath } from './canonical-path.ts';

/** What a path under the gateway's own prefix names. */
export type OwnPage =
  | 'login'
  | 'callback'
  | 'logout'
  | 'logged-out'
  | 'error'
  | 'account'
  | 'me'
  | 'jwks'
  | 'backchannel-logout'
  | 'resource-metadata'
  | 'unknown';

const PAGES: ReadonlyMap<string, OwnPage> = new Map([
  ['', 'account'],
  ['login', 'login'],
  ['callback', 'callback'],
  ['logout', 'logout'],
  ['logged-out', 'logged-out'],
  ['error', 'error'],
  ['me', 'me'],
  ['jwks.json', 'jwks'],
  ['backchannel-logout', 'backchannel-logout'],
]);

/**
 * Recognises the gateway's own paths, on the canonical path and by whole segments: `/_authEVIL` and
 * `/_auth/../admin` are not among them.
 * @param base the segments of the configured `basePath`
 */
export function ownPage(path: CanonicalPath, base: readonly string[]): OwnPage | undefined {
  if (path[0] === '.well-known' && path[1] === 'oauth-protected-resource') return 'resource-metadata';
  if (!base.every((segment, index) => path[index] === segment)) return undefined;
  return PAGES.get(path.slice(base.length).join('/')) ?? 'unknown';
}

/** @returns the segments of a base path (`/_auth`), as `ownPage` compares them. */
export const segmentsOf = (basePath: string): readonly string[] => basePath.slice(1).split('/');
