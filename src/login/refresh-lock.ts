import type { KeptSessions, Release } from '../session/kept-sessions.ts';
import { StoreUnavailable } from '../session/store-unavailable.ts';

/**
 * The lock under which the refresh tokens of a session are spent, and moved into the session that follows it: one holder
 * over all processes of the store.
 * @param id of the session
 * @param life milliseconds, longer than all that is done under it: a process that dies holds up nobody for longer
 * @returns undefined when another holds it
 * @throws StoreUnavailable
 */
export const lockRefresh = (
  store: Pick<KeptSessions, 'lock'>,
  id: string,
  life: number,
): Promise<Release | undefined> => store.lock(`refresh ${id}`, life);

/** A lock that cannot be let go ends by itself; what was done under it is done. */
export const letGo = (release: Release): Promise<void> =>
  release().catch((error: unknown) => {
    if (!(error instanceof StoreUnavailable)) throw error;
  });
