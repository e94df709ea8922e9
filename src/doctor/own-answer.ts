import { PROBLEM_TYPE, REASON_URN } from '../outcome/problem-json.ts';
import type { Answer } from './look.ts';

/** A refusal that a gateway wrote (RFC 9457). */
export interface OwnAnswer {
  readonly status: number;
  /** One of `reason.ts`, of whatever version answers. */
  readonly reason: string;
  readonly detail: string;
  readonly loginUrl: string | undefined;
}

/** @returns undefined for what a proxy, an app or anybody else answered */
export function readOwnAnswer({ status, headers, body }: Answer): OwnAnswer | undefined {
  if (headers['content-type']?.split(';')[0] !== PROBLEM_TYPE) return undefined;
  const said = parsed(body);
  const { type, detail, request_id: requestId, login_url: loginUrl } = said;
  if (typeof type !== 'string' || !type.startsWith(REASON_URN) || typeof requestId !== 'string')
    return undefined;
  return {
    status,
    reason: type.slice(REASON_URN.length),
    detail: typeof detail === 'string' ? detail : '',
    loginUrl: typeof loginUrl === 'string' ? loginUrl : undefined,
  };
}

function parsed(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body)) as Readonly<Record<string, unknown>>;
  } catch {
    return {}; // not ours
  }
}
