import { describe, expect, test } from '@jest/globals';
import { resolveProvider } from '../../../src/config/presets.ts';
import { PROVIDER } from '../../../src/config/provider-schema.ts';
import { type AbilityTerms, abilityNotes } from '../../../src/doctor/abilities.ts';
import type { Asked } from '../../../src/doctor/asked.ts';
import {
  discoveryUrl,
  documentFault,
  endpointNotes,
  issuerNotes,
  metadataTerms,
} from '../../../src/doctor/endpoints.ts';
import { notesAbout } from '../../../src/doctor/finding.ts';
import { offerNotes } from '../../../src/doctor/offers.ts';
import { complaints, mute, said } from './_said.ts';

const ISSUER = 'https://id.example.com/';
const notes = notesAbout('provider', 'default');

const provider = (more: object = {}) =>
  resolveProvider('default', PROVIDER.parse({ issuer: ISSUER, clientId: 'shop', ...more }), true);

const DOCUMENT = {
  issuer: ISSUER,
  authorization_endpoint: 'https://id.example.com/authorize',
  token_endpoint: 'https://id.example.com/token',
  jwks_uri: 'https://keys.example.com/jwks',
  end_session_endpoint: 'https://id.example.com/logout',
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  response_types_supported: ['code'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  id_token_signing_alg_values_supported: ['RS256'],
};

/** The document with other members; undefined removes one. */
const but = (members: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries({ ...DOCUMENT, ...members }).filter(([, value]) => value !== undefined));

describe('the address of a discovery document', () => {
  test.each([
    ['https://id.example.com', 'https://id.example.com/.well-known/openid-configuration'],
    ['https://id.example.com/', 'https://id.example.com/.well-known/openid-configuration'],
    ['https://id.example.com/realms/a', 'https://id.example.com/realms/a/.well-known/openid-configuration'],
    ['https://id.example.com/realms/a/', 'https://id.example.com/realms/a/.well-known/openid-configuration'],
  ])('of %s', (issuer, url) => {
    expect(discoveryUrl(issuer)).toBe(url);
  });
});

describe('the issuer', () => {
  test.each([
    [ISSUER, 'ok: the issuer is spelled alike: https://id.example.com/', ''],
    [
      'https://id.example.com',
      'problem: the discovery document says issuer https://id.example.com, the configuration https://id.example.com/',
      'if that is the provider that you mean, write provider.issuer: https://id.example.com',
    ],
    [
      'https://ID.example.com/',
      'problem: the discovery document says issuer https://ID.example.com/, the configuration https://id.example.com/',
      'if that is the provider that you mean, write provider.issuer: https://ID.example.com/',
    ],
    [
      undefined,
      'problem: the discovery document names no issuer',
      'check that provider.issuer is the issuer of an OpenID provider',
    ],
  ])('%s', (issuer, seen, change) => {
    const found = issuerNotes(but({ issuer }), ISSUER, notes);
    expect(said(found)).toEqual([seen]);
    expect(found[0]).toMatchObject({ change });
  });

  test('says so when the final slash alone differs', () => {
    const [slash] = issuerNotes(but({ issuer: 'https://id.example.com' }), ISSUER, notes);
    const [host] = issuerNotes(but({ issuer: 'https://other.example.com/' }), ISSUER, notes);
    expect(JSON.stringify(slash)).toContain('the final slash alone');
    expect(JSON.stringify(host)).not.toContain('the final slash alone');
  });
});

describe('the endpoints', () => {
  test('are named with their hosts', () => {
    expect(said(endpointNotes(DOCUMENT, metadataTerms(provider()), notes))).toEqual([
      'ok: id.example.com has authorization_endpoint, token_endpoint, end_session_endpoint; keys.example.com has jwks_uri',
    ]);
  });

  test.each([
    [
      'http',
      { token_endpoint: 'http://id.example.com/token' },
      'token_endpoint is no https URL: http://id.example.com/token',
    ],
    ['absent', { jwks_uri: undefined }, 'jwks_uri is missing or no absolute URL: not a text'],
    [
      'relative',
      { authorization_endpoint: '/authorize' },
      'authorization_endpoint is missing or no absolute URL: /authorize',
    ],
    [
      'private',
      { jwks_uri: 'https://10.0.0.1/jwks' },
      'jwks_uri is at a private address: set provider.internalUrl if the provider is there: https://10.0.0.1/jwks',
    ],
    [
      'with a password',
      { end_session_endpoint: 'https://a:b@id.example.com/' },
      'end_session_endpoint holds a user name or password: https://…@id.example.com/',
    ],
  ])('%s: the gateway would refuse it', (_, members, seen) => {
    const document = but(members);
    const found = endpointNotes(document, metadataTerms(provider()), notes);
    expect(said(found)).toEqual([`problem: ${seen}`]);
    expect(mute(found)).toEqual([]);
    expect(seen).toContain(documentFault(document, metadataTerms(provider())));
  });

  test('are all told, where the gateway stops at the first', () => {
    const document = but({ token_endpoint: 'http://a.example/', jwks_uri: 'http://a.example/' });
    expect(endpointNotes(document, metadataTerms(provider()), notes)).toHaveLength(2);
  });

  test('of an issuer whose keys alone are needed', () => {
    const document = { issuer: ISSUER, jwks_uri: 'https://id.example.com/jwks', token_endpoint: 'http://x/' };
    const terms = { ...metadataTerms(provider()), purpose: 'keys' as const };
    expect(said(endpointNotes(document, terms, notes))).toEqual(['ok: id.example.com has jwks_uri']);
  });
});

describe('abilities', () => {
  const terms = (more: Partial<AbilityTerms> = {}): AbilityTerms => ({
    provider: provider(),
    session: { refresh: false, store: 'cookie' },
    several: false,
    basePath: '/_auth',
    grants: new Map(),
    ...more,
  });
  const REFRESH = { session: { refresh: true, store: 'redis' as const } };
  const KEPT = { session: { refresh: false, store: 'memory' as const } };

  test('an honest document has nothing to complain of', () => {
    expect(complaints(abilityNotes(DOCUMENT, terms(), notes))).toEqual([]);
  });

  test.each<[string, object, Partial<AbilityTerms>, string[]]>([
    [
      'PKCE plain only',
      { code_challenge_methods_supported: ['plain'] },
      {},
      ['problem: code_challenge_methods_supported lists plain, not S256'],
    ],
    [
      'nothing of PKCE',
      { code_challenge_methods_supported: undefined },
      {},
      ['warning: code_challenge_methods_supported is absent, so nothing is said of PKCE'],
    ],
    ['no iss, one provider', { authorization_response_iss_parameter_supported: false }, {}, []],
    [
      'no iss, several providers',
      { authorization_response_iss_parameter_supported: undefined },
      { several: true },
      [
        'warning: answers do not name their issuer: authorization_response_iss_parameter_supported is not true',
      ],
    ],
    [
      'no code flow',
      { response_types_supported: ['id_token'] },
      {},
      ['problem: response_types_supported lists id_token, not code'],
    ],
    [
      'no code grant',
      { grant_types_supported: ['client_credentials'] },
      {},
      ['problem: grant_types_supported lists client_credentials, not authorization_code'],
    ],
    [
      'grants that nothing says of',
      { grant_types_supported: undefined },
      { grants: new Map([['client_credentials', 'credentials: basic of shop']]) },
      ['warning: grant_types_supported is absent, so nothing is said of client_credentials'],
    ],
    [
      'a grant that is lacking',
      { grant_types_supported: ['authorization_code', 'client_credentials'] },
      {
        grants: new Map([
          ['client_credentials', 'credentials: basic of shop'],
          ['urn:ietf:params:oauth:grant-type:token-exchange', 'the exchange dash (RFC 8693)'],
        ]),
      },
      ['warning: grant_types_supported lacks urn:ietf:params:oauth:grant-type:token-exchange'],
    ],
    [
      'no refresh tokens, and session.refresh',
      {
        grant_types_supported: ['authorization_code'],
        revocation_endpoint: 'https://id.example.com/revoke',
        backchannel_logout_supported: true,
      },
      REFRESH,
      ['warning: grant_types_supported lists authorization_code, not refresh_token'],
    ],
    [
      'no revocation, and session.refresh',
      { grant_types_supported: ['authorization_code', 'refresh_token'], backchannel_logout_supported: true },
      REFRESH,
      ['warning: there is no revocation_endpoint'],
    ],
    [
      'another client authentication',
      { token_endpoint_auth_methods_supported: ['client_secret_post'] },
      {},
      ['problem: token_endpoint_auth_methods_supported lists client_secret_post, not client_secret_basic'],
    ],
    ['the default client authentication', { token_endpoint_auth_methods_supported: undefined }, {}, []],
    [
      'nothing of client authentication, and not the default',
      { token_endpoint_auth_methods_supported: undefined },
      { provider: provider({ clientAuth: 'client_secret_post' }) },
      [
        'warning: token_endpoint_auth_methods_supported is absent, which stands for client_secret_basic; configured is client_secret_post',
      ],
    ],
    [
      'a public client that is not listed',
      {},
      { provider: provider({ clientAuth: 'none' }) },
      [
        'warning: token_endpoint_auth_methods_supported lists client_secret_basic, client_secret_post, not none',
      ],
    ],
    [
      'another algorithm of ID tokens',
      { id_token_signing_alg_values_supported: ['ES256', 'none'] },
      {},
      ['problem: ID tokens are signed with ES256, none, and provider.idTokenAlg is RS256'],
    ],
    [
      'no page to sign out at',
      { end_session_endpoint: undefined },
      {},
      ['warning: there is no end_session_endpoint'],
    ],
    [
      'no page to sign out at, but Auth0',
      { end_session_endpoint: undefined },
      { provider: provider({ kind: 'auth0' }) },
      [],
    ],
    [
      'no back-channel logout, and sessions that are kept',
      {},
      KEPT,
      ['warning: back-channel logout is not supported: backchannel_logout_supported is not true'],
    ],
    ['back-channel logout, and sessions that are kept', { backchannel_logout_supported: true }, KEPT, []],
  ])('%s', (_, members, more, expected) => {
    const found = abilityNotes(but(members), terms(more), notes);
    expect(complaints(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
  });

  test('name the key to change, where one is to be changed', () => {
    const document = but({ token_endpoint_auth_methods_supported: ['client_secret_post'] });
    expect(JSON.stringify(abilityNotes(document, terms(), notes))).toContain(
      'write provider.clientAuth: client_secret_post',
    );
  });
});

describe('what is offered', () => {
  const asked = (more: Partial<Asked> = {}): Asked => ({
    apps: [],
    scopes: new Map([
      ['openid', 'logins of shop'],
      ['orders:read', 'rules/shop.yaml:7'],
    ]),
    audiences: new Map([['https://api.example.com', ['orders:read']]]),
    acr: new Map(),
    ...more,
  });
  const none: ReadonlySet<string> = new Set();

  test.each<[string, object, Partial<Asked>, readonly string[], string[]]>([
    [
      'every scope',
      { scopes_supported: ['openid', 'orders:read'] },
      {},
      [],
      ['ok: every scope is offered or was granted: openid, orders:read'],
    ],
    [
      'a scope that was granted all the same',
      { scopes_supported: ['openid'] },
      {},
      ['orders:read'],
      ['ok: every scope is offered or was granted: openid, orders:read'],
    ],
    [
      'no scope of a rule',
      { scopes_supported: ['openid', 'profile'] },
      {},
      [],
      ['warning: scopes_supported lacks orders:read (rules/shop.yaml:7)'],
    ],
    [
      'a scope that is spelled otherwise',
      { scopes_supported: ['openid', 'order:read'] },
      {},
      [],
      ['warning: scopes_supported has no orders:read (rules/shop.yaml:7), but order:read'],
    ],
    [
      'no openid',
      { scopes_supported: ['orders:read'] },
      {},
      [],
      ['warning: scopes_supported lacks openid (logins of shop)'],
    ],
    ['no list', {}, {}, [], ['open: which scopes the provider has: scopes_supported is absent']],
    [
      'another audience',
      { scopes_supported: ['openid', 'orders:read'], protected_resources: ['https://api.example.com/'] },
      {},
      [],
      [
        'ok: every scope is offered or was granted: openid, orders:read',
        'warning: protected_resources lacks https://api.example.com',
      ],
    ],
    [
      'the audience',
      { scopes_supported: ['openid', 'orders:read'], protected_resources: ['https://api.example.com'] },
      {},
      [],
      [
        'ok: every scope is offered or was granted: openid, orders:read',
        'ok: every audience is among protected_resources: https://api.example.com',
      ],
    ],
    [
      'another class of sign-in',
      { acr_values_supported: ['pwd'] },
      { scopes: new Map(), acr: new Map([['mfa', 'rules/shop.yaml:9']]) },
      [],
      ['warning: acr_values_supported lacks mfa (rules/shop.yaml:9)'],
    ],
  ])('%s', (_, members, more, granted, expected) => {
    const found = offerNotes(
      but(members),
      asked(more),
      granted.length === 0 ? none : new Set(granted),
      notes,
    );
    expect(said(found)).toEqual(expected);
    expect(mute(found)).toEqual([]);
  });
});
