import type { Assertions } from '../assertion/assertion.ts';
import type { Reason } from '../reason.ts';
import type { App } from '../rules/rule-set.ts';
import type { AccessToken } from '../token/access-token.ts';
import { claimValue, headerValue } from './header-value.ts';
import type { Facts, HeaderLine, Reply } from './reply.ts';
import type { AppVisit } from './visit.ts';

/** Who the upstream is told is asking, and with what. */
export interface Identity {
  readonly token: AccessToken | undefined;
  /** ID-token claims of a session; for the header map only. */
  readonly profile: Readonly<Record<string, unknown>> | undefined;
  /** Signed, for an app that wants one. */
  readonly assertion?: string | undefined;
}

/** Signs who asks, where the app wants that and somebody is known; the same text again while it is fresh. */
export type AssertionFor = (visit: AppVisit, token: AccessToken | undefined) => string | undefined;

/** @param assertions the signer; the gateway at a host is the issuer, and that host the audience */
export const createAssertionFor =
  (assertions: Assertions): AssertionFor =>
  ({ app, origin, request, basePath }, token) =>
    app.assertion === undefined || token === undefined
      ? undefined
      : assertions.of(token, {
          algorithm: app.assertion,
          audience: request.host.name,
          issuer: `${origin.origin}${basePath}`,
        });

export const NOBODY: Identity = { token: undefined, profile: undefined };

/**
 * A permit: 200 with the headers that the proxy copies to the upstream. All configured names are always present, empty
 * when unknown, so that a proxy which overwrites instead of deleting lets no client's copy pass.
 * @param authorization the line for the upstream; undefined: none, the proxy removes the client's
 * @param cookie the client's cookies without the gateway's; undefined: none
 */
export function permit(
  reason: Extract<Reason, 'public' | 'permitted' | 'would-deny' | 'preflight'>,
  app: App,
  identity: Identity,
  authorization: string | undefined,
  cookie: string | undefined,
  facts: Facts,
): Reply {
  const headers: HeaderLine[] = [...identityLines(identity.token), ...claimLines(app, identity.profile)];
  if (app.assertion !== undefined) headers.push(['X-Auth-Assertion', identity.assertion ?? '']);
  if (authorization !== undefined) headers.push(['Authorization', authorization]);
  if (cookie !== undefined) headers.push(['Cookie', cookie]);
  headers.push(NO_BODY);
  return { status: 200, reason, headers, facts };
}

/** The names a permit sets for an app, lower case: a client's header that folds into one of them is an imitation. */
export const configuredNames = (app: App): ReadonlySet<string> =>
  new Set(
    [
      'X-Auth-Subject',
      'X-Auth-Client',
      'X-Auth-Scopes',
      'Authorization',
      'Cookie',
      ...(app.assertion === undefined ? [] : ['X-Auth-Assertion']),
      ...Object.keys(app.headers),
    ].map((name) => name.toLowerCase()),
  );

const NO_BODY: HeaderLine = ['Content-Length', '0'];

const NO_IDENTITY: readonly HeaderLine[] = [
  ['X-Auth-Subject', ''],
  ['X-Auth-Client', ''],
  ['X-Auth-Scopes', ''],
];

const linesByToken = new WeakMap<AccessToken, readonly HeaderLine[]>();

/** Who a token names, made once for each token: a warm check only copies them. */
function identityLines(token: AccessToken | undefined): readonly HeaderLine[] {
  if (token === undefined) return NO_IDENTITY;
  const known = linesByToken.get(token);
  if (known !== undefined) return known;
  const lines: readonly HeaderLine[] = [
    ['X-Auth-Subject', headerValue(token.subject)],
    ['X-Auth-Client', headerValue(token.client)],
    ['X-Auth-Scopes', headerValue([...token.scopes].join(' '))],
  ];
  linesByToken.set(token, lines);
  return lines;
}

const NO_PROFILE: Readonly<Record<string, unknown>> = {};
const linesByProfile = new WeakMap<App, WeakMap<object, readonly HeaderLine[]>>();

/** What an app's header map makes of a profile, made once for each session likewise. */
function claimLines(app: App, profile = NO_PROFILE): readonly HeaderLine[] {
  let ofApp = linesByProfile.get(app);
  if (ofApp === undefined) {
    ofApp = new WeakMap<object, readonly HeaderLine[]>();
    linesByProfile.set(app, ofApp);
  }
  const known = ofApp.get(profile);
  if (known !== undefined) return known;
  const lines = Object.entries(app.headers).map(
    ([name, claim]): HeaderLine => [name, claimValue(profile[claim])],
  );
  ofApp.set(profile, lines);
  return lines;
}
