import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

const GRACE = 5_000;

/** Ends a child process: asks first, insists after five seconds, and waits until it is gone. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await ended;
  clearTimeout(insist);
}

/**
 * Makes sure that a child does not outlive this process, however that ends.
 * @returns to be called when the child is gone
 */
export function dieTogether(child: ChildProcess): () => void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  return () => void process.off('exit', kill);
}
