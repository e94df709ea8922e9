import type { ExchangeEntries } from '../broker/exchange-entries.ts';
import type { PublicAddress } from '../forwarded/public-origin.ts';
import type { LoginMemory } from '../login/login-memory.ts';
import { safeReturnUrl } from '../login/return-url.ts';
import type { SignIn, SignInRequest } from '../login/sign-in.ts';
import { stepUpOf, wasUnmet } from '../login/step-up.ts';
import { loginAddress, withNeed } from '../outcome/login-address.ts';
import { type AssertionFor, NOBODY, permit } from '../outcome/permit.ts';
import { type RefusalDetails, refuse } from '../outcome/refusal.ts';
import type { Facts, Reply } from '../outcome/reply.ts';
import { type AppVisit, tenantFact } from '../outcome/visit.ts';
import type { Reason } from '../reason.ts';
import type { Decision } from '../rules/decide.ts';
import type { Rule, TokenNeed } from '../rules/rule.ts';
import { unreadLine } from '../session/credential.ts';
import { notAsked, wasAsked } from '../session/session.ts';
import type { AccessToken } from '../token/access-token.ts';
import type { KnownCaller, OpenedCredential } from './credentials.ts';
import type { Eventual } from './eventual.ts';

type Permit = Extract<Decision, { permit: true }>;
type Denial = Extract<Decision, { permit: false }>;
type Decided = Exclude<OpenedCredential, { kind: 'refused' }>;
/** What a login shall bring, and how it is asked for. */
type Ask = Pick<SignInRequest, 'audience' | 'scopes' | 'stepUp' | 'silent' | 'idTokenHint'>;

/** Turns decisions into answers: forward, login, challenge or forbid. The only place where a decision becomes HTTP. */
export interface Answers {
  preflight(visit: AppVisit): Reply;
  open(visit: AppVisit, rule: Rule, caller: KnownCaller): Reply;
  /** @param token the one that was decided on, which the upstream gets */
  permitted(visit: AppVisit, decision: Permit, credential: Decided, token: AccessToken | undefined): Reply;
  /** What `mode: report` lets pass all the same. @param cause what it would have been denied for, for the log */
  reported(
    visit: AppVisit,
    rule: Rule,
    credential: Decided,
    token: AccessToken | undefined,
    cause: string,
  ): Reply;
  refused(
    visit: AppVisit,
    decision: Denial,
    credential: Decided,
    token: AccessToken | undefined,
  ): Eventual<Reply>;
}

export function createAnswers(
  signIn: SignIn,
  memory: LoginMemory,
  configured: PublicAddress | undefined,
  assertionFor: AssertionFor,
  entries?: ExchangeEntries,
): Answers {
  /**
   * Sends a page load to the provider; anyone else is told where a login would be. Nobody can sign in on a foreign
   * port, or where the app takes no sessions.
   */
  function offerLogin(
    visit: AppVisit,
    reason: Reason,
    ask: Ask,
    facts: Facts,
    lacking: Pick<RefusalDetails, 'missing' | 'scopes' | 'stepUp'> = {},
  ): Eventual<Reply> {
    const { app, origin, request } = visit;
    const { audience } = ask;
    if (!app.credentials.includes('session'))
      return refuse(visit, reason, { audience, wanted: ask.scopes, facts });
    if (origin.foreign) return refuse(visit, 'foreign-port', { facts });
    if (visit.kind === 'page-load') {
      const because =
        reason === 'login-needed' ? 'no-session' : reason === 'session-expired' ? 'expired' : undefined;
      return signIn(visit, {
        ...ask,
        returnTo: request.target,
        ...(because === undefined ? {} : { because }),
      });
    }
    const loginUrl = loginUrlFor(visit, ask);
    return refuse(visit, reason, { loginUrl, audience, wanted: ask.scopes, facts, ...lacking });
  }

  /** Where a login for this would be: a page comes back to itself, a script to the page that it runs on, never to the API. */
  function loginUrlFor(visit: AppVisit, ask: Ask): string {
    const { app, origin, home, request, basePath, kind } = visit;
    const rd =
      kind === 'page-load'
        ? request.target
        : (safeReturnUrl(request.headers.referer, origin.origin, visit.rules, configured) ?? `${home}/`);
    return withNeed(loginAddress(home, basePath, rd), app, ask);
  }

  /** A permit for a decided credential, with the line for the upstream (design: "To the upstream"). */
  function forward(
    visit: AppVisit,
    reason: 'public' | 'permitted' | 'would-deny',
    credential: Decided,
    token: AccessToken | undefined,
    facts: Facts,
  ): Reply {
    const { app, request, split } = visit;
    const profile = credential.kind === 'session' ? credential.live.session.profile : undefined;
    const sessionLine =
      credential.kind === 'session' && app.passAccessToken ? `Bearer ${token?.raw}` : undefined;
    const ownLine = app.credentials.includes('bearer') ? undefined : unreadLine(request.headers, app);
    const line = isBrought(credential) ? credential.line : (sessionLine ?? ownLine);
    const identity = { token, profile, assertion: assertionFor(visit, token) };
    return permit(reason, app, identity, line, split.rest, facts);
  }

  return {
    preflight: (visit) =>
      permit('preflight', visit.app, NOBODY, undefined, visit.split.rest, {
        app: visit.app.name,
        ...tenantFact(visit),
        credential: 'none',
        requestId: visit.requestId,
      }),

    open: (visit, rule, { token, live, authorization }) =>
      permit(
        'public',
        visit.app,
        { token, profile: live?.session.profile, assertion: assertionFor(visit, token) },
        authorization,
        visit.split.rest,
        new RuleFacts(
          visit,
          rule,
          token,
          live !== undefined ? 'session' : token !== undefined ? 'bearer' : 'none',
        ),
      ),

    permitted: (visit, { reason, rule }, credential, token) =>
      forward(visit, reason, credential, token, new RuleFacts(visit, rule, token, credential.kind)),

    reported: (visit, rule, credential, token, cause) =>
      forward(
        visit,
        'would-deny',
        credential,
        token,
        new RuleFacts(visit, rule, token, credential.kind, cause),
      ),

    refused(visit, { reason, rule, missing }, credential, token) {
      const need = rule.need as TokenNeed;
      const facts = new RuleFacts(visit, rule, token, credential.kind);
      const audience = need.audiences[0] as string;
      const scopes = [...need.allOf, ...need.anyOf.filter((scope) => missing.includes(scope))];
      if (isBrought(credential))
        return refuse(visit, reason, { missing, scopes, audience, stepUp: need, facts });
      // What this page needs is asked for along with what every login asks for.
      const stepUp = stepUpOf(need);
      const ask = { audience, scopes: [...need.allOf, ...need.anyOf], stepUp };
      if (credential.kind === 'none') return offerLogin(visit, 'login-needed', ask, facts);
      if (credential.expired) return offerLogin(visit, 'session-expired', ask, facts);

      const ends = memory.read(visit.request.host.name, visit.cookies, visit.split);
      const asked = [...credential.live.session.asked, ...ends];
      if (token === undefined) {
        if (entries?.isListed(visit.app, need.audiences) === false)
          return refuse(visit, 'exchange-not-listed', { resource: audience, facts });
        const { idToken: idTokenHint } = credential.live.session;
        const silent = { ...ask, silent: stepUp === undefined, idTokenHint };
        const atLogin = need.audiences.map((one) => entries?.loginAudience(visit.app, one) ?? one);
        return wasAsked(asked, atLogin)
          ? refuse(visit, 'audience-refused', { resource: audience, facts })
          : offerLogin(visit, 'audience-not-held', silent, facts);
      }
      // The new token replaces this one, so what this one holds is asked for again.
      const held = [...token.scopes];
      if (reason === 'step-up-needed') {
        const again = { audience, scopes: held, stepUp };
        if (stepUp === undefined || !wasUnmet(ends, stepUp))
          return offerLogin(visit, reason, again, facts, { stepUp: need });
        // RFC 9470 section 3 has 401 for a client of an API; a person is shown what is missing.
        const status = visit.kind === 'script' ? 401 : 403;
        const loginUrl = loginUrlFor(visit, again);
        return refuse(visit, 'step-up-refused', { status, audience, stepUp: need, loginUrl, facts });
      }
      const open = credential.exchanged ? [] : notAsked(asked, need.audiences, missing);
      if (open.length === 0) return refuse(visit, 'scope-missing', { missing, scopes, audience, facts });
      const more = { audience, scopes: [...held, ...missing], stepUp };
      return offerLogin(visit, 'scopes-not-asked', more, facts, { missing, scopes });
    },
  };
}

/** Nobody can be asked to sign in for a token that the caller brought, or got with what it brought. */
const isBrought = (credential: Decided): credential is Extract<Decided, { readonly line: unknown }> =>
  credential.kind === 'bearer' || credential.kind === 'basic';

/** What the log says of an answer by a rule. The id of the request is made when the log asks for it. */
class RuleFacts implements Facts {
  readonly app: string;
  readonly tenant: string | undefined;
  readonly rule: string;
  readonly credential: Decided['kind'];
  readonly subject: string | undefined;
  readonly client: string | undefined;
  readonly cause: string | undefined;
  readonly #visit: AppVisit;

  constructor(
    visit: AppVisit,
    rule: Rule,
    token: { readonly subject: string; readonly client: string } | undefined,
    credential: Decided['kind'],
    cause?: string,
  ) {
    this.app = visit.app.name;
    this.tenant = visit.tenant === '' ? undefined : visit.tenant;
    this.rule = rule.id;
    this.credential = credential;
    this.subject = token?.subject;
    this.client = token?.client;
    this.cause = cause;
    this.#visit = visit;
  }

  get requestId(): string {
    return this.#visit.requestId;
  }
}
