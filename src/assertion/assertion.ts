import { sign } from 'node:crypto';
import type { AssertionAlgorithm } from '../rules/rule-set.ts';
import type { AccessToken } from '../token/access-token.ts';
import type { AssertionKey } from './assertion-keys.ts';

/** What an assertion says beside what the token says. */
export interface AssertionTerms {
  readonly algorithm: AssertionAlgorithm;
  /** Canonical name of the host that was asked for. */
  readonly audience: string;
  /** The gateway at this host: its keys are at `<issuer>/jwks.json`. */
  readonly issuer: string;
}

export interface Assertions {
  /**
   * A signed JWT for the upstream (RFC 7515, RFC 7519) that says whose request was permitted, so that an upstream which
   * can be reached past the proxy need not believe a header. The same text serves for half a minute at least.
   * It does *not* say what was decided, nor hold anything of the ID token.
   */
  of(token: AccessToken, terms: AssertionTerms): string;
  /** The public keys (RFC 7517 section 5): of every session secret, so that a rotation finds them known. */
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
}

/** Seconds. An assertion has at least half its life left when it goes out, or as much as its token has. */
const LIFETIME = 120;
const REUSE = 60;
/** Hosts per token: those of a wildcard have no end. */
const MOST_HOSTS = 16;

interface Signed {
  readonly text: string;
  /** Unix seconds: when another one is due. */
  readonly until: number;
}

/**
 * @param keys those of the secret that signs come first; at least one per algorithm
 * @param now Unix seconds
 */
export function createAssertions(keys: readonly AssertionKey[], now: () => number): Assertions {
  const known = new WeakMap<AccessToken, Map<string, Signed>>();

  function signed(token: AccessToken, { algorithm, audience, issuer }: AssertionTerms, at: number): string {
    const key = keys.find((one) => one.algorithm === algorithm);
    if (key === undefined) throw new TypeError(`no key for ${algorithm}`);
    // RFC 8725 section 3.11: a type of its own, or it could be passed off as another kind of token.
    const header = { alg: algorithm, kid: key.id, typ: 'postern-assertion+jwt' };
    const claims = {
      iss: issuer,
      aud: audience,
      sub: token.subject,
      client_id: token.client,
      scope: [...token.scopes].join(' '),
      ...(token.acr === undefined ? {} : { acr: token.acr }),
      ...(token.authenticatedAt === undefined ? {} : { auth_time: token.authenticatedAt }),
      iat: at,
      exp: Math.min(at + LIFETIME, token.expiresAt),
    };
    const input = `${encode(header)}.${encode(claims)}`;
    const digest = algorithm === 'ES256' ? 'sha256' : undefined;
    const signature = sign(digest, Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  }

  return {
    of(token, terms) {
      const at = now();
      let byHost = known.get(token);
      const before = byHost?.get(terms.issuer);
      if (before !== undefined && at < before.until) return before.text;
      const text = signed(token, terms, at);
      if (byHost === undefined || byHost.size >= MOST_HOSTS) byHost = new Map<string, Signed>();
      byHost.set(terms.issuer, { text, until: Math.min(at + REUSE, token.expiresAt) });
      known.set(token, byHost);
      return text;
    },
    jwks: { keys: keys.map(({ publicJwk }) => publicJwk) },
  };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
