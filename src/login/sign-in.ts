import type { LoginUrl, ProviderConfig } from '../config/config.ts';
import type { IdentityProvider } from '../oidc/identity-provider.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import type { StepUp } from '../outcome/challenge.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Reply, redirect } from '../outcome/reply.ts';
import { type AppVisit, tenantFact } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import { isLoop, type LoginMemory } from './login-memory.ts';
import { acrValuesOf, redirectUri } from './redirect-uri.ts';
import type { Transactions } from './transaction.ts';

/** The provider that signs an app's people in. */
export interface AppProvider {
  readonly config: ProviderConfig;
  readonly identityProvider: IdentityProvider;
}

/** What a login is for. */
export interface SignInRequest {
  /** What the access token shall be for; empty: whatever the provider issues. */
  readonly audience: string;
  /** Scopes beyond those that every login of the app asks for. */
  readonly scopes: readonly string[];
  /** A request target of this host, or an absolute URL that was validated. */
  readonly returnTo: string;
  readonly prompt?: 'select_account';
  /** The provider shall show no page; where it has to, the callback starts the same login again without this. */
  readonly silent?: boolean;
  /** The ID token of the session, with `silent`: the answer is then about this person or none (OIDC Core section 3.1.2.1). */
  readonly idTokenHint?: string | undefined;
  /** What the sign-in itself must be (RFC 9470). */
  readonly stepUp?: StepUp | undefined;
  readonly attempt?: number;
  /** What could make it a loop: no session, or one whose token has expired. Undefined: a person asked, or a new need did. */
  readonly because?: 'no-session' | 'expired';
}

/** Sends a browser to the provider with an authorization request (OIDC Core section 3.1.2.1). */
export type SignIn = (
  visit: AppVisit,
  request: SignInRequest,
  setCookie?: readonly string[],
) => Promise<Reply>;

/** Characters of a URL with a hint: nginx takes the headers of an answer up to 4 KB, cookies included. */
const LONGEST_HINTED = 2800;

/** @returns the scopes of an authorization request: the app's own, with `ask: rules` those of its rules, and more. */
export function scopesToAsk(app: App, audience: string, more: readonly string[]): readonly string[] {
  const ofRules = app.login.ask === 'rules' ? (app.scopesByAudience.get(audience) ?? []) : [];
  return [...new Set([...app.login.scopes, ...ofRules, ...more])];
}

/**
 * With `moreAudiences: refresh`, the other audiences that rules of the app name: a refresh token is good for those alone that
 * its login asked for (RFC 8707 section 2.2), and asked for another it would be spent for nothing with some providers.
 */
const furtherAudiences = (
  app: App,
  { moreAudiences }: ProviderConfig,
  audience: string,
): readonly string[] =>
  moreAudiences === 'refresh' ? [...app.scopesByAudience.keys()].filter((one) => one !== audience) : [];

/**
 * @param now Unix seconds
 * @param loginUrl of the central shape
 * @param loginAudience what is asked for where the wanted token comes of an exchange
 */
export function createSignIn(
  providerOf: (app: App) => AppProvider,
  transactions: Transactions,
  memory: LoginMemory,
  now: () => number,
  loginUrl?: LoginUrl,
  loginAudience: (app: App, audience: string) => string = (_, audience) => audience,
): SignIn {
  return async (visit, wanted, setCookie = []) => {
    const { app, origin, cookies, split } = visit;
    const audience = loginAudience(app, wanted.audience);
    // What the exchange brings is not asked for here: those scopes belong to another audience.
    const request = audience === wanted.audience ? wanted : { ...wanted, audience, scopes: [] };
    const { config, identityProvider } = providerOf(app);
    if (origin.foreign) return refuse(visit, 'foreign-port');
    if (!config.enabled) return refuse(visit, 'provider-disabled');
    const { name: host, port } = visit.request.host;
    const { because, stepUp } = request;
    const prompt = request.silent === true ? 'none' : request.prompt;
    if (because !== undefined && isLoop(memory.read(host, cookies, split), now(), because === 'expired')) {
      return refuse(visit, 'login-loop', { returnTo: request.returnTo, setCookie });
    }
    const further = furtherAudiences(app, config, request.audience);
    const started = transactions.start(
      // A HEAD request sets no cookie: it is a look at the answer, not a visit.
      { host, port, cookies, split, keep: visit.request.method !== 'HEAD' },
      {
        provider: config.name,
        audience: request.audience,
        scopes: request.scopes,
        ...(further.length === 0 ? {} : { further }),
        returnTo: request.returnTo,
        attempt: request.attempt ?? 0,
        ...(request.silent === true ? { silent: true } : {}),
        ...(stepUp === undefined ? {} : { stepUp }),
      },
    );
    const acrValues = [...new Set([...(stepUp?.acr ?? []), ...acrValuesOf(config, visit.tenant)])];
    try {
      const asked = {
        redirectUri: redirectUri(visit, config, loginUrl),
        state: started.state,
        nonce: started.transaction.nonce,
        codeVerifier: started.transaction.codeVerifier,
        scopes: [
          ...scopesToAsk(app, request.audience, request.scopes),
          ...further.flatMap((audience) => scopesToAsk(app, audience, [])),
        ],
        audiences: [...(request.audience === '' ? [] : [request.audience]), ...further],
        ...(prompt === undefined ? {} : { prompt }),
        ...(acrValues.length === 0 ? {} : { acrValues }),
        ...(stepUp?.loginWithin === undefined ? {} : { maxAge: stepUp.loginWithin }),
      };
      const { idTokenHint } = request;
      const hinted =
        idTokenHint === undefined || request.silent !== true
          ? undefined
          : await identityProvider.authorizationUrl({ ...asked, idTokenHint });
      const location =
        hinted === undefined || hinted.length > LONGEST_HINTED
          ? await identityProvider.authorizationUrl(asked)
          : hinted;
      const facts = { app: app.name, ...tenantFact(visit), requestId: visit.requestId };
      return redirect(302, 'login-started', location, [...setCookie, ...started.setCookie], facts);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      const { returnTo } = request;
      return refuse(visit, error.reason, { returnTo, setCookie, facts: { cause: error.message } });
    }
  };
}
