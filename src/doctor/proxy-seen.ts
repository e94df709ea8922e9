import type { Config } from '../config/config.ts';
import { type Note, type Notes, shown } from './finding.ts';
import type { Answer } from './look.ts';
import { readOwnAnswer } from './own-answer.ts';
import type { ProtectedPath } from './protected-path.ts';

/** What is expected of a host. */
export interface ProxyTerms {
  readonly basePath: string;
  readonly origin: string;
  readonly endpoints: Config['endpoints'];
  readonly clientId: string;
  readonly redirectUri: string;
  /** Undefined where every path is public. */
  readonly wanted: ProtectedPath | undefined;
  readonly notes: Notes;
}

/** What the gateway says when the proxy, and not the caller, is the matter. */
const FAULTS: Readonly<Record<string, { readonly why: string; readonly change: string }>> = {
  'forwarded-header-missing': {
    why: 'The check does not learn which page is asked for, and refuses everything.',
    change:
      'let the address of the middleware lead straight to the gateway, ending in /verify, never through the proxy',
  },
  'forwarded-header-repeated': {
    why: 'The proxy passes on what the client says beside its own word, so the check cannot know the page.',
    change: 'let the proxy drop X-Forwarded-Method and X-Forwarded-Uri of clients; see traefik/README.md',
  },
  'untrusted-peer': {
    why: 'The gateway answers its proxies only, and takes this one for a stranger.',
    change: "add the proxy's own address to trustedProxies",
  },
  'unknown-host': {
    why: 'The gateway that runs has other rules than these, or the proxy changes the host.',
    change: 'load these rules there, and let the proxy pass on the host that the client named',
  },
  'page-unknown': {
    why: 'Pages of the app end at the pages listener, which has none of them: nobody reaches the app.',
    change: 'send only the paths of the gateway there: the router postern-pages of `postern proxy`',
  },
  'router-missing': {
    why: 'The gateway that runs has another basePath than this configuration.',
    change: 'use one configuration for both',
  },
  'header-alias': {
    why: 'The proxy adds a header that imitates one of the gateway.',
    change: 'remove headers with `_` or `.` in the proxy',
  },
};

/** Who refused a page: the gateway in its own words, a proxy that writes its own page upon that, or nobody. */
export type RefusedBy = 'gateway' | 'proxy' | 'nobody';

/** Whether a page that nobody may see without signing in is refused by the gateway. */
export function checkInPlace(
  answer: Answer,
  terms: ProxyTerms,
): { readonly note: Note; readonly by: RefusedBy } {
  const { notes, wanted, origin, endpoints } = terms;
  const own = readOwnAnswer(answer);
  if (wanted === undefined) {
    const note = notes.open(
      'whether the check is in place: every path of the app is public',
      'nothing to do',
    );
    return { note, by: 'nobody' };
  }
  const asked = `GET ${wanted.path} without a session`;
  if (own !== undefined && own.reason === wanted.reason)
    return {
      note: notes.ok(`the check is in place: ${asked} gets ${own.status} ${own.reason}`),
      by: 'gateway',
    };
  const fault = own === undefined ? undefined : FAULTS[own.reason];
  if (own !== undefined && fault !== undefined)
    return {
      note: notes.problem(`${asked} gets ${own.status} ${own.reason}`, fault.why, fault.change),
      by: 'nobody',
    };
  if (own !== undefined)
    return {
      note: notes.warning(
        `${asked} gets ${own.status} ${own.reason}, and not ${wanted.reason}`,
        own.detail,
        'compare with `postern rules explain`: perhaps the gateway that runs has other rules',
      ),
      by: 'gateway',
    };
  // nginx keeps the status and the challenge, and writes a body of its own.
  const challenge = answer.headers['www-authenticate'];
  if (endpoints.includes('nginx') && (answer.status === 401 || answer.status === 403)) {
    return {
      note: notes.ok(
        `${asked} gets ${answer.status}${challenge === undefined ? '' : ' with a challenge'}: refused, as far as can be seen`,
      ),
      by: 'proxy',
    };
  }
  return { note: strange(answer, asked, origin, notes), by: 'nobody' };
}

/** An answer that no gateway wrote, to a page that one had to refuse. */
function strange({ status, headers, body }: Answer, asked: string, origin: string, notes: Notes): Note {
  const seen = `${asked} gets ${status}, and not from the gateway`;
  if (status >= 300 && status < 400) {
    const { location = '' } = headers;
    const goal = URL.parse(location, origin);
    const secured = goal?.protocol === 'https:' && goal.hostname === new URL(origin).hostname;
    return secured
      ? notes.warning(
          `the proxy sends plain http on to ${shown(goal.origin)}`,
          'So nothing was seen of the check.',
          'ask it by https: --proxy https://…',
        )
      : notes.problem(
          `${seen}, but a redirect to ${goal === null ? 'nowhere' : shown(goal.origin + goal.pathname)}`,
          'Something else answers in place of the check.',
          'let the router of this host have the middleware, and have it first',
        );
  }
  if (status === 404 && body.startsWith('404 page not found'))
    return notes.problem(
      `${seen}: the proxy has no router for it`,
      'People do not reach the app.',
      'add the routers that `postern proxy` prints; look into the log of the proxy for middlewares it does not know',
    );
  if (status >= 500)
    return notes.problem(
      seen,
      'A proxy answers so when it cannot reach the gateway, or the gateway the app.',
      'let the address of the middleware lead to `listen` of the gateway, and look into the log of the proxy',
    );
  return notes.problem(
    seen,
    'Either the app is open to everybody, or another program has this address.',
    'let the router of this host have the middleware: `postern proxy` prints it',
  );
}

/** Whether what needs a 200 or a body reaches the pages listener. */
export function routerInPlace(answer: Answer, { notes, basePath, origin, endpoints }: ProxyTerms): Note {
  const own = readOwnAnswer(answer);
  const page = `${basePath}/me`;
  if (own?.reason === 'login-needed') {
    const named = URL.parse(own.loginUrl ?? '')?.origin;
    return named === undefined || named === origin
      ? notes.ok(`the router of the gateway's pages is in place: ${page} gets 401`)
      : notes.problem(
          `the gateway that runs sends people to ${named} to sign in, and this configuration to ${origin}`,
          'They would come back to an address that is not theirs.',
          'use one configuration for both; `public` says scheme and port',
        );
  }
  if (own?.reason === 'router-missing')
    return notes.warning(
      `the router of the gateway's pages is missing: ${page} gets ${own.status} router-missing`,
      'Signing in and out works; the account page, me and back-channel logout do not.',
      own.detail.replace(/^.*?(?=Add a router)/, ''),
    );
  const needed = endpoints.includes('nginx') || endpoints.includes('envoy');
  const fault = own === undefined ? undefined : FAULTS[own.reason];
  return notes.problem(
    `${page} gets ${answer.status}${own === undefined ? ', and not from the gateway' : ` ${own.reason}`}`,
    needed
      ? "Behind nginx and Envoy nobody can sign in without the router of the gateway's pages."
      : (fault?.why ?? "The gateway's pages are somebody else's, who may then read codes of sign-ins."),
    fault?.change ?? 'add the router postern-pages that `postern proxy` prints, with its priority',
  );
}

/** Whether a page load without a session is sent to the provider, with this client and this redirect URI. */
export function loginBegins(answer: Answer, { notes, clientId, redirectUri }: ProxyTerms): Note {
  const { status, headers } = answer;
  const query = URL.parse(headers.location ?? '')?.searchParams;
  const isLogin = status >= 300 && status < 400 && query?.has('client_id') === true;
  if (isLogin && query.get('client_id') === clientId && query.get('redirect_uri') === redirectUri)
    return notes.ok('a page load is sent to the provider to sign in');
  if (isLogin)
    return notes.problem(
      `a page load is sent to sign in with client ${shown(query.get('client_id') ?? '')} and redirect URI ${shown(query.get('redirect_uri') ?? '')}; this configuration says ${clientId} and ${redirectUri}`,
      'The gateway that runs has another configuration than the one that was examined.',
      'use one configuration for both; `public` and loginUrl say where people come back to',
    );
  const row = STATUSES[status];
  return notes.problem(
    `a page load is not sent to sign in, but gets ${status}`,
    row?.why ?? 'People see that in place of the page to sign in.',
    row?.change ?? 'look for the reason in the log of the gateway',
  );
}

const STATUSES: Readonly<Record<number, { readonly why: string; readonly change: string }>> = {
  421: {
    why: 'The host is asked for at a port that is not the public one, so nobody can sign in there.',
    change: 'set `public: { scheme, port }` to what people type',
  },
  503: {
    why: 'The gateway does not reach the provider, from where it runs.',
    change: 'let it connect to the provider; provider.internalUrl names another address',
  },
};

/** A client that says by a header which page it asks for must not be believed. */
export function forgedRequest(answer: Answer, { notes }: ProxyTerms): Note {
  const reason = readOwnAnswer(answer)?.reason;
  if (reason === 'error-page')
    return notes.problem(
      'a client chooses with X-Forwarded-Uri which page is checked',
      'Anybody can have a public page checked and get any other page of the app.',
      'at the edge: trustForwardHeader false and no forwardedHeaders; behind a balancer: the cleaner of traefik/README.md, before the check',
    );
  if (reason === 'forwarded-header-repeated')
    return notes.warning(
      "a client's X-Forwarded-Uri reaches the check beside the proxy's own",
      'The check refuses such requests with 400, so nobody gets in; but clients should not reach that far.',
      'let the proxy drop X-Forwarded-Method and X-Forwarded-Uri of clients',
    );
  return notes.ok("a client's own X-Forwarded-Uri changes nothing");
}

/** The check must answer the proxy alone. */
export function checkReachable(answer: Answer, path: string, { notes }: ProxyTerms): Note {
  const reason = readOwnAnswer(answer)?.reason;
  const direct = ['forwarded-header-missing', 'untrusted-peer', 'error-page'];
  const reached = answer.headers['x-auth-reason'] !== undefined || direct.includes(reason ?? '');
  return reached
    ? notes.problem(
        `${path} of the gateway answers on the public host (${answer.status}${reason === undefined ? '' : ` ${reason}`})`,
        'Anybody can ask the check about any page, with headers of their own.',
        'send nothing to `listen` but checks: the router of the pages leads to `pagesListen`',
      )
    : notes.ok(`${path} of the gateway is not reachable from outside`);
}

/** Whether the login host of the central shape answers. */
export function loginHost(answer: Answer, notes: Notes): Note {
  const own = readOwnAnswer(answer);
  if (own?.reason === 'logged-out-page') return notes.ok('the login host leads to the gateway');
  return notes.problem(
    `the login host answers ${answer.status}${own === undefined ? ', and not from the gateway' : ` ${own.reason}`}`,
    'Everybody comes back there from the provider: nobody can sign in.',
    'add the router of the login host that `postern proxy` prints',
  );
}
