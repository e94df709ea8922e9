import { randomBytes } from 'node:crypto';
import { createCookies } from '../src/session/cookies.ts';
import { deriveKeys, signingRing } from '../src/session/keys.ts';
import { createSealer } from '../src/session/seal.ts';
import type { Session } from '../src/session/session.ts';
import type { SessionStore } from '../src/session/session-store.ts';
import { createCookieStore } from '../src/session/session-store-cookie.ts';
import { HOST } from './requests.ts';

/** Makes sessions that no gateway has seen yet. */
export interface SessionMint {
  /** @returns the cookies of one more session, as a `Cookie` value. */
  cookie(): Promise<string>;
  /** How many cookies carry a session. */
  readonly chunks: number;
  /** Bytes of them with their names. */
  readonly bytes: number;
}

const now = (): number => Math.floor(Date.now() / 1000);

/** The gateway's own code with its secret: what it opens and seals, this opens and seals. */
export function sealing(secret: string) {
  const keys = [deriveKeys(secret)];
  const sealer = createSealer(keys);
  return {
    keys,
    sealer,
    cookies: createCookies(signingRing(keys))('https'),
    store: createCookieStore(sealer, now),
  };
}

/** @returns the session that the cookies of a login carry, where they carry it whole. */
export async function openSession(secret: string, cookie: string): Promise<Session> {
  const { cookies, store } = sealing(secret);
  const handle = cookies.session.read(cookies.split([cookie]));
  const session = handle === undefined ? undefined : await store.load(handle, HOST, '', now());
  if (session === undefined) throw new Error('the cookies of the login hold no session');
  return session;
}

/**
 * Seals any number of copies of a session that differ in id and subject.
 * @param store where they are kept; the cookies themselves, unless it is said
 * @returns undefined when such a session does not fit into cookies
 */
export async function createSessionMint(
  secret: string,
  session: Session,
  store: SessionStore = sealing(secret).store,
): Promise<SessionMint | undefined> {
  const { cookies } = sealing(secret);
  const none = cookies.split([]);
  const lifetime = session.expiresAt - now();

  async function mint(): Promise<readonly string[] | undefined> {
    const id = randomBytes(16).toString('base64url');
    const sealed = await store.save({ ...session, id, subject: `user-${id}` });
    const lines = cookies.session.write(sealed, none, lifetime);
    return lines?.map((line) => line.slice(0, line.indexOf(';')));
  }
  const sample = await mint();
  if (sample === undefined) return undefined;
  return {
    cookie: async () => ((await mint()) ?? sample).join('; '),
    chunks: sample.length / 2,
    bytes: sample.join('; ').length,
  };
}
