import type { PublicAddress } from '../forwarded/public-origin.ts';
import { safeReturnUrl } from '../login/return-url.ts';
import { corsHeaders, preflightHeaders } from '../outcome/cors.ts';
import { loginAddress } from '../outcome/login-address.ts';
import { refuse } from '../outcome/refusal.ts';
import { type HeaderLine, NO_STORE, type Reply } from '../outcome/reply.ts';
import { type AppVisit, tenantFact } from '../outcome/visit.ts';
import type { Page } from '../pages/page.ts';
import { pageHeaders, renderPage } from '../pages/render.ts';
import type { App } from '../rules/rule-set.ts';
import type { LiveSession } from '../session/session.ts';
import type { Eventual } from './eventual.ts';

export interface AccountParts {
  readonly sessionOf: (visit: AppVisit) => Eventual<LiveSession | undefined>;
  /** The client id that people of the app sign in with. */
  readonly clientOf: (app: App) => string;
  /** Seconds after which an unused session ends; undefined: never. */
  readonly idle: number | undefined;
  readonly public: PublicAddress | undefined;
  /** Unix seconds. */
  readonly now: () => number;
}

/** Claims that people know themselves by, and what to call them. */
const LABELS: Readonly<Record<string, string>> = {
  name: 'Name',
  preferred_username: 'User name',
  email: 'E-mail',
};

/** Claims that are about the ID token and not about the person (OIDC Core section 2). */
const PROTOCOL_CLAIMS: ReadonlySet<string> = new Set(
  'iss aud exp iat nbf nonce at_hash c_hash s_hash azp jti sid typ'.split(' '),
);

/** @returns the claims about the person. */
export const personClaims = (profile: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(profile).filter(([name]) => !PROTOCOL_CLAIMS.has(name)));

const logoutAddress = ({ home, basePath }: AppVisit): string => `${home}${basePath}/logout`;

/** What `me` answers to. */
export const ME_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Who is signed in, as JSON, also for scripts of the app's `origins`. Times are Unix seconds. `login_url` leads back to
 * the page that asks, as far as its Referer names it.
 */
export async function me(
  visit: AppVisit,
  { sessionOf, clientOf, idle, now, public: configured }: AccountParts,
): Promise<Reply> {
  const preflight = preflightHeaders(visit, ['GET', 'HEAD']);
  if (preflight !== undefined) return { status: 204, reason: 'own-page', headers: [NO_STORE, ...preflight] };
  if (visit.request.method === 'OPTIONS')
    return refuse(visit, 'method-not-allowed', { kind: 'script', headers: [['Allow', 'GET, HEAD']] });
  const live = await sessionOf(visit);
  const rd = safeReturnUrl(visit.request.headers.referer, visit.origin.origin, visit.rules, configured);
  const loginUrl = loginAddress(visit.home, visit.basePath, rd ?? `${visit.home}/`);
  if (live === undefined) return refuse(visit, 'login-needed', { kind: 'script', loginUrl });
  const { session, tokens } = live;
  const body = JSON.stringify({
    subject: session.subject,
    client: clientOf(visit.app),
    profile: personClaims(session.profile),
    session: {
      expires_at: session.expiresAt,
      // Asking is a use.
      idle_expires_at: idle === undefined ? null : Math.min(now() + idle, session.expiresAt),
    },
    tokens: tokens.map((token) => ({
      audience: token.audiences.length === 1 ? token.audiences[0] : token.audiences,
      scopes: [...token.scopes],
      expires_at: token.expiresAt,
    })),
    login_url: loginUrl,
    logout_url: logoutAddress(visit),
  });
  const headers: HeaderLine[] = [
    ['Content-Type', 'application/json'],
    NO_STORE,
    ['X-Content-Type-Options', 'nosniff'],
    ...corsHeaders(visit),
  ];
  return answer(visit, body, headers);
}

/** Who is signed in, as a page with the way out. */
export async function accountPage(visit: AppVisit, { sessionOf }: AccountParts): Promise<Reply> {
  const live = await sessionOf(visit);
  if (live === undefined) {
    const address = loginAddress(visit.home, visit.basePath, `${visit.home}${visit.basePath}/`);
    return refuse(visit, 'login-needed', { loginUrl: address });
  }
  const { session, tokens } = live;
  const named = Object.keys(LABELS).flatMap((claim) => {
    const value = session.profile[claim];
    return typeof value === 'string' ? [[LABELS[claim] ?? claim, value] as const] : [];
  });
  const page: Page = {
    title: 'Your session',
    app: visit.app.title,
    brand: visit.brand,
    paragraphs: [],
    facts: [...named, ['Subject', session.subject], ['Signed in until', time(session.expiresAt)]],
    lists: tokens.map((token) => ({
      heading: `Permissions for ${token.audiences.join(', ')}`,
      items: [...(token.scopes.size === 0 ? ['none'] : token.scopes), `until ${time(token.expiresAt)}`],
    })),
    actions: [
      { label: 'Back to the app', href: `${visit.home}/`, method: 'get', primary: true },
      { label: 'Sign out', href: logoutAddress(visit), method: 'post' },
    ],
    requestId: visit.requestId,
  };
  return answer(visit, renderPage(page), pageHeaders(visit.brand, false));
}

const time = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');

const answer = (visit: AppVisit, body: string, headers: readonly HeaderLine[]): Reply => ({
  status: 200,
  reason: 'own-page',
  headers: [...headers, ['Content-Length', String(Buffer.byteLength(body))]],
  body,
  facts: { app: visit.app.name, ...tenantFact(visit), requestId: visit.requestId },
});
