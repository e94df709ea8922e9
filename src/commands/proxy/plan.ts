import type { Address, Config } from '../../config/config.ts';
import { isLoopbackName } from '../../forwarded/host.ts';
import { capitalised } from '../../forwarded/raw-headers.ts';
import { configuredNames } from '../../outcome/permit.ts';
import { hostKey, isExactHost } from '../../rules/host-pattern.ts';
import type { App, RuleSet } from '../../rules/rule-set.ts';
import { type Place, type Upstream, upstreamFor } from './upstream.ts';

/** What every form of output is made of: who is asked, where people's pages are, and each app. */
export interface Plan {
  /** `host:port` of `listen` and `pagesListen`, as the proxy reaches them. */
  readonly check: Place;
  readonly pages: Place;
  readonly endpoints: Config['endpoints'];
  readonly basePath: string;
  readonly apps: readonly PlannedApp[];
  /** A host with nothing but the gateway's pages: the login host of the central shape, where no app has it. */
  readonly login: PlannedLogin | undefined;
  /** Every name that a permit sets for any of the apps. */
  readonly headers: readonly string[];
  /** Names that variables and placeholders of proxies cannot hold; they are left out. */
  readonly leftOut: readonly string[];
}

export interface PlannedLogin {
  readonly host: string;
  readonly origin: PlannedApp['origin'];
}

export interface PlannedApp {
  readonly name: string;
  /** The name in a spelling that every proxy takes: letters, digits and `-`, unique. */
  readonly id: string;
  readonly exact: readonly string[];
  /** What follows `*.`, which stands for exactly one label. */
  readonly wildcards: readonly string[];
  readonly upstream: Upstream;
  /** Every name that a permit sets for this app. */
  readonly headers: readonly string[];
  /** How browsers reach it; the port only where it is known. */
  readonly origin: { readonly scheme: 'http' | 'https'; readonly port: number | undefined };
}

/** What the caller of the command may say. */
export interface PlanOptions {
  /** Host of both listeners, as the proxy reaches it. */
  readonly gateway: string | undefined;
  /** In place of a listen address that only the gateway's own machine reaches, or that is none. */
  readonly gatewayElsewhere: string;
  /** Whether the proxy runs beside the gateway, so that loopback will do. */
  readonly beside: boolean;
  readonly upstreams: ReadonlyMap<string, Upstream>;
}

/** Where people reach the gateway's own pages; `/.well-known` is RFC 9728. */
export const pagePaths = ({ basePath }: Plan): readonly string[] => [
  basePath,
  '/.well-known/oauth-protected-resource',
];

/** Why a host without an app is in the output. */
export const WHY_LOGIN = "The login host: the gateway's pages, and no app.";

/**
 * What could make an upstream see another request than the one that was decided. The proxy drops it from every
 * request.
 */
export const DROPPED: readonly string[] = [
  'X-HTTP-Method-Override',
  'X-HTTP-Method',
  'X-Method-Override',
  'X-Original-Url',
  'X-Rewrite-Url',
];

/** The same, with what only Traefik at the edge drops by itself. */
export const DROPPED_ELSEWHERE: readonly string[] = [
  'Forwarded',
  'X-Forwarded-Method',
  'X-Forwarded-Prefix',
  'X-Forwarded-Uri',
  'X-Original-Method',
  ...DROPPED,
].toSorted();

export function planFor(config: Config, ruleSet: RuleSet, options: PlanOptions): Plan {
  const ids = new Set(RESERVED);
  const apps = ruleSet.apps.map((app, at): PlannedApp => {
    const id = freeId(app.name, ids);
    ids.add(id);
    return {
      name: app.name,
      id,
      exact: app.hosts.filter(isExactHost),
      wildcards: app.hosts.filter((host) => !isExactHost(host)).map((host) => hostKey(host).slice(2)),
      upstream: upstreamFor(app.name, at, options.upstreams),
      headers: headersOf(app).filter(isPlain),
      origin: originOf(app, config),
    };
  });
  return {
    check: placeOf(config.listen, options),
    pages: placeOf(config.pagesListen, options),
    endpoints: config.endpoints,
    basePath: config.basePath,
    apps,
    login: loginOf(config, ruleSet),
    headers: [...new Set(apps.flatMap(({ headers }) => headers))],
    leftOut: ruleSet.apps.flatMap(headersOf).filter((name) => !isPlain(name)),
  };
}

function loginOf({ loginUrl }: Config, ruleSet: RuleSet): PlannedLogin | undefined {
  if (loginUrl === undefined || ruleSet.appFor(loginUrl.host) !== undefined) return undefined;
  const { host, scheme, port } = loginUrl;
  return { host, origin: { scheme, port } };
}

/** Names that the output uses itself. */
const RESERVED: readonly string[] = [
  ...['postern', 'postern-clean', 'postern-pages', 'postern-check', 'postern-login'],
];

function freeId(name: string, taken: ReadonlySet<string>): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/-+$/, '');
  let id = taken.has(plain) ? `app-${plain}` : plain;
  for (let i = 2; taken.has(id); i += 1) id = `${plain}-${i}`;
  return id;
}

const isPlain = (name: string): boolean => /^[A-Za-z0-9-]+$/.test(name);

/** The app's own names as they are written, the gateway's in their usual spelling. */
function headersOf(app: App): readonly string[] {
  const written = new Map(Object.keys(app.headers).map((name) => [name.toLowerCase(), name]));
  const names = [...configuredNames(app)].map((name) => written.get(name) ?? capitalised(name));
  // Credentials first: they are what matters most.
  const isCredential = (name: string): boolean => name === 'Authorization' || name === 'Cookie';
  return [...names.filter(isCredential), ...names.filter((name) => !isCredential(name))];
}

function placeOf({ host, port }: Address, options: PlanOptions): Place {
  const everywhere = host === '' || host === '0.0.0.0' || host === '::';
  const alone = isLoopbackName(host.includes(':') ? `[${host}]` : host.toLowerCase());
  const unreachable = everywhere || (alone && !options.beside);
  return { host: options.gateway ?? (unreachable ? options.gatewayElsewhere : host), port };
}

function originOf(app: App, { public: configured }: Config): PlannedApp['origin'] {
  if (configured !== undefined) return configured;
  return app.hosts.every((host) => isLoopbackName(hostKey(host).replace(/^\*\./, 'a.')))
    ? { scheme: 'http', port: undefined }
    : { scheme: 'https', port: 443 };
}
