import { setTimeout } from 'node:timers/promises';
import { formatProblems } from '../document/format.ts';
import type { Problem } from '../document/problem.ts';
import { type Gateway, startGateway } from '../gateway/gateway.ts';
import { testProblems } from '../reload/build-rules.ts';
import { tenantTermsOf } from '../trust.ts';
import type { ExitCode, Invocation } from './command.ts';
import { configurationOf, type Loaded, loadAll } from './load-all.ts';

/**
 * Milliseconds between the signal and the end: a proxy writes into a connection that it takes for open, and a load
 * balancer looks at the readiness only now and then.
 */
const DRAIN = 1000;

/** Runs the gateway until a signal ends it; SIGHUP makes it read its rules again, as every change of them does. */
export async function serve(invocation: Invocation): Promise<ExitCode> {
  let gateway: Gateway | undefined;
  // From the first moment on, or a signal that comes early would end the process. What it meant is not lost: a gateway
  // that has started looks at its rules once more.
  process.on('SIGHUP', () => void gateway?.reload());
  const loaded = await loadAll(invocation);
  const problems = 'problems' in loaded ? loaded.problems : failingTests(loaded);
  if ('problems' in loaded || problems.length > 0) {
    invocation.err(invocation.json ? JSON.stringify({ problems }) : `${formatProblems(problems)}\n`);
    return 2;
  }
  try {
    gateway = await startGateway(loaded.config, loaded.secrets, loaded.ruleSet, {
      readConfig: () => configurationOf(invocation),
    });
    void gateway.follow();
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

/** What a reload refuses does not come into force by a restart either. */
const failingTests = ({ config, ruleSet }: Loaded): readonly Problem[] =>
  testProblems(ruleSet, {
    basePath: config.basePath,
    now: Math.floor(Date.now() / 1000),
    tenants: tenantTermsOf(config),
  });

const endSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
