import { generateKeyPair, type JsonWebKey, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Configuration, errors, interactionPolicy } from 'oidc-provider';
// @ts-expect-error the adapter has no types; named here, it is taken without the warning about it
import { createMemoryAdapter } from 'oidc-provider/lib/adapters/memory_adapter.js';
import { PAGE_HEADERS } from './html.ts';
import type { Person, ProviderOptions } from './provider-options.ts';
import { errorPage, loggedOutPage, logoutPage } from './provider-pages.ts';

const HOUR = 3600;

// OpenID Connect Core 1.0 section 5.4: scopes and the claims that they stand for.
const CLAIMS = {
  openid: ['sub'],
  profile:
    'name family_name given_name middle_name nickname preferred_username profile picture updated_at website gender birthdate zoneinfo locale'.split(
      ' ',
    ),
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
  groups: ['groups', 'roles'],
};

/** @returns the configuration of oidc-provider that the options ask for. */
export async function providerConfiguration(options: ProviderOptions): Promise<Configuration> {
  const { configuration: over = {} } = options;
  const base = (options.issuerPath ?? '').replace(/\/$/, '');
  return {
    adapter: createMemoryAdapter(),
    jwks: { keys: [await signingKey('RS256'), await signingKey('ES256')] },
    clients: [...options.clients],
    claims: CLAIMS,
    scopes: ['openid', 'offline_access'],
    conformIdTokenClaims: options.conformIdTokenClaims ?? true,
    clientBasedCORS: () => false,
    findAccount: (_ctx, id) => {
      const person = options.people.find((one) => one.id === id);
      return person && { accountId: id, claims: () => ({ ...claimsOf(person), sub: id }) };
    },
    // RFC 9068 section 2.2.1: how and when the person behind the token authenticated.
    extraTokenClaims: (ctx, token) => {
      const { AuthorizationCode, RefreshToken } = ctx.oidc.entities;
      const grant = AuthorizationCode ?? RefreshToken;
      if (token.kind !== 'AccessToken' || grant === undefined) return undefined;
      const { acr, authTime } = grant;
      return {
        ...(acr === undefined ? {} : { acr }),
        ...(authTime === undefined ? {} : { auth_time: authTime }),
      };
    },
    acrValues: [...(options.acr ?? [])],
    interactions: {
      policy: policy(options),
      url: (_ctx, interaction) => `${base}/interaction/${interaction.uid}`,
    },
    // The default asks for `offline_access`, which counts only with prompt=consent.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    renderError: (ctx, out) => {
      ctx.set(PAGE_HEADERS);
      ctx.body = errorPage(out.error, out.error_description);
    },
    // The provider's own guard refuses to call loopback addresses; back-channel logout needs them here.
    fetch: (url, init) => {
      const { dispatcher: _guard, ...rest } = (init ?? {}) as RequestInit & { dispatcher?: unknown };
      return fetch(url, rest);
    },
    ...over,
    cookies: { keys: [randomBytes(32).toString('base64url')], ...over.cookies },
    ttl: {
      AccessToken: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? HOUR,
      ClientCredentials: (_ctx, token) => token.resourceServer?.accessTokenTTL ?? HOUR,
      AuthorizationCode: 60,
      Grant: 24 * HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: 24 * HOUR,
      Session: 24 * HOUR,
      ...over.ttl,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.set(PAGE_HEADERS);
          ctx.body = logoutPage(form);
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.set(PAGE_HEADERS);
          ctx.body = loggedOutPage();
        },
      },
      resourceIndicators: resourceIndicators(options),
      ...over.features,
    } as NonNullable<Configuration['features']>,
  };
}

/** @returns the claims of a person: made from id and name, then their own. */
function claimsOf(person: Person): Record<string, unknown> {
  const email = `${person.id}@example.com`;
  return {
    name: person.name,
    preferred_username: person.id,
    email,
    email_verified: true,
    ...person.claims,
  };
}

function resourceIndicators(
  options: ProviderOptions,
): NonNullable<NonNullable<Configuration['features']>['resourceIndicators']> {
  return {
    enabled: true,
    defaultResource: (_ctx, _client, oneOf) => oneOf?.[0],
    useGrantedResource: () => true,
    getResourceServerInfo: (ctx, audience, client) => {
      const resource = options.resources.find((one) => one.audience === audience);
      if (resource === undefined) throw new errors.InvalidTarget();
      const service = ctx.oidc.params?.['grant_type'] === 'client_credentials';
      const scopes = service ? (options.serviceGrants?.(client.clientId, audience) ?? []) : resource.scopes;
      const common = {
        scope: resource.scopes.filter((scope) => scopes.includes(scope)).join(' '),
        audience,
        accessTokenTTL: resource.lifetime ?? 600,
      };
      return resource.format === 'opaque'
        ? { ...common, accessTokenFormat: 'opaque' }
        : { ...common, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
    },
  };
}

/** @returns the class that a sign-in for this request is of; undefined for none in particular. */
export const acrOf = ({ acr = [] }: ProviderOptions, acrValues: unknown): string | undefined =>
  String(acrValues ?? '')
    .split(' ')
    .find((value) => acr.includes(value));

/** The default prompts, a sign-in of another class where one is asked for, and `select_account`: "use another account". */
function policy(options: ProviderOptions): interactionPolicy.Prompt[] {
  const prompts = interactionPolicy.base();
  prompts.get('login')?.checks.add(
    new interactionPolicy.Check('acr_values', 'another class of sign-in is asked for', ({ oidc }) => {
      const acr = acrOf(options, oidc.params?.['acr_values']);
      return acr !== undefined && oidc.acr !== acr && oidc.result?.login === undefined;
    }),
  );
  prompts.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  return prompts;
}

const generate = promisify(generateKeyPair);

async function signingKey(alg: 'RS256' | 'ES256'): Promise<JsonWebKey> {
  const { privateKey } =
    alg === 'RS256'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), alg, use: 'sig', kid: `${alg}-${Date.now()}` };
}
