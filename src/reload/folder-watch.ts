import { type FSWatcher, watch } from 'node:fs';
import { basename } from 'node:path';
import type { Places } from './folder-look.ts';

/** Gives a hint whenever the rules may have changed on disk; whether they did is for a look to say. */
export interface FolderWatch {
  /** Watches these places, and no other any more. */
  follow(places: Places): void;
  close(): void;
}

export interface FolderWatchParts {
  readonly hint: () => void;
  /** Told once of each folder whose changes only the slow look will find. */
  readonly unwatched: (folder: string, cause: NodeJS.ErrnoException) => void;
  /** Milliseconds between two hints that no event gave. */
  readonly interval?: number;
}

interface Watched {
  names: ReadonlySet<string> | undefined;
  readonly watcher: FSWatcher;
}

/**
 * Watches folders, and gives a hint every few seconds besides: the kernel tells nothing of a network mount, nor of a
 * file that is mounted by itself. Keeps no process alive.
 */
export function createFolderWatch({ hint, unwatched, interval = 5000 }: FolderWatchParts): FolderWatch {
  const watched = new Map<string, Watched>();
  const complained = new Set<string>();

  const forget = (folder: string): void => {
    watched.get(folder)?.watcher.close();
    watched.delete(folder);
  };
  const complain = (folder: string, cause: NodeJS.ErrnoException): void => {
    // A folder that is gone again shows in the next look.
    if (cause.code === 'ENOENT' || complained.has(folder)) return;
    complained.add(folder);
    unwatched(folder, cause);
  };
  function start(folder: string, names: Watched['names']): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        const own = watched.get(folder);
        if (own?.watcher !== watcher) return;
        // The folder itself was moved or removed: the next look watches what is there then.
        if (name === basename(folder)) forget(folder);
        else if (name !== null && own.names?.has(name) === false) return;
        hint();
      });
      watcher.on('error', (cause) => {
        forget(folder);
        complain(folder, cause);
        hint();
      });
      watched.set(folder, { names, watcher });
    } catch (cause) {
      complain(folder, cause as NodeJS.ErrnoException);
    }
  }
  const timer = setInterval(hint, interval).unref();
  return {
    follow(places) {
      for (const folder of [...watched.keys()]) if (!places.has(folder)) forget(folder);
      for (const [folder, names] of places) {
        const own = watched.get(folder);
        if (own === undefined) start(folder, names);
        else own.names = names;
      }
    },
    close() {
      clearInterval(timer);
      for (const folder of [...watched.keys()]) forget(folder);
    },
  };
}
