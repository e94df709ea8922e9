import { randomBytes } from 'node:crypto';
import { createCookies } from '../src/session/cookies.ts';
import { deriveKeys, signingRing } from '../src/session/keys.ts';
import { createSealer } from '../src/session/seal.ts';
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

/**
 * Opens the session of a login with the gateway's own code and secret, and seals any number of copies that differ in
 * id and subject.
 */
export async function createSessionMint(secret: string, cookie: string): Promise<SessionMint> {
  const now = (): number => Math.floor(Date.now() / 1000);
  const keys = [await deriveKeys(secret)];
  const cookies = createCookies(signingRing(keys))('https');
  const store = createCookieStore(createSealer(keys), now);
  const split = cookies.split([cookie]);
  const handle = cookies.session.read(split);
  const session = handle === undefined ? undefined : await store.load(handle, HOST, '', now());
  if (session === undefined) throw new Error('the cookies of the login hold no session');
  const none = cookies.split([]);
  const lifetime = session.expiresAt - now();

  async function mint(): Promise<readonly string[]> {
    if (session === undefined) throw new TypeError('no session');
    const id = randomBytes(16).toString('base64url');
    const sealed = await store.save({ ...session, id, subject: `user-${id}` });
    const lines = cookies.session.write(sealed, none, lifetime);
    if (lines === undefined) throw new Error('a session does not fit into cookies');
    return lines.map((line) => line.slice(0, line.indexOf(';')));
  }
  const sample = await mint();
  return {
    cookie: async () => (await mint()).join('; '),
    chunks: sample.length / 2,
    bytes: sample.join('; ').length,
  };
}
