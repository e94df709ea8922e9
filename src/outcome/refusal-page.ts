import { durationWords } from '../document/duration.ts';
import type { Page, PageAction } from '../pages/page.ts';
import { type Reason, reasonRow } from '../reason.ts';
import { loginAddress } from './login-address.ts';
import type { RefusalDetails } from './refusal.ts';
import { here, type Visit } from './visit.ts';

/** What a page says beside the title. */
export function refusalParagraphs(
  visit: Visit,
  reason: Reason,
  detail: string,
  { hint, loginUrl }: RefusalDetails,
): readonly string[] {
  const more = hint === undefined ? [] : [hint];
  if (loginUrl !== undefined && visit.kind === 'form') {
    const why = WHY_NOT_SENT[reason] ?? 'Your session ended';
    return [
      `${why}, and nothing was sent. Sign in (it opens a new tab), come back to this one and send again.`,
      ...more,
    ];
  }
  if (loginUrl !== undefined && visit.kind === 'frame') {
    return ['This part of the page needs you to sign in, which cannot be done inside a frame.', ...more];
  }
  if (reason === 'login-loop') {
    return [
      detail,
      'Most often the browser does not keep cookies for this address: they are blocked, the clock is wrong, or the page was opened by http where https is expected.',
      ...more,
    ];
  }
  return [detail, ...more];
}

/** What the caller lacks: scopes, and what the sign-in itself must have been. */
export function refusalLists(
  reason: Reason,
  { missing = [], stepUp: asked }: RefusalDetails,
): NonNullable<Page['lists']> {
  const stepUp = reasonRow(reason).error === 'insufficient_user_authentication' ? asked : undefined;
  const signIn = [
    ...(stepUp === undefined || stepUp.acr.length === 0 ? [] : [`of the class ${stepUp.acr.join(' or ')}`]),
    ...(stepUp?.loginWithin === undefined ? [] : [`within the last ${durationWords(stepUp.loginWithin)}`]),
  ];
  return [
    ...(missing.length === 0 ? [] : [{ heading: 'Missing permission', items: missing }]),
    ...(signIn.length === 0 ? [] : [{ heading: 'A sign-in', items: signIn }]),
  ];
}

const WHY_NOT_SENT: Partial<Record<Reason, string>> = {
  'scopes-not-asked': 'More permission is needed',
  'step-up-needed': 'A stronger or a more recent sign-in is needed',
  'step-up-refused': 'A stronger or a more recent sign-in is needed',
};

/** A sign-in that went to the provider and came to nothing. */
const LOGIN_FAILED: readonly Reason[] = [
  'provider-refused',
  'provider-answer-invalid',
  'id-token-invalid',
  'access-token-opaque',
  'access-token-invalid',
  'session-too-large',
  'login-loop',
];

const TRY_AGAIN: ReadonlySet<Reason> = new Set<Reason>([
  'callback-malformed',
  'callback-state',
  'callback-expired',
  'callback-issuer',
  'callback-cookie-missing',
  ...LOGIN_FAILED,
  'provider-unavailable',
]);

const OTHER_ACCOUNT: ReadonlySet<Reason> = new Set<Reason>([
  'scope-missing',
  'audience-refused',
  'step-up-refused',
  'provider-refused',
  'access-token-opaque',
  'access-token-invalid',
  'session-too-large',
]);

/** What a person can seldom mend alone. */
const HELPED: ReadonlySet<Reason> = new Set<Reason>([
  'scope-missing',
  'audience-refused',
  'rule-deny',
  'no-rule',
  'provider-disabled',
  ...LOGIN_FAILED,
]);

/** What a person can do next. */
export function refusalActions(
  visit: Visit,
  reason: Reason,
  { loginUrl, returnTo }: RefusalDetails,
): readonly PageAction[] {
  const { origin, home, basePath, kind, app } = visit;
  if (reason === 'foreign-port') {
    const href = `${origin.origin}${visit.request.path === undefined ? '/' : visit.request.target}`;
    return [{ label: 'Go to the right address', href, method: 'get', primary: true }];
  }
  if (loginUrl !== undefined && kind === 'form') {
    return [{ label: 'Sign in (new tab)', href: loginUrl, method: 'get', target: 'blank', primary: true }];
  }
  if (loginUrl !== undefined && kind === 'frame') {
    return [{ label: 'Sign in', href: loginUrl, method: 'get', target: 'top', primary: true }];
  }
  const target = returnTo ?? here(visit);
  const actions: PageAction[] = [];
  if (TRY_AGAIN.has(reason) && app !== undefined) {
    const href = loginUrl ?? loginAddress(home, basePath, target);
    actions.push({ label: 'Try again', href, method: 'get', primary: true });
  }
  if (reason === 'step-up-refused' && loginUrl !== undefined) {
    actions.push({ label: 'Sign in again', href: loginUrl, method: 'get', primary: true });
  }
  if (OTHER_ACCOUNT.has(reason) && app?.credentials.includes('session') === true) {
    const href = loginAddress(home, basePath, target, 'select_account');
    actions.push({ label: 'Use another account', href, method: 'get', primary: actions.length === 0 });
    // Nobody is signed in here after a cancelled sign-in.
    if (reason !== 'provider-refused') {
      actions.push({ label: 'Sign out', href: `${home}${basePath}/logout`, method: 'get' });
    }
  }
  if (reason === 'logout-confirm') {
    actions.push({
      label: 'Sign out',
      href: `${home}${basePath}/logout`,
      method: 'post',
      primary: true,
    });
    actions.push({ label: 'Stay signed in', href: `${home}/`, method: 'get' });
  }
  if (reason === 'logged-out-page' && loginUrl !== undefined) {
    actions.push({ label: 'Sign in again', href: loginUrl, method: 'get', primary: true });
  }
  if (reasonRow(reason).status === 401 && loginUrl !== undefined) {
    actions.push({ label: 'Sign in', href: loginUrl, method: 'get', primary: true });
  }
  const { support } = visit.brand;
  if (HELPED.has(reason) && support !== undefined)
    actions.push({ label: 'Ask for help', href: support, method: 'get' });
  const start = `${home}/`;
  if (actions.length === 0 && app !== undefined && here(visit) !== start) {
    actions.push({ label: 'Go to the start page', href: start, method: 'get' });
  }
  return actions;
}
