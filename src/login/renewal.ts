import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { ReadFresh } from '../broker/fresh-tokens.ts';
import { createProviderLoad } from '../oidc/provider-load.ts';
import type { AppVisit } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import type { KeptSessions } from '../session/kept-sessions.ts';
import {
  type Refreshable,
  type Refreshed,
  type RefreshOutcome,
  refreshableFor,
  within,
  withRefreshed,
} from '../session/refreshable.ts';
import type { LiveSession, Session } from '../session/session.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import type { AccessToken } from '../token/access-token.ts';
import { withDeadline } from '../token/deadline.ts';
import type { IssuerTrusts } from '../token/token-reader.ts';
import { sessionTokenExpired } from '../token/token-time.ts';
import { reopenAccessToken } from '../token/validate-access-token.ts';
import { letGo, lockRefresh } from './refresh-lock.ts';
import { type RefreshVerdict, requestRefresh } from './refresh-verdict.ts';
import type { AppProvider } from './sign-in.ts';

/** What came of a renewal. */
export type Renewal =
  /** The store keeps something newer, or nothing any more: look again. */
  | { readonly kind: 'changed' }
  /** The provider takes the refresh token no more, and the session is over. */
  | { readonly kind: 'ended' }
  /**
   * The session is as it was. `reason`: it is expected to heal by itself, and nobody has to sign in again; undefined: another
   * login may help. `cause` is for the log.
   */
  | {
      readonly kind: 'kept';
      readonly reason: 'provider-unavailable' | 'store-unavailable' | undefined;
      readonly cause: string;
    };

/**
 * Gets the session a token in force for any of the audiences, in the background if it takes long.
 * @param live a session of the visit, which has none
 * @returns undefined where a refresh token cannot help
 */
export type Renew = (
  visit: AppVisit,
  live: LiveSession,
  audiences: readonly string[],
) => Promise<Renewal> | undefined;

/** The renewals of one process. */
export interface Renewals {
  readonly renew: Renew;
  /** @returns when none is under way any more: a store that stops before may lose a refresh token for good. Never rejects. */
  settled(): Promise<void>;
}

export interface RenewalParts {
  readonly store: KeptSessions;
  readonly providerOf: (app: App) => AppProvider;
  readonly trustsOf: (app: App) => IssuerTrusts;
  readonly readFresh: ReadFresh;
  /** Unix seconds. */
  readonly now: () => number;
  /** Told how each call to a provider ended; `cause`, where it brought no token. */
  readonly onRefresh: (provider: string, outcome: RefreshOutcome, cause: string | undefined) => void;
  /** Told what no one foresaw and nobody waits for any more. */
  readonly onFailure: (error: unknown) => void;
  readonly limits?: Partial<Limits>;
  /** A clock that only goes forward. */
  readonly milliseconds?: () => number;
}

/** Milliseconds, but for the last two. */
interface Limits {
  /** For which a request waits: a check is answered within 5 s, whatever others do. */
  readonly wait: number;
  /** Life of the session's lock: longer than all that is done under it. A process that dies holds up nobody for longer. */
  readonly lock: number;
  /** Between two looks whether the lock is free, or the work done. */
  readonly poll: number;
  /** After a refresh that failed, for which the session makes no other; and a provider that failed often, for any. */
  readonly pause: number;
  /** Renewals under way at once, per provider: a silent one must not tie up more. */
  readonly most: number;
  /** Failures of a provider in a row after which it rests for all sessions. */
  readonly failures: number;
}
const LIMITS: Limits = { wait: 3_000, lock: 12_000, poll: 100, pause: 5_000, most: 500, failures: 5 };

const CHANGED: Renewal = { kind: 'changed' };
const NOTHING: Refreshed = { token: undefined, refreshToken: undefined };
const PAUSES = 10_000;

/** One token of one session that is being renewed. */
interface Job {
  readonly visit: AppVisit;
  readonly live: LiveSession;
  readonly handle: string;
  readonly target: Refreshable;
  readonly further: boolean;
  /** Its name. */
  readonly provider: string;
}

/**
 * Renews the tokens of sessions with their refresh tokens (RFC 9700 section 4.14.2): a session makes one refresh at a time
 * over all processes, and what it brought is stored before anyone is answered. Requests of one process join the renewal
 * that is under way; those of others wait for its lock, and find its fruit in the store.
 * The end of a session is never put off, and one that was ended meanwhile stays ended: the store sees to both.
 */
export function createRenewals(parts: RenewalParts): Renewals {
  const { store, now, milliseconds = () => performance.now() } = parts;
  const limits = { ...LIMITS, ...parts.limits };
  const load = createProviderLoad(limits, milliseconds);
  const running = new Map<string, Promise<Renewal>>();
  const underWay = new Set<Promise<unknown>>();
  const pauses = new LRUCache<string, { readonly until: number; readonly renewal: Renewal }>({ max: PAUSES });
  const kept = (reason: 'provider-unavailable' | 'store-unavailable', cause: string): Renewal => ({
    kind: 'kept',
    reason,
    cause,
  });

  const renew: Renew = (visit, live, audiences) => {
    const { config } = parts.providerOf(visit.app);
    const further = config.moreAudiences === 'refresh';
    const target = refreshableFor(live, audiences, further);
    if (target === undefined) return undefined;
    const name = JSON.stringify([live.session.id, target.audience]);
    const before = running.get(name);
    if (before !== undefined) return before;
    const pause = pauses.get(name);
    if (pause !== undefined && milliseconds() < pause.until) return Promise.resolve(pause.renewal);
    const handle = visit.cookies.session.read(visit.split);
    if (handle === undefined) return undefined;
    const full = load.enter(config.name);
    if (full !== undefined) return Promise.resolve(kept('provider-unavailable', full));
    const renewal = start(name, { visit, live, handle, target, further, provider: config.name });
    running.set(name, renewal);
    return renewal;
  };

  return {
    renew,
    async settled() {
      await Promise.allSettled(underWay);
    },
  };

  /** @returns what those who ask meanwhile are answered: after a while, that nothing has come of it yet. */
  function start(name: string, job: Job): Promise<Renewal> {
    let isLate = false;
    const work = attempt(job)
      .then((renewal) => {
        if (renewal.kind === 'kept') pauses.set(name, { until: milliseconds() + limits.pause, renewal });
        return renewal;
      })
      .catch((error: unknown) => {
        if (error instanceof StoreUnavailable) return kept('store-unavailable', error.message);
        if (isLate) parts.onFailure(error);
        throw error;
      })
      .finally(() => {
        running.delete(name);
        underWay.delete(work);
        load.leave(job.provider);
      });
    underWay.add(work);
    return withDeadline(limits.wait, work, () => {
      isLate = true;
      return kept('provider-unavailable', `the refresh takes longer than ${limits.wait} ms`);
    });
  }

  /** Waits for the session's lock, or for what its holder brings. */
  async function attempt(job: Job): Promise<Renewal> {
    const giveUp = milliseconds() + limits.lock;
    for (;;) {
      const release = await lockRefresh(store, job.live.session.id, limits.lock);
      try {
        const session = await latestOf(job);
        const target = session === undefined ? undefined : within(session, job.target.audience, job.further);
        if (session === undefined || target === undefined) return CHANGED;
        // What was asked with may be a moment old: the store knows whether somebody has done what this one is for.
        const token = reopened(job, target);
        const isNew = target.raw !== job.target.raw;
        if (isNew && (token === undefined || !sessionTokenExpired(token, now()))) return CHANGED;
        if (release !== undefined) return await refresh({ ...job, target }, session, token);
      } finally {
        if (release !== undefined) await letGo(release);
      }
      if (milliseconds() >= giveUp)
        return kept('provider-unavailable', 'another process keeps the lock of the session');
      await sleep(limits.poll, undefined, { ref: false });
    }
  }

  /** @param former the token that another one shall take the place of */
  async function refresh(job: Job, session: Session, former: AccessToken | undefined): Promise<Renewal> {
    const until = milliseconds() + limits.lock;
    const { config, identityProvider } = parts.providerOf(job.visit.app);
    const readFresh = (raw: string) => parts.readFresh(raw, job.visit.app);
    const verdict = await requestRefresh(identityProvider, job.target, former, readFresh);
    load.ended(job.provider, verdict.kind === 'unavailable');
    const told = (outcome: RefreshOutcome, cause?: string): void =>
      parts.onRefresh(config.name, outcome, cause);
    try {
      const isTaken = await take(job, session, verdict, until);
      if (verdict.kind === 'renewed') told(isTaken ? 'renewed' : 'dropped');
      else if (verdict.kind === 'ended' && !isTaken) told('dropped');
      else told(verdict.kind, verdict.cause);
      if (verdict.kind === 'renewed' || !isTaken) return CHANGED;
      if (verdict.kind === 'ended') return { kind: 'ended' };
      const reason = verdict.kind === 'unavailable' ? 'provider-unavailable' : undefined;
      return { kind: 'kept', reason, cause: verdict.cause };
    } catch (error) {
      if (error instanceof StoreUnavailable) told('dropped', error.message);
      throw error;
    }
  }

  /**
   * Does what the provider's answer means for the session.
   * @returns false when the session is not that any more which the refresh was for
   */
  async function take(job: Job, session: Session, verdict: RefreshVerdict, until: number): Promise<boolean> {
    if (verdict.kind === 'ended') {
      const latest = await latestOf(job);
      // Where the lock was lost, another process may have been quicker with the same refresh token.
      if (latest === undefined || withRefreshed(latest, job.target, NOTHING) === undefined) return false;
      await store.revoke(session.id, session.expiresAt, 'ended', job.handle);
      return true;
    }
    const { refreshToken } = verdict;
    if (verdict.kind === 'renewed') return save(job, session, { token: verdict.token, refreshToken }, until);
    return refreshToken === undefined || save(job, session, { token: undefined, refreshToken }, until);
  }

  /**
   * INVARIANT: a refresh token that took the place of another is stored before anyone is answered: the old one, sent again,
   * would make the provider end them all. So a store that is gone for a moment is tried again while the lock lasts.
   */
  async function save(job: Job, session: Session, refreshed: Refreshed, until: number): Promise<boolean> {
    let latest: Session | undefined = session;
    for (;;) {
      try {
        const changed = latest === undefined ? undefined : withRefreshed(latest, job.target, refreshed);
        if (changed === undefined) return false;
        if (await store.update(job.handle, changed)) return true;
        latest = await latestOf(job);
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || milliseconds() >= until) throw error;
        await sleep(limits.poll);
      }
    }
  }

  function reopened({ visit }: Job, { raw }: Refreshable): AccessToken | undefined {
    return raw === undefined ? undefined : reopenAccessToken(raw, parts.trustsOf(visit.app), now());
  }

  function latestOf({ handle, live: { session } }: Job): Promise<Session | undefined> {
    return store.load(handle, session.host, session.tenant, now());
  }
}
