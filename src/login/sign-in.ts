import type { ProviderConfig } from '../config/config.ts';
import type { IdentityProvider } from '../oidc/identity-provider.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Reply, redirect } from '../outcome/reply.ts';
import type { AppVisit } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import { isLoop, type LoginMemory } from './login-memory.ts';
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

/** @returns the scopes of an authorization request: the app's own, with `ask: rules` those of its rules, and more. */
export function scopesToAsk(app: App, audience: string, more: readonly string[]): readonly string[] {
  const ofRules = app.login.ask === 'rules' ? (app.scopesByAudience.get(audience) ?? []) : [];
  return [...new Set([...app.login.scopes, ...ofRules, ...more])];
}

/** The redirect URI of the per-host shape. INVARIANT: made of the configured public origin, never of a header's scheme or port. */
export const redirectUri = (visit: AppVisit): string => `${visit.origin.origin}${visit.basePath}/callback`;

/** @param now Unix seconds */
export function createSignIn(
  providerOf: (app: App) => AppProvider,
  transactions: Transactions,
  memory: LoginMemory,
  now: () => number,
): SignIn {
  return async (visit, request, setCookie = []) => {
    const { app, origin, cookies, split } = visit;
    const { config, identityProvider } = providerOf(app);
    if (origin.foreign) return refuse(visit, 'foreign-port');
    if (!config.enabled) return refuse(visit, 'provider-disabled');
    const host = visit.request.host.name;
    const { because } = request;
    if (because !== undefined && isLoop(memory.read(host, cookies, split), now(), because === 'expired')) {
      return refuse(visit, 'login-loop', { returnTo: request.returnTo, setCookie });
    }
    const started = transactions.start(
      // A HEAD request sets no cookie: it is a look at the answer, not a visit.
      { host, cookies, split, keep: visit.request.method !== 'HEAD' },
      {
        provider: config.name,
        audience: request.audience,
        scopes: request.scopes,
        returnTo: request.returnTo,
        attempt: request.attempt ?? 0,
      },
    );
    try {
      const location = await identityProvider.authorizationUrl({
        redirectUri: redirectUri(visit),
        state: started.state,
        nonce: started.transaction.nonce,
        codeVerifier: started.transaction.codeVerifier,
        scopes: scopesToAsk(app, request.audience, request.scopes),
        audiences: request.audience === '' ? [] : [request.audience],
        ...(request.prompt === undefined ? {} : { prompt: request.prompt }),
      });
      const facts = { app: app.name, requestId: visit.requestId };
      return redirect(302, 'login-started', location, [...setCookie, ...started.setCookie], facts);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return refuse(visit, error.reason, { returnTo: request.returnTo, facts: { cause: error.message } });
    }
  };
}
