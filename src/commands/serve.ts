import { setTimeout } from 'node:timers/promises';
import { formatProblems } from '../document/format.ts';
import { startGateway } from '../gateway.ts';
import type { ExitCode, Invocation } from './command.ts';
import { loadAll } from './load-all.ts';

/**
 * Milliseconds between the signal and the end: a proxy writes into a connection that it takes for open, and a load
 * balancer looks at the readiness only now and then.
 */
const DRAIN = 1000;

/** Runs the gateway until a signal ends it. */
export async function serve(invocation: Invocation): Promise<ExitCode> {
  const loaded = await loadAll(invocation);
  if ('problems' in loaded) {
    invocation.err(
      invocation.json
        ? JSON.stringify({ problems: loaded.problems })
        : `${formatProblems(loaded.problems)}\n`,
    );
    return 2;
  }
  try {
    const gateway = await startGateway(loaded.config, loaded.secrets, loaded.ruleSet);
    gateway.drain(await endSignal());
    // A second signal does not wait.
    await Promise.race([setTimeout(DRAIN, undefined, { ref: false }), endSignal()]);
    await gateway.stop();
    return 0;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') throw error;
    invocation.err(
      `postern cannot listen: ${message}\n  -> change that key, or end what holds the address\n`,
    );
    return 2;
  }
}

const endSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
