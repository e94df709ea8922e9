import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginResult } from '../oidc/identity-provider.ts';
import type { AppVisit } from '../outcome/visit.ts';
import type { KeptSessions, Release } from '../session/kept-sessions.ts';
import { signInOf } from '../session/refreshable.ts';
import {
  type Asked,
  endedProviderSession,
  mergeAsked,
  SESSION_VERSION,
  type Session,
  type SessionToken,
  withoutHeld,
} from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import { letGo, lockRefresh } from './refresh-lock.ts';

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
  /** Scopes of the token whose place this one takes. */
  readonly released: ReadonlySet<string>;
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

/** Milliseconds. */
interface Limits {
  /** For which a login waits for a refresh that is under way: its person waits, too. */
  readonly wait: number;
  /** Life of the lock. */
  readonly lock: number;
  /** Between two looks whether the lock is free. */
  readonly poll: number;
}
const LIMITS: Limits = { wait: 2_500, lock: 6_000, poll: 50 };

/**
 * @param maxAge seconds
 * @param now Unix seconds
 */
export function createSessionOpener(
  store: SessionStore | KeptSessions,
  maxAge: number,
  now: () => number,
  limits: Limits = LIMITS,
): SessionOpener {
  return async (visit, read, login) => {
    if (read === undefined || !('lock' in store) || !read.tokens.some(hasRefreshToken))
      return open(visit, read, login);
    // A refresh that is under way spends the refresh token which would be taken along: its fruit is waited for.
    const release = await waitForLock(store, read.id);
    try {
      const latest = release === undefined ? undefined : await latestOf(visit, read);
      return await open(visit, latest ?? { ...read, tokens: read.tokens.map(withoutRefreshToken) }, login);
    } finally {
      if (release !== undefined) await letGo(release);
    }
  };

  /** @returns undefined when another still holds it after the wait. */
  async function waitForLock(kept: KeptSessions, id: string): Promise<Release | undefined> {
    const giveUp = performance.now() + limits.wait;
    for (;;) {
      const release = await lockRefresh(kept, id, limits.lock);
      if (release !== undefined || performance.now() >= giveUp) return release;
      await sleep(limits.poll);
    }
  }

  /**
   * Another process may have renewed its tokens just now: what was read does not say so before a second has passed.
   * @returns undefined when the browser's session is another one by now, or none
   */
  async function latestOf(visit: AppVisit, { id, host, tenant }: Session): Promise<Session | undefined> {
    const handle = visit.cookies.session.read(visit.split);
    const latest = handle === undefined ? undefined : await store.load(handle, host, tenant, now());
    return latest?.id === id ? latest : undefined;
  }

  async function open(
    visit: AppVisit,
    before: Session | undefined,
    login: NewLogin,
  ): Promise<OpenedSession | undefined> {
    const { id, provider, clientId, result, asked, askedBefore, released } = login;
    const token = withRefreshToken(login);
    const living = before === undefined || (await store.hasEnded(before.id)) ? undefined : before;
    const same = living?.provider === provider && living.subject === result.subject ? living : undefined;
    const createdAt = now();
    const { sid } = result.profile;
    const earlier = same === undefined ? [] : mergeAsked(same.asked, askedBefore);
    const session: Session = {
      version: SESSION_VERSION,
      id,
      host: visit.request.host.name,
      tenant: visit.tenant,
      provider,
      clientId,
      subject: result.subject,
      ...(typeof sid === 'string' ? { sid } : {}),
      profile: result.profile,
      idToken: result.idToken,
      asked: mergeAsked(withoutHeld(earlier, token.audience, released), [asked]),
      tokens: [...(same?.tokens ?? []).filter(({ audience }) => audience !== token.audience), token],
      createdAt,
      expiresAt: createdAt + maxAge,
      revision: 0,
    };
    const { idToken: _, ...smaller } = session;
    for (const candidate of [session, smaller]) {
      const lines = visit.cookies.session.write(await store.save(candidate), visit.split, maxAge);
      if (lines === undefined) continue;
      if (living !== undefined) {
        const handle = visit.cookies.session.read(visit.split);
        await store.revoke(living.id, living.expiresAt, 'replaced', handle);
      }
      if (await endedMeanwhile(session, living)) await store.revoke(id, session.expiresAt, 'ended');
      return { setCookie: lines, samePerson: same !== undefined };
    }
    return undefined;
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

const hasRefreshToken = ({ refreshToken }: SessionToken): boolean => refreshToken !== undefined;

const withoutRefreshToken = ({ audience, raw }: SessionToken): SessionToken => ({ audience, raw });
