import type { Plan } from './plan.ts';
import {
  middlewares,
  type Router,
  routers,
  WHY_CLEAN,
  WHY_PAGES,
  WHY_POSTERN,
  WHY_WILDCARD,
} from './traefik.ts';
import { authority } from './upstream.ts';
import { noted, type Yaml, type YamlMap } from './yaml-text.ts';

/**
 * A file to lay over a docker-compose.yaml: the labels that Traefik's Docker provider reads, on the service of the
 * gateway and on those of the apps.
 */
export function labels(plan: Plan): YamlMap {
  const services = new Map<string, Yaml[]>();
  const on = (service: string): Yaml[] => {
    const known = services.get(service) ?? [label('traefik.enable', 'true')];
    services.set(service, known);
    return known;
  };
  const gateway = on(serviceName(plan.check.host));
  gateway.push(...ofMiddlewares(plan));
  for (const router of routers(plan)) {
    const { app, rule, priority } = router;
    const list =
      app === undefined ? gateway : on(app.upstream.placeholder ? app.id : serviceName(app.upstream.host));
    const start = `traefik.http.routers.${router.name}`;
    const own = [
      label(`${start}.rule`, rule),
      ...(priority === undefined ? [] : [label(`${start}.priority`, String(priority))]),
      ...(app === undefined ? [] : [label(`${start}.middlewares`, 'postern-clean@docker,postern@docker')]),
    ];
    const service = serviceLabels(plan, router);
    if (service.length > 0) own.push(label(`${start}.service`, app?.id ?? router.name));
    const [first = '', ...rest] = own;
    const why = app === undefined ? WHY_PAGES : priority === undefined ? undefined : WHY_WILDCARD;
    list.push(
      why === undefined ? first : noted(why, first),
      ...rest,
      ...service.filter((one) => !list.includes(one)),
    );
  }
  return {
    services: Object.fromEntries([...services].map(([name, list]) => [name, { labels: list }])),
  };
}

/** Compose would take `$` for a variable. */
const label = (name: string, value: string): string => `${name}=${value.replaceAll('$', '$$$$')}`;

function ofMiddlewares(plan: Plan): Yaml[] {
  const { clean, postern } = middlewares(plan);
  const { address, trustForwardHeader, authResponseHeaders, maxResponseBodySize } = postern.forwardAuth;
  const start = 'traefik.http.middlewares.postern';
  const [first = '', ...rest] = Object.keys(clean.headers.customRequestHeaders).map((name) =>
    label(`${start}-clean.headers.customrequestheaders.${name}`, ''),
  );
  return [
    noted(WHY_CLEAN, first),
    ...rest,
    noted(WHY_POSTERN, label(`${start}.forwardauth.address`, address)),
    label(`${start}.forwardauth.trustforwardheader`, String(trustForwardHeader)),
    label(`${start}.forwardauth.authresponseheaders`, authResponseHeaders.join(', ')),
    label(`${start}.forwardauth.maxresponsebodysize`, String(maxResponseBodySize)),
  ];
}

/** Without a port Traefik takes the one that the image exposes. */
function serviceLabels(plan: Plan, { app, name }: Router): string[] {
  const start = `traefik.http.services.${app?.id ?? name}.loadbalancer.server`;
  if (app === undefined) return [label(`${start}.port`, String(plan.pages.port))];
  const { scheme, host, port, placeholder } = app.upstream;
  if (placeholder) return [];
  if (!isService(host)) return [label(`${start}.url`, `${scheme}://${authority(app.upstream)}`)];
  return [
    label(`${start}.port`, String(port)),
    ...(scheme === 'https' ? [label(`${start}.scheme`, scheme)] : []),
  ];
}

/** Containers find each other by the names of their services; what is elsewhere is told on the gateway's. */
const isService = (host: string): boolean => /^[a-z][a-z0-9_-]*$/.test(host);
const serviceName = (host: string): string => (isService(host) ? host : 'postern');
