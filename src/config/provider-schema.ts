import * as z from 'zod';
import { key } from './key.ts';

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
  ca: key(text().optional(), {
    what: "A file of certificate authorities, in place of the system's, for the gateway's own calls to the provider over https.",
    form: 'a path of a file in PEM',
    example: '/certs/ca.pem',
    byDefault: "the system's",
  }),
  enabled: key(z.boolean().default(true), {
    what: '`false` switches signing in off; sessions and bearer tokens stay good.',
  }),
  clientId: key(text(), { what: 'The client id that the provider gave.', form: 'text', example: 'shop' }),
  clientSecret: key(SECRET.optional(), {
    what: 'The client secret, where there is just one; with `private_key_jwt` the private key, in PEM or as a JWK. No secret: a public client, with PKCE as always.',
    form: SECRET_FORM,
    alternative: 'clientSecrets',
  }),
  clientSecrets: key(z.array(EXPIRING_SECRET).min(1).optional(), {
    what: 'Client secrets in order; the first that has not expired is used, and the next where the provider does not know it (`invalid_client`). Each may carry `expires: 2027-01-01`. Those in files are read again when they change, and at SIGHUP.',
    form: `a list of ${SECRET_FORM}, each with \`expires: 2027-01-01\` by option`,
    alternative: 'clientSecret',
  }),
  clientAuth: key(
    z.enum(['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none']).optional(),
    {
      what: 'How the client proves itself at the token endpoint; `private_key_jwt` (RFC 7523) signs with a private key.',
      byDefault: 'by `kind`; `none` without a secret',
    },
  ),
  audienceParameter: key(z.enum(['resource', 'audience', 'none']).optional(), {
    what: 'The parameter that asks for an access token of an audience: `resource` (RFC 8707), `audience` (Auth0), or none (by scopes).',
    byDefault: 'by `kind`',
  }),
  scopeTemplate: key(
    z
      .string()
      .regex(/^[\x21\x23-\x5b\x5d-\x7e]*\{scope\}[\x21\x23-\x5b\x5d-\x7e]*$/)
      .optional(),
    {
      what: 'How a scope of the rules is written in an authorization request, where tokens spell it in another way: `{audience}` and `{scope}` are filled in. Scopes of OpenID Connect, and those that are URLs already, stay as they are.',
      form: 'text with `{scope}`',
      example: 'api://{audience}/{scope}',
      byDefault: 'by `kind`',
    },
  ),
  moreAudiences: key(z.enum(['redirect', 'refresh', 'exchange']).default('redirect'), {
    what: 'How the token of a further audience is fetched: by a login that shows no page where the provider needs none, or with the refresh token, for which every login asks for all audiences of the rules of its app. `refresh` needs `session.refresh`, and a provider that knows them all; `exchange` takes any `exchange` that begins at a token of this provider.',
  }),
  offlineConsent: key(z.boolean().optional(), {
    what: 'Whether `offline_access` is asked for with `prompt=consent`, as OpenID Connect Core section 11 has it: some providers give a refresh token only then, and others show their consent page at every login for nothing. Only with `session.refresh`.',
    byDefault: 'by `kind`',
  }),
  redirectUri: key(text().optional(), {
    what: 'The redirect URI that is registered, where it is not the usual one; `{tenant}` may stand for its first label (`tenants.in: host`) or its first path segment (`tenants.in: path`).',
    form: 'a URL that ends with `<basePath>/callback`',
    example: 'https://{tenant}.example.com/_auth/callback',
    byDefault: '`https://<host>/_auth/callback`, or that of `loginUrl`',
  }),
  acrValues: key(text().optional(), {
    what: 'What every login names in `acr_values`; `{tenant}` is filled with the tenant. Left out where `redirectUri` says the tenant, and a text with `{tenant}` where there is none.',
    form: 'values with blanks between them',
    example: 'tenant:{tenant}',
    byDefault: 'none',
  }),
  postLogoutRedirectUri: key(z.string().optional(), {
    what: 'Where the provider sends people after signing out; registered there. With `loginUrl` one address is enough: `<loginUrl>/_auth/logged-out`.',
    form: 'a URL',
    example: 'https://www.example.com/bye',
    byDefault: '`https://<host>/_auth/logged-out`',
  }),
  authorizationParameters: key(z.record(z.string(), text()).default({}), {
    what: 'Further parameters of every authorization request, for what this provider knows; never one that the gateway sets itself.',
    form: 'a map of names and texts',
    example: '{ organization: org_123 }',
    byDefault: 'none',
  }),
  prompt: key(z.enum(['login', 'consent', 'select_account']).optional(), {
    what: 'What the provider shall ask a person at every login (`prompt`). A login that shows no page still asks for none.',
    byDefault: 'as the provider sees fit',
  }),
  uiLocales: key(
    z
      .array(z.string().regex(/^[A-Za-z0-9]{1,8}(?:-[A-Za-z0-9]{1,8})*$/))
      .min(1)
      .optional(),
    {
      what: "Languages for the provider's pages, the best first (`ui_locales`).",
      form: 'a list of language tags',
      example: '[de, en]',
      byDefault: 'as the provider sees fit',
    },
  ),
  title: key(text().optional(), {
    what: "The name of the client on the gateway's pages.",
    form: 'text',
    example: 'Example Shop',
    byDefault: "the app's own title",
  }),
  metadata: key(z.record(z.string(), z.string()).default({}), {
    what: 'Notes of your own about the client, shown by `postern check`. `support`, an https or mailto address, is where pages of refusals send people who need help.',
    form: 'a map of names and texts',
    example: '{ owner: web team, support: "mailto:help@example.com" }',
    byDefault: 'none',
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
  introspection: key(z.boolean().default(false), {
    what: 'Asks the provider about access tokens that are no JWTs (RFC 7662), of bearers and of sessions. The answer is remembered for up to 30 s, a negative one for 10 s. The client must be one that may ask.',
  }),
});

export type RawProvider = z.output<typeof PROVIDER>;
export type RawSecret = z.output<typeof SECRET> | z.output<typeof EXPIRING_SECRET>;
