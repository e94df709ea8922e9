import type { PublicAddress } from '../forwarded/public-origin.ts';
import type { LoginMemory } from '../login/login-memory.ts';
import { safeReturnUrl } from '../login/return-url.ts';
import type { SignIn } from '../login/sign-in.ts';
import { loginAddress } from '../outcome/login-address.ts';
import { NOBODY, permit } from '../outcome/permit.ts';
import { type RefusalDetails, refuse } from '../outcome/refusal.ts';
import type { Facts, Reply } from '../outcome/reply.ts';
import type { AppVisit } from '../outcome/visit.ts';
import type { Reason } from '../reason.ts';
import type { Decision } from '../rules/decide.ts';
import type { Rule, TokenNeed } from '../rules/rule.ts';
import type { RuleSet } from '../rules/rule-set.ts';
import { type Asked, notAsked, wasAsked } from '../session/session.ts';
import type { KnownCaller, OpenedCredential } from './credentials.ts';

type Permit = Extract<Decision, { permit: true }>;
type Denial = Extract<Decision, { permit: false }>;
type Decided = Exclude<OpenedCredential, { kind: 'refused' }>;

/** Turns decisions into answers: forward, login, challenge or forbid. The only place where a decision becomes HTTP. */
export interface Answers {
  preflight(visit: AppVisit): Reply;
  open(visit: AppVisit, rule: Rule, caller: KnownCaller): Reply;
  permitted(visit: AppVisit, decision: Permit, credential: Decided): Reply;
  refused(visit: AppVisit, decision: Denial, credential: Decided): Promise<Reply>;
}

export function createAnswers(
  signIn: SignIn,
  memory: LoginMemory,
  rules: () => RuleSet,
  configured: PublicAddress | undefined,
): Answers {
  /**
   * Sends a page load to the provider; anyone else is told where a login would be. Nobody can sign in on a foreign
   * port, or where the app takes no sessions.
   */
  async function offerLogin(
    visit: AppVisit,
    reason: Reason,
    ask: Asked,
    facts: Facts,
    lacking: Pick<RefusalDetails, 'missing' | 'scopes'> = {},
  ): Promise<Reply> {
    const { app, origin, request } = visit;
    if (!app.credentials.includes('session')) return refuse(visit, reason, { facts });
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
    const rd =
      safeReturnUrl(request.headers.referer, origin.origin, rules(), configured) ?? `${origin.origin}/`;
    const loginUrl = withNeed(loginAddress(origin.origin, visit.basePath, rd), visit, ask);
    return refuse(visit, reason, {
      loginUrl,
      facts,
      ...lacking,
    });
  }

  return {
    preflight: (visit) =>
      permit('preflight', visit.app, NOBODY, undefined, visit.split.rest, {
        app: visit.app.name,
        credential: 'none',
        requestId: visit.requestId,
      }),

    open: (visit, rule, { token, live, authorization }) =>
      permit(
        'public',
        visit.app,
        { token, profile: live?.session.profile },
        authorization,
        visit.split.rest,
        factsOf(visit, rule, token, live !== undefined ? 'session' : token !== undefined ? 'bearer' : 'none'),
      ),

    permitted(visit, { reason, rule }, credential) {
      const { app, request, split } = visit;
      const [token] = credential.tokens;
      const profile = credential.kind === 'session' ? credential.live.session.profile : undefined;
      const sessionLine =
        credential.kind === 'session' && app.passAccessToken ? `Bearer ${token?.raw}` : undefined;
      const ownLine = app.credentials.includes('bearer') ? undefined : request.headers.authorization[0];
      const line = credential.kind === 'bearer' ? credential.line : (sessionLine ?? ownLine);
      return permit(
        reason,
        app,
        { token, profile },
        line,
        split.rest,
        factsOf(visit, rule, token, credential.kind),
      );
    },

    async refused(visit, { reason, rule, missing }, credential) {
      const need = rule.need as TokenNeed;
      const [token] = credential.tokens;
      const facts = factsOf(visit, rule, token, credential.kind);
      const audience = need.audiences[0] as string;
      const scopes = [...need.allOf, ...need.anyOf.filter((scope) => missing.includes(scope))];
      if (credential.kind === 'bearer') return refuse(visit, reason, { missing, scopes, facts });
      // What this page needs is asked for along with what every login asks for.
      const ask = { audience, scopes: [...need.allOf, ...need.anyOf] };
      if (credential.kind === 'none') return offerLogin(visit, 'login-needed', ask, facts);
      if (credential.expired) return offerLogin(visit, 'session-expired', ask, facts);

      const asked = [
        ...credential.live.session.asked,
        ...(await memory.read(visit.request.host.name, visit.cookies, visit.split)),
      ];
      if (token === undefined) {
        return wasAsked(asked, need.audiences)
          ? refuse(visit, 'audience-refused', { resource: audience, facts })
          : offerLogin(visit, 'audience-not-held', ask, facts);
      }
      const open = notAsked(asked, need.audiences, missing);
      if (open.length === 0) return refuse(visit, 'scope-missing', { missing, scopes, facts });
      // The new token replaces this one, so what this one holds is asked for again.
      const held = [...token.scopes];
      const more = { audience, scopes: [...held, ...missing] };
      return offerLogin(visit, 'scopes-not-asked', more, facts, { missing, scopes });
    },
  };
}

/** The login page checks both against the rules of the app before it asks anyone for them. */
function withNeed(address: string, { app }: AppVisit, { audience, scopes }: Asked): string {
  const audiencePart = audience === app.audiences[0] ? '' : `&audience=${encodeURIComponent(audience)}`;
  return `${address}${audiencePart}${scopes.length === 0 ? '' : `&scope=${encodeURIComponent(scopes.join(' '))}`}`;
}

function factsOf(
  visit: AppVisit,
  rule: Rule,
  token: { readonly subject: string; readonly client: string } | undefined,
  credential: 'session' | 'bearer' | 'none',
): Facts {
  return {
    app: visit.app.name,
    rule: rule.id,
    credential,
    requestId: visit.requestId,
    ...(token === undefined ? {} : { subject: token.subject, client: token.client }),
  };
}
