import type { HeaderLine, Reply } from './reply.ts';

/** The names that nginx must find in every answer: `auth_request_set` empties a variable, it does not remove a header. */
const ALWAYS = ['Authorization', 'Cookie'];

/**
 * Says a reply in the words of nginx's `auth_request`, which knows 2xx, 401 and 403 and makes 500 of everything else:
 * a redirect is a 401 with `X-Auth-Redirect`, every other refusal of the caller a 403, both with `X-Auth-Reason`.
 * 503 and 500 stay: nginx answers 500 to them.
 */
export function shapeNginx(reply: Reply): Reply {
  const { status, reason, headers } = reply;
  if (status < 300) {
    const names = new Set(headers.map(([name]) => name));
    const absent = ALWAYS.filter((name) => !names.has(name)).map((name): HeaderLine => [name, '']);
    return { ...reply, headers: [...headers, ...absent] };
  }
  const why: HeaderLine = ['X-Auth-Reason', reason];
  if (status < 400) {
    const shaped = headers.map(
      ([name, value]): HeaderLine => [name === 'Location' ? 'X-Auth-Redirect' : name, value],
    );
    return { ...reply, status: 401, headers: [...shaped, why] };
  }
  return { ...reply, status: status === 401 || status >= 500 ? status : 403, headers: [...headers, why] };
}
