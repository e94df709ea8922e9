import { type Logger, pino } from 'pino';
import type { Config } from './config/config.ts';
import type { ForwardedRequest } from './forwarded/forwarded-request.ts';
import { pathOf } from './forwarded/request-target.ts';
import type { Reply } from './outcome/reply.ts';

/**
 * One function per event. INVARIANT: no token, code, cookie or secret is ever handed to a line: requests are logged
 * by host, method and path, never with query or headers, and values are JSON, so nothing can forge a line.
 */
export interface Log {
  /** A check or a page was answered. `undefined` where it never became clear which request was meant. */
  decided(request: ForwardedRequest | undefined, reply: Reply): void;
  /** Something that no one foresaw. */
  failed(error: unknown): void;
  started(addresses: Readonly<Record<string, string>>, rules: { version: string; apps: number }): void;
  stopping(signal: string): void;
  warned(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** Where lines go, one whole JSON line per call. */
export interface LogDestination {
  write(line: string): void;
}

export function createLog(settings: Config['log'], destination?: LogDestination): Log {
  const options = {
    level: settings.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const logger: Logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    decided(request, { status, reason, facts }) {
      const permitted = status < 300;
      const wanted =
        status >= 500 || settings.decisions === 'all' || (settings.decisions === 'denied' && !permitted);
      if (!wanted) return;
      const line = {
        event: 'decided',
        reason,
        status,
        host: request?.host.name,
        method: request?.method,
        path: request === undefined ? undefined : pathOf(request.target),
        trace: traceId(request?.headers.traceparent),
        ...facts,
      };
      if (status >= 500) logger.warn(line);
      else logger.info(line);
    },
    failed: (error) =>
      logger.error({ event: 'failed', err: error instanceof Error ? error : new Error(String(error)) }),
    started: (addresses, rules) => logger.info({ event: 'started', ...addresses, rules }),
    stopping: (signal) => logger.info({ event: 'stopping', signal }),
    warned: (message, facts) => logger.warn({ event: 'warned', ...facts, msg: message }),
  };
}

/** @returns the trace id of a well-formed `traceparent` (W3C Trace Context section 3.2), and of no other text. */
const traceId = (traceparent: string | undefined): string | undefined =>
  traceparent === undefined
    ? undefined
    : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent)?.[1];
