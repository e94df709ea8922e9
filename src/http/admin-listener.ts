import type { IncomingMessage } from 'node:http';
import type { Address } from '../config/config.ts';
import { isLoopbackName, parseHost } from '../forwarded/host.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { bareRefusal } from '../outcome/bare-refusal.ts';
import { NO_STORE, type Reply } from '../outcome/reply.ts';
import type { Health } from './health.ts';
import { type Handler, respond } from './server.ts';

/**
 * The listener for operators: `/metrics`, `/healthz`, `/readyz`; read-only. `Host` must be an address or a loopback name:
 * a page on the web could make a browser ask here under a name of its own (DNS rebinding).
 */
export function createAdminHandler(address: Address, health: Health, metrics: Metrics, log: Log): Handler {
  const answer = async (request: IncomingMessage): Promise<Reply> => {
    if (!isOwnHost(request.headers.host, address)) return bareRefusal('foreign-host');
    if (request.method !== 'GET' && request.method !== 'HEAD') return bareRefusal('method-not-allowed');
    switch (request.url) {
      case '/metrics': {
        const { body, type } = await metrics.text();
        const length = String(Buffer.byteLength(body));
        return {
          status: 200,
          reason: 'own-page',
          headers: [['Content-Type', type], NO_STORE, ['Content-Length', length]],
          body,
        };
      }
      case '/healthz':
        return health.live();
      case '/readyz':
        return health.readyInDetail();
      default:
        return bareRefusal('page-unknown');
    }
  };
  return (request, response) =>
    respond(
      response,
      () => answer(request),
      (error) => log.failed(error),
      () => undefined,
    );
}

/** An IP address cannot be rebound; a name must be this machine's or the configured one. */
function isOwnHost(line: string | undefined, address: Address): boolean {
  const name = line === undefined ? undefined : parseHost(line)?.name;
  if (name === undefined) return false;
  return isLoopbackName(name) || name === address.host || /^[0-9.]+$/.test(name) || name.startsWith('[');
}
