import { setImmediate } from 'node:timers/promises';
import { createClient, ErrorReply } from '@redis/client';
import { withDeadline } from '../token/deadline.ts';
import { COMMAND_LIMIT } from './redis-connection.ts';
import type { RedisScript } from './redis-scripts.ts';
import { StoreUnavailable } from './store-unavailable.ts';

/** What Redis answers, as its protocol (RESP 2) has it. */
export type RedisReply = string | number | null | readonly RedisReply[];

/** Where a server is, and how to be let in. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  /** Undefined: plain text. Else TLS, with these authorities (PEM) in place of the system's, if any. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/** One connection, until it is lost. Its calls reject with nothing but `StoreUnavailable`. */
export interface RedisClient {
  send(command: readonly string[]): Promise<RedisReply>;
  evaluate(
    script: RedisScript,
    keys: readonly string[],
    parameters: readonly (string | number)[],
  ): Promise<RedisReply>;
  /** Resolves when it is of no use any more. */
  readonly lost: Promise<Loss>;
  close(): void;
}

/** Why a connection was lost, and whether the server had fallen silent rather than closed it. */
export interface Loss {
  readonly why: string;
  readonly silent: boolean;
}

/** Milliseconds. */
const CONNECT_LIMIT = 1500;

/** Commands that may wait for their answers; what comes beyond them is refused rather than queued. */
const MOST_WAITING = 20_000;

/**
 * Opens one connection. The package's own reconnecting and queueing are switched off: it knows no limit for a server
 * that takes connections and commands and never answers (stopped, or cut off without a word).
 * @throws StoreUnavailable
 */
export async function openClient(target: RedisTarget): Promise<RedisClient> {
  const { host, port, tls, username, password, database } = target;
  const client = createClient({
    RESP: 2,
    socket: {
      host,
      port,
      connectTimeout: CONNECT_LIMIT,
      reconnectStrategy: false,
      ...(tls === undefined ? {} : { tls: true, ...(tls.ca === undefined ? {} : { ca: tls.ca }) }),
    },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    database,
    disableOfflineQueue: true,
    commandsQueueMaxLength: MOST_WAITING,
    // Both would be commands of their own, which an account with few rights may not send.
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
  const { promise: lost, resolve } = Promise.withResolvers<Loss>();
  const lose = (why: string, silent: boolean): void => {
    resolve({ why, silent });
    client.destroy();
  };
  client.on('error', (error: unknown) => lose(causeOf(error), false));
  client.on('end', () => lose('closed', false));

  const answered = async <T>(limit: number, work: Promise<T>): Promise<T> => {
    try {
      return await inTime(limit, work, () => {
        lose('no answer in time', true);
        throw new StoreUnavailable('no answer in time');
      });
    } catch (error) {
      // A primary that has become a replica, or a server that cannot serve yet: another connection may lead elsewhere.
      if (error instanceof ErrorReply && UNFIT.test(error.message)) lose(causeOf(error), false);
      throw error;
    }
  };
  const send = (command: readonly string[]): Promise<RedisReply> =>
    answered(COMMAND_LIMIT, client.sendCommand<RedisReply>([...command]));

  try {
    await answered(CONNECT_LIMIT, client.connect());
    await send(['PING']);
  } catch (error) {
    lose(causeOf(error), false);
    throw unavailable(error);
  }
  return {
    send: (command) => send(command).catch(refuse),
    evaluate({ text, digest }, keys, parameters) {
      const rest = [String(keys.length), ...keys, ...parameters.map(String)];
      return send(['EVALSHA', digest, ...rest])
        .catch((error) => {
          if (error instanceof ErrorReply && error.message.startsWith('NOSCRIPT'))
            return send(['EVAL', text, ...rest]);
          throw error;
        })
        .catch(refuse);
    },
    lost,
    close: () => lose('closed', false),
  };
}

/** As `withDeadline`, but a process that was itself too busy to read the answer reads it before it calls it late. */
async function inTime<T>(limit: number, work: Promise<T>, late: () => T): Promise<T> {
  const first = await withDeadline<{ readonly answer: T } | undefined>(
    limit,
    work.then((answer) => ({ answer })),
    () => undefined,
  );
  if (first !== undefined) return first.answer;
  await setImmediate();
  return withDeadline(0, work, late);
}

const UNFIT = /^(?:READONLY|MASTERDOWN|LOADING)\b/;

const unavailable = (error: unknown): StoreUnavailable =>
  error instanceof StoreUnavailable ? error : new StoreUnavailable(causeOf(error));

const refuse = (error: unknown): never => {
  throw unavailable(error);
};

/** @returns a word for the log: an answer's first one (`WRONGPASS`), since the rest may quote what was sent; or a code. */
function causeOf(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+/.exec(error.message)?.[0] ?? 'an error answer';
  if (error instanceof StoreUnavailable) return error.why;
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return String(code ?? message ?? error);
}
