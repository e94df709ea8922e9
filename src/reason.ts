/**
 * The closed vocabulary of why a check was answered as it was. Every permit, refusal and challenge carries one
 * of these; the decision log, the problem JSON and the pages show the same word.
 */

/** What a reason means for the answer: HTTP status, words for people, and the OAuth error code if there is one. */
export interface ReasonRow {
  readonly status: number;
  readonly title: string;
  /** For the person or the caller. Never the cause: that goes to the log. */
  readonly detail: string;
  /** Error code for the `WWW-Authenticate` challenge: RFC 6750 section 3.1, RFC 9470 section 3. */
  readonly error?:
    | 'invalid_request'
    | 'invalid_token'
    | 'insufficient_scope'
    | 'insufficient_user_authentication';
}

const row = (status: number, title: string, detail: string, error?: ReasonRow['error']): ReasonRow =>
  error === undefined ? { status, title, detail } : { status, title, detail, error };

const token = (detail: string): ReasonRow & { error: 'invalid_token' } => ({
  ...{ status: 401, title: 'The access token was refused', detail },
  error: 'invalid_token',
});

const BAD = 'The request is ambiguous';
const NO = 'You may not open this page';
const LOGIN_FAILED = 'The sign-in did not complete';
const MISCONFIGURED = 'The proxy and the gateway do not fit together';

export const REASONS = {
  // permits
  public: row(200, 'Public', 'The rule is public.'),
  permitted: row(200, 'Permitted', 'The access token holds what the rule needs.'),
  'would-deny': row(200, 'Would be denied', 'The app is in report mode: it is let through and logged.'),
  preflight: row(200, 'Preflight', 'A CORS preflight that the app lets through to the upstream.'),

  // 400: the forwarded request is not one clear request
  'forwarded-header-missing': row(
    400,
    MISCONFIGURED,
    'The proxy did not say which request this check is about: X-Forwarded-Method, -Proto, -Host and -Uri are needed, each once and not empty.',
  ),
  'forwarded-header-repeated': row(400, BAD, 'A forwarded header came more than once.'),
  'method-malformed': row(400, BAD, 'The method is not an HTTP token.'),
  'proto-malformed': row(400, BAD, 'The protocol is none of http, https, ws and wss.'),
  'host-malformed': row(400, BAD, 'The host is not a host name with an optional port.'),
  'target-malformed': row(
    400,
    BAD,
    'The request target does not begin with one slash, or holds control characters or a fragment.',
  ),
  'path-ambiguous': row(
    400,
    BAD,
    'The path can be read in more than one way: it holds an encoded slash, backslash or percent sign, a semicolon, a dot segment, an empty segment, or bytes that are not UTF-8.',
  ),
  'header-alias': row(400, BAD, 'A header imitates the name of a header that the gateway sets.'),
  'header-flood': row(
    431,
    'Too many headers',
    'The request has more header lines or bytes than the gateway reads.',
  ),
  'authorization-repeated': row(400, BAD, 'Authorization came more than once.', 'invalid_request'),
  'authorization-malformed': row(
    400,
    BAD,
    'The Authorization header is not of the form "Bearer token".',
    'invalid_request',
  ),

  // nobody known
  'login-needed': row(401, 'Please sign in', 'This page needs a signed-in person.'),
  'session-expired': row(401, 'Your session ended', 'Sign in again to go on.'),
  'audience-not-held': row(401, 'Please sign in', 'This part of the app needs a further access token.'),
  'scopes-not-asked': row(403, NO, 'More permission is needed, and can be asked for.', 'insufficient_scope'),

  'step-up-needed': row(
    401,
    'Please sign in again',
    'This page needs a stronger or a more recent sign-in.',
    'insufficient_user_authentication',
  ),

  // bearer tokens
  'token-malformed': token('It is not a signed JWT in its one canonical spelling.'),
  'token-type': token('It is not an access token of the expected profile.'),
  'token-algorithm': token('Its signature algorithm is not accepted.'),
  'token-issuer': token('Its issuer is not accepted here.'),
  'token-signature': token('Its signature does not verify with a key of its issuer.'),
  'token-claims': token('A required claim is missing or has the wrong form.'),
  'token-inactive': token('Its issuer does not know it as an active one.'),
  'token-expired': row(401, 'The access token has expired', 'Get a fresh one.', 'invalid_token'),
  'token-not-yet-valid': row(401, 'The access token was refused', 'It is not valid yet.', 'invalid_token'),
  'token-audience': row(401, 'The access token was refused', 'It is for another resource.', 'invalid_token'),
  'token-unfederated': token(
    'Its subject and its audience are not among those that are accepted of its issuer.',
  ),
  'token-tenant': row(401, 'The access token was refused', 'It is for another tenant.', 'invalid_token'),
  'token-bound': token('It is bound to a key whose proof is not accepted here.'),

  // a client id and its secret
  'client-refused': row(
    401,
    'The client was refused',
    'The provider did not accept the client id and the secret, or the client may not get tokens for itself.',
  ),
  'client-slowed': row(
    429,
    'Too many wrong secrets',
    'Wrong secrets were brought for this client. Try again in a moment.',
  ),

  // 403
  'unknown-host': row(403, NO, 'No app is configured for this host.'),
  'tenant-unknown': row(403, NO, 'This address names no tenant that is known here.'),
  'no-rule': row(403, NO, 'No rule covers this address.'),
  'method-not-listed': row(403, NO, 'The rule for this address does not list this method.'),
  'rule-deny': row(403, NO, 'The rule for this address denies it to everyone.'),
  'scope-missing': row(
    403,
    NO,
    'Your access token lacks a permission that this page needs.',
    'insufficient_scope',
  ),
  'step-up-refused': row(
    403,
    'A stronger sign-in is needed',
    'This page needs a stronger or a more recent sign-in, and the last one was not that.',
    'insufficient_user_authentication',
  ),
  'audience-refused': row(
    403,
    NO,
    'The provider did not issue an access token for the resource behind this page.',
  ),
  'exchange-not-listed': row(
    403,
    NO,
    'No exchange of the configuration leads to the resource behind this page.',
  ),
  'exchange-chained': row(
    403,
    NO,
    'Your access token came of an exchange itself, and is not exchanged again.',
  ),
  'exchange-refused': row(403, NO, 'The provider did not exchange your access token.'),
  'exchange-invalid': row(
    403,
    NO,
    'The provider exchanged your access token for one that does not hold here.',
  ),
  'exchange-limited': row(
    429,
    'Too many exchanges',
    'Too many access tokens were exchanged for you. Try again in a moment.',
  ),
  'cross-site': row(
    403,
    'Another site sent this request',
    'A page of another origin may not use your session here.',
  ),
  'foreign-host': row(
    403,
    'Not under this name',
    'This listener answers to IP addresses, loopback names and its own configured host.',
  ),
  'untrusted-peer': row(403, 'Not for you', 'Only the configured proxies may ask here.'),

  // the gateway's own paths
  'router-missing': row(
    404,
    'The proxy sends this page to the wrong place',
    'This page is served by the pages listener; the proxy needs the extra router for it.',
  ),
  'page-unknown': row(404, 'No such page', 'The gateway has no page at this address.'),
  'method-not-allowed': row(405, 'Not that way', 'This page does not answer that method.'),
  'foreign-port': row(
    421,
    'Wrong address',
    'This host name or port is not the public address of the app, so nobody can sign in here.',
  ),

  'login-not-offered': row(403, NO, 'This app takes access tokens only; nobody can sign in here.'),
  'own-page': row(200, 'Shown', 'A page of the gateway itself.'),
  'logged-out-page': row(200, 'You are signed out', 'Your session here has ended.'),
  'error-page': row(403, 'Something went wrong', 'Go back and try again.'),

  // login and callback
  'login-started': row(302, 'Sign in', 'To the provider.'),
  'login-completed': row(303, 'Signed in', 'Back to the page that was asked for.'),
  'login-resumed': row(303, 'Signed in', 'This sign-in was finished before; on to its page.'),
  'login-relayed': row(303, 'Signing in', 'On to the host that the sign-in began on.'),
  'logged-out': row(303, 'Signed out', 'The session has ended.'),
  'logout-confirm': row(403, 'Sign out?', 'Nothing has happened yet.'),
  'backchannel-logout': row(200, 'Signed out', 'The sessions that the provider named have ended.'),
  'logout-token-invalid': row(
    400,
    'The logout token was refused',
    'A POST with one logout_token of the provider ends sessions here, and nothing else does.',
  ),
  'sessions-not-kept': row(
    404,
    'Sessions live in cookies here',
    'A provider can end only sessions that the gateway keeps itself: with session.store memory or redis.',
  ),
  'callback-malformed': row(400, LOGIN_FAILED, 'The provider sent an answer that cannot be read.'),
  'callback-state': row(400, LOGIN_FAILED, 'This answer does not belong to a sign-in that was started here.'),
  'callback-cookie-missing': row(
    400,
    LOGIN_FAILED,
    'Your browser did not bring back the cookie that the sign-in began with. It may block cookies for this address.',
  ),
  'callback-expired': row(400, 'The sign-in took too long', 'Start again; it takes a moment.'),
  'callback-issuer': row(
    400,
    LOGIN_FAILED,
    'The answer came from another provider than the one that was asked.',
  ),
  'provider-refused': row(403, 'The provider refused the sign-in', 'Try again, or use another account.'),
  'provider-answer-invalid': row(502, LOGIN_FAILED, 'The provider gave an answer that cannot be trusted.'),
  'id-token-invalid': row(502, LOGIN_FAILED, 'The provider sent an ID token that does not hold.'),
  'access-token-opaque': row(
    502,
    LOGIN_FAILED,
    'The provider issued an access token that is not a JWT, so nothing can be decided by it.',
  ),
  'access-token-invalid': row(502, LOGIN_FAILED, 'The provider issued an access token that does not hold.'),
  'session-too-large': row(502, LOGIN_FAILED, 'The tokens of this account are too large for cookies.'),
  'login-loop': row(
    403,
    'Signing in does not help',
    'You were signed in twice within a minute, and your browser still came back without a session.',
  ),
  'provider-disabled': row(
    403,
    'Sign-in is switched off',
    'Signing in to this app is switched off in the configuration.',
  ),

  // dependencies and ourselves
  'provider-unavailable': row(503, 'The sign-in service cannot be reached', 'Please try again in a moment.'),
  'key-set-unavailable': row(503, 'The access token cannot be verified now', 'Please try again in a moment.'),
  'introspection-unavailable': row(
    503,
    'The access token cannot be verified now',
    'Please try again in a moment.',
  ),
  'store-unavailable': row(503, 'Your session cannot be looked up now', 'Please try again in a moment.'),
  'internal-error': row(
    500,
    'Something went wrong',
    'The gateway could not decide, so it did not let the request through.',
  ),
} as const satisfies Record<string, ReasonRow>;

export type Reason = keyof typeof REASONS;

/** @returns the table row of a reason. */
export const reasonRow = (reason: Reason): ReasonRow => REASONS[reason];
