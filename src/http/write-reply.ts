import type { ServerResponse } from 'node:http';
import type { Reply } from '../outcome/reply.ts';

/**
 * Turns a reply into bytes; the only place that does. `writeHead` and `end` only: Express's `send` and `json` would
 * answer `If-None-Match: *` with a 304, which a proxy hands to the browser as a refusal.
 */
export function writeReply(response: ServerResponse, { status, headers, body }: Reply): void {
  const lines: string[] = [];
  for (const [name, value] of headers) lines.push(name, value);
  response.writeHead(status, lines);
  response.end(body);
}
