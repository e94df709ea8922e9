import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildEndSessionUrl,
  type Configuration,
  customFetch,
  discovery as discover,
  None,
  refreshTokenGrant,
  tokenRevocation,
} from 'openid-client';
import type { ProviderConfig } from '../config/config.ts';
import { type Fetch, withinTogether } from '../token/bounded-fetch.ts';
import { withDeadline } from '../token/deadline.ts';
import type { KeySet } from '../token/key-set.ts';
import { checkAuthorizationAnswer } from './authorization-answer.ts';
import { type AuthorizationUrl, createAuthorizationUrl } from './authorization-url.ts';
import type { Discovery } from './discovery.ts';
import { invalidAnswer, refusedGrant } from './grant-failure.ts';
import { validateIdToken } from './id-token.ts';
import type { AuthorizationAnswer, IdentityProvider, LoginResult } from './identity-provider.ts';
import { forLibrary, isInsecure, LIBRARY_TIMEOUT, type ProviderClient } from './provider-client.ts';
import { ProviderError } from './provider-error.ts';
import {
  checkMetadata,
  ISSUER_DIFFERS,
  type MetadataTerms,
  type ProviderMetadata,
} from './provider-metadata.ts';
import { createRefresh } from './refresh.ts';
import { revocationOutcome } from './revocation.ts';
import { describeFailure, type UnverifiedTokens, watchTokenCall } from './token-call.ts';

export interface IdentityProviderOptions {
  readonly config: ProviderConfig;
  readonly client: ProviderClient;
  readonly discovery: Discovery;
  /** Whether access tokens are refreshed: else no refresh token is asked for, nor taken. */
  readonly refresh?: boolean;
  /** Shared with access tokens: a login that meets a new key brings it to everybody. */
  readonly keys: KeySet;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Unix seconds. */
  readonly now: () => number;
  /** Bounded already, and rewritten to the internal URL. */
  readonly fetch: Fetch;
}

/** Milliseconds; with the check's own work a callback stays below 10 s, whatever the provider does. */
const REDEEM_TIMEOUT = 8500;

/** Milliseconds for a refresh: the check that waits for it is answered within five seconds. */
const REFRESH_TIMEOUT = 4000;

/** Seconds since the provider last answered, within which a browser is sent there without looking again. */
const RECENT = 15;

/**
 * One attempt at discovery (OpenID Connect Discovery section 4), with our own checks on top.
 * @throws ProviderError('provider-unavailable')
 */
export async function loadMetadata(terms: MetadataTerms, fetch: Fetch): Promise<ProviderMetadata> {
  const execute = isInsecure(terms) ? [allowInsecureRequests] : [];
  let reached = false;
  const watched: Fetch = async (url, init) => {
    const response = await fetch(url, init);
    reached = response.status < 500;
    return response;
  };
  // The library wants a client where only the document is asked for; nothing of it is sent.
  const found = await discover(new URL(terms.issuer), 'nobody', undefined, None(), {
    timeout: LIBRARY_TIMEOUT,
    [customFetch]: forLibrary(watched),
    execute,
  }).catch((error: unknown) => {
    const mismatch = Object(error).code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';
    const message = `discovery failed: ${mismatch ? ISSUER_DIFFERS : describeFailure(error)}`;
    throw new ProviderError('provider-unavailable', message, { unreachable: !reached });
  });
  return checkMetadata(found.serverMetadata(), terms);
}

/** The adapter over openid-client, whose sole importer this file is. What the library leaves unchecked, we check. */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { config, discovery, keys, now, refresh = false } = options;
  const { configure, authentication } = options.client;

  // Building one copies the whole document: too slow for every anonymous page load.
  let shown: ClientForUrls | undefined;
  function clientForUrls(metadata: ProviderMetadata): ClientForUrls {
    if (shown?.metadata === metadata) return shown;
    const client = configure(metadata, options.fetch, None());
    const authorizationUrl = createAuthorizationUrl({ ...config, refresh }, (parameters) =>
      buildAuthorizationUrl(client, parameters),
    );
    shown = { metadata, client, authorizationUrl };
    return shown;
  }

  async function redeem(answer: AuthorizationAnswer): Promise<LoginResult> {
    const metadata = await discovery.metadata();
    checkAuthorizationAnswer(answer, {
      issuer: config.issuer,
      issuerAdvertised: metadata['authorization_response_iss_parameter_supported'] === true,
    });
    const { idToken = '', accessToken, refreshToken } = await requestTokens(metadata, answer);
    const profile = await checkIdToken(idToken, accessToken, answer);
    const kept = refresh && refreshToken !== undefined ? { refreshToken } : {};
    return { idToken, profile, subject: profile.sub, accessToken, ...kept };
  }

  async function requestTokens(
    metadata: ProviderMetadata,
    answer: AuthorizationAnswer,
  ): Promise<UnverifiedTokens> {
    const call = watchTokenCall(options.fetch, answer.redirectUri);
    const callback = new URL(answer.redirectUri);
    callback.search = answer.parameters.toString();
    const checks = {
      pkceCodeVerifier: answer.codeVerifier,
      expectedState: answer.state,
      expectedNonce: answer.nonce,
      idTokenExpected: true,
      ...(answer.maxAge === undefined ? {} : { maxAge: answer.maxAge }),
    };
    // RFC 8707 section 2.2: the resources of the authorization request, again.
    const resources = config.audienceParameter === 'resource' ? answer.audiences : [];
    const extra = new URLSearchParams(resources.map((resource): [string, string] => ['resource', resource]));
    try {
      const tokens = await authentication.run((proof) =>
        authorizationCodeGrant(configure(metadata, call.fetch, proof), callback, checks, extra),
      );
      if (tokens.token_type !== 'bearer') throw invalidAnswer('token_type is not bearer');
      return {
        idToken: tokens.id_token,
        accessToken: tokens.access_token,
        refreshToken: call.tokens?.refreshToken,
      };
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      if (call.failure !== undefined) throw call.failure;
      // The library stopped at the answer or at the ID token in it: our own, sharper check tells which.
      const { idToken, accessToken = '' } = call.tokens ?? {};
      if (idToken !== undefined) await checkIdToken(idToken, accessToken, answer);
      throw refusedGrant(error);
    }
  }

  const checkIdToken = (idToken: string, accessToken: string, answer: AuthorizationAnswer) =>
    validateIdToken(idToken, {
      issuer: config.issuer,
      clientId: config.clientId,
      algorithm: config.idTokenAlg,
      keys,
      nonce: answer.nonce,
      accessToken,
      trustedAudiences: answer.audiences,
      maxAge: answer.maxAge,
      now: now(),
      clockTolerance: options.clockTolerance,
    });

  return {
    name: config.name,
    issuer: config.issuer,
    ready: () => discovery.ready(),

    async authorizationUrl(request) {
      return clientForUrls(await discovery.reached(RECENT)).authorizationUrl(request);
    },

    redeem: (answer) =>
      withDeadline(REDEEM_TIMEOUT, redeem(answer), () => {
        throw new ProviderError(
          'provider-unavailable',
          `redeeming the code took longer than ${REDEEM_TIMEOUT} ms`,
        );
      }),

    refresh: createRefresh({
      ...options,
      grant: async (metadata, fetch, refreshToken, parameters) => {
        const bounded = withinTogether(REFRESH_TIMEOUT, fetch);
        const tokens = await authentication.run((proof) =>
          refreshTokenGrant(configure(metadata, bounded, proof), refreshToken, parameters),
        );
        return tokens.token_type;
      },
    }),

    async endSessionUrl({ idTokenHint, postLogoutRedirectUri, state }) {
      const metadata = await discovery.metadata().catch(() => undefined);
      if (metadata === undefined) return undefined;
      if (metadata['end_session_endpoint'] !== undefined) {
        const parameters = new URLSearchParams({ post_logout_redirect_uri: postLogoutRedirectUri, state });
        if (idTokenHint !== undefined) parameters.set('id_token_hint', idTokenHint);
        return buildEndSessionUrl(clientForUrls(metadata).client, parameters).href;
      }
      return config.kind === 'auth0' ? auth0LogoutUrl(config, postLogoutRedirectUri) : undefined;
    },

    async revoke({ token, hint }, signal) {
      const metadata = discovery.ready() ? await discovery.metadata() : undefined;
      if (metadata?.['revocation_endpoint'] === undefined) return { kind: 'unsupported' };
      const fetch: Fetch = (url, init) => options.fetch(url, { ...init, signal });
      return revocationOutcome(
        authentication.run((proof) =>
          tokenRevocation(configure(metadata, fetch, proof), token, { token_type_hint: hint }),
        ),
      );
    },
  };
}

interface ClientForUrls {
  readonly metadata: ProviderMetadata;
  readonly client: Configuration;
  readonly authorizationUrl: AuthorizationUrl;
}

// Auth0 tenants without RP-initiated logout in their discovery document still have this page.
function auth0LogoutUrl({ issuer, clientId }: ProviderConfig, returnTo: string): string {
  const url = new URL('v2/logout', issuer.endsWith('/') ? issuer : `${issuer}/`);
  url.search = new URLSearchParams({ client_id: clientId, returnTo }).toString();
  return url.href;
}
