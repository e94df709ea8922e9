import type { AccessToken } from '../token/access-token.ts';

/** Grows when the form of what is stored changes; a session of another version is no session. */
export const SESSION_VERSION = 1;

/** A session as it is stored. Holds secrets: never logged. */
export interface Session {
  readonly version: typeof SESSION_VERSION;
  /** 128 random bits; another one after every login. */
  readonly id: string;
  /** Canonical host name it was opened for. */
  readonly host: string;
  /** Empty without tenants. */
  readonly tenant: string;
  /** Name of the provider that signed the person in. */
  readonly provider: string;
  /** The client id that it was signed in with. */
  readonly clientId: string;
  /** `sub` of the ID token: tells whether a further login is the same person's. */
  readonly subject: string;
  /** `sid` of the ID token, if it had one: the provider's own session, which a back-channel logout may name. */
  readonly sid?: string;
  /** Claims of the ID token, for people and for upstream headers. INVARIANT: never reaches a decision. */
  readonly profile: Readonly<Record<string, unknown>>;
  /** The hint for RP-initiated logout; left out when the session would not fit otherwise. */
  readonly idToken?: string;
  /** What was asked for, so that it is not asked for again. */
  readonly asked: readonly Asked[];
  /** One access token per audience that was asked for. */
  readonly tokens: readonly SessionToken[];
  /** Unix seconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** 0 for a new session, and one more for each change in its place. Only a store that keeps sessions counts. */
  readonly revision: number;
}

export interface SessionToken {
  /** The audience it was asked for; empty when the provider was asked for none. */
  readonly audience: string;
  /** As the provider spelled it. */
  readonly raw: string;
  /** Gets the next one (RFC 6749 section 6). Only with `session.refresh`. */
  readonly refreshToken?: string;
  /** Further audiences that the login named, whose tokens the refresh token gets too (`moreAudiences: refresh`). */
  readonly furtherAudiences?: readonly string[];
  /** From the ID token that came with the refresh token: what later ones are held against (OIDC Core section 12.2). */
  readonly signedIn?: Readonly<Record<string, unknown>>;
}

/**
 * The id under which a store remembers that the provider has just ended a session of its own, whatever ours is called.
 * No session has such an id.
 */
export const endedProviderSession = (provider: string, sid: string): string =>
  `sid ${JSON.stringify([provider, sid])}`;

/** An audience and the scopes that an authorization request named for it. */
export interface Asked {
  readonly audience: string;
  readonly scopes: readonly string[];
}

/** A session that was opened, with its access tokens as the validator sees them today. */
export interface LiveSession {
  readonly session: Session;
  readonly tokens: readonly AccessToken[];
}

/** @returns the tokens whose `aud` holds any of the audiences; one need is met by one token, never by two together. */
export const tokensFor = (live: LiveSession, audiences: readonly string[]): readonly AccessToken[] =>
  live.tokens.filter((token) => audiences.some((audience) => token.audiences.includes(audience)));

/** @returns whether any of the audiences was asked for before. */
export const wasAsked = (asked: readonly Asked[], audiences: readonly string[]): boolean =>
  asked.some((entry) => audiences.includes(entry.audience));

/** @returns the scopes among `scopes` that were never asked for with one of the audiences. */
export function notAsked(
  asked: readonly Asked[],
  audiences: readonly string[],
  scopes: readonly string[],
): readonly string[] {
  const before = new Set(
    asked.filter((entry) => audiences.includes(entry.audience)).flatMap((entry) => entry.scopes),
  );
  return scopes.filter((scope) => !before.has(scope));
}

/** @returns both memories as one, one entry per audience. */
export function mergeAsked(...memories: readonly (readonly Asked[])[]): readonly Asked[] {
  const merged = new Map<string, Set<string>>();
  for (const { audience, scopes } of memories.flat()) {
    const known = merged.get(audience) ?? new Set<string>();
    for (const scope of scopes) known.add(scope);
    merged.set(audience, known);
  }
  return [...merged].map(([audience, scopes]) => ({ audience, scopes: [...scopes] }));
}

/**
 * @param held scopes of the token of this audience that is given up for another one
 * @returns what was asked for without them: who needs one asks again, since it was lost and not refused. What was asked for
 * and not granted stays.
 */
export const withoutHeld = <Entry extends Asked>(
  asked: readonly Entry[],
  audience: string,
  held: ReadonlySet<string>,
): readonly Entry[] =>
  asked.map((entry) =>
    entry.audience === audience
      ? { ...entry, scopes: entry.scopes.filter((scope) => !held.has(scope)) }
      : entry,
  );
