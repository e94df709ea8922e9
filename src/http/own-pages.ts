import type { LoginUrl } from '../config/config.ts';
import type { OwnPage } from '../forwarded/own-path.ts';
import type { PublicAddress } from '../forwarded/public-origin.ts';
import { queryOf } from '../forwarded/request-target.ts';
import type { BackchannelLogout, Form } from '../login/backchannel-logout.ts';
import type { Callback } from '../login/callback.ts';
import { askBeforeLogout, isMeant, type Logout } from '../login/logout.ts';
import type { Relay } from '../login/relay.ts';
import { safeReturnUrl } from '../login/return-url.ts';
import type { SignIn } from '../login/sign-in.ts';
import { askedStepUp } from '../login/step-up.ts';
import { documentReply } from '../outcome/document-reply.ts';
import { loginAddress } from '../outcome/login-address.ts';
import { refuse } from '../outcome/refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { resourceMetadata } from '../outcome/resource-metadata.ts';
import { type AppVisit, hasApp, isBelowSegment, startTarget, type Visit } from '../outcome/visit.ts';
import type { App } from '../rules/rule-set.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import type { AccountParts } from './account.ts';
import { accountPage, ME_METHODS, me } from './account.ts';

/**
 * Answers the gateway's own pages, for both doors.
 * @param form the body of a POST, where the page takes one (`takesForm`)
 */
export type OwnPages = (page: OwnPage, visit: Visit, form?: Form) => Promise<Reply>;

export interface OwnPagesParts {
  readonly signIn: SignIn;
  readonly callback: Callback;
  readonly relay: Relay;
  readonly logout: Logout;
  readonly backchannelLogout: BackchannelLogout;
  readonly account: AccountParts;
  /** Who issues access tokens that the app takes, the provider first. */
  readonly issuersOf: (app: App) => readonly string[];
  /** The public keys of assertions, as JSON. */
  readonly assertionKeys: string;
  readonly public: PublicAddress | undefined;
  readonly loginUrl: LoginUrl | undefined;
}

type Answer = (visit: AppVisit, form: Form) => Promise<Reply> | Reply;

/** A page: which methods it answers, and whether the check can answer it or only the pages listener. */
interface PageRow {
  readonly methods: readonly string[];
  readonly onCheck: boolean;
  readonly answer: Answer;
  /** The same on the login host of the central shape, where no app has it; absent: no page there. */
  readonly withoutApp?: (visit: Visit) => Reply;
  /** Whether it is the same for all tenants, or finds its tenant by itself, where the address should name one. */
  readonly withoutTenant?: true;
}

/** Whether a page wants the body of a request; no other body is ever read. */
export const takesForm = (page: OwnPage, method: string): boolean =>
  page === 'backchannel-logout' && method === 'POST';

export function createOwnPages(parts: OwnPagesParts): OwnPages {
  const pages: Readonly<Record<OwnPage, PageRow>> = {
    login: { methods: ['GET', 'HEAD'], onCheck: true, answer: (visit) => login(visit, parts) },
    callback: {
      methods: ['GET'],
      onCheck: true,
      answer: (visit) => parts.relay(visit) ?? parts.callback(visit),
      withoutApp: (visit) => parts.relay(visit) ?? refuse(visit, visit.stranger),
      withoutTenant: true,
    },
    logout: {
      methods: ['GET', 'HEAD', 'POST'],
      onCheck: true,
      answer: (visit) => logout(visit, parts.logout),
    },
    'logged-out': {
      methods: ['GET', 'HEAD'],
      onCheck: true,
      answer: loggedOut,
      withoutApp: loggedOut,
      withoutTenant: true,
    },
    error: {
      methods: ['GET', 'HEAD'],
      onCheck: true,
      answer: (visit) => refuse(visit, 'error-page'),
      withoutTenant: true,
    },
    account: {
      methods: ['GET', 'HEAD'],
      onCheck: false,
      answer: (visit) => accountPage(visit, parts.account),
    },
    me: { methods: ME_METHODS, onCheck: false, answer: (visit) => me(visit, parts.account) },
    jwks: {
      methods: ['GET', 'HEAD'],
      onCheck: false,
      answer: (visit) => keysPage(visit, parts.assertionKeys),
      withoutTenant: true,
    },
    'backchannel-logout': {
      methods: ['POST'],
      onCheck: false,
      answer: parts.backchannelLogout,
      withoutTenant: true,
    },
    'resource-metadata': {
      methods: ['GET', 'HEAD'],
      onCheck: false,
      answer: (visit) => metadataPage(visit, parts.issuersOf(visit.app)),
      withoutTenant: true,
    },
    unknown: {
      methods: ['GET', 'HEAD', 'POST'],
      onCheck: true,
      answer: notFound,
      withoutTenant: true,
    },
  };
  return async (page, visit, form = new URLSearchParams()) => {
    const row = pages[page];
    const answer = answerOf(row, visit, form);
    if (answer === undefined) return refuse(visit, visit.stranger);
    // Below a segment that is no tenant nothing is, as at a host that is none.
    if (visit.tenant === '' && isBelowSegment(visit))
      return refuse(visit, visit.lacksTenant ? 'tenant-unknown' : 'page-unknown');
    if (visit.lacksTenant && row.withoutTenant !== true) return refuse(visit, 'tenant-unknown');
    if (visit.door === 'check' && !row.onCheck) {
      return refuse(visit, 'router-missing', {
        hint: `Add a router with the rule ${routerRule(visit)} and priority 10000.`,
      });
    }
    if (!row.methods.includes(visit.request.method)) {
      return refuse(visit, 'method-not-allowed', { headers: [['Allow', row.methods.join(', ')]] });
    }
    try {
      return await answer();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return refuse(visit, 'store-unavailable', { facts: { cause: error.message } });
    }
  };

  /** @returns undefined where the host has no such page. */
  function answerOf(
    { answer, withoutApp }: PageRow,
    visit: Visit,
    form: Form,
  ): (() => ReturnType<Answer>) | undefined {
    if (hasApp(visit)) return () => answer(visit, form);
    const isLogin = visit.request.host.name === parts.loginUrl?.host;
    return isLogin && withoutApp !== undefined ? () => withoutApp(visit) : undefined;
  }
}

/** The line of design §3.1 that the proxy lacks, for the host at hand. */
function routerRule({ request, basePath, home, origin, lacksTenant }: Visit): string {
  const below = lacksTenant || home !== origin.origin ? ` || PathRegexp(\`^/[^/]+${basePath}(/|$)\`)` : '';
  return `Host(\`${request.host.name}\`) && (PathPrefix(\`${basePath}\`)${below} || PathPrefix(\`/.well-known/oauth-protected-resource\`))`;
}

const notFound = (visit: AppVisit): Reply => refuse(visit, 'page-unknown');

/** What a client without configuration needs to know of a protected resource (RFC 9728). */
function metadataPage(visit: AppVisit, issuers: readonly string[]): Reply {
  const metadata = resourceMetadata(visit, issuers);
  return metadata === undefined ? notFound(visit) : documentReply(visit, JSON.stringify(metadata));
}

/** The keys of the assertion (RFC 7517), at a host whose app has one. */
const keysPage = (visit: AppVisit, keys: string): Reply =>
  visit.app.assertion === undefined ? notFound(visit) : documentReply(visit, keys);

/** Where no app is, nobody can sign in again. */
const loggedOut = (visit: Visit): Reply =>
  refuse(visit, 'logged-out-page', {
    status: visit.door === 'check' ? 401 : 200,
    ...(hasApp(visit) && !visit.lacksTenant
      ? { loginUrl: loginAddress(visit.home, visit.basePath, `${visit.home}/`) }
      : {}),
  });

async function logout(visit: AppVisit, end: Logout): Promise<Reply> {
  if (isMeant(visit)) return end(visit);
  if (visit.request.method === 'POST') return refuse(visit, 'cross-site');
  return askBeforeLogout(visit, visit.door === 'check' ? 403 : 200);
}

/**
 * Starts a login that a link asked for. The query can name a return URL, an account choice, and an audience, scopes and
 * a step-up that rules of the app name; nothing else of it reaches the provider.
 */
async function login(visit: AppVisit, { signIn, public: configured }: OwnPagesParts): Promise<Reply> {
  const { app, origin } = visit;
  if (!app.credentials.includes('session')) return refuse(visit, 'login-not-offered');
  if (visit.kind !== 'page-load') return refuse(visit, 'login-needed');
  const query = new URLSearchParams(queryOf(visit.request.target));
  const [rd, more] = query.getAll('rd');
  const returnTo = more === undefined ? safeReturnUrl(rd, origin.origin, visit.rules, configured) : undefined;
  const own = app.audiences[0] ?? '';
  const wanted = query.get('audience') ?? own;
  const audience = wanted === own || app.scopesByAudience.has(wanted) ? wanted : own;
  const known = new Set(app.scopesByAudience.get(audience) ?? []);
  const stepUp = askedStepUp(app, visit.rules, query);
  return signIn(visit, {
    audience,
    scopes: (query.get('scope') ?? '').split(' ').filter((scope) => known.has(scope)),
    returnTo: returnTo ?? startTarget(visit),
    ...(query.get('prompt') === 'select_account' ? { prompt: 'select_account' } : {}),
    ...(stepUp === undefined ? {} : { stepUp }),
  });
}
