import { DROPPED, type Plan, type PlannedApp, pagePaths } from './plan.ts';
import { authority } from './upstream.ts';
import { noted, type Yaml, type YamlMap } from './yaml-text.ts';

/** The middlewares of all apps. The labels and the custom resources say the same in their own words. */
export interface Middlewares {
  readonly clean: { readonly headers: { readonly customRequestHeaders: Readonly<Record<string, string>> } };
  readonly postern: { readonly forwardAuth: ForwardAuth };
}

export interface ForwardAuth {
  readonly address: string;
  readonly trustForwardHeader: boolean;
  readonly authResponseHeaders: readonly string[];
  readonly maxResponseBodySize: number;
}

export interface Router {
  readonly name: string;
  readonly rule: string;
  readonly priority: number | undefined;
  /** Undefined for the gateway's own pages. */
  readonly app: PlannedApp | undefined;
}

export const WHY_CLEAN = 'These would make an app see another method or path than the one that was checked.';
export const WHY_POSTERN =
  'Asked about every request. Path middlewares (stripPrefix and the like) belong after it.';
export const WHY_PAGES =
  "Postern's own pages, for all hosts. Without the priority the longer rules would win.";
export const WHY_WILDCARD = 'Any exact host of another app wins, however long the rules are.';

export const middlewares = (plan: Plan): Middlewares => ({
  clean: { headers: { customRequestHeaders: Object.fromEntries(DROPPED.map((name) => [name, ''])) } },
  postern: {
    forwardAuth: {
      address: `http://${authority(plan.check)}/verify`,
      trustForwardHeader: false,
      authResponseHeaders: plan.headers,
      maxResponseBodySize: 65_536,
    },
  },
});

/** Routers of the apps, exact and wildcard hosts apart, and at last the one of the pages. */
export function routers(plan: Plan): readonly Router[] {
  const ofApps = plan.apps.flatMap((app) => {
    const { id, exact, wildcards } = app;
    const own: Router[] = [];
    if (exact.length > 0)
      own.push({ name: id, rule: anyOf(hostMatchers(exact, [])), priority: undefined, app });
    if (wildcards.length > 0) {
      const name = exact.length > 0 ? `${id}-wildcard` : id;
      own.push({ name, rule: anyOf(hostMatchers([], wildcards)), priority: 1, app });
    }
    return own;
  });
  const hosts = hostMatchers(
    [...plan.apps.flatMap(({ exact }) => exact), ...(plan.login === undefined ? [] : [plan.login.host])],
    plan.apps.flatMap(({ wildcards }) => wildcards),
  );
  const paths = pagePaths(plan).map((path) => `PathPrefix(\`${path}\`)`);
  const rule = `${grouped(hosts)} && ${grouped(paths)}`;
  return [...ofApps, { name: 'postern-pages', rule, priority: 10_000, app: undefined }];
}

const hostMatchers = (exact: readonly string[], wildcards: readonly string[]): readonly string[] => [
  ...exact.map((host) => `Host(\`${host}\`)`),
  ...wildcards.map((rest) => `HostRegexp(\`^[^.]+\\.${rest.replaceAll('.', '\\.')}\\.?$\`)`),
];

const anyOf = (matchers: readonly string[]): string => matchers.join(' || ');
const grouped = (matchers: readonly string[]): string =>
  matchers.length === 1 ? anyOf(matchers) : `(${anyOf(matchers)})`;

/** The dynamic configuration of Traefik's file provider. */
export function dynamicConfiguration(plan: Plan): YamlMap {
  const { clean, postern } = middlewares(plan);
  const { address, trustForwardHeader, authResponseHeaders, maxResponseBodySize } = postern.forwardAuth;
  const forwardAuth = {
    address,
    trustForwardHeader: noted(
      'Nothing that a client says about its own request is passed on.',
      trustForwardHeader,
    ),
    authResponseHeaders: noted(
      "Deleted from the client's request, then set from Postern's answer.",
      authResponseHeaders,
    ),
    maxResponseBodySize,
  };
  const services: Record<string, Yaml> = {};
  for (const { id, name, upstream } of plan.apps) {
    const server = { loadBalancer: { servers: [{ url: `${upstream.scheme}://${authority(upstream)}` }] } };
    services[id] = upstream.placeholder ? noted(placeholderNote(name), server) : server;
  }
  services['postern-pages'] = {
    loadBalancer: { servers: [{ url: `http://${authority(plan.pages)}` }] },
  };
  return {
    http: {
      middlewares: {
        'postern-clean': noted(WHY_CLEAN, { ...clean }),
        postern: noted(WHY_POSTERN, { forwardAuth }),
      },
      routers: Object.fromEntries(routers(plan).map((router) => [router.name, fileRouter(router)])),
      services,
    },
  };
}

function fileRouter({ rule, priority, app }: Router): Yaml {
  if (app === undefined) return noted(WHY_PAGES, { rule, priority: priority ?? 0, service: 'postern-pages' });
  const rest = { middlewares: ['postern-clean', 'postern'], service: app.id };
  return priority === undefined ? { rule, ...rest } : noted(WHY_WILDCARD, { rule, priority, ...rest });
}

export const placeholderNote = (app: string): string =>
  `A placeholder: --upstream ${app}=http://host:port puts the app's own address here.`;
