import { statSync } from 'node:fs';

/** A file that is looked at again and again. */
export interface WatchedFile {
  /** Looks now; tells of a change as ever. */
  look(): void;
  close(): void;
}

/** Milliseconds. */
const EVERY = 3_000;

/**
 * Tells when a file is another one than before: edited, renamed into its place, or behind a link that was turned around, as
 * Kubernetes does with a mounted secret. It is asked for by polling: events get lost on network and overlay file systems, and
 * one `stat` every three seconds costs nothing. Does *not* read it, and never throws.
 * @param changed the file may be gone: whoever reads it finds out
 */
export function watchFile(path: string, changed: () => void, every = EVERY): WatchedFile {
  let before = identityOf(path);
  const look = (): void => {
    const now = identityOf(path);
    if (now === before) return;
    before = now;
    changed();
  };
  const timer = setInterval(look, every).unref();
  return { look, close: () => clearInterval(timer) };
}

/** @returns what differs between two states of a file; empty where there is none that can be looked at. Links are followed. */
function identityOf(path: string): string {
  try {
    const { dev, ino, size, mtimeMs } = statSync(path);
    return [dev, ino, size, mtimeMs].join();
  } catch {
    // Not there, or not for us: whoever reads it says so.
    return '';
  }
}
