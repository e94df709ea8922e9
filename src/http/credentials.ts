import type { BearerTokens } from '../broker/bearer-tokens.ts';
import type { BrokerRefusal } from '../broker/broker-refusal.ts';
import type { ServiceTokens } from '../broker/client-credentials.ts';
import type { ExchangedTokens } from '../broker/exchanged-tokens.ts';
import { holdsOpaque, type OpaqueSessions } from '../broker/opaque-sessions.ts';
import type { Renew, Renewal } from '../login/renewal.ts';
import { type AppVisit, allowedOrigins } from '../outcome/visit.ts';
import type { Reason } from '../reason.ts';
import type { TokenNeed } from '../rules/rule.ts';
import type { App } from '../rules/rule-set.ts';
import { readCredential, unreadLine } from '../session/credential.ts';
import { type LiveSession, tokensFor } from '../session/session.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import type { AccessToken, TokenRefusal } from '../token/access-token.ts';
import type { IssuerTrusts } from '../token/token-reader.ts';
import { judgeTime, sessionTokenExpired } from '../token/token-time.ts';
import { isRefusal } from '../token/validate-access-token.ts';
import { type Eventual, isPromise, whenThere } from './eventual.ts';

/** A credential that was opened, with the access tokens of it that are in force. */
export type OpenedCredential =
  | {
      readonly kind: 'refused';
      readonly reason: Reason;
      readonly cause?: string;
      /** Who the caller says it is, for the log; nothing has proven it. */
      readonly client?: string;
    }
  | { readonly kind: 'none'; readonly tokens: readonly [] }
  | {
      readonly kind: 'session';
      readonly live: LiveSession;
      /** For the audience of the need, in force. */
      readonly tokens: readonly AccessToken[];
      /** There is a token for the audience, but it is no longer in force. */
      readonly expired: boolean;
      /** The tokens came of an exchange: what they lack, no login brings. */
      readonly exchanged?: true;
    }
  | {
      /** `basic`: the token was got with what the caller brought. */
      readonly kind: 'bearer' | 'basic';
      readonly tokens: readonly [AccessToken];
      /** For the upstream. */
      readonly line: string | undefined;
    };

/** What is known of a caller where nothing depends on it. */
export interface KnownCaller {
  readonly token: AccessToken | undefined;
  readonly live: LiveSession | undefined;
  /** The client's own `Authorization` line, if it may go on to the upstream. */
  readonly authorization: string | undefined;
}

export interface Credentials {
  /** Opens the credential that decides: a bearer token, else the session. */
  open(visit: AppVisit, need: TokenNeed): Eventual<OpenedCredential>;
  /**
   * For public rules: never refuses, and makes no network call.
   * @param withSession false leaves the session out
   */
  known(visit: AppVisit, withSession: boolean): Eventual<KnownCaller>;
}

export interface CredentialParts {
  readonly sessionOf: (visit: AppVisit) => Eventual<LiveSession | undefined>;
  readonly bearers: BearerTokens;
  readonly services: ServiceTokens;
  readonly exchanged: ExchangedTokens;
  readonly trustsOf: (app: App) => IssuerTrusts;
  /** Undefined where no provider is asked about tokens. */
  readonly opaque?: OpaqueSessions | undefined;
  /** Undefined without `session.refresh`. */
  readonly renew?: Renew | undefined;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
}

const ANONYMOUS: OpenedCredential = { kind: 'none', tokens: [] };

/** What a provider gave for what a caller brought. */
type Got = AccessToken | TokenRefusal | BrokerRefusal;

export function createCredentials(parts: CredentialParts): Credentials {
  const { sessionOf, bearers, renew, now, clockTolerance } = parts;
  // The issuer again: a rule set that was swapped in meanwhile may no longer accept it.
  const isAccepted = (token: AccessToken, app: App): boolean =>
    parts.trustsOf(app).has(token.issuer) && judgeTime(token, now(), clockTolerance) === undefined;
  const inForce = (token: AccessToken, app: App): boolean =>
    !sessionTokenExpired(token, now()) && isAccepted(token, app);

  /** @param online whether a provider may be asked about opaque tokens */
  function openSession(
    visit: AppVisit,
    audiences: readonly string[],
    online = true,
  ): Eventual<OpenedCredential> {
    const { app } = visit;
    if (!app.credentials.includes('session')) return ANONYMOUS;
    return whenThere(sessionOf(visit), (live) => {
      if (live === undefined) return ANONYMOUS;
      if (parts.opaque === undefined) return credentialOf(live, app, audiences);
      const whole = online ? parts.opaque.opened(live, app) : parts.opaque.known(live, app);
      return whenThere(
        whole,
        (one): OpenedCredential => ('reason' in one ? refused(one) : credentialOf(one, app, audiences)),
      );
    });
  }

  function credentialOf(live: LiveSession, app: App, audiences: readonly string[]): OpenedCredential {
    const held = tokensFor(live, audiences);
    const valid = held.filter((token) => inForce(token, app));
    const isThere = held.length > 0 || (parts.opaque !== undefined && holdsOpaque(live, audiences));
    return { kind: 'session', live, tokens: valid, expired: isThere && valid.length === 0 };
  }

  /** The session that decides. The one that lacks a token in force is renewed where a refresh token can help. */
  function openDeciding(visit: AppVisit, audiences: readonly string[]): Eventual<OpenedCredential> {
    const opened = openSession(visit, audiences);
    if (renew === undefined) return opened;
    return whenThere(opened, (credential) => {
      if (credential.kind !== 'session' || credential.tokens.length > 0) return credential;
      const renewal = renew(visit, credential.live, audiences);
      return renewal === undefined ? credential : renewal.then((one) => afterRenewal(visit, audiences, one));
    });
  }

  function afterRenewal(
    visit: AppVisit,
    audiences: readonly string[],
    renewal: Renewal,
  ): Eventual<OpenedCredential> {
    if (renewal.kind === 'ended') return ANONYMOUS;
    // Again: while this one waited, the session may have ended, or another request have done better.
    const opened = openSession(visit, audiences);
    if (renewal.kind === 'changed') return opened;
    return whenThere(opened, (latest) => {
      if (latest.kind !== 'session' || latest.tokens.length > 0) return latest;
      // A token counts as expired a little early; without another one it goes on to its end.
      const last = tokensFor(latest.live, audiences).filter(
        (token) => now() < token.expiresAt && isAccepted(token, visit.app),
      );
      if (last.length > 0) return { ...latest, tokens: last, expired: false };
      const { reason, cause } = renewal;
      return reason === undefined ? latest : { kind: 'refused', reason, cause };
    });
  }

  /** The session that decides, where a token for the audiences may come of an exchange. */
  function openExchanging(visit: AppVisit, audiences: readonly string[]): Eventual<OpenedCredential> {
    const { app } = visit;
    const beginnings = parts.exchanged.beginnings(app, audiences);
    if (beginnings.length === 0) return openDeciding(visit, audiences);
    return whenThere(openSession(visit, audiences), (direct) => {
      if (direct.kind !== 'session' || direct.tokens.length > 0) return direct;
      return whenThere(openDeciding(visit, beginnings), (held) => {
        if (held.kind !== 'session') return held;
        const exchanged = parts.exchanged.of(held.tokens, 'session', app, audiences);
        if (exchanged === undefined) return { ...held, tokens: [] };
        return whenThere(exchanged, (got): OpenedCredential => {
          const result = stillAccepted(got, app);
          return isRefusal(result) ? refused(result) : { ...held, tokens: [result], exchanged: true };
        });
      });
    });
  }

  /** The session with what is at hand of its tokens: no call is made. */
  function openKnown(visit: AppVisit): Eventual<OpenedCredential> {
    const { app } = visit;
    return whenThere(openSession(visit, app.audiences, false), (direct) => {
      const beginnings = parts.exchanged.beginnings(app, app.audiences);
      if (direct.kind !== 'session' || direct.tokens.length > 0 || beginnings.length === 0) return direct;
      return whenThere(openSession(visit, beginnings, false), (held): OpenedCredential => {
        const tokens = held.kind === 'session' ? held.tokens : [];
        const known = parts.exchanged.known(tokens, app, app.audiences);
        return { ...direct, tokens: known === undefined ? [] : [known] };
      });
    });
  }

  /** A bearer token that is not for the audiences may be one that is exchanged for such a one. */
  function orExchanged(
    token: AccessToken,
    line: string,
    app: App,
    audiences: readonly string[],
  ): Eventual<OpenedCredential> {
    const own: OpenedCredential = { kind: 'bearer', tokens: [token], line };
    if (audiences.some((audience) => token.audiences.includes(audience))) return own;
    const exchanged = parts.exchanged.of([token], 'bearer', app, audiences);
    return exchanged === undefined ? own : withToken(exchanged, app, 'bearer');
  }

  /** What is remembered may have come for another app, or under other rules: its issuer must be one of this app's. */
  function stillAccepted(result: Got, app: App): Got {
    if ('reason' in result || isAccepted(result, app)) return result;
    return {
      reason: 'exchange-invalid',
      detail: 'the app does not accept the issuer of the new token, or that token has ended',
    };
  }

  /** What was got with what the caller brought. */
  const withToken = (token: Eventual<Got>, app: App, kind: 'bearer' | 'basic'): Eventual<OpenedCredential> =>
    whenThere(token, (got) => {
      const result = stillAccepted(got, app);
      return isRefusal(result) ? refused(result) : { kind, tokens: [result], line: lineOf(result, app) };
    });

  return {
    open(visit, need) {
      const credential = readCredential(visit.request.headers, visit.app);
      if (typeof credential === 'string') return { kind: 'refused', reason: credential };
      if (credential.kind === 'bound') return { kind: 'refused', reason: 'token-bound' };
      if (credential.kind === 'session' || (credential.kind === 'basic' && isPageLoad(visit)))
        return unlessDown(openExchanging(visit, need.audiences), ({ message }) => ({
          kind: 'refused',
          reason: 'store-unavailable',
          cause: message,
        }));
      // Not even shown to the provider: nobody may guess secrets by other people's browsers.
      if (credential.kind === 'basic' && isElsewhere(visit)) return { kind: 'refused', reason: 'cross-site' };
      if (credential.kind === 'basic')
        return whenThere(
          withToken(parts.services.read(credential, visit.app, need), visit.app, 'basic'),
          (opened) => (opened.kind === 'refused' ? { ...opened, client: credential.id } : opened),
        );
      const { raw, line } = credential;
      const foreign = parts.exchanged.ofForeign(raw, visit.app, need.audiences);
      if (foreign !== undefined) return withToken(foreign, visit.app, 'bearer');
      return whenThere(bearers.read(raw, visit.app), (result) =>
        isRefusal(result) ? refused(result) : orExchanged(result, line, visit.app, need.audiences),
      );
    },

    known(visit, withSession) {
      const { app, request } = visit;
      const credential = readCredential(request.headers, app);
      if (typeof credential !== 'string' && credential.kind === 'bearer') {
        return whenThere(bearers.known(credential.raw, app), (result) => {
          const token = result === undefined || isRefusal(result) || !isFor(result, app) ? undefined : result;
          return { token, live: undefined, authorization: token === undefined ? undefined : credential.line };
        });
      }
      // The scheme is the upstream's own business, unless it is one of ours in a form that cannot be believed.
      const isUnread = typeof credential !== 'string';
      const authorization = isUnread ? unreadLine(request.headers, app) : undefined;
      const session = withSession ? openKnown(visit) : ANONYMOUS;
      const known = unlessDown(session, () => ANONYMOUS);
      return whenThere(known, (opened) =>
        opened.kind === 'session'
          ? { token: opened.tokens[0], live: opened.live, authorization }
          : { token: undefined, live: undefined, authorization },
      );
    },
  };
}

/** What stands in for a session that the store cannot be asked for: never mistaken for "there is none". */
const unlessDown = <T>(session: Eventual<T>, instead: (error: StoreUnavailable) => T): Eventual<T> =>
  isPromise(session)
    ? session.catch((error) => {
        if (!(error instanceof StoreUnavailable)) throw error;
        return instead(error);
      })
    : session;

const refused = ({ reason, detail }: TokenRefusal | BrokerRefusal): OpenedCredential => ({
  kind: 'refused',
  reason,
  cause: detail,
});

/** Browsers send the Basic credentials that they keep along with every navigation, those made in advance among them. */
const isPageLoad = ({ kind, request: { headers } }: AppVisit): boolean =>
  kind !== 'script' || headers.secFetchMode === 'navigate' || headers.purpose !== undefined;

/** A page of another origin made the browser send them, whatever the method. */
function isElsewhere(visit: AppVisit): boolean {
  const { origin: from, secFetchSite: site } = visit.request.headers;
  if (from !== undefined && allowedOrigins(visit).includes(from)) return false;
  if (from !== undefined && from !== visit.origin.origin) return true;
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** What the upstream gets of a token that the caller did not bring itself. */
const lineOf = ({ raw }: AccessToken, app: App): string | undefined =>
  app.passAccessToken ? `Bearer ${raw}` : undefined;

const isFor = (token: AccessToken, app: App): boolean =>
  app.audiences.some((audience) => token.audiences.includes(audience));
