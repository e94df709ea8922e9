import { randomBytes } from 'node:crypto';
import { isForeignAction } from '../forwarded/same-site.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Reply, redirect } from '../outcome/reply.ts';
import { type AppVisit, allowedOrigins, tenantFact } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import type { SessionReader } from '../session/session-reader.ts';
import type { SessionStore } from '../session/session-store.ts';
import type { LoginMemory } from './login-memory.ts';
import { namesTenant } from './redirect-uri.ts';
import { revokeTokens } from './revocation.ts';
import type { AppProvider } from './sign-in.ts';

/** Ends the session here, then at the provider (OIDC RP-Initiated Logout 1.0). */
export type Logout = (visit: AppVisit) => Promise<Reply>;

/** What comes of revoking tokens, while the person is on the way already. */
export interface RevocationEvents {
  /** @param cause in constant words */
  notRevoked(issuer: string, cause: string): void;
  /** Something that no one foresaw. */
  failed(error: unknown): void;
}

/**
 * Characters: servers take request lines of 8 KB, and a hint that is refused leaves the person with an error page. The
 * client id says as much, but for whose session it is.
 */
const LONGEST_HINT = 6000;

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
  reader: Pick<SessionReader, 'whole'>,
  store: SessionStore,
  memory: LoginMemory,
  events: RevocationEvents,
): Logout {
  return async (visit) => {
    const { app, request, cookies, split, origin, home, basePath } = visit;
    const { config, identityProvider } = providerOf(app);
    const found = await reader.whole(request.host.name, visit.tenant, cookies, split);
    const session = found?.provider === config.name ? found : undefined;
    // Also one of a provider that the app has no more: only the steps at the provider are left out then.
    if (found !== undefined)
      await store.revoke(found.id, found.expiresAt, 'ended', cookies.session.read(split));
    if (session !== undefined) {
      // Nobody waits: the session is over whatever the provider says to it.
      revokeTokens(session, identityProvider).then((cause) => {
        if (cause !== undefined) events.notRevoked(config.issuer, cause);
      }, events.failed);
    }
    const setCookie = [...cookies.session.clear(split), ...memory.forget(cookies, split)];
    // One address for all tenants of a host, as the callback is, unless that is one of the tenant's own.
    const loggedOut = `${namesTenant(config) ? home : origin.origin}${basePath}/logged-out`;
    const facts = {
      app: app.name,
      ...tenantFact(visit),
      requestId: visit.requestId,
      ...(found === undefined ? {} : { subject: found.subject }),
    };
    const hint = session?.idToken;
    try {
      const location = await identityProvider.endSessionUrl({
        ...(hint === undefined || hint.length > LONGEST_HINT ? {} : { idTokenHint: hint }),
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
