import {
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrant,
  genericGrantRequest,
  ResponseBodyError,
  tokenIntrospection,
} from 'openid-client';
import type { ProviderConfig } from '../config/config.ts';
import { AnswerRefused, type Fetch, withinTogether } from '../token/bounded-fetch.ts';
import type { JsonObject } from '../token/json-object.ts';
import type { Discovery } from './discovery.ts';
import { grantFailure, invalidAnswer } from './grant-failure.ts';
import type { ProviderClient } from './provider-client.ts';
import { ProviderError } from './provider-error.ts';
import type { ProviderMetadata } from './provider-metadata.ts';
import { scopeSpelling } from './scope-spelling.ts';
import { describeFailure, watchTokenCall } from './token-call.ts';

/**
 * What a provider does about tokens without a person in front of it: one issuer with one client of ours. Every call ends
 * within 4 s, and its answer is *not* validated: whoever asked for it does that. Nothing is remembered here.
 */
export interface TokenService {
  /**
   * Asks what a token is (RFC 7662 section 2), as our client.
   * @returns the answer as it stands
   * @throws ProviderError('provider-unavailable') when there is none that can be read
   */
  introspect(token: string): Promise<JsonObject>;
  /**
   * The client credentials grant (RFC 6749 section 4.4) with an id and a secret that a caller brought.
   * @returns the access token
   * @throws ProviderError when there is none; `providerError` is `invalid_client` when the two are wrong
   */
  clientCredentials(client: ClientCredentials, wanted: WantedToken): Promise<string>;
  /**
   * The token exchange (RFC 8693 section 2), as our client.
   * @returns the access token: that the answer has one of the right type is checked
   * @throws ProviderError when there is none
   */
  exchange(subject: SubjectToken, wanted: WantedToken): Promise<string>;
}

export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

export interface WantedToken {
  readonly audience: string;
  readonly scopes: readonly string[];
}

export interface SubjectToken {
  readonly raw: string;
  /** RFC 8693 section 3: `jwt` where it is no access token of the same provider. */
  readonly type: 'access_token' | 'jwt';
}

export interface TokenServiceOptions {
  readonly config: ProviderConfig;
  readonly client: ProviderClient;
  readonly discovery: Discovery;
  /** Bounded already, and rewritten to the internal URL. */
  readonly fetch: Fetch;
}

/** Milliseconds: the check that waits for it is answered within five seconds. */
const TIMEOUT = 4000;

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TYPE = 'urn:ietf:params:oauth:token-type:';
/** RFC 8693 section 3: an answer of these types is one that an API takes. */
const USABLE = [`${TYPE}access_token`, `${TYPE}jwt`];

export function createTokenService(options: TokenServiceOptions): TokenService {
  const { config, discovery } = options;
  const { authentication, configure } = options.client;
  const spell = scopeSpelling(config);

  /** The audience and the scopes of a request, as this provider wants them. */
  function asked({ audience, scopes }: WantedToken): URLSearchParams {
    const parameters = new URLSearchParams();
    if (config.audienceParameter !== 'none') parameters.set(config.audienceParameter, audience);
    const spelled = scopes.map((scope) => spell(audience, scope));
    if (spelled.length > 0) parameters.set('scope', spelled.join(' '));
    return parameters;
  }

  /** @param grant one call to the token endpoint. @returns the access token */
  async function request(
    grant: (
      metadata: ProviderMetadata,
      fetch: Fetch,
    ) => Promise<{ token_type: string; access_token: string }>,
  ): Promise<string> {
    const metadata = await discovery.metadata();
    const call = watchTokenCall(withinTogether(TIMEOUT, options.fetch));
    try {
      const { token_type: type, access_token: token } = await grant(metadata, call.fetch);
      // RFC 8693 section 2.2.1 has `N_A` for what is no access token; a DPoP-bound one cannot be used here.
      if (type !== 'bearer') throw invalidAnswer('token_type is not bearer');
      return token;
    } catch (error) {
      throw grantFailure(call, error);
    }
  }

  return {
    async introspect(token) {
      const metadata = await discovery.metadata();
      if (metadata['introspection_endpoint'] === undefined)
        throw unavailable('the discovery document names no introspection_endpoint');
      const call = watchIntrospection(withinTogether(TIMEOUT, options.fetch));
      await authentication
        .run((proof) =>
          tokenIntrospection(configure(metadata, call.fetch, proof), token, {
            token_type_hint: 'access_token',
          }),
        )
        .catch((error: unknown) => {
          // The library stops at an `active` that is no boolean, which is for the reader of the answer to refuse.
          if (call.answer !== undefined) return;
          // Something in the token that the endpoint cannot read: that one is bad, and the endpoint is well.
          const isBadToken = error instanceof ResponseBodyError && error.error === 'invalid_request';
          if (!isBadToken) throw unavailable(describeFailure(error));
          call.answer = { active: false };
        });
      if (call.answer === undefined) throw unavailable('the answer is no JSON object');
      return call.answer;
    },

    clientCredentials({ id, secret }, wanted) {
      const parameters = asked(
        // Entra knows the scopes of a client by the whole of the API alone.
        config.kind === 'entra' ? { ...wanted, scopes: ['.default'] } : wanted,
      );
      // The caller's secret is sent as ours would be, or as RFC 6749 section 2.3.1 has it where we have none.
      const proof =
        config.clientAuth === 'client_secret_post' ? ClientSecretPost(secret) : ClientSecretBasic(secret);
      return request((metadata, fetch) =>
        clientCredentialsGrant(configure(metadata, fetch, proof, id), parameters),
      );
    },

    exchange({ raw, type }, wanted) {
      const parameters = asked(wanted);
      parameters.set('subject_token', raw);
      parameters.set('subject_token_type', `${TYPE}${type}`);
      parameters.set('requested_token_type', `${TYPE}access_token`);
      return request(async (metadata, fetch) => {
        const answer = await authentication.run((proof) =>
          genericGrantRequest(configure(metadata, fetch, proof), EXCHANGE, parameters),
        );
        // Required, and the library does not look (RFC 8693 section 2.2.1).
        if (!USABLE.includes(String(answer['issued_token_type'])))
          throw invalidAnswer('issued_token_type is none of access_token and jwt');
        return answer;
      });
    },
  };
}

const unavailable = (why: string): ProviderError =>
  new ProviderError('provider-unavailable', `the introspection endpoint cannot be asked: ${why}`);

/** Wraps the `fetch` of one introspection, whose answer is read from outside the library. */
function watchIntrospection(fetch: Fetch): {
  readonly fetch: Fetch;
  answer: JsonObject | undefined;
} {
  const call: { fetch: Fetch; answer: JsonObject | undefined } = {
    answer: undefined,
    async fetch(url, init) {
      const response = await fetch(url, init);
      if (response.status !== 200) return response;
      // RFC 7662 section 2.2. A signed answer (RFC 9701) was not asked for.
      if (!/^application\/json\s*(?:;|$)/i.test(response.headers.get('content-type') ?? ''))
        throw new AnswerRefused('an answer that is not application/json');
      const body: unknown = await response
        .clone()
        .json()
        .catch(() => undefined);
      if (typeof body === 'object' && body !== null && !Array.isArray(body)) call.answer = body as JsonObject;
      return response;
    },
  };
  return call;
}
