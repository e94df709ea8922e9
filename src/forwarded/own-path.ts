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
 * @param belowTenant whether they are below any first segment as well (`tenants.in: path`): also one that is no tenant, so that
 *   no list decides whose a path is
 */
export function ownPage(
  path: CanonicalPath,
  base: readonly string[],
  belowTenant = false,
): OwnPage | undefined {
  if (path[0] === '.well-known' && path[1] === 'oauth-protected-resource') return 'resource-metadata';
  if (isBelow(path, base, 0)) return PAGES.get(path.slice(base.length).join('/')) ?? 'unknown';
  return belowTenant && isBelow(path, base, 1)
    ? (PAGES.get(path.slice(base.length + 1).join('/')) ?? 'unknown')
    : undefined;
}

const isBelow = (path: CanonicalPath, base: readonly string[], at: number): boolean =>
  base.every((segment, index) => path[at + index] === segment);

/** @returns the segments of a base path (`/_auth`), as `ownPage` compares them. */
export const segmentsOf = (basePath: string): readonly string[] => basePath.slice(1).split('/');
