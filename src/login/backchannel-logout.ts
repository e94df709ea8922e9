import type { ProviderConfig } from '../config/config.ts';
import { holdsTenant } from '../document/tenant-text.ts';
import { isLogoutRefusal, type LogoutToken, validateLogoutToken } from '../oidc/logout-token.ts';
import { refuse } from '../outcome/refusal.ts';
import { NO_STORE, type Reply } from '../outcome/reply.ts';
import { type AppVisit, tenantFact } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import type { KeptSessions } from '../session/kept-sessions.ts';
import { endedProviderSession } from '../session/session.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import type { KeySet } from '../token/key-set.ts';

/** What came as the body of a POST: its fields, or in constant words why it is no form. */
export type Form = URLSearchParams | string;

/** Takes the provider's word that somebody signed out there (OIDC Back-Channel Logout 1.0). */
export type BackchannelLogout = (visit: AppVisit, form: Form) => Promise<Reply>;

export interface BackchannelLogoutParts {
  /** Undefined where the store keeps no sessions, so that none can be ended. */
  readonly kept: KeptSessions | undefined;
  readonly configOf: (app: App) => ProviderConfig;
  readonly keysOf: (app: App) => KeySet;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
}

/**
 * Seconds: a callback takes less. Not for longer, since some providers keep the `sid` where they end a session at one
 * client only, and a further login of it is a good one.
 */
const LOGIN_UNDER_WAY = 10;

/**
 * Ends the sessions that a logout token names, on every host that this provider signs people in for: that of the
 * provider's session (`sid`), with the person's that hold none where it names the person too; or without one all of the
 * person. Anybody may send it from anywhere: the token alone counts.
 * Answers with 200 or 400 (section 2.8), whatever is wrong, but for a store that keeps no sessions at all.
 */
export function createBackchannelLogout(parts: BackchannelLogoutParts): BackchannelLogout {
  const { kept, clockTolerance, now } = parts;
  return async (visit, form) => {
    if (kept === undefined) return refuse(visit, 'sessions-not-kept', { kind: 'script' });
    const fail = (reason: Failure, cause: string): Reply =>
      refuse(visit, reason, { kind: 'script', status: 400, hint: `${cause}.`, facts: { cause } });
    if (typeof form === 'string') return fail('logout-token-invalid', form);
    const [raw, second] = form.getAll('logout_token');
    if (raw === undefined || second !== undefined)
      return fail('logout-token-invalid', 'the form does not hold just one logout_token');
    const { name: provider, issuer, clientId, idTokenAlg: algorithm } = parts.configOf(visit.app);
    // Each tenant's provider has to say it at the address of its tenant.
    if (holdsTenant(issuer)) return refuse(visit, 'tenant-unknown', { kind: 'script' });
    const keys = parts.keysOf(visit.app);
    const terms = { issuer, clientId, algorithm, keys, now: now(), clockTolerance };
    const token = await validateLogoutToken(raw, terms);
    if (isLogoutRefusal(token)) return fail(token.reason, token.detail);
    try {
      const ended = await endOnce(kept, provider, token);
      if (ended === undefined) return fail('logout-token-invalid', 'jti was used before');
      return done(visit, token, ended);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return fail(error.reason, error.message);
    }
  };

  /** @returns how many sessions ended; undefined for a token that was used before, in whichever process. */
  async function endOnce(
    sessions: KeptSessions,
    provider: string,
    token: LogoutToken,
  ): Promise<number | undefined> {
    // A lock that nobody lets go: the first one has it for as long as the token is good.
    // Times may have fractions (RFC 7519 section 2), and the last moment may have passed while keys were fetched.
    const left = Math.max(1, Math.ceil((token.goodUntil - now()) * 1000));
    const letGo = await sessions.lock(`logout token ${JSON.stringify([provider, token.jti])}`, left);
    if (letGo === undefined) return undefined;
    try {
      return await end(sessions, provider, token);
    } catch (error) {
      // Not all is known to have ended: the provider may say it again. If this fails too, `error` has said why.
      await letGo().catch(() => undefined);
      throw error;
    }
  }

  async function end(sessions: KeptSessions, provider: string, token: LogoutToken): Promise<number> {
    const { sid, subject } = token;
    if (sid === undefined) return sessions.endWhere({ by: 'subject', provider, subject: subject ?? '' });
    // Remembered first: a login that is under way then either sees it, or has kept its session by now.
    await sessions.revoke(endedProviderSession(provider, sid), now() + LOGIN_UNDER_WAY, 'ended');
    const named = await sessions.endWhere({ by: 'sid', provider, sid });
    if (subject === undefined) return named;
    // A session that holds no `sid` may be the one that is meant.
    return named + (await sessions.endWhere({ by: 'subject', provider, subject, withoutSid: true }));
  }
}

type Failure = 'logout-token-invalid' | 'key-set-unavailable' | 'store-unavailable';

const done = (visit: AppVisit, { subject }: LogoutToken, ended: number): Reply => ({
  status: 200,
  reason: 'backchannel-logout',
  headers: [NO_STORE, ['X-Content-Type-Options', 'nosniff'], ['Content-Length', '0']],
  facts: {
    app: visit.app.name,
    ...tenantFact(visit),
    requestId: visit.requestId,
    cause: `${ended} of our sessions ended`,
    ...(subject === undefined ? {} : { subject }),
  },
});
