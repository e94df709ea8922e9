import type { Config, Secrets } from '../config/config.ts';
import { notesOn } from '../config/notes.ts';
import { createConfiguredStore } from '../session/configured-store.ts';
import { deriveKeys } from '../session/keys.ts';
import { createSealer } from '../session/seal.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';
import { withDeadline } from '../token/deadline.ts';
import { type Note, notesAbout } from './finding.ts';
import { PATIENCE } from './look.ts';

/** A session that nobody has. */
const NOBODY = 'postern-doctor';

/** Milliseconds that a store's start takes at most. */
const SECOND = 1000;

/**
 * Connects to the session store and reads what is not there. Nothing is written.
 * @param now Unix seconds
 */
export async function storeNotes(
  config: Config,
  secrets: Secrets,
  now: () => number,
): Promise<readonly Note[]> {
  const { store } = config.session;
  const notes = notesAbout('store', store);
  const said = (begin: string) => notesOn(config).filter((sentence) => sentence.startsWith(begin));
  if (store !== 'redis')
    return [notes.ok('sessions need nothing else to run', said('session.store is').join(' '))];
  const plain = said('session.redis.url is').map((sentence) =>
    notes.warning('session.redis.url is redis://, without TLS', sentence, 'write rediss://'),
  );
  const told = Promise.withResolvers<void>();
  const keys = secrets.session.map(deriveKeys);
  const configured = createConfiguredStore(config.session, {
    sealer: createSealer(keys),
    secrets: keys,
    passwords: secrets.redis,
    now,
    onChange: () => told.resolve(),
  });
  try {
    await configured.start();
    // The gateway goes on while it still connects; here the answer is waited for.
    if (!configured.wasReached()) await withDeadline(PATIENCE - SECOND, told.promise, () => undefined);
    const why = configured.down() ?? (await readingFault(() => configured.store.hasEnded(NOBODY)));
    if (why === undefined) return [...plain, notes.ok('the store is reached, and answers')];
    return [
      ...plain,
      notes.problem(
        `the store cannot be used: ${why}`,
        'Nobody can sign in, and sessions end with a 503 after session.storeGrace.',
        'compare session.redis with the server: address, TLS, user, password and what that user may do (docs/operations.md)',
      ),
    ];
  } finally {
    configured.stop();
  }
}

async function readingFault(read: () => Promise<boolean> | boolean): Promise<string | undefined> {
  try {
    await read();
    return undefined;
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return error.why;
  }
}
