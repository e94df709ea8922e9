import type { ClientSecret, ProviderConfig } from '../config/config.ts';
import { fixedSecrets } from '../oidc/client-authentication.ts';
import { createProvider } from '../oidc/provider.ts';
import { ProviderError } from '../oidc/provider-error.ts';
import type { Fetch } from '../token/bounded-fetch.ts';
import type { Note, Notes } from './finding.ts';

/** No provider ever issued it. */
const NOBODYS = 'postern-doctor-asks-whether-it-may-ask';

export interface IntrospectionTerms {
  readonly provider: ProviderConfig;
  readonly secrets: readonly ClientSecret[];
  /** Seconds. */
  readonly clockTolerance: number;
  readonly fetch: Fetch;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Asks the provider about a token that nobody issued, as the gateway would: whether the client may ask at all. */
export async function introspectionNotes(
  { provider, secrets, clockTolerance, fetch, now }: IntrospectionTerms,
  notes: Notes,
): Promise<readonly Note[]> {
  if (!provider.introspection) return [];
  const { tokenService } = createProvider({
    ...{ config: provider, secrets: fixedSecrets(secrets), clockTolerance, fetch },
    now: () => Math.floor(now() / 1000),
  });
  try {
    const { active } = await tokenService.introspect(NOBODYS);
    return [
      active === false
        ? notes.ok('it answers about tokens: the client may ask (RFC 7662)')
        : notes.problem(
            'it does not say active: false of a token that nobody issued',
            'An opaque token passes only by active: true, as the boolean; this answer is none to build on.',
            'look at the introspection endpoint of the provider',
          ),
    ];
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return [
      notes.problem(
        `it does not answer about tokens: ${error.message}`,
        'provider.introspection is true: every opaque token is a 503.',
        'permit introspection for this client at the provider, or write provider.introspection: false',
      ),
    ];
  }
}
