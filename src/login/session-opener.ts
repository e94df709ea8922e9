import type { LoginResult } from '../oidc/identity-provider.ts';
import type { AppVisit } from '../outcome/visit.ts';
import { signInOf } from '../session/refreshable.ts';
import {
  type Asked,
  endedProviderSession,
  mergeAsked,
  SESSION_VERSION,
  type Session,
  type SessionToken,
} from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';

/** What a login brought. */
export interface NewLogin {
  readonly id: string;
  readonly provider: string;
  readonly clientId: string;
  readonly result: LoginResult;
  /** The validated access token, and the audience it was asked for. */
  readonly token: SessionToken;
  /** Audiences that the login named beside it. */
  readonly further: readonly string[];
  readonly asked: Asked;
  /** What this browser was remembered to have asked for before, whoever it was. */
  readonly askedBefore: readonly Asked[];
}

export interface OpenedSession {
  readonly setCookie: readonly string[];
  /** The browser had a session of the same person, and this one goes on from it. */
  readonly samePerson: boolean;
}

/**
 * Opens a session for a login, in place of the one the browser had: the same person's further tokens stay, another
 * person's session is replaced whole. The id is always a new one, and the old session is dead from then on (fixation).
 * `before` is what the browser had when its callback came: read later, a sibling tab's login may have ended it by now.
 * What was refused to one person may be granted to another: only the same person's memory is kept.
 * @returns undefined when the session does not fit into cookies.
 */
export type SessionOpener = (
  visit: AppVisit,
  before: Session | undefined,
  login: NewLogin,
) => Promise<OpenedSession | undefined>;

/**
 * @param maxAge seconds
 * @param now Unix seconds
 */
export function createSessionOpener(store: SessionStore, maxAge: number, now: () => number): SessionOpener {
  return async (visit, read, login) => {
    const before = await latestOf(visit, read);
    const { id, provider, clientId, result, asked, askedBefore } = login;
    const token = withRefreshToken(login);
    const living = before === undefined || (await store.hasEnded(before.id)) ? undefined : before;
    const same = living?.provider === provider && living.subject === result.subject ? living : undefined;
    const createdAt = now();
    const { sid } = result.profile;
    const session: Session = {
      version: SESSION_VERSION,
      id,
      host: visit.request.host.name,
      tenant: '',
      provider,
      clientId,
      subject: result.subject,
      ...(typeof sid === 'string' ? { sid } : {}),
      profile: result.profile,
      idToken: result.idToken,
      asked: same === undefined ? [asked] : mergeAsked(same.asked, askedBefore, [asked]),
      tokens: [...(same?.tokens ?? []).filter(({ audience }) => audience !== token.audience), token],
      createdAt,
      expiresAt: createdAt + maxAge,
      revision: 0,
    };
    const { idToken: _, ...smaller } = session;
    for (const candidate of [session, smaller]) {
      const lines = visit.cookies.session.write(await store.save(candidate), visit.split, maxAge);
      if (lines === undefined) continue;
      if (living !== undefined) await store.revoke(living.id, living.expiresAt, 'replaced');
      if (await endedMeanwhile(session, living)) await store.revoke(id, session.expiresAt, 'ended');
      return { setCookie: lines, samePerson: same !== undefined };
    }
    return undefined;
  };

  /** Another process may have renewed its tokens just now: what was read does not say so before a second has passed. */
  async function latestOf(visit: AppVisit, read: Session | undefined): Promise<Session | undefined> {
    const handle = read?.tokens.some(({ refreshToken }) => refreshToken !== undefined)
      ? visit.cookies.session.read(visit.split)
      : undefined;
    if (read === undefined || handle === undefined) return read;
    const latest = await store.load(handle, read.host, read.tenant, now());
    return latest?.id === read.id ? latest : read;
  }

  /**
   * Whether what the session goes on from was ended while it was being made: then it is over too, and the browser will be
   * asked to sign in again. Looked up once it is kept: what comes later finds it there.
   */
  async function endedMeanwhile({ provider, sid }: Session, before: Session | undefined): Promise<boolean> {
    if (before !== undefined && (await store.hasEnded(before.id))) return true;
    return store.keeps && sid !== undefined && store.hasEnded(endedProviderSession(provider, sid));
  }
}

/** The token of a login with what renews it. */
const withRefreshToken = ({ token, further, result }: NewLogin): SessionToken =>
  result.refreshToken === undefined
    ? token
    : {
        ...token,
        refreshToken: result.refreshToken,
        signedIn: signInOf(result.profile),
        ...(further.length === 0 ? {} : { furtherAudiences: further }),
      };
