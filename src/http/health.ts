import { type Problem, placeOf } from '../document/problem.ts';
import { NO_STORE, type Reply } from '../outcome/reply.ts';

/** Whether the process lives, and whether it can do its whole work. */
export interface Health {
  live(): Reply;
  /** 503 with the reasons while a part is missing or the process is stopping. */
  ready(): Reply;
  /**
   * The same for operators, with the providers that were discovered, the session store, the rules in force, and why others
   * are not. Neither rules that were refused nor a store that stopped answering is a reason: what needs no session goes on,
   * and replicas are no better off.
   */
  readyInDetail(): Reply;
}

/** The rule set in force, and what was refused since. Times are Unix seconds. */
export interface RulesHealth {
  readonly version: string;
  readonly loadedAt: number;
  readonly refusal: { readonly since: number; readonly problems: readonly Problem[] } | undefined;
}

/** The session store, and why it cannot be reached, if it cannot. */
export interface StoreHealth {
  readonly name: string;
  readonly down: string | undefined;
}

/** @param reasons what stands in the way of readiness, in words; none when ready */
export function createHealth(
  reasons: () => readonly string[],
  rules: () => RulesHealth,
  store: () => StoreHealth,
  providers: () => readonly (readonly [name: string, ready: boolean])[],
): Health {
  const ready = (more: object): Reply => {
    const missing = reasons();
    return missing.length === 0
      ? json(200, { status: 'ready', ...more })
      : json(503, { status: 'not ready', reasons: missing, ...more });
  };
  return {
    live: () => json(200, { status: 'ok' }),
    ready: () => ready({}),
    readyInDetail: () =>
      ready({
        providers: Object.fromEntries(providers()),
        session_store: describeStore(store()),
        rules: describe(rules()),
      }),
  };
}

const describe = ({ version, loadedAt, refusal }: RulesHealth): object => ({
  version,
  loaded_at: loadedAt,
  ...(refusal === undefined
    ? {}
    : {
        refused: {
          since: refusal.since,
          problems: refusal.problems.map((problem) => ({
            place: placeOf(problem),
            message: problem.message,
            way_out: problem.wayOut,
          })),
        },
      }),
});

const describeStore = ({ name, down }: StoreHealth): object => ({
  store: name,
  reachable: down === undefined,
  ...(down === undefined ? {} : { cause: down }),
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
