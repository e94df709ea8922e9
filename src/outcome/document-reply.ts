import type { Reply } from './reply.ts';
import { type AppVisit, tenantFact } from './visit.ts';

/** Seconds for which anyone may keep a public document: a changed key or rule is known everywhere soon after. */
const MAX_AGE = 300;

/** A public JSON document of the gateway: the same for everybody, and readable by pages of any origin. */
export const documentReply = (visit: AppVisit, json: string): Reply => ({
  status: 200,
  reason: 'own-page',
  headers: [
    ['Content-Type', 'application/json'],
    ['Cache-Control', `public, max-age=${MAX_AGE}`],
    ['X-Content-Type-Options', 'nosniff'],
    ['Access-Control-Allow-Origin', '*'],
    ['Content-Length', String(Buffer.byteLength(json))],
  ],
  body: json,
  facts: { app: visit.app.name, ...tenantFact(visit), requestId: visit.requestId },
});
