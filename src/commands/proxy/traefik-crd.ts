import type { Plan, PlannedApp } from './plan.ts';
import {
  middlewares,
  placeholderNote,
  type Router,
  routers,
  WHY_CLEAN,
  WHY_PAGES,
  WHY_POSTERN,
  WHY_WILDCARD,
} from './traefik.ts';
import { isAddress } from './upstream.ts';
import { noted, type Yaml, type YamlMap } from './yaml-text.ts';

/** Middlewares and routes as custom resources of Traefik, for its Kubernetes CRD provider. */
export function manifests(plan: Plan): readonly YamlMap[] {
  const { clean, postern } = middlewares(plan);
  const { namespace } = serviceAt(plan.check.host) ?? {};
  const metadata = (name: string): YamlMap => ({ name, ...(namespace === undefined ? {} : { namespace }) });
  const resource = (kind: string, name: string, spec: YamlMap): YamlMap => ({
    apiVersion: 'traefik.io/v1alpha1',
    kind,
    metadata: metadata(name),
    spec,
  });
  const { headers } = clean;
  const all = routers(plan);
  const ofApp = (app: PlannedApp): YamlMap =>
    resource('IngressRoute', app.id, {
      routes: all.filter((router) => router.app === app).map((router) => route(plan, router)),
    });
  return [
    resource('Middleware', 'postern-clean', { headers: noted(WHY_CLEAN, { ...headers }) }),
    resource('Middleware', 'postern', { forwardAuth: noted(WHY_POSTERN, { ...postern.forwardAuth }) }),
    ...plan.apps.map(ofApp),
    resource('IngressRoute', 'postern-pages', {
      routes: all.filter(({ app }) => app === undefined).map((router) => route(plan, router)),
    }),
  ];
}

function route(plan: Plan, { app, rule, priority }: Router): Yaml {
  const common = { kind: 'Rule', match: rule, ...(priority === undefined ? {} : { priority }) };
  if (app === undefined) {
    const { name } = serviceAt(plan.check.host) ?? { name: 'postern' };
    return noted(WHY_PAGES, { ...common, services: [{ name, port: plan.pages.port }] });
  }
  const { placeholder } = app.upstream;
  const service = serviceOf(app);
  const whole = {
    ...common,
    middlewares: [{ name: 'postern-clean' }, { name: 'postern' }],
    services: [placeholder ? noted(placeholderNote(app.name), service) : service],
  };
  return priority === undefined ? whole : noted(WHY_WILDCARD, whole);
}

/** Services are known by name, `shop` or `shop.namespace`, never by address. */
export function serviceAt(host: string): { readonly name: string; readonly namespace?: string } | undefined {
  if (isAddress(host)) return undefined;
  const [name = '', namespace] = host.split('.');
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

function serviceOf({ id, upstream }: PlannedApp): YamlMap {
  const service = serviceAt(upstream.host);
  if (upstream.placeholder || service === undefined) return { name: id, port: 80 };
  const { scheme, port } = upstream;
  return { ...service, port, ...(scheme === 'https' ? { scheme } : {}) };
}
