import type { IncomingMessage } from 'node:http';

/** What arrived at an app about the caller. Never a token or a cookie value itself. */
export interface Arrival {
  readonly subject: string;
  readonly client: string;
  readonly scopes: string;
  /** What the bearer token says of itself; an app of the demo does *not* verify it. */
  readonly token:
    | { readonly audience: string; readonly scopes: string; readonly expiresAt: number }
    | undefined;
  /** Names only. */
  readonly cookies: readonly string[];
}

/** Reads the headers that the gateway sets for its upstreams. */
export function arrivalOf({ headers }: IncomingMessage): Arrival {
  const one = (name: string) => String(headers[name] ?? '');
  return {
    subject: one('x-auth-subject'),
    client: one('x-auth-client'),
    scopes: one('x-auth-scopes'),
    token: claimsOf(headers.authorization),
    cookies: one('cookie')
      .split(';')
      .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
      .filter((name) => name !== ''),
  };
}

function claimsOf(authorization: string | undefined): Arrival['token'] {
  const payload = /^Bearer [^.]+\.([^.]+)\.[^.]+$/.exec(authorization ?? '')?.[1];
  if (payload === undefined) return undefined;
  try {
    const { aud, scope = '', exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return { audience: [aud].flat().join(' '), scopes: String(scope), expiresAt: Number(exp) };
  } catch {
    return undefined;
  }
}
