import { createHmac, hash } from 'node:crypto';
import type { SecretKeys } from './keys.ts';
import type { Session } from './session.ts';

/**
 * The names of everything that the store keeps in Redis. None of them tells who it is about: handles and ids are random
 * and stand as digests; what could be guessed, a subject or the provider's session, stands as an HMAC by our own secret.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `s:<handle>` | hash | a session: `r` revision, `x` end, `u` last use (Unix seconds), `v` the rest, sealed; `e` the key of its fate, `i` those of its indexes |
 * | `i:<id>` | sorted set | the keys of the session with the id, by their end |
 * | `p:<provider, subject>`, `d:<provider, sid>` | sorted set | the keys of a person's, or a provider session's, by their end |
 * | `e:<id>` | string | the fate of a session that did not end by itself |
 * | `l:<name>` | string | a lock, and its holder |
 *
 * Every key expires by itself.
 */
export interface RedisKeys {
  session(handle: string): string;
  /** A pattern for `SCAN`. */
  readonly everySession: string;
  byId(id: string): string;
  ended(id: string): string;
  lock(name: string): string;
  /** What a session is to be found by, beside its id. */
  indexesOf(session: Session): readonly string[];
  /** One key for each secret that may have named it. */
  bySubject(provider: string, subject: string): readonly string[];
  bySid(provider: string, sid: string): readonly string[];
}

/** @param prefix of all keys; holds no character that means something in a pattern */
export function createRedisKeys(prefix: string, secrets: readonly SecretKeys[]): RedisKeys {
  const digest = (kind: string, text: string): string =>
    `${prefix}${kind}:${hash('sha256', text, 'base64url')}`;
  const named = (kind: string, ...parts: readonly string[]): readonly string[] =>
    secrets.map(({ deriving }) => {
      const name = createHmac('sha256', deriving)
        .update(JSON.stringify(['index', kind, ...parts]))
        .digest('base64url');
      return `${prefix}${kind}:${name}`;
    });
  const bySubject = (provider: string, subject: string) => named('p', provider, subject);
  const bySid = (provider: string, sid: string) => named('d', provider, sid);
  return {
    session: (handle) => digest('s', handle),
    everySession: `${prefix}s:*`,
    byId: (id) => digest('i', id),
    ended: (id) => digest('e', id),
    lock: (name) => digest('l', name),
    indexesOf({ id, provider, subject, sid }) {
      // New sessions are named by the first secret.
      const [person] = bySubject(provider, subject);
      const [own] = sid === undefined ? [] : bySid(provider, sid);
      return [digest('i', id), person, own].filter((key) => key !== undefined);
    },
    bySubject,
    bySid,
  };
}
