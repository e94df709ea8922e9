import { randomBytes } from 'node:crypto';
import { isForeignAction } from '../forwarded/same-site.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Reply, redirect } from '../outcome/reply.ts';
import { type AppVisit, allowedOrigins } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import type { LiveSession } from '../session/session.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { LoginMemory } from './login-memory.ts';
import type { AppProvider } from './sign-in.ts';

/** Ends the session here, then at the provider (OIDC RP-Initiated Logout 1.0). */
export type Logout = (visit: AppVisit) => Promise<Reply>;

/**
 * Whether the person meant it: a POST of our own pages or of the app, or a click inside the site. Any other GET, an
 * image on a foreign page above all, gets a page that asks.
 */
export function isMeant(visit: AppVisit): boolean {
  const { origin, request } = visit;
  const { method, headers } = request;
  const { secFetchSite, secFetchMode, secFetchDest, secFetchUser } = headers;
  if (method === 'POST') {
    return !isForeignAction(request, origin.origin, allowedOrigins(visit));
  }
  return (
    method === 'GET' &&
    secFetchSite === 'same-origin' &&
    secFetchMode === 'navigate' &&
    secFetchDest === 'document' &&
    secFetchUser === '?1'
  );
}

export function createLogout(
  providerOf: (app: App) => AppProvider,
  sessionOf: (visit: AppVisit) => Promise<LiveSession | undefined> | LiveSession | undefined,
  store: SessionStore,
  memory: LoginMemory,
): Logout {
  return async (visit) => {
    const { app, cookies, split, origin, basePath } = visit;
    const session = (await sessionOf(visit))?.session;
    if (session !== undefined) await store.revoke(session.id, session.expiresAt, 'ended');
    const setCookie = [...cookies.session.clear(split), ...memory.forget(cookies, split)];
    const loggedOut = `${origin.origin}${basePath}/logged-out`;
    const { config, identityProvider } = providerOf(app);
    const facts = {
      app: app.name,
      requestId: visit.requestId,
      ...(session === undefined ? {} : { subject: session.subject }),
    };
    try {
      const location = await identityProvider.endSessionUrl({
        ...(session?.idToken === undefined ? {} : { idTokenHint: session.idToken }),
        postLogoutRedirectUri: config.postLogoutRedirectUri ?? loggedOut,
        state: randomBytes(16).toString('base64url'),
      });
      return redirect(303, 'logged-out', location ?? loggedOut, setCookie, facts);
    } catch (error) {
      // The session here is over whatever the provider does.
      if (!(error instanceof ProviderError)) throw error;
      return redirect(303, 'logged-out', loggedOut, setCookie, { ...facts, cause: error.message });
    }
  };
}

/** @returns the refusal of a logout that nobody may have meant. */
export const askBeforeLogout = (visit: AppVisit, status?: number): Reply =>
  refuse(visit, 'logout-confirm', status === undefined ? {} : { status });
