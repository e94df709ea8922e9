import type { App } from '../rules/rule-set.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import type { TokenReader } from '../token/token-reader.ts';
import type { Trusts } from '../trust.ts';
import type { Introspections } from './introspection.ts';

/** Access tokens that callers bring, validated on the terms of an app; by their cached selves where they were seen before. */
export interface BearerTokens {
  /** Audience and scopes are `decide`'s. */
  read(raw: string, app: App): AccessToken | TokenRefusal | Promise<AccessToken | TokenRefusal>;
  /** The same by what is at hand: no call is made. @returns undefined where nothing can be known so */
  known(raw: string, app: App): AccessToken | TokenRefusal | undefined | Promise<AccessToken | TokenRefusal>;
}

/** @param introspections undefined where no provider is asked about tokens */
export function createBearerTokens(
  jwts: TokenReader,
  trusts: Trusts,
  introspections: Introspections | undefined,
): BearerTokens {
  return {
    read: (raw, app) => introspections?.read(raw, app) ?? jwts.read(raw, trusts.of(app)),
    known: (raw, app) => introspections?.known(raw, app) ?? jwts.read(raw, trusts.offlineOf(app)),
  };
}
