import { describeFailure } from './token-call.ts';

/** A token that is not needed any more. */
export interface RevocationRequest {
  readonly token: string;
  readonly hint: 'refresh_token' | 'access_token';
}

/** How a revocation ended (RFC 7009 section 2.2). */
export type RevocationOutcome =
  | { readonly kind: 'revoked' }
  /** The provider revokes no tokens, or none of this kind: JWT access tokens often live until they expire. */
  | { readonly kind: 'unsupported' }
  /** `cause` is in constant words. */
  | { readonly kind: 'failed'; readonly cause: string };

/** Waits for a revocation request. Never rejects: whatever comes of it, the session is over. */
export const revocationOutcome = (call: Promise<void>): Promise<RevocationOutcome> =>
  call.then(
    () => ({ kind: 'revoked' }),
    (error: unknown) =>
      // RFC 7009 section 2.2.1
      Object(error).error === 'unsupported_token_type'
        ? { kind: 'unsupported' }
        : { kind: 'failed', cause: describeFailure(error) },
  );
