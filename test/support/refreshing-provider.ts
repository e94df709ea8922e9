import type { IdentityProvider, RefreshRequest, RefreshResult } from '../../src/oidc/identity-provider.ts';
import { ProviderError } from '../../src/oidc/provider-error.ts';
import type { AppVisit } from '../../src/outcome/visit.ts';
import type { LiveSession, Session, SessionToken } from '../../src/session/session.ts';
import { createKeySet } from '../../src/token/key-set.ts';
import type { IssuerTrusts } from '../../src/token/token-reader.ts';
import { reopenAccessToken } from '../../src/token/validate-access-token.ts';
import { START } from '../contract/session-store.contract.ts';
import { makeKey, signJws } from './jws.ts';
import { shopApp } from './requests.ts';
import { trustOf } from './trust.ts';

export const API = 'https://api.shop.example.com';
export const OTHER = 'https://other.example.com';
const ISSUER = 'https://id.example.com/';
const KEY = makeKey('ES256');

export const TRUSTS: IssuerTrusts = new Map([
  [
    ISSUER,
    trustOf(
      ISSUER,
      createKeySet({
        jwksUri: async () => new URL('jwks', ISSUER),
        fetch: async () => Response.json({ keys: [KEY.jwk] }),
        now: () => START,
      }),
    ),
  ],
]);

let made = 0;
/** An access token that no other is like, of ten minutes. */
export function accessTokenFor(audience: string, over: Record<string, unknown> = {}): string {
  made += 1;
  const times = { iat: START, exp: START + 600, jti: String(made) };
  const claims = {
    iss: ISSUER,
    sub: 'alice',
    aud: audience,
    client_id: 'shop',
    scope: 'read',
    ...times,
    ...over,
  };
  return signJws({ alg: 'ES256', kid: KEY.kid, typ: 'at+jwt' }, claims, KEY);
}

/** A token of a session, with the refresh token of that name. */
export const tokenFor = (
  audience: string,
  refreshToken: string,
  more: Partial<SessionToken> = {},
): SessionToken => ({
  audience,
  raw: accessTokenFor(audience),
  refreshToken,
  ...more,
});

export const liveOf = (session: Session): LiveSession => ({
  session,
  tokens: session.tokens.flatMap(({ raw }) => reopenAccessToken(raw, TRUSTS, START) ?? []),
});

/** A visit of the browser that carries the handle. */
export const visitWith = (handle: string): AppVisit =>
  ({
    app: shopApp(),
    cookies: { session: { read: () => handle } },
    split: {},
  }) as unknown as AppVisit;

/** A provider that takes each refresh token once: sent again, it is answered as one that was stolen. */
export class RefreshingProvider implements Pick<IdentityProvider, 'refresh'> {
  readonly requests: RefreshRequest[] = [];
  readonly #spent = new Set<string>();
  /** Waited for before each answer, in place of the network. */
  delay: () => Promise<unknown> = async () => {};
  /** Changes an honest answer. */
  answer: (honest: RefreshResult) => RefreshResult = (honest) => honest;
  /** Thrown in place of an answer, without a look at the request. */
  error: ProviderError | undefined;

  /** The refresh tokens that were sent. */
  get sent(): readonly string[] {
    return this.requests.map(({ refreshToken }) => refreshToken);
  }

  async refresh(request: RefreshRequest): Promise<RefreshResult> {
    this.requests.push(request);
    await this.delay();
    if (this.error !== undefined) throw this.error;
    if (this.#spent.has(request.refreshToken))
      throw new ProviderError('provider-answer-invalid', 'reused', { providerError: 'invalid_grant' });
    this.#spent.add(request.refreshToken);
    return this.answer({
      accessToken: accessTokenFor(request.audience || API),
      refreshToken: `${request.refreshToken}'`,
      fault: undefined,
    });
  }
}
