import type { IncomingMessage } from 'node:http';
import { readEnvoy } from '../forwarded/door-envoy.ts';
import { readNginx } from '../forwarded/door-nginx.ts';
import { readTraefik } from '../forwarded/door-traefik.ts';
import type { ForwardedRequest } from '../forwarded/forwarded-request.ts';
import type { Reply } from '../outcome/reply.ts';
import { shapeEnvoy } from '../outcome/shape-envoy.ts';
import { shapeNginx } from '../outcome/shape-nginx.ts';
import type { Reason } from '../reason.ts';

/** All that is particular to a kind of proxy: how it asks, and how it wants to be answered. */
export interface Door {
  /** @returns the forwarded request, or the reason it cannot be told which request it is. */
  read(request: IncomingMessage): ForwardedRequest | Reason;
  shape(reply: Reply): Reply;
}

export type Endpoint = 'traefik' | 'nginx' | 'envoy';

const ENVOY = '/verify/envoy';

const DOORS: Readonly<Record<Endpoint, Door>> = {
  traefik: { read: ({ rawHeaders }) => readTraefik(rawHeaders), shape: (reply) => reply },
  nginx: { read: ({ rawHeaders }) => readNginx(rawHeaders), shape: shapeNginx },
  envoy: {
    read: ({ method = '', url = '', rawHeaders }) => readEnvoy(method, url, rawHeaders, ENVOY),
    shape: shapeEnvoy,
  },
};

/**
 * Finds the door for a check's own URL. Each door reads its own headers only; which kind of proxy asks is never guessed.
 * @param endpoints which doors exist
 */
export function createDoors(endpoints: readonly Endpoint[]): (url: string) => Door | undefined {
  const has = new Set(endpoints);
  const door = (endpoint: Endpoint): Door | undefined => (has.has(endpoint) ? DOORS[endpoint] : undefined);
  return (url) => {
    // The query is not looked at: Caddy appends the client's.
    const path = url.split('?', 1)[0] ?? '';
    if (path === '/verify') return door('traefik');
    if (path === '/verify/nginx') return door('nginx');
    return path === ENVOY || path.startsWith(`${ENVOY}/`) ? door('envoy') : undefined;
  };
}
