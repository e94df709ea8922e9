import type { ProviderConfig } from '../config/config.ts';

/** A refresh token is asked for with it (OpenID Connect Core section 11). */
export const OFFLINE = 'offline_access';

/** OpenID Connect Core sections 5.4 and 11: they belong to no API. */
const OPENID_SCOPES: ReadonlySet<string> = new Set([
  ...['openid', 'profile', 'email', 'address', 'phone', OFFLINE],
]);

/** @returns how a scope for an audience is written in a request: some providers name the API in it, `api://<audience>/read`, and not in the token. */
export const scopeSpelling =
  ({ scopeTemplate }: Pick<ProviderConfig, 'scopeTemplate'>) =>
  (audience: string, scope: string): string =>
    scopeTemplate === '{scope}' || OPENID_SCOPES.has(scope) || scope.includes('://')
      ? scope
      : scopeTemplate.replaceAll('{audience}', () => audience).replace('{scope}', () => scope);
