import { randomUUID } from 'node:crypto';
import type { HostileProvider } from './hostile-provider.ts';
import { signJws } from './jws.ts';
import type { Answer, World } from './world.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** @returns a good logout token of the provider for the client `shop`, but for these claims; undefined takes one away. */
export function logoutToken(
  { issuer, keys }: HostileProvider,
  claims: Readonly<Record<string, unknown>>,
): string {
  const now = Math.floor(Date.now() / 1000);
  const { alg, kid } = keys.idToken;
  const own = { iss: issuer, aud: 'shop', iat: now, exp: now + 120, jti: randomUUID() };
  const header = { alg, kid, typ: 'logout+jwt' };
  return signJws(header, { ...own, events: { [EVENT]: {} }, ...claims }, keys.idToken);
}

export const FORM = ['Content-Type', 'application/x-www-form-urlencoded'];

/** Sends a logout token as a provider does: no cookie, no Origin. @param host whose address was registered */
export const sendLogoutToken = (
  world: Pick<World, 'send'>,
  token: string,
  host = 'shop.localhost:8080',
): Promise<Answer> =>
  world.send(
    'pagesListen',
    '/_auth/backchannel-logout',
    ['Host', host, ...FORM],
    'POST',
    new URLSearchParams({ logout_token: token }).toString(),
  );
