import type { AppVisit } from '../outcome/visit.ts';
import type { Reason } from '../reason.ts';
import type { TokenNeed } from '../rules/rule.ts';
import type { App } from '../rules/rule-set.ts';
import { readCredential } from '../session/credential.ts';
import { type LiveSession, tokensFor } from '../session/session.ts';
import type { AccessToken } from '../token/access-token.ts';
import type { IssuerTrusts, TokenReader } from '../token/token-reader.ts';
import { judgeTime, sessionTokenExpired } from '../token/token-time.ts';
import { isRefusal } from '../token/validate-access-token.ts';

/** A credential that was opened, with the access tokens of it that are in force. */
export type OpenedCredential =
  | { readonly kind: 'refused'; readonly reason: Reason; readonly cause?: string }
  | { readonly kind: 'none'; readonly tokens: readonly [] }
  | {
      readonly kind: 'session';
      readonly live: LiveSession;
      /** For the audience of the need, in force. */
      readonly tokens: readonly AccessToken[];
      /** There is a token for the audience, but it is no longer in force. */
      readonly expired: boolean;
    }
  | { readonly kind: 'bearer'; readonly tokens: readonly [AccessToken]; readonly line: string };

/** What is known of a caller where nothing depends on it. */
export interface KnownCaller {
  readonly token: AccessToken | undefined;
  readonly live: LiveSession | undefined;
  /** The client's own `Authorization` line, if it may go on to the upstream. */
  readonly authorization: string | undefined;
}

export interface Credentials {
  /** Opens the credential that decides: a bearer token, else the session. */
  open(visit: AppVisit, need: TokenNeed): Promise<OpenedCredential>;
  /**
   * For public rules: never refuses, and makes no network call.
   * @param withSession false leaves the session out
   */
  known(visit: AppVisit, withSession: boolean): Promise<KnownCaller>;
}

export interface CredentialParts {
  readonly sessionOf: (visit: AppVisit) => Promise<LiveSession | undefined>;
  readonly tokens: TokenReader;
  readonly trustsOf: (app: App) => IssuerTrusts;
  /** The same issuers with the keys that are at hand: no call is made for them. */
  readonly offlineTrustsOf: (app: App) => IssuerTrusts;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
}

export function createCredentials(parts: CredentialParts): Credentials {
  const { sessionOf, tokens, now, clockTolerance } = parts;
  // The issuer again: a rule set that was swapped in meanwhile may no longer accept it.
  const inForce = (token: AccessToken, app: App): boolean =>
    parts.trustsOf(app).has(token.issuer) &&
    !sessionTokenExpired(token, now()) &&
    judgeTime(token, now(), clockTolerance) === undefined;

  async function openSession(visit: AppVisit, audiences: readonly string[]): Promise<OpenedCredential> {
    const live = visit.app.credentials.includes('session') ? await sessionOf(visit) : undefined;
    if (live === undefined) return { kind: 'none', tokens: [] };
    const held = tokensFor(live, audiences);
    const valid = held.filter((token) => inForce(token, visit.app));
    return { kind: 'session', live, tokens: valid, expired: held.length > 0 && valid.length === 0 };
  }

  return {
    async open(visit, need) {
      const credential = readCredential(visit.request.headers, visit.app);
      if (typeof credential === 'string') return { kind: 'refused', reason: credential };
      if (credential.kind === 'bound') return { kind: 'refused', reason: 'token-bound' };
      if (credential.kind === 'session') return openSession(visit, need.audiences);
      const result = await tokens.read(credential.raw, parts.trustsOf(visit.app));
      return isRefusal(result)
        ? { kind: 'refused', reason: result.reason, cause: result.detail }
        : { kind: 'bearer', tokens: [result], line: credential.line };
    },

    async known(visit, withSession) {
      const { app, request } = visit;
      const credential = readCredential(request.headers, app);
      if (typeof credential !== 'string' && credential.kind === 'bearer') {
        const result = await tokens.read(credential.raw, parts.offlineTrustsOf(app));
        const token = isRefusal(result) || !isFor(result, app) ? undefined : result;
        return { token, live: undefined, authorization: token === undefined ? undefined : credential.line };
      }
      // The scheme is the upstream's own business, unless it is one of ours in a form that cannot be believed.
      const isOwn = typeof credential !== 'string';
      const authorization = isOwn ? request.headers.authorization[0] : undefined;
      const opened = withSession ? await openSession(visit, app.audiences) : undefined;
      return opened?.kind === 'session'
        ? { token: opened.tokens[0], live: opened.live, authorization }
        : { token: undefined, live: undefined, authorization };
    },
  };
}

const isFor = (token: AccessToken, app: App): boolean =>
  app.audiences.some((audience) => token.audiences.includes(audience));
