import type { TokenRefusal } from './access-token.ts';
import type { UnverifiedToken } from './token-spelling.ts';

export type ProfileName = 'rfc9068' | 'jwt';

/** Everything that is known of one profile of access tokens. */
export interface Profile {
  /** Media types of the header `typ`, lower case, without `application/`; undefined: the header has none. */
  readonly types: readonly (string | undefined)[];
  readonly required: readonly string[];
  /** The first of these that is present names the client. */
  readonly client: readonly string[];
  /** Claims by which another kind of token gives itself away. */
  readonly foreign: readonly string[];
  /**
   * Whether no type tells the kinds of tokens apart, so that claims have to: one without any scope-bearing claim is more
   * likely an ID token than a powerless access token.
   */
  readonly byClaims: boolean;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  // RFC 9068 sections 2.1, 2.2 and 4
  rfc9068: {
    types: ['at+jwt'],
    required: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'],
    client: ['client_id'],
    foreign: [],
    byClaims: false,
  },
  // What providers did before RFC 9068, and most still do.
  jwt: {
    types: [undefined, 'jwt', 'at+jwt'],
    required: ['iss', 'aud', 'exp', 'iat', 'sub'],
    client: ['client_id', 'azp', 'appid'],
    foreign: ['nonce', 'at_hash', 'events'],
    byClaims: true,
  },
};

export const SCOPE_CLAIMS = ['scope', 'scp', 'permissions'] as const;

// Keycloak writes the kind of token into a claim of this name: Bearer is the access token.
const FOREIGN_KINDS: readonly unknown[] = ['id', 'refresh', 'offline', 'logout'];

const USE_JWT = 'set provider.tokens.profile: jwt if the provider does not issue RFC 9068 tokens';

/**
 * Checks that the token is an access token of the profile, and no ID, refresh or logout token of the same issuer
 * (RFC 8725 sections 3.11 and 3.12). It does *not* check the form or the value of any claim.
 */
export function checkProfile(
  { header, claims }: UnverifiedToken,
  name: ProfileName,
): TokenRefusal | undefined {
  const profile = PROFILES[name];
  // RFC 7515 section 4.1.9: media types compare without case, and "application/" may be left out.
  const typ = (header['typ'] as string | undefined)?.toLowerCase().replace(/^application\//, '');
  if (!profile.types.includes(typ)) {
    return name === 'rfc9068'
      ? refuseType(
          `the token's typ is ${typ === undefined ? 'absent' : wordFor(typ)}, not at+jwt: ${USE_JWT}`,
        )
      : refuseType("the token's typ is that of another kind of token");
  }
  const foreign = profile.foreign.find((claim) => claims[claim] !== undefined);
  if (foreign !== undefined)
    return refuseType(`the token has ${foreign}: an ID or logout token, no access token`);
  const kind = claims['typ'];
  if (profile.byClaims && typeof kind === 'string' && FOREIGN_KINDS.includes(kind.toLowerCase())) {
    return refuseType('the claim typ says that it is no access token');
  }
  if (profile.byClaims && SCOPE_CLAIMS.every((claim) => claims[claim] === undefined)) {
    return refuseType(
      `the token has none of ${SCOPE_CLAIMS.join(', ')}, as an ID token: have the provider put scopes into access tokens`,
    );
  }
  const missing = profile.required.find((claim) => claims[claim] === undefined);
  if (missing !== undefined) {
    const wayOut = name === 'rfc9068' ? `: ${USE_JWT}` : '';
    return { reason: 'token-claims', detail: `the claim ${missing} is missing${wayOut}` };
  }
  return undefined;
}

const refuseType = (detail: string): TokenRefusal => ({ reason: 'token-type', detail });

// A closed list, so that nothing the sender wrote reaches the log.
const wordFor = (typ: string): string => (typ === 'jwt' ? 'JWT' : 'another');
