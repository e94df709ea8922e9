import type { LoginUrl } from '../config/config.ts';
import { type PublicAddress, publicOrigin } from '../forwarded/public-origin.ts';
import { queryOf } from '../forwarded/request-target.ts';
import { refuse } from '../outcome/refusal.ts';
import { type Reply, redirect } from '../outcome/reply.ts';
import { type AppVisit, startTarget, tenantFact, type Visit } from '../outcome/visit.ts';
import type { Brand } from '../pages/page.ts';
import type { App } from '../rules/rule-set.ts';
import type { Tenants } from '../rules/tenancy.ts';
import { returnUrl } from './return-url.ts';
import { type Home, TRANSACTION_LIFETIME, type Transactions } from './transaction.ts';

/**
 * Hands an authorization response on from the one redirect URI of the central shape to the host that asked for it. It
 * redeems nothing, sets no cookie and reads none: all that the answer is worth depends on the transaction cookie of that
 * host, which only the browser that began there has.
 * @returns undefined where the answer is for the host that was asked, whose own callback it is
 */
export type Relay = (visit: Visit) => Reply | undefined;

export interface RelayParts {
  /** Undefined in the per-host shape: nothing is relayed then. */
  readonly loginUrl: LoginUrl | undefined;
  readonly public: PublicAddress | undefined;
  readonly transactions: Pick<Transactions, 'openRelayed'>;
  readonly brandOf: (app: App) => Brand;
  readonly tenants?: Tenants | undefined;
  /** Unix seconds. */
  readonly now: () => number;
}

/** RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2. Nothing else of the query is handed on. */
const RELAYED = ['code', 'state', 'iss', 'error', 'error_description'];

/** Characters of the location: longer than any authorization response, and about what proxies take as header lines. */
const LONGEST = 12_288;

export function createRelay(parts: RelayParts): Relay {
  const { loginUrl, public: configured, transactions, brandOf, tenants, now } = parts;
  return (visit) => {
    if (visit.request.host.name !== loginUrl?.host) return undefined;
    if (visit.request.method !== 'GET')
      return refuse(visit, 'method-not-allowed', { headers: [['Allow', 'GET']] });
    const query = new URLSearchParams(queryOf(visit.request.target));
    // RFC 6749 section 3.1: "Request and response parameters MUST NOT be included more than once."
    if (new Set(query.keys()).size < query.size) return refuse(visit, 'callback-malformed');
    const content = transactions.openRelayed(query.get('state') ?? '');
    if (content === undefined) return refuse(visit, 'callback-state');
    if (content.home.name === visit.request.host.name && visit.app !== undefined) return undefined;

    const home = atHome(visit, content.home, content.tenant ?? '');
    if (home === undefined)
      return refuse(visit, 'unknown-host', {
        facts: { cause: 'no app has the host that state is sealed for' },
      });
    if (content.startedAt + TRANSACTION_LIFETIME <= now())
      return refuse(home, 'callback-expired', {
        returnTo: returnUrl(content.returnTo ?? startTarget(home), home.origin.origin),
      });
    // A prefetch, a script or a frame would use up the code where the person never sees it.
    if (!isNavigation(visit)) return refuse(home, 'login-needed');
    const known = RELAYED.flatMap((name) => {
      const value = query.get(name);
      return value === null ? [] : [[name, value] as [string, string]];
    });
    const location = `${home.origin.origin}${home.basePath}/callback?${new URLSearchParams(known)}`;
    if (location.length > LONGEST) return refuse(home, 'callback-malformed');
    const facts = { app: home.app.name, ...tenantFact(home), requestId: home.requestId };
    return redirect(303, 'login-relayed', location, [], facts);
  };

  /** The visit as pages and links of its home would have it. @returns undefined when no app has that host now. */
  function atHome(visit: Visit, { name, port }: Home, tenant: string): AppVisit | undefined {
    const app = visit.rules.appFor(name);
    if (app === undefined) return undefined;
    const { request, rules, kind, door, cookies, split, requestId, basePath } = visit;
    const origin = publicOrigin({ name, port, finalDot: false }, configured);
    const isShared = tenant !== '' && tenants?.place(app) === 'path';
    return {
      ...{ request, rules, kind, door, cookies, split, requestId, basePath, origin, tenant },
      app: rules.forTenant(app, tenant),
      home: isShared ? `${origin.origin}/${tenant}` : origin.origin,
      stranger: 'unknown-host',
      lacksTenant: false,
      brand: brandOf(app),
      atTenant: () => undefined,
    };
  }
}

/** Whether nothing says that this is anything but the navigation of a whole window (Fetch Metadata). */
const isNavigation = ({ request: { headers } }: Visit): boolean =>
  headers.purpose === undefined &&
  (headers.secFetchMode ?? 'navigate') === 'navigate' &&
  (headers.secFetchDest ?? 'document') === 'document';
