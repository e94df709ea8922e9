import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isUnavailable, type ReadFresh } from '../broker/fresh-tokens.ts';
import type { LoginUrl } from '../config/config.ts';
import { queryOf } from '../forwarded/request-target.ts';
import type { LoginResult } from '../oidc/identity-provider.ts';
import { type OAuthErrorCode, ProviderError } from '../oidc/provider-error.ts';
import type { StepUp } from '../outcome/challenge.ts';
import { loginAddress, withNeed } from '../outcome/login-address.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Facts, type Reply, redirect } from '../outcome/reply.ts';
import { type AppVisit, startTarget, tenantFact } from '../outcome/visit.ts';
import type { Reason } from '../reason.ts';
import { isSteppedUp } from '../rules/decide.ts';
import type { App } from '../rules/rule-set.ts';
import { type LiveSession, withoutHeld } from '../session/session.ts';
import { withDeadline } from '../token/deadline.ts';
import { isRefusal } from '../token/validate-access-token.ts';
import { type LoginEnd, type LoginMemory, withoutAsked } from './login-memory.ts';
import { namesTenant, redirectUri } from './redirect-uri.ts';
import { refusalHint } from './refusal-hint.ts';
import { returnUrl } from './return-url.ts';
import type { SessionOpener } from './session-opener.ts';
import { type AppProvider, type SignIn, scopesToAsk } from './sign-in.ts';
import { nowMet, stepUpName } from './step-up.ts';
import {
  type StateContent,
  TRANSACTION_LIFETIME,
  type Transaction,
  type Transactions,
} from './transaction.ts';

/** Answers the redirect URI (OIDC Core section 3.1.2.5). */
export type Callback = (visit: AppVisit) => Promise<Reply>;

export interface CallbackParts {
  readonly providerOf: (app: App) => AppProvider;
  readonly readFresh: ReadFresh;
  readonly transactions: Transactions;
  readonly memory: LoginMemory;
  readonly signIn: SignIn;
  readonly sessionOf: (visit: AppVisit) => Promise<LiveSession | undefined> | LiveSession | undefined;
  readonly openSession: SessionOpener;
  /** Of the central shape. */
  readonly loginUrl?: LoginUrl | undefined;
  /** Unix seconds. */
  readonly now: () => number;
}

const TOO_LARGE =
  'The sealed session exceeds what browsers keep in cookies: its operator can ask the provider for smaller tokens, or set session.store: redis.';

/** Milliseconds: a proxy waits for thirty seconds, a person for less. */
const LONGEST = 9_000;
/** Redemptions at once, per provider: a silent one must not tie up more. */
const MOST_UNDER_WAY = 100;
/** Milliseconds for which a doubled callback joins the first one. */
const JOINED = 10_000;
/** Callbacks under way and just finished, and spent transactions: one entry per real login, none for strangers. */
const RUNNING = 1_000;
const SPENT = 100_000;

/**
 * The callback: checks whose answer it is, redeems the code once, validates both tokens, opens the session and goes
 * back to the page that was asked for.
 */
export function createCallback(parts: CallbackParts): Callback {
  const { transactions, memory, now } = parts;
  const running = new LRUCache<string, Promise<Reply>>({ max: RUNNING, ttl: JOINED });
  const underWay = new Map<string, number>();
  const count = (provider: string, by: 1 | -1): void =>
    void underWay.set(provider, (underWay.get(provider) ?? 0) + by);
  // By size, not by number: for a number of entries it would take their room at once.
  const spent = new LRUCache<string, true>({
    maxSize: SPENT,
    sizeCalculation: () => 1,
    ttl: TRANSACTION_LIFETIME * 1000,
  });

  return async (asked) => {
    if (asked.request.method !== 'GET')
      return refuse(asked, 'method-not-allowed', { headers: [['Allow', 'GET']] });
    // A prefetch must not use up the code; the real navigation follows.
    if (asked.request.headers.purpose !== undefined) return refuse(asked, 'login-needed');
    const parameters = new URLSearchParams(queryOf(asked.request.target));
    const states = parameters.getAll('state');
    if (states.length > 1) return refuse(asked, 'callback-malformed');
    const host = asked.request.host.name;
    const content = states[0] === undefined ? undefined : transactions.openState(states[0], host);
    const visit = content === undefined ? undefined : visitOf(asked, content);
    if (content === undefined || visit === undefined) return refuse(asked, 'callback-state');
    const over = transactions.end(content.id, visit.cookies, visit.split);
    if (content.startedAt + TRANSACTION_LIFETIME <= now()) {
      return refuse(visit, 'callback-expired', {
        returnTo: content.returnTo ?? startTarget(visit),
        setCookie: over,
      });
    }
    const transaction = transactions.find(content, host, visit.cookies, visit.split);
    if (transaction === undefined) return withoutCookie(visit, content, parameters);

    // A double click joins the redemption that is under way and gets the same session; the same browser sent it, since
    // only that has the cookie. Later on the transaction is spent: a second redemption of the code would make the
    // provider revoke what the first one brought (RFC 6749 section 4.1.2).
    const joined = running.get(content.id);
    if (joined !== undefined) return joined;
    if (spent.has(content.id)) return withoutCookie(visit, content, parameters);
    if ((underWay.get(content.provider) ?? 0) >= MOST_UNDER_WAY)
      return refuse(visit, 'provider-unavailable', { returnTo: content.returnTo ?? startTarget(visit) });
    spent.set(content.id, true);
    count(content.provider, 1);
    const late = (): Reply =>
      refuse(visit, 'provider-unavailable', {
        returnTo: transaction.state.returnTo ?? startTarget(visit),
        setCookie: over,
      });
    const redemption = withDeadline(LONGEST, redeem(visit, transaction, parameters, over), late).finally(() =>
      count(content.provider, -1),
    );
    running.set(content.id, redemption);
    return redemption;
  };

  /**
   * The visit as the tenant's whose login it was: by the address, or by `state` where one address is for all tenants.
   * @returns undefined where the address is another tenant's, or no login could have sent anybody there
   */
  function visitOf(visit: AppVisit, { tenant = '' }: StateContent): AppVisit | undefined {
    if (!visit.lacksTenant) {
      const isShared = visit.home !== visit.origin.origin;
      const isOwn = !isShared || namesTenant(parts.providerOf(visit.app).config);
      return visit.tenant === tenant && isOwn ? visit : undefined;
    }
    const own = tenant === '' ? undefined : visit.atTenant(tenant);
    return own === undefined || namesTenant(parts.providerOf(own.app).config) ? undefined : own;
  }

  /** A finished login leads to its page; one whose cookie is gone starts afresh, once, then explains. */
  async function withoutCookie(
    visit: AppVisit,
    content: StateContent,
    parameters: URLSearchParams,
  ): Promise<Reply> {
    const { audience, scopes, stepUp, attempt } = content;
    const returnTo = content.returnTo ?? startTarget(visit);
    const live = await parts.sessionOf(visit);
    // A session from before this login is not its fruit: leading on would only start the next one, for ever.
    if (live !== undefined && live.session.createdAt >= content.startedAt) {
      return redirect(303, 'login-resumed', returnUrl(returnTo, visit.origin.origin), [], facts(visit));
    }
    const again = attempt === 0 && visit.kind === 'page-load' && !parameters.has('error');
    return again
      ? parts.signIn(visit, { audience, scopes, stepUp, returnTo, attempt: attempt + 1 })
      : refuse(visit, 'callback-cookie-missing', { returnTo });
  }

  async function redeem(
    visit: AppVisit,
    transaction: Transaction,
    parameters: URLSearchParams,
    over: readonly string[],
  ): Promise<Reply> {
    const { app, cookies, split } = visit;
    const { audience, scopes, provider, stepUp, silent, attempt } = transaction.state;
    const host = visit.request.host.name;
    const returnTo = transaction.state.returnTo ?? startTarget(visit);
    const asked = { audience, scopes: scopesToAsk(app, audience, scopes) };
    const before = memory.read(host, cookies, split);
    const live = await parts.sessionOf(visit);
    const end = (completed: boolean, unmet: StepUp | undefined): LoginEnd => ({
      ...asked,
      at: now(),
      completed,
      ...(unmet === undefined ? {} : { unmet: stepUpName(unmet) }),
    });

    // A provider that could not be asked has refused nothing.
    const failed = (reason: Reason): readonly string[] =>
      reason === 'provider-unavailable' ? [] : memory.remember(host, cookies, before, end(false, stepUp));
    const fail = (reason: Reason, cause: string, hint?: string): Reply =>
      refuse(visit, reason, {
        returnTo,
        setCookie: [...over, ...failed(reason)],
        // Trying again without what the page needs would only lead to its refusal.
        ...(stepUp === undefined ? {} : { stepUp, loginUrl: againFor(visit, transaction.state, returnTo) }),
        ...(hint === undefined ? {} : { hint }),
        facts: { cause },
      });

    const { config, identityProvider } = parts.providerOf(app);
    if (config.name !== provider) return fail('callback-issuer', 'the app names another provider now');
    let result: LoginResult;
    try {
      result = await identityProvider.redeem({
        redirectUri: redirectUri(visit, config, parts.loginUrl),
        parameters,
        state: parameters.get('state') ?? '',
        nonce: transaction.nonce,
        codeVerifier: transaction.codeVerifier,
        audiences: audience === '' ? [] : [audience],
        ...(stepUp?.loginWithin === undefined ? {} : { maxAge: stepUp.loginWithin }),
      });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const { providerError } = error;
      // The login goes on and is not at an end, so there is nothing to remember yet; a second time it is not silent.
      if (silent === true && providerError !== undefined && NEEDS_THE_PERSON.has(providerError))
        return parts.signIn(visit, { audience, scopes, stepUp, returnTo, attempt }, over);
      const isUnmet = stepUp !== undefined && providerError === 'unmet_authentication_requirements';
      return fail(isUnmet ? 'step-up-refused' : error.reason, error.message, hintOf(error));
    }
    const token = await parts.readFresh(result.accessToken, app);
    if (isRefusal(token)) {
      const { reason, detail } = token;
      if (reason === 'access-token-opaque') return fail(reason, detail, detail);
      return fail(
        isUnavailable(token) ? 'provider-unavailable' : 'access-token-invalid',
        `${reason}: ${detail}`,
        `${detail}.`,
      );
    }
    const released = scopesHeld(live, audience);
    const opened = await parts.openSession(visit, live?.session, {
      id: randomBytes(16).toString('base64url'),
      provider: config.name,
      clientId: config.clientId,
      result,
      token: { audience, raw: token.raw },
      further: transaction.state.further ?? [],
      asked,
      askedBefore: before,
      released,
    });
    if (opened === undefined) {
      return fail('session-too-large', TOO_LARGE, TOO_LARGE);
    }
    const unmet = stepUp !== undefined && !isSteppedUp(stepUp, token, now()) ? stepUp : undefined;
    const ends = opened.samePerson ? withoutHeld(before, audience, released) : before.map(withoutAsked);
    const known = stepUp === undefined || unmet !== undefined ? ends : nowMet(ends, stepUp);
    const remembered = memory.remember(host, cookies, known, end(true, unmet));
    const location = returnUrl(returnTo, visit.origin.origin);
    const kept = [...opened.setCookie, ...remembered];
    const room = transactions.makeRoom(cookies, split, kept);
    return redirect(303, 'login-completed', location, [...kept, ...over, ...room], {
      ...facts(visit),
      subject: token.subject,
      client: token.client,
    });
  }
}

/** The provider cannot answer without showing a page (OpenID Connect Core section 3.1.2.6). */
const NEEDS_THE_PERSON: ReadonlySet<OAuthErrorCode> = new Set<OAuthErrorCode>([
  'login_required',
  'interaction_required',
  'consent_required',
  'account_selection_required',
]);

/** @returns the scopes of the session's token that was asked for with this audience, in force or not. */
function scopesHeld(live: LiveSession | undefined, audience: string): ReadonlySet<string> {
  const held = live?.session.tokens.find((token) => token.audience === audience);
  return new Set(live?.tokens.find(({ raw }) => raw === held?.raw)?.scopes);
}

/** The address of another login for the same. */
const againFor = ({ app, home, basePath }: AppVisit, ask: StateContent, returnTo: string): string =>
  withNeed(loginAddress(home, basePath, returnTo), app, ask);

const facts = (visit: AppVisit): Facts & { readonly app: string } => ({
  app: visit.app.name,
  ...tenantFact(visit),
  requestId: visit.requestId,
});

/** What the provider's own refusal means; other failures have words of their own. */
const hintOf = ({ reason, providerError }: ProviderError): string | undefined =>
  reason === 'provider-refused' || providerError !== undefined ? refusalHint(providerError) : undefined;
