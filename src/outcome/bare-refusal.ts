import { randomUUID } from 'node:crypto';
import { PAGE_HEADERS, renderPage } from '../pages/render.ts';
import { type Reason, reasonRow } from '../reason.ts';
import { PROBLEM_TYPE, problemJson } from './problem-json.ts';
import { type HeaderLine, NO_STORE, type Reply } from './reply.ts';

/**
 * A refusal where it is not even clear which request is meant, or where the gateway failed.
 * @param cause for the log only
 * @param asPage HTML for a navigation, else problem JSON (RFC 9457)
 */
export function bareRefusal(reason: Reason, cause?: string, asPage = false): Reply {
  const { status, title, detail } = reasonRow(reason);
  const requestId = randomUUID();
  const body = asPage
    ? renderPage({ title, app: 'Postern', paragraphs: [detail], actions: [], reason, requestId })
    : problemJson(reason, { status, requestId });
  const headers: readonly HeaderLine[] = asPage
    ? PAGE_HEADERS
    : [['Content-Type', PROBLEM_TYPE], NO_STORE, ['X-Content-Type-Options', 'nosniff']];
  return {
    status,
    reason,
    headers: [...headers, ['Content-Length', String(Buffer.byteLength(body))]],
    body,
    facts: { requestId, ...(cause === undefined ? {} : { cause }) },
  };
}
