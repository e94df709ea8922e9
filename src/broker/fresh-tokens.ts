import type { App } from '../rules/rule-set.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import { isOpaque } from '../token/introspected-token.ts';
import { looksLikeJwt } from '../token/token-spelling.ts';
import { OPAQUE_TOKEN, validateAccessToken } from '../token/validate-access-token.ts';
import type { Trusts } from '../trust.ts';
import type { Introspections } from './introspection.ts';

/**
 * Validates an access token that came from the provider of an app by our own call. Nobody can make a storm of those, so an
 * unknown key may be looked up at once. Audience and scopes are `decide`'s.
 */
export type ReadFresh = (raw: string, app: App) => Promise<AccessToken | TokenRefusal>;

/** @returns whether nothing is known of the token, and it may be good. */
export const isUnavailable = ({ reason }: TokenRefusal): boolean =>
  reason === 'key-set-unavailable' || reason === 'introspection-unavailable';

/**
 * @param introspections undefined where no provider is asked about tokens
 * @param now Unix seconds
 */
export const createFreshTokens =
  (trusts: Trusts, introspections: Introspections | undefined, now: () => number): ReadFresh =>
  async (raw, app) => {
    const opaque = isOpaque(raw) ? await introspections?.read(raw, app) : undefined;
    if (opaque !== undefined) return opaque;
    return looksLikeJwt(raw)
      ? validateAccessToken(raw, trusts.of(app), now(), { fresh: true })
      : OPAQUE_TOKEN;
  };
