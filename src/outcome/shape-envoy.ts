import type { Reply } from './reply.ts';

/** What a permit decides every time, and may decide to leave out. */
const REMOVABLE = ['authorization', 'cookie'];

/**
 * Says a reply in the words of Envoy's `ext_authz` over HTTP: 200 permits, everything else goes to the client. What a
 * permit leaves out, Envoy is told to remove; it would let the client's own header pass.
 */
export function shapeEnvoy(reply: Reply): Reply {
  if (reply.status >= 300) return reply;
  const names = new Set(reply.headers.map(([name]) => name.toLowerCase()));
  const absent = REMOVABLE.filter((name) => !names.has(name));
  if (absent.length === 0) return reply;
  return { ...reply, headers: [...reply.headers, ['x-envoy-auth-headers-to-remove', absent.join(',')]] };
}
