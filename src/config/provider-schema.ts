import * as z from 'zod';
import { key, later } from './key.ts';

/** Signature algorithms that are accepted at all: asymmetric ones. */
export const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** Text that is not empty. */
export const text = () => z.string().min(1);
const ALGORITHM_FORM = `one of ${ALGORITHMS.join(', ')}`;

const secretForms = <M extends z.ZodRawShape>(more: M) =>
  [
    z.strictObject({ env: text(), ...more }),
    z.strictObject({ file: text(), ...more }),
    z.strictObject({ value: text(), ...more }),
  ] as const;

/** Where a secret comes from. */
export const SECRET = z.union([text(), ...secretForms({})]);

const EXPIRING_SECRET = z.union([text(), ...secretForms({ expires: z.string().optional() })]);

/** Completes "must be …" for a key that holds a secret. */
export const SECRET_FORM = 'text, { env: NAME }, { file: path } or { value: … }';

/** The keys of one provider. */
export const PROVIDER = z.strictObject({
  kind: key(z.enum(['generic', 'auth0', 'proauth', 'keycloak', 'entra']).default('generic'), {
    what: 'The product, for presets of the keys below; a key that is written wins.',
  }),
  issuer: key(z.string(), {
    what: "The issuer identifier, byte for byte as in the provider's discovery document and tokens; https, or http for a loopback name.",
    form: 'a URL',
    example: 'https://id.example.com/',
  }),
  internalUrl: key(z.string().optional(), {
    what: "Scheme and host for the gateway's own calls to the provider, in place of the issuer's. http needs `insecureHttp`.",
    form: 'a URL without a path',
    example: 'https://idp.internal:8443',
    byDefault: "the issuer's",
  }),
  ca: later('A certificate authority of its own for calls to the provider'),
  enabled: key(z.boolean().default(true), {
    what: '`false` switches signing in off; sessions and bearer tokens stay good.',
  }),
  clientId: key(text(), { what: 'The client id that the provider gave.', form: 'text', example: 'shop' }),
  clientSecret: key(SECRET.optional(), {
    what: 'The client secret, where there is just one. No secret: a public client, with PKCE as always.',
    form: SECRET_FORM,
    alternative: 'clientSecrets',
  }),
  clientSecrets: key(z.array(EXPIRING_SECRET).min(1).optional(), {
    what: 'Client secrets in order; the first that has not expired is used. Each may carry `expires: 2027-01-01`.',
    form: `a list of ${SECRET_FORM}, each with \`expires: 2027-01-01\` by option`,
    alternative: 'clientSecret',
  }),
  clientAuth: key(z.enum(['client_secret_basic', 'client_secret_post', 'none']).optional(), {
    what: 'How the client proves itself at the token endpoint.',
    byDefault: 'by `kind`; `none` without a secret',
    later: ['private_key_jwt'],
  }),
  audienceParameter: key(z.enum(['resource', 'audience', 'none']).optional(), {
    what: 'The parameter that asks for an access token of an audience: `resource` (RFC 8707), `audience` (Auth0), or none (by scopes).',
    byDefault: 'by `kind`',
  }),
  moreAudiences: key(z.enum(['redirect', 'refresh']).default('redirect'), {
    what: 'How the token of a further audience is fetched: by a login that shows no page where the provider needs none, or with the refresh token, for which every login asks for all audiences of the rules of its app. `refresh` needs `session.refresh`, and a provider that knows them all.',
    later: ['exchange'],
  }),
  offlineConsent: key(z.boolean().optional(), {
    what: 'Whether `offline_access` is asked for with `prompt=consent`, as OpenID Connect Core section 11 has it: some providers give a refresh token only then, and others show their consent page at every login for nothing. Only with `session.refresh`.',
    byDefault: 'by `kind`',
  }),
  redirectUri: later('A template of the redirect URI'),
  acrValues: later('A template of `acr_values`'),
  postLogoutRedirectUri: key(z.string().optional(), {
    what: 'Where the provider sends people after signing out; registered there. With `loginUrl` one address is enough: `<loginUrl>/_auth/logged-out`.',
    form: 'a URL',
    example: 'https://www.example.com/bye',
    byDefault: '`https://<host>/_auth/logged-out`',
  }),
  uri: key(z.string().optional(), {
    what: "Where the name of the app leads on the gateway's pages; https.",
    form: 'an https URL',
    example: 'https://www.example.com',
  }),
  logo: key(z.string().optional(), {
    what: "An image above the gateway's pages; https.",
    form: 'an https URL',
    example: 'https://www.example.com/logo.svg',
  }),
  idTokenAlg: key(z.enum(ALGORITHMS).optional(), {
    what: 'The one signature algorithm that an ID token may have.',
    form: ALGORITHM_FORM,
    byDefault: 'by `kind`',
  }),
  tokens: key(
    z
      .strictObject({
        profile: key(z.enum(['rfc9068', 'jwt']).optional(), {
          what: '`rfc9068` demands `typ: at+jwt` and its claims; `jwt` suits providers that issue plain JWTs.',
          byDefault: 'by `kind`',
        }),
        algorithms: key(z.array(z.enum(ALGORITHMS)).min(1).optional(), {
          what: 'Signature algorithms that an access token may have; asymmetric ones only.',
          form: `a list of ${ALGORITHMS.join(', ')}`,
          byDefault: 'by `kind`',
        }),
        scopeClaim: key(z.enum(['scope', 'scp', 'permissions']).optional(), {
          what: 'The claim that holds the scopes: a text with blanks, or a list.',
          byDefault: 'by `kind`',
        }),
        audienceIsClient: key(z.boolean().default(false), {
          what: 'Permits an audience that equals one of our client ids. An ID token has that audience too: know why.',
        }),
      })
      .prefault({}),
    { what: 'What an access token must look like.' },
  ),
  introspection: key(z.literal(false).default(false), {
    what: 'Asking the provider about opaque tokens.',
    later: [true],
  }),
});

export type RawProvider = z.output<typeof PROVIDER>;
export type RawSecret = z.output<typeof SECRET> | z.output<typeof EXPIRING_SECRET>;
