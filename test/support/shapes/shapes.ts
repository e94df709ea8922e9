import type { Shape } from './shape.ts';

const SHOP = 'https://api.example.com';
const OPS = 'https://ops.example.com';
const COLONS = { read: 'orders:read', write: 'orders:write', metrics: 'metrics:read' } as const;

const rename = (payload: Record<string, unknown>, from: string, to: string): void => {
  payload[to] = payload[from];
  delete payload[from];
};

/** A JWT that does not say that it is an access token, with the client where OpenID Connect has it in ID tokens. */
function asPlainJwt(header: Record<string, unknown>, payload: Record<string, unknown>): void {
  header['typ'] = 'JWT';
  rename(payload, 'client_id', 'azp');
}

/** RFC 9207 is not everybody's: neither announced nor sent. */
const hideIss = (metadata: Record<string, unknown>): void =>
  void delete metadata['authorization_response_iss_parameter_supported'];
const withoutIss = (location: URL): void => location.searchParams.delete('iss');

/** Roles by the dozen, as realms hand them out: 4 KB of them. */
const ROLES = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [
    `client-of-the-realm-${at}`,
    { roles: ['admin', `manage-${at}`, 'view'] },
  ]),
);

/**
 * Auth0: `audience` in place of `resource`, the address of `/userinfo` in `aud`, `azp`, `permissions`, a final slash in
 * the issuer, and `/v2/logout`.
 */
const auth0: Shape = {
  issuerPath: '/',
  routes: {
    ...{
      authorization: '/authorize',
      token: '/oauth/token',
      userinfo: '/userinfo',
      jwks: '/.well-known/jwks.json',
    },
    ...{ revocation: '/oauth/revoke', end_session: '/oidc/logout' },
  },
  ...{ shop: SHOP, ops: OPS, ...COLONS, resourceOf: (audience) => audience },
  authorization(query) {
    const audience = query.get('audience');
    query.delete('audience');
    query.delete('resource');
    if (audience !== null) query.set('resource', audience);
  },
  token({ header, payload, issuer, isService }) {
    asPlainJwt(header, payload);
    delete payload['jti'];
    payload['permissions'] = String(payload['scope'] ?? '')
      .split(' ')
      .filter(Boolean);
    if (isService) payload['gty'] = 'client-credentials';
    else payload['aud'] = [payload['aud'], `${issuer}userinfo`];
  },
  discovery(metadata) {
    delete metadata['end_session_endpoint'];
    hideIss(metadata);
  },
  answer: withoutIss,
};

/** ProAuth: `/connect/…`, resources, `aud` always a list, tenants by `acr_values`. */
const proauth: Shape = {
  issuerPath: '',
  routes: {
    ...{ authorization: '/connect/authorize', token: '/connect/token', userinfo: '/connect/userinfo' },
    ...{ revocation: '/connect/revocation', end_session: '/connect/endsession', jwks: '/.well-known/jwks' },
  },
  ...{ shop: SHOP, ops: OPS, ...COLONS, resourceOf: (audience) => audience },
  token({ header, payload }) {
    header['typ'] = 'JWT';
    payload['aud'] = [payload['aud']].flat();
    // A list, as its claim engine writes it.
    payload['scope'] = String(payload['scope'] ?? '')
      .split(' ')
      .filter(Boolean);
    payload['tenant'] = 'acme';
  },
};

/** Keycloak: a realm in the issuer, `typ: Bearer` among the claims, audiences by client scopes, roles by the kilobyte. */
const keycloak: Shape = {
  issuerPath: '/realms/shop',
  routes: {
    ...{ authorization: '/protocol/openid-connect/auth', token: '/protocol/openid-connect/token' },
    ...{ jwks: '/protocol/openid-connect/certs', revocation: '/protocol/openid-connect/revoke' },
    ...{ end_session: '/protocol/openid-connect/logout', userinfo: '/protocol/openid-connect/userinfo' },
  },
  ...{ shop: SHOP, ops: OPS, ...COLONS, resourceOf: (audience) => audience },
  authorization(query) {
    const scopes = (query.get('scope') ?? '').split(' ');
    query.set('resource', scopes.includes('metrics:read') && !scopes.includes('orders:read') ? OPS : SHOP);
  },
  token({ header, payload }) {
    asPlainJwt(header, payload);
    payload['typ'] = 'Bearer';
    payload['sid'] = 'f3c1a0de-0000-4000-8000-000000000000';
    payload['acr'] = '1';
    payload['realm_access'] = { roles: ['admin', 'default-roles-shop'] };
    payload['resource_access'] = ROLES;
    payload['preferred_username'] = payload['sub'];
  },
};

const API_ID = '7d1f6a2e-3b7c-4c5e-9f10-2a4b6c8d0e1f';
const OPS_ID = '0c9b8a7d-6e5f-4d3c-8b2a-190807060504';
const scopesOf = (query: URLSearchParams): string[] => (query.get('scope') ?? '').split(' ');

/** Microsoft Entra ID: a tenant in the issuer, `scp`, audiences that are GUIDs, scopes with the API in front of them, no `iss`. */
const entra: Shape = {
  issuerPath: '/9a8b7c6d-0000-4000-8000-000000000000/v2.0',
  routes: {
    ...{ authorization: '/oauth2/v2.0/authorize', token: '/oauth2/v2.0/token', jwks: '/discovery/v2.0/keys' },
    ...{ end_session: '/oauth2/v2.0/logout', userinfo: '/oidc/userinfo', revocation: '/oauth2/v2.0/revoke' },
  },
  ...{ shop: API_ID, ops: OPS_ID, read: 'orders.read', write: 'orders.write', metrics: 'metrics.read' },
  resourceOf: (audience) => `https://${audience}.example.com`,
  authorization(query) {
    const apis = new Set(scopesOf(query).flatMap((scope) => /^api:\/\/([^/]+)\//.exec(scope)?.[1] ?? []));
    const [api, another] = apis;
    // AADSTS28000: one API for each request.
    if (another !== undefined) query.set('scope', 'invalid');
    query.set(
      'scope',
      scopesOf(query)
        .map((scope) => scope.replace(/^api:\/\/[^/]+\//, ''))
        .join(' '),
    );
    if (api !== undefined) query.set('resource', `https://${api}.example.com`);
  },
  token({ header, payload }) {
    asPlainJwt(header, payload);
    rename(payload, 'scope', 'scp');
    payload['aud'] = String(payload['aud']).replace(/^https:\/\/(.*)\.example\.com$/, '$1');
    Object.assign(payload, {
      ver: '2.0',
      roles: ['admin'],
      tid: '9a8b7c6d-0000-4000-8000-000000000000',
      oid: payload['sub'],
    });
  },
  discovery(metadata) {
    hideIss(metadata);
    delete metadata['revocation_endpoint'];
  },
  answer: withoutIss,
};

/** oidc-provider as it is: RFC 9068, RFC 8707, RFC 9207. */
const generic: Shape = {
  issuerPath: '',
  routes: { authorization: '/auth', token: '/token', end_session: '/session/end' },
  ...{ shop: SHOP, ops: OPS, ...COLONS, resourceOf: (audience) => audience },
  token: () => {},
};

export const SHAPES = { auth0, proauth, keycloak, entra, generic } as const;
export type ShapeName = keyof typeof SHAPES;
