import * as z from 'zod';
import { DURATION, DURATION_FORM } from '../document/duration.ts';
import { EXCHANGE, FEDERATION } from './exchange-schema.ts';
import { key } from './key.ts';
import { PROVIDER, text } from './provider-schema.ts';
import { SESSION } from './session-schema.ts';
import { TENANTS } from './tenants-schema.ts';

const duration = () => z.string().regex(DURATION);

const address = (port: number, what: string) =>
  key(z.string().default(`127.0.0.1:${port}`), {
    what: `${what} \`:${port}\` is every interface.`,
    form: 'an address and a port',
    example: `127.0.0.1:${port}`,
  });

/** Everything that a configuration file may hold. Types, JSON Schema, environment and reference page come from it. */
export const CONFIG_SCHEMA = z.strictObject({
  listen: address(4180, "Where the proxy's checks are answered; for the proxy only."),
  pagesListen: address(4182, 'Where pages for people are served, through the extra router of the proxy.'),
  adminListen: address(4181, 'Metrics and readiness detail.'),
  endpoints: key(
    z
      .array(z.enum(['traefik', 'nginx', 'envoy']))
      .min(1)
      .default(['traefik']),
    {
      what: 'Which checks exist: `traefik` is /verify, for Traefik and Caddy; `nginx` is /verify/nginx; `envoy` is /verify/envoy/*.',
    },
  ),
  trustedProxies: key(z.array(z.string()).min(1).optional(), {
    what: 'Who may ask on `listen`: addresses, CIDR ranges, `loopback`, `private`. Must be written when `listen` is not loopback.',
    form: 'a list of IP addresses, CIDR ranges, `loopback` or `private`',
    example: '[private]',
    byDefault: '`[loopback]`',
  }),
  loginUrl: key(z.string().optional(), {
    what: 'The central shape: all logins come back to `<loginUrl>/_auth/callback`, the one redirect URI at the provider, whatever the host. http needs `insecureHttp`, but for loopback names.',
    form: 'a URL without a path',
    example: 'https://login.example.com',
    byDefault: 'each host has its own redirect URI',
  }),
  basePath: key(z.string().default('/_auth'), {
    what: "The gateway's own path on every protected host.",
    form: 'a path that begins with / and does not end with one, of letters, digits and -_.~',
    example: '/_auth',
  }),
  public: key(
    z
      .strictObject({
        scheme: key(z.enum(['https', 'http']).default('https'), {
          what: 'The scheme that browsers see. http needs `insecureHttp`.',
        }),
        port: key(z.int().min(1).max(65535).optional(), {
          what: 'The port that browsers see.',
          form: 'a port from 1 to 65535',
          example: '443',
          byDefault: '`443`; `80` with http',
        }),
      })
      .optional(),
    {
      what: 'The public origin of the protected hosts. Without it, loopback names may also be http on any port.',
    },
  ),
  insecureHttp: key(z.boolean().default(false), {
    what: 'DANGEROUS: permits http, and with it cookies and tokens in clear text, beyond this machine.',
  }),
  rules: key(text().default('./rules'), {
    what: 'The folder of the rules, or one file; relative to the configuration file, from the environment to the working directory.',
    form: 'a path',
    example: './rules',
  }),
  provider: key(PROVIDER.optional(), {
    what: 'The OpenID provider, where there is just one.',
    alternative: 'providers',
  }),
  providers: key(
    z
      .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]*$/), PROVIDER)
      .refine((map) => Object.keys(map).length > 0)
      .optional(),
    {
      what: 'Several providers by name, each with the keys of `provider`; an app names its own. In the file only.',
      form: 'a map of names (letters, digits, - and _) to providers',
      alternative: 'provider',
    },
  ),
  tenants: TENANTS,
  session: SESSION,
  exchange: EXCHANGE,
  federation: FEDERATION,
  clockTolerance: key(duration().default('5s'), {
    what: 'How far clocks of the provider and the gateway may differ; at most 60s.',
    form: DURATION_FORM,
  }),
  log: key(
    z
      .strictObject({
        level: key(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'), {
          what: 'The least level that is logged.',
        }),
        decisions: key(z.enum(['denied', 'all', 'none']).default('denied'), {
          what: 'Which decisions are logged.',
        }),
      })
      .prefault({}),
    { what: 'The log, JSON lines on standard output.' },
  ),
});

/** The file as written, environment laid over it, defaults filled in. Presets and secrets are still unresolved. */
export type RawConfig = z.output<typeof CONFIG_SCHEMA>;
