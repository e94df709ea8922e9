import type { ProviderConfig } from '../config/config.ts';
import { listed, type Note, type Notes } from './finding.ts';

type Jwk = Readonly<Record<string, unknown>>;

const isJwk = (value: unknown): value is Jwk =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What key each algorithm needs (RFC 7518 sections 3.3 to 3.5, RFC 8037, RFC 9864). */
const SHAPES: Readonly<Record<string, (key: Jwk) => boolean>> = {
  RS256: isRsa,
  RS384: isRsa,
  RS512: isRsa,
  PS256: isRsa,
  PS384: isRsa,
  PS512: isRsa,
  ES256: (key) => isCurve(key, 'EC', 'P-256'),
  ES384: (key) => isCurve(key, 'EC', 'P-384'),
  ES512: (key) => isCurve(key, 'EC', 'P-521'),
  EdDSA: (key) => isCurve(key, 'OKP', 'Ed25519'),
  Ed25519: (key) => isCurve(key, 'OKP', 'Ed25519'),
};

const MIN_RSA_BITS = 2048;

function isRsa({ kty, n }: Jwk): boolean {
  return kty === 'RSA' && typeof n === 'string' && Buffer.from(n, 'base64url').length * 8 >= MIN_RSA_BITS;
}

function isCurve({ kty, crv }: Jwk, type: string, curve: string): boolean {
  return kty === type && crv === curve;
}

const isSecret = (key: Jwk): boolean => key['kty'] === 'oct' || 'k' in key || 'd' in key || 'priv' in key;

const fits = (key: Jwk, algorithm: string): boolean =>
  !isSecret(key) &&
  (key['use'] === undefined || key['use'] === 'sig') &&
  (key['alg'] === undefined || key['alg'] === algorithm) &&
  SHAPES[algorithm]?.(key) === true;

/** @param members of the key set (RFC 7517 section 5); undefined when the answer is none */
export function keyNotes(
  members: unknown,
  { idTokenAlg, tokens }: Pick<ProviderConfig, 'idTokenAlg' | 'tokens'>,
  purpose: 'login' | 'keys',
  notes: Notes,
): readonly Note[] {
  if (!Array.isArray(members))
    return [
      notes.problem(
        'jwks_uri answers with something that is no key set',
        'Without keys no token can be verified.',
        'correct it at the provider',
      ),
    ];
  const keys = members.filter(isJwk);
  const usable = Object.keys(SHAPES).filter((algorithm) => keys.some((key) => fits(key, algorithm)));
  const accepted = tokens.algorithms.filter((algorithm) => usable.includes(algorithm));
  const found: Note[] = [];
  if (keys.some(isSecret))
    found.push(
      notes.problem(
        'the public key set holds a private or symmetric key',
        'Everybody can sign tokens with it. The gateway ignores such a key.',
        'take the key out of use at the provider at once',
      ),
    );
  if (purpose === 'login' && !usable.includes(idTokenAlg))
    found.push(
      notes.problem(
        `the key set has no key for ${idTokenAlg}, only for ${listed(usable)}`,
        'No ID token can be verified, so no sign-in completes.',
        'set provider.idTokenAlg to what this client is set to at the provider',
      ),
    );
  if (accepted.length === 0)
    found.push(
      notes.problem(
        `the key set has keys for ${listed(usable)}, and provider.tokens.algorithms are ${listed(tokens.algorithms)}`,
        'No access token can be verified, so nobody passes.',
        `set provider.tokens.algorithms to those that the provider signs access tokens with${usable[0] === undefined ? '' : `, such as ${usable[0]}`}`,
      ),
    );
  return found.length > 0
    ? found
    : [
        notes.ok(
          `keys verify access tokens with ${accepted.join(', ')}${purpose === 'login' ? `, ID tokens with ${idTokenAlg}` : ''}`,
        ),
      ];
}
