import type { IncomingMessage, ServerResponse } from 'node:http';
import { sortHeaders } from '../forwarded/raw-headers.ts';
import { requestKind } from '../forwarded/request-kind.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { bareRefusal } from '../outcome/bare-refusal.ts';
import type { Reply } from '../outcome/reply.ts';
import type { Check } from './check.ts';
import type { Door } from './doors.ts';
import { whenThere } from './eventual.ts';
import type { Health } from './health.ts';
import { type Handler, isHeaderFlood, respond } from './server.ts';
import type { TrustedPeers } from './trusted-peers.ts';
import { writeReply } from './write-reply.ts';

/**
 * The listener for the proxy: the checks, `/healthz`, `/readyz` and nothing else, on bare `node:http`. A peer that is no
 * configured proxy is refused on every path.
 */
export function createCheckHandler(
  trusted: TrustedPeers,
  doorFor: (url: string) => Door | undefined,
  check: Check,
  health: Health,
  metrics: Metrics,
  log: Log,
): Handler {
  const refuse = (response: ServerResponse, reply: Reply): void => {
    writeReply(response, reply);
    metrics.checked(reply, 0);
    log.decided(undefined, reply);
  };

  function verify(door: Door, request: IncomingMessage, response: ServerResponse): void {
    const started = performance.now();
    const forwarded = door.read(request);
    if (typeof forwarded === 'string') {
      refuse(response, door.shape(bareRefusal(forwarded, likelyCause(request), isNavigation(request))));
      return;
    }
    respond(
      response,
      () => whenThere(check(forwarded), door.shape),
      (error) => log.failed(error),
      (reply) => {
        metrics.checked(reply, (performance.now() - started) / 1000);
        log.decided(forwarded, reply);
      },
    );
  }

  return (request, response) => {
    if (!trusted(request.socket)) {
      const peer = `${request.socket.remoteAddress} is not among trustedProxies`;
      return refuse(response, bareRefusal('untrusted-peer', peer));
    }
    if (isHeaderFlood(request)) return refuse(response, bareRefusal('header-flood'));
    const url = request.url ?? '';
    const door = doorFor(url);
    if (door !== undefined) return verify(door, request, response);
    if (url === '/healthz') return writeReply(response, health.live());
    if (url === '/readyz') return writeReply(response, health.ready());
    return writeReply(response, bareRefusal('page-unknown'));
  };
}

/** What most often makes a check arrive without the forwarded headers, for the operator's log. */
const likelyCause = ({ rawHeaders }: IncomingMessage): string =>
  rawHeaders.some((name) => name.toLowerCase() === 'x-forwarded-uri')
    ? 'a forwarded header is empty, repeated or malformed'
    : 'either the middleware address leads through the proxy instead of straight to the gateway, or someone opened the check itself';

const isNavigation = ({ rawHeaders }: IncomingMessage): boolean =>
  requestKind({ method: 'GET', headers: sortHeaders(rawHeaders, []).client }) !== 'script';
