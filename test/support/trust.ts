import type { KeySet } from '../../src/token/key-set.ts';
import type { IssuerTrust } from '../../src/token/validate-access-token.ts';

/** Trust in an issuer on the strictest terms: profile `rfc9068`, ES256, the client `shop`, 5 s between the clocks. */
export const trustOf = (issuer: string, keys: KeySet, terms: Partial<IssuerTrust> = {}): IssuerTrust => ({
  issuer,
  keys,
  profile: 'rfc9068',
  algorithms: ['ES256'],
  scopeClaim: 'scope',
  ownClientIds: new Set(['shop']),
  audienceIsClient: false,
  clockTolerance: 5,
  ...terms,
});
