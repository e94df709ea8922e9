import type { Config, ProviderConfig } from './config/config.ts';
import { nearestWord } from './document/nearest-word.ts';
import type { Problem } from './document/problem.ts';
import { fillTenant, holdsTenant } from './document/tenant-text.ts';
import { isLoopbackName } from './forwarded/host.ts';
import { segmentsOf } from './forwarded/own-path.ts';
import { publicOrigin } from './forwarded/public-origin.ts';
import { isWithin } from './rules/path-pattern.ts';
import { type App, type AppRules, everyRule, type RuleSet } from './rules/rule-set.ts';
import { tenantPlace } from './rules/tenancy.ts';
import { providerOfApp, tenantTermsOf } from './trust.ts';

/** What is wrong, and the way out. */
type Fault = readonly [message: string, wayOut: string];

/** What rules want of the configuration that it does not have: a provider, tenants, a redirect URI at their host. */
export const disagreements = (config: Config, rules: RuleSet): readonly Problem[] =>
  rules.written.flatMap((written): readonly Problem[] => {
    const provider = providerFault(config, written.app);
    if (provider !== undefined) return [problemAt(written.providerPlace, provider)];
    return [
      ...tenantFaults(config, written).map((fault) => problemAt(written.tenantPlace, fault)),
      ...exchangeFaults(config, written).map((fault) => problemAt(written.exchangePlace, fault)),
      ...hiddenRules(config, written),
    ];
  });

const problemAt = (place: AppRules['providerPlace'], [message, wayOut]: Fault): Problem => ({
  ...place,
  message,
  wayOut,
});

/** A provider, where an app names none or an unknown one. */
function providerFault({ providers }: Config, { name, provider }: App): Fault | undefined {
  const names = [...providers.keys()];
  if (provider === undefined && names.length !== 1)
    return [
      `The app \`${name}\` names no provider, and the configuration has ${names.length}.`,
      `write \`provider:\` in its rules file, with one of ${names.join(', ')}`,
    ];
  if (provider === undefined || providers.has(provider)) return undefined;
  const near = nearestWord(provider, names);
  return [
    `The configuration has no provider \`${provider}\`.`,
    near === undefined ? `write one of ${names.join(', ')}` : `did you mean \`${near}\`?`,
  ];
}

function tenantFaults(config: Config, written: AppRules): readonly Fault[] {
  const { app } = written;
  const { tenants } = config;
  const terms = tenantTermsOf(config);
  if (tenants === undefined || terms === undefined)
    return app.usesTenant
      ? [
          [
            `The app \`${app.name}\` has \`{tenant}\`, and the configuration has no tenants.`,
            'add `tenants: { list: [acme] }` to the configuration, or write `*` for any label',
          ],
        ]
      : redirectFaults(config, app);
  const captures = app.hosts.some(holdsTenant);
  if (captures && tenants.in === 'path')
    return [
      [
        `The app \`${app.name}\` has \`{tenant}\` in a host, and \`tenants.in\` is path.`,
        'set `tenants.in: host`, or write the host without it',
      ],
    ];
  const provider = providerOfApp(config, app);
  const isWanted = holdsTenant(provider.issuer) || audiencesOf(written).concat(app.issuers).some(holdsTenant);
  if (isWanted && tenants.in === 'host' && !app.hosts.every(holdsTenant))
    return [
      [
        `The app \`${app.name}\` needs a tenant at every host, and ${app.hosts.find((host) => !holdsTenant(host))} has none.`,
        'write `"{tenant}.example.com"` for its hosts, or set `tenants.in: path`',
      ],
    ];
  const place = tenantPlace(app, terms);
  return [
    ...(place === undefined ? [] : bindingFaults(config, written, provider)),
    ...redirectFaults(config, app),
  ];
}

/** An exchange that the app names must be one, lead to where a rule wants to be, and begin at something that comes. */
function exchangeFaults(config: Config, written: AppRules): readonly Fault[] {
  const { app } = written;
  const names = config.exchanges.map(({ name }) => name);
  const audiences = audiencesOf(written);
  const provider = providerOfApp(config, app);
  return app.exchange.flatMap((name): readonly Fault[] => {
    const entry = config.exchanges.find((one) => one.name === name);
    if (entry === undefined) {
      const near = nearestWord(name, names);
      const all = names.length === 0 ? 'add it under `exchange`' : `write one of ${names.join(', ')}`;
      return [
        [
          `The configuration has no exchange \`${name}\`.`,
          near === undefined ? all : `did you mean \`${near}\`?`,
        ],
      ];
    }
    const { from, to } = entry;
    const asked = entry.provider === undefined ? undefined : config.providers.get(entry.provider);
    if (asked !== undefined && holdsTenant(asked.issuer) && !app.usesTenant)
      return [
        [
          `The exchange \`${name}\` asks a provider that each tenant has its own of, and the app \`${app.name}\` has no tenants.`,
          'name another `provider` in the exchange',
        ],
      ];
    if (!audiences.includes(to.audience))
      return [
        [
          `The exchange \`${name}\` leads to \`${to.audience}\`, which no rule of the app \`${app.name}\` takes.`,
          'write it as the `audience`, or name another exchange',
        ],
      ];
    const federated = config.federation.filter(({ exchange }) => exchange === name);
    const direct = federated.find(({ issuer }) => app.issuers.includes(issuer));
    if (direct !== undefined)
      return [
        [
          `Access tokens of ${direct.issuer} decide by themselves in the app \`${app.name}\`, and \`federation\` exchanges them.`,
          'remove it from `issuers`, or from `federation`',
        ],
      ];
    const comes = from.issuer === provider.issuer || (entry.bearer && app.issuers.includes(from.issuer));
    return comes || federated.length > 0
      ? []
      : [
          [
            `The exchange \`${name}\` begins at a token of ${from.issuer}, which nobody brings to the app \`${app.name}\`.`,
            'let it begin at a token of its provider; or accept that issuer in `issuers`, with `bearer: true` in the exchange',
          ],
        ];
  });
}

/** A token of one tenant must be none for another: by its issuer, its audience, or a claim. */
function bindingFaults({ tenants }: Config, written: AppRules, { issuer }: ProviderConfig): readonly Fault[] {
  const { app } = written;
  if (tenants?.claim !== undefined || [issuer, ...app.issuers].every(holdsTenant)) return [];
  const open = audiencesOf(written).find((audience) => !holdsTenant(audience));
  if (open === undefined) return [];
  return [
    [
      `A token of one tenant opens every tenant of the app \`${app.name}\`: nothing of it is compared with the tenant where the audience is \`${open}\`.`,
      'set `tenants.claim` to the claim that names the tenant; or write `{tenant}` in the audience, or in the issuer of the provider',
    ],
  ];
}

/** Every audience that a rule of the app takes. */
const audiencesOf = ({ app, paths, otherwise }: AppRules): readonly string[] => [
  ...new Set([
    ...app.audiences,
    ...[...paths.flatMap(everyRule), ...(otherwise === undefined ? [] : [otherwise])].flatMap(({ need }) =>
      need.kind === 'token' ? need.audiences : [],
    ),
  ]),
];

/** The transaction's cookie is at the host that was asked: the answer must come to that very host. */
function redirectFaults(config: Config, app: App): readonly Fault[] {
  const { redirectUri: template, name } = providerOfApp(config, app);
  // With `loginUrl`, answers are handed on.
  if (template === undefined || config.loginUrl !== undefined || !app.credentials.includes('session'))
    return [];
  const filled = new URL(fillTenant(template, 'tenant'));
  const wanted = /^https?:\/\/\{tenant\}\./.test(template)
    ? filled.hostname.replace(/^tenant\./, '{tenant}.')
    : filled.hostname;
  const stray = app.hosts.find((host) =>
    host === wanted ? !isPublic(config, filled) : holdsTenant(wanted) ? holdsTenant(host) : true,
  );
  if (stray === undefined) return [];
  return [
    stray === wanted
      ? [
          `The redirect URI of the provider \`${name}\` is at ${filled.origin}, and people reach ${stray} elsewhere.`,
          'let `public` and `redirectUri` name the same scheme and port',
        ]
      : [
          `The redirect URI of the provider \`${name}\` is at ${wanted}, and ${stray} of the app \`${app.name}\` has another callback.`,
          'remove `redirectUri`, set `loginUrl`, or leave one host to the app',
        ],
  ];
}

function isPublic(config: Config, { hostname: name, origin }: URL): boolean {
  if (config.public === undefined && isLoopbackName(name)) return true;
  return publicOrigin({ name, port: undefined, finalDot: false }, config.public).origin === origin;
}

/** Rules at paths that are the gateway's own below every tenant. */
function hiddenRules({ tenants, basePath }: Config, { paths }: AppRules): readonly Problem[] {
  if (tenants?.in !== 'path') return [];
  return paths
    .filter(({ pattern }) =>
      isWithin({ ...pattern, segments: pattern.segments.slice(1) }, segmentsOf(basePath)),
    )
    .flatMap((path) => everyRule(path).slice(0, 1))
    .map(({ id, path }) => {
      const colon = id.lastIndexOf(':');
      return {
        file: id.slice(0, colon),
        line: Number(id.slice(colon + 1)),
        column: 1,
        message: `\`${path}\` belongs to the gateway below every tenant, so this rule could never match.`,
        wayOut: 'remove it',
      };
    });
}
