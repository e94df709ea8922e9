import type { Config, ProviderConfig } from '../config/config.ts';
import { type Document, text, texts } from './document.ts';
import { listed, type Note, type Notes } from './finding.ts';

/** What the configuration wants of a provider. */
export interface AbilityTerms {
  readonly provider: ProviderConfig;
  readonly session: Pick<Config['session'], 'refresh' | 'store'>;
  /** Whether the configuration has more than one provider. */
  readonly several: boolean;
  readonly basePath: string;
  /** Grants of the token endpoint that rules and exchanges need: the grant, and what needs it. */
  readonly grants: ReadonlyMap<string, string>;
}

type Check = (document: Document, terms: AbilityTerms, notes: Notes) => Note | undefined;

/** Compares what the discovery document says that the provider can with what the configuration wants. */
export const abilityNotes = (document: Document, terms: AbilityTerms, notes: Notes): readonly Note[] => [
  ...CHECKS.flatMap((check) => check(document, terms, notes) ?? []),
  ...furtherGrants(document, terms, notes),
];

const pkce: Check = (document, _terms, notes) => {
  const methods = texts(document, 'code_challenge_methods_supported');
  if (methods?.includes('S256')) return notes.ok('PKCE with S256 is supported');
  return methods === undefined
    ? notes.warning(
        'code_challenge_methods_supported is absent, so nothing is said of PKCE',
        'Every sign-in sends a code challenge (RFC 7636). A provider that ignores it leaves a stolen code usable.',
        'check in its documentation that it enforces PKCE with S256',
      )
    : notes.problem(
        `code_challenge_methods_supported lists ${listed(methods)}, not S256`,
        'The gateway sends nobody to a provider without it: a stolen code would be enough to sign in.',
        'switch PKCE with S256 on at the provider',
      );
};

const issuerParameter: Check = (document, { several }, notes) => {
  if (document['authorization_response_iss_parameter_supported'] === true)
    return notes.ok('answers name their issuer (RFC 9207)');
  return several
    ? notes.warning(
        'answers do not name their issuer: authorization_response_iss_parameter_supported is not true',
        'With several providers a hostile one could pass its answer off as that of this one (RFC 9207).',
        'switch it on at the provider, if it can',
      )
    : notes.ok('answers do not name their issuer (RFC 9207), which matters with several providers only');
};

const codeFlow: Check = (document, _terms, notes) => {
  const types = texts(document, 'response_types_supported');
  const grants = texts(document, 'grant_types_supported');
  if (types !== undefined && !types.includes('code'))
    return notes.problem(
      `response_types_supported lists ${listed(types)}, not code`,
      'The authorization code flow is the one way to sign in here.',
      'permit the code flow at the provider',
    );
  return grants === undefined || grants.includes('authorization_code')
    ? undefined
    : notes.problem(
        `grant_types_supported lists ${listed(grants)}, not authorization_code`,
        'The authorization code flow is the one way to sign in here.',
        'permit that grant at the provider',
      );
};

const refresh: Check = (document, { session }, notes) => {
  const grants = texts(document, 'grant_types_supported');
  if (!session.refresh) return undefined;
  if (grants?.includes('refresh_token')) return notes.ok('refresh tokens are supported');
  return notes.warning(
    grants === undefined
      ? 'grant_types_supported is absent, which stands for providers without refresh tokens'
      : `grant_types_supported lists ${listed(grants)}, not refresh_token`,
    'session.refresh renews access tokens with refresh tokens; without one a session needs a new sign-in when its token expires.',
    'permit refresh tokens for this client at the provider, or write session.refresh: false',
  );
};

const furtherGrants = (document: Document, { grants }: AbilityTerms, notes: Notes): readonly Note[] => {
  const supported = texts(document, 'grant_types_supported');
  return [...grants].map(([grant, what]) =>
    supported?.includes(grant)
      ? notes.ok(`the grant ${grant} is supported, for ${what}`)
      : notes.warning(
          supported === undefined
            ? `grant_types_supported is absent, so nothing is said of ${grant}`
            : `grant_types_supported lacks ${grant}`,
          `It is needed for ${what}; many providers have grants that they do not list.`,
          'permit that grant for the client at the provider',
        ),
  );
};

const clientAuthentication: Check = (document, { provider }, notes) => {
  const { clientAuth } = provider;
  const said = texts(document, 'token_endpoint_auth_methods_supported');
  if (said?.includes(clientAuth)) return notes.ok(`the client proves itself by ${clientAuth}, as offered`);
  if (said === undefined)
    // OpenID Connect Discovery section 3: "If omitted, the default is client_secret_basic".
    return clientAuth === 'client_secret_basic'
      ? notes.ok(`the client proves itself by ${clientAuth}, the default`)
      : notes.warning(
          `token_endpoint_auth_methods_supported is absent, which stands for client_secret_basic; configured is ${clientAuth}`,
          'The provider refuses a client that proves itself in another way than it expects: no sign-in completes.',
          'compare provider.clientAuth with what the provider says of this client',
        );
  const why = 'The token endpoint would answer invalid_client, and no sign-in completes.';
  // Many providers take public clients and do not list it.
  if (clientAuth === 'none')
    return notes.warning(
      `token_endpoint_auth_methods_supported lists ${listed(said)}, not none`,
      why,
      'if the provider gave this client a secret, configure it; else check that the client is a public one there',
    );
  const usable = (['client_secret_basic', 'client_secret_post'] as const).filter((method) =>
    said.includes(method),
  );
  return notes.problem(
    `token_endpoint_auth_methods_supported lists ${listed(said)}, not ${clientAuth}`,
    why,
    usable[0] === undefined
      ? 'permit client_secret_basic or client_secret_post at the provider'
      : `write provider.clientAuth: ${usable[0]}`,
  );
};

const idTokenAlgorithm: Check = (document, { provider }, notes) => {
  const said = texts(document, 'id_token_signing_alg_values_supported');
  if (said === undefined || said.includes(provider.idTokenAlg)) return undefined;
  return notes.problem(
    `ID tokens are signed with ${listed(said)}, and provider.idTokenAlg is ${provider.idTokenAlg}`,
    'An ID token with another algorithm is refused, so no sign-in completes.',
    'set provider.idTokenAlg to the one that this client is set to at the provider',
  );
};

const signingOut: Check = (document, { provider }, notes) => {
  if (text(document, 'end_session_endpoint') !== undefined)
    return notes.ok('signing out ends the session at the provider, too');
  return provider.kind === 'auth0'
    ? notes.ok('signing out goes by /v2/logout of Auth0')
    : notes.warning(
        'there is no end_session_endpoint',
        'Signing out ends the session here alone: the next sign-in asks nobody for a password.',
        'switch RP-initiated logout on at the provider, if it can',
      );
};

const revocation: Check = (document, { session }, notes) =>
  !session.refresh || text(document, 'revocation_endpoint') !== undefined
    ? undefined
    : notes.warning(
        'there is no revocation_endpoint',
        'Refresh tokens of sessions that ended stay good at the provider until they expire.',
        'switch token revocation (RFC 7009) on at the provider, if it can',
      );

const backchannel: Check = (document, { session, basePath }, notes) => {
  const supported = document['backchannel_logout_supported'] === true;
  if (session.store === 'cookie') return undefined; // the store's own finding says what it cannot do
  return supported
    ? notes.ok(
        `back-channel logout is supported: register https://<host>${basePath}/backchannel-logout there`,
      )
    : notes.warning(
        'back-channel logout is not supported: backchannel_logout_supported is not true',
        'Whoever signs out at the provider, or is disabled there, stays signed in here until the session ends.',
        'switch it on at the provider, if it can; else keep session.maxAge short',
      );
};

const CHECKS: readonly Check[] = [
  pkce,
  issuerParameter,
  codeFlow,
  refresh,
  clientAuthentication,
  idTokenAlgorithm,
  signingOut,
  revocation,
  backchannel,
];
