import { NO_STORE, type Reply } from '../outcome/reply.ts';

/** Whether the process lives, and whether it can do its whole work. */
export interface Health {
  live(): Reply;
  /** 503 with the reasons while a part is missing or the process is stopping. */
  ready(): Reply;
}

/** @param reasons what stands in the way of readiness, in words; none when ready */
export const createHealth = (reasons: () => readonly string[]): Health => ({
  live: () => json(200, { status: 'ok' }),
  ready() {
    const missing = reasons();
    return missing.length === 0
      ? json(200, { status: 'ready' })
      : json(503, { status: 'not ready', reasons: missing });
  },
});

function json(status: number, value: unknown): Reply {
  const body = JSON.stringify(value);
  return {
    status,
    reason: 'own-page',
    headers: [
      ['Content-Type', 'application/json'],
      NO_STORE,
      ['X-Content-Type-Options', 'nosniff'],
      ['Content-Length', String(Buffer.byteLength(body))],
    ],
    body,
  };
}
