import { type Logger, pino } from 'pino';
import type { ExchangeEvent } from './broker/exchanges.ts';
import type { Config } from './config/config.ts';
import { type Problem, placeOf } from './document/problem.ts';
import type { ForwardedRequest } from './forwarded/forwarded-request.ts';
import { pathOf } from './forwarded/request-target.ts';
import type { Reply } from './outcome/reply.ts';
import type { RuleSet } from './rules/rule-set.ts';

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
  /** Other rules came into force; the same version where a folder that had been refused was put back. */
  rulesReloaded(before: string, now: RuleSet): void;
  /** A problem of rules on disk, because of which they did not come into force. */
  rulesRefused(problem: Problem): void;
  /** A token was exchanged, or was not: who, from what, to what. */
  exchanged(event: ExchangeEvent): void;
  /** Client secrets of a provider were read anew: so many there are now. */
  secretsReloaded(provider: string, count: number): void;
  /** The file of the tenants was read anew: so many there are now. */
  tenantsReloaded(count: number): void;
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
  const logger: Logger = pino(options, destination ?? standardOutput());
  return {
    decided(request, { status, reason, facts }) {
      const permitted = status < 300 && reason !== 'would-deny' && reason !== 'backchannel-logout';
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
        app: facts?.app,
        tenant: facts?.tenant,
        rule: facts?.rule,
        credential: facts?.credential,
        subject: facts?.subject,
        client: facts?.client,
        missing: facts?.missing,
        cause: facts?.cause,
        requestId: facts?.requestId,
      };
      if (status >= 500) logger.warn(line);
      else logger.info(line);
    },
    failed: (error) =>
      logger.error({ event: 'failed', err: error instanceof Error ? error : new Error(String(error)) }),
    started: (addresses, rules) => logger.info({ event: 'started', ...addresses, rules }),
    rulesReloaded: (before, { version, apps }) =>
      logger.info({
        event: 'rules-reloaded',
        before,
        rules: { version, apps: apps.length },
        msg: 'rules reloaded',
      }),
    rulesRefused: (problem) =>
      logger.warn({
        event: 'rules-refused',
        place: placeOf(problem),
        wayOut: problem.wayOut,
        msg: problem.message,
      }),
    exchanged: ({ outcome, ...facts }) => {
      const line = { event: 'exchanged', outcome, ...facts };
      if (outcome === 'granted') logger.info(line);
      else logger.warn(line);
    },
    secretsReloaded: (provider, count) =>
      logger.info({ event: 'secrets-reloaded', provider, count, msg: 'client secrets reloaded' }),
    tenantsReloaded: (count) => logger.info({ event: 'tenants-reloaded', count, msg: 'tenants reloaded' }),
    stopping: (signal) => logger.info({ event: 'stopping', signal }),
    warned: (message, facts) => logger.warn({ event: 'warned', ...facts, msg: message }),
  };
}

/** @returns the trace id of a well-formed `traceparent` (W3C Trace Context section 3.2), and of no other text. */
const traceId = (traceparent: string | undefined): string | undefined =>
  traceparent === undefined
    ? undefined
    : /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(traceparent)?.[1];

/** Characters that are written at once, however early in the turn. */
const FULL = 8192;

/**
 * Standard output, written to once for all lines of a turn of the event loop rather than by a system call for each. Every end
 * that Node hears of writes them; what kills the process outright (SIGKILL, memory that ran out) can take those of one turn
 * with it.
 */
function standardOutput(): LogDestination {
  const output = pino.destination({ sync: true, minLength: FULL });
  let isWaiting = false;
  const flush = (): void => {
    isWaiting = false;
    output.flush();
  };
  process.once('exit', flush);
  return {
    write(line) {
      output.write(line);
      if (isWaiting) return;
      isWaiting = true;
      setImmediate(flush);
    },
  };
}
