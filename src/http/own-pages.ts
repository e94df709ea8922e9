import type { OwnPage } from '../forwarded/own-path.ts';
import type { PublicAddress } from '../forwarded/public-origin.ts';
import { queryOf } from '../forwarded/request-target.ts';
import type { Callback } from '../login/callback.ts';
import { askBeforeLogout, isMeant, type Logout } from '../login/logout.ts';
import { safeReturnUrl } from '../login/return-url.ts';
import type { SignIn } from '../login/sign-in.ts';
import { loginAddress } from '../outcome/login-address.ts';
import { refuse } from '../outcome/refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import { type AppVisit, hasApp, type Visit } from '../outcome/visit.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import type { AccountParts } from './account.ts';
import { accountPage, me } from './account.ts';

/** Answers the gateway's own pages, for both doors. */
export type OwnPages = (page: OwnPage, visit: Visit) => Promise<Reply>;

export interface OwnPagesParts {
  readonly signIn: SignIn;
  readonly callback: Callback;
  readonly logout: Logout;
  readonly account: AccountParts;
  readonly public: PublicAddress | undefined;
}

type Answer = (visit: AppVisit) => Promise<Reply> | Reply;

/** A page: which methods it answers, and whether the check can answer it or only the pages listener. */
interface PageRow {
  readonly methods: readonly string[];
  readonly onCheck: boolean;
  readonly answer: Answer;
}

export function createOwnPages(parts: OwnPagesParts): OwnPages {
  const routerMissing: PageRow = { methods: ['GET', 'HEAD', 'POST'], onCheck: false, answer: notFound };
  const pages: Readonly<Record<OwnPage, PageRow>> = {
    login: { methods: ['GET', 'HEAD'], onCheck: true, answer: (visit) => login(visit, parts) },
    callback: { methods: ['GET'], onCheck: true, answer: parts.callback },
    logout: {
      methods: ['GET', 'HEAD', 'POST'],
      onCheck: true,
      answer: (visit) => logout(visit, parts.logout),
    },
    'logged-out': { methods: ['GET', 'HEAD'], onCheck: true, answer: loggedOut },
    error: { methods: ['GET', 'HEAD'], onCheck: true, answer: (visit) => refuse(visit, 'error-page') },
    account: {
      methods: ['GET', 'HEAD'],
      onCheck: false,
      answer: (visit) => accountPage(visit, parts.account),
    },
    me: { methods: ['GET', 'HEAD'], onCheck: false, answer: (visit) => me(visit, parts.account) },
    jwks: routerMissing,
    'backchannel-logout': routerMissing,
    'resource-metadata': routerMissing,
    unknown: { methods: ['GET', 'HEAD', 'POST'], onCheck: true, answer: notFound },
  };
  return async (page, visit) => {
    if (!hasApp(visit)) return refuse(visit, 'unknown-host');
    const row = pages[page];
    if (visit.door === 'check' && !row.onCheck) {
      return refuse(visit, 'router-missing', {
        hint: `Add a router with the rule ${routerRule(visit)} and priority 10000.`,
      });
    }
    if (!row.methods.includes(visit.request.method)) {
      return refuse(visit, 'method-not-allowed', { headers: [['Allow', row.methods.join(', ')]] });
    }
    try {
      return await row.answer(visit);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return refuse(visit, 'store-unavailable', { facts: { cause: error.message } });
    }
  };
}

/** The line of design §3.1 that the proxy lacks, for the host at hand. */
const routerRule = ({ request, basePath }: Visit): string =>
  `Host(\`${request.host.name}\`) && (PathPrefix(\`${basePath}\`) || PathPrefix(\`/.well-known/oauth-protected-resource\`))`;

const notFound = (visit: AppVisit): Reply => refuse(visit, 'page-unknown');

const loggedOut = (visit: AppVisit): Reply =>
  refuse(visit, 'logged-out-page', {
    status: visit.door === 'check' ? 401 : 200,
    loginUrl: loginAddress(visit.origin.origin, visit.basePath, `${visit.origin.origin}/`),
  });

async function logout(visit: AppVisit, end: Logout): Promise<Reply> {
  if (isMeant(visit)) return end(visit);
  if (visit.request.method === 'POST') return refuse(visit, 'cross-site');
  return askBeforeLogout(visit, visit.door === 'check' ? 403 : 200);
}

/**
 * Starts a login that a link asked for. The query can name a return URL, an account choice, and an audience and scopes
 * that rules of the app name; nothing else of it reaches the provider.
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
  return signIn(visit, {
    audience,
    scopes: (query.get('scope') ?? '').split(' ').filter((scope) => known.has(scope)),
    returnTo: returnTo ?? '/',
    ...(query.get('prompt') === 'select_account' ? { prompt: 'select_account' } : {}),
  });
}
