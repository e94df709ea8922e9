import { type LiveSession, mergeAsked, type Session, type SessionToken, tokensFor } from './session.ts';

/** What a refresh is to bring, and with what (RFC 6749 section 6). */
export interface Refreshable {
  /** As it is asked for; empty for whatever the provider issues. */
  readonly audience: string;
  readonly refreshToken: string;
  /** From the ID token of the login that brought the refresh token. */
  readonly signedIn: Readonly<Record<string, unknown>>;
  /** The access token that it takes the place of; undefined when none is held. */
  readonly raw: string | undefined;
}

/** What a refresh brought. */
export interface Refreshed {
  /** The validated access token, and its scopes; undefined when it was refused. */
  readonly token: { readonly raw: string; readonly scopes: Iterable<string> } | undefined;
  /** The refresh token that takes the place of the one that was sent; undefined: that one goes on. */
  readonly refreshToken: string | undefined;
}

/** How a call for a refresh ended; `dropped`: well or not, but the session had ended or changed meanwhile. */
export type RefreshOutcome = 'renewed' | 'ended' | 'refused' | 'unavailable' | 'dropped';

/**
 * What would get the session a token for any of the audiences. An audience that no login of the session asked for is none:
 * a provider may spend the refresh token on refusing it.
 * @param further whether the token of an audience that is not held may be fetched (`moreAudiences: refresh`)
 * @returns undefined where no refresh token can
 */
export function refreshableFor(
  live: LiveSession,
  audiences: readonly string[],
  further: boolean,
): Refreshable | undefined {
  const { session } = live;
  const held = new Set(tokensFor(live, audiences).map(({ raw }) => raw));
  const own = session.tokens.filter(({ audience, raw }) => audiences.includes(audience) || held.has(raw));
  const renewed = own
    .map((token) => within(session, token.audience, further))
    .find((one) => one !== undefined);
  if (renewed !== undefined || own.length > 0) return renewed;
  const [wanted] = audiences;
  // Asked for, and still not held: the provider has given its answer.
  if (wanted === undefined || session.asked.some(({ audience }) => audience === wanted)) return undefined;
  return within(session, wanted, further);
}

/** @returns what gets the session the token of exactly this audience. */
export function within(session: Session, audience: string, further: boolean): Refreshable | undefined {
  const own = session.tokens.find((token) => token.audience === audience);
  const source =
    own?.refreshToken === undefined && further
      ? session.tokens.find(({ furtherAudiences }) => furtherAudiences?.includes(audience))
      : own;
  if (source?.refreshToken === undefined) return undefined;
  const { refreshToken, signedIn = {} } = source;
  return { audience, refreshToken, signedIn, raw: own?.raw };
}

/**
 * Puts what a refresh brought in its place. Tokens of other audiences stay; those that shared the refresh token that was
 * sent share the new one.
 * @returns undefined when the refresh token that was sent is no longer the session's: another refresh was quicker
 */
export function withRefreshed(
  session: Session,
  { audience, refreshToken: sent, signedIn }: Refreshable,
  { token, refreshToken = sent }: Refreshed,
): Session | undefined {
  if (!session.tokens.some((one) => one.refreshToken === sent)) return undefined;
  const rotated = session.tokens.map((one) => (one.refreshToken === sent ? { ...one, refreshToken } : one));
  if (token === undefined) return { ...session, tokens: rotated };
  const fresh = { audience, refreshToken, signedIn, raw: token.raw };
  const tokens: readonly SessionToken[] = rotated.some((one) => one.audience === audience)
    ? rotated.map((one) => (one.audience === audience ? { ...one, ...fresh } : one))
    : [...rotated, fresh];
  // Without the scopes that were asked for and not given: a page that needs one asks again, with it alone.
  const asked = mergeAsked(session.asked, [{ audience, scopes: [...token.scopes] }]);
  return { ...session, tokens, asked };
}

/** @returns the claims of the login's ID token that later ones are held against (OpenID Connect Core section 12.2). */
export const signInOf = (profile: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    ['sub', 'aud', 'azp', 'nonce', 'auth_time'].flatMap((name) =>
      profile[name] === undefined ? [] : [[name, profile[name]]],
    ),
  );
