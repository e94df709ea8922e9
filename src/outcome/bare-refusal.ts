import { randomUUID } from 'node:crypto';
import { type Reason, reasonRow } from '../reason.ts';
import { PROBLEM_TYPE, problemJson } from './problem-json.ts';
import { NO_STORE, type Reply } from './reply.ts';

/**
 * A refusal where it is not even clear which request is meant, or where the gateway failed: problem JSON (RFC 9457).
 * @param cause for the log only
 */
export function bareRefusal(reason: Reason, cause?: string): Reply {
  const { status } = reasonRow(reason);
  const requestId = randomUUID();
  const body = problemJson(reason, { status, requestId });
  return {
    status,
    reason,
    headers: [
      ['Content-Type', PROBLEM_TYPE],
      NO_STORE,
      ['X-Content-Type-Options', 'nosniff'],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
    facts: { requestId, ...(cause === undefined ? {} : { cause }) },
  };
}
