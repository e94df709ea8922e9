import { type Reason, reasonRow } from '../reason.ts';
import type { StepUp } from './challenge.ts';

/** What a problem says beside its reason. */
export interface ProblemParts {
  readonly status: number;
  readonly requestId: string;
  readonly hint?: string;
  readonly missing?: readonly string[];
  /** What the sign-in itself must be; said where the reason is about it. */
  readonly stepUp?: StepUp;
  readonly loginUrl?: string;
}

/** Bytes; together with the rest they stay below the 16 KB of a refusal. */
const MAX_MISSING = 6_000;
const MAX_LOGIN_URL = 6_000;
const MAX_HINT = 600;
const MAX_ACR = 1_000;

export const PROBLEM_TYPE = 'application/problem+json';

/** What the `type` of a problem begins with; the reason follows. */
export const REASON_URN = 'urn:postern:reason:';

/**
 * A refusal for programs (RFC 9457). What does not fit is left out: scopes from the end of the list, an address that
 * is too long whole, since half of it would lead elsewhere.
 */
export function problemJson(
  reason: Reason,
  { status, requestId, hint, missing, stepUp, loginUrl }: ProblemParts,
): string {
  const { title, detail, error } = reasonRow(reason);
  const signIn = error === 'insufficient_user_authentication' ? stepUp : undefined;
  return JSON.stringify({
    type: `${REASON_URN}${reason}`,
    title,
    status,
    detail: hint === undefined ? detail : `${detail} ${hint.slice(0, MAX_HINT)}`,
    reason,
    ...(missing === undefined ? {} : { missing: fitting(missing, MAX_MISSING) }),
    ...(signIn === undefined || signIn.acr.length === 0
      ? {}
      : { acr_values: fitting(signIn.acr, MAX_ACR).join(' ') }),
    ...(signIn?.loginWithin === undefined ? {} : { max_age: signIn.loginWithin }),
    request_id: requestId,
    ...(loginUrl === undefined || loginUrl.length > MAX_LOGIN_URL ? {} : { login_url: loginUrl }),
  });
}

/** @returns as many of the texts, from the first, as fit into so many characters with one between them. */
export function fitting(texts: readonly string[], limit: number): readonly string[] {
  let length = 0;
  const end = texts.findIndex((text) => {
    length += text.length + 1;
    return length > limit;
  });
  return end === -1 ? texts : texts.slice(0, end);
}
