import { formatProblems } from '../document/format.ts';
import type { ExitCode, Invocation } from './command.ts';
import { loadAll } from './load-all.ts';
import { caddyfile } from './proxy/caddy.ts';
import { envoyConfiguration } from './proxy/envoy.ts';
import { findingsOf } from './proxy/findings.ts';
import { nginxConfiguration } from './proxy/nginx.ts';
import { type Plan, type PlanOptions, planFor } from './proxy/plan.ts';
import { comment } from './proxy/text.ts';
import { dynamicConfiguration } from './proxy/traefik.ts';
import { manifests } from './proxy/traefik-crd.ts';
import { labels } from './proxy/traefik-labels.ts';
import { parseGateway, parseUpstream, type Upstream } from './proxy/upstream.ts';
import { type YamlMap, yamlText } from './proxy/yaml-text.ts';

/** Beside what every command is given: the kind of proxy, and what only this command asks. */
export interface ProxyInvocation extends Invocation {
  readonly words: readonly string[];
  readonly gateway: string | undefined;
  readonly upstreams: readonly string[];
}

/** All that is particular to a kind of output. */
interface Kind {
  /** What it is and where it goes. */
  readonly title: string;
  /** The check that this proxy asks. */
  readonly endpoint: 'traefik' | 'nginx' | 'envoy';
  readonly gatewayElsewhere: string;
  /** Whether such a proxy often runs on the gateway's own machine; containers have a loopback of their own. */
  readonly beside: boolean;
  /** Text, or a value that is printed as YAML: one document, or several. */
  readonly print: (plan: Plan) => string | YamlMap | readonly YamlMap[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  'traefik-labels': {
    title: 'Labels for Traefik 3.7 or newer, to be laid over a docker-compose.yaml.',
    ...{ endpoint: 'traefik', gatewayElsewhere: 'postern', beside: false, print: labels },
  },
  'traefik-file': {
    title:
      'Dynamic configuration for Traefik 3.7 or newer at the edge; traefik/README.md has the static one.',
    ...{ endpoint: 'traefik', gatewayElsewhere: 'postern', beside: true, print: dynamicConfiguration },
  },
  'traefik-crd': {
    title: 'Custom resources for Traefik 3.7 or newer in Kubernetes.',
    ...{ endpoint: 'traefik', gatewayElsewhere: 'postern.default', beside: false, print: manifests },
  },
  caddy: {
    title: 'A Caddyfile for Caddy 2.6.2 or newer.',
    ...{ endpoint: 'traefik', gatewayElsewhere: 'postern', beside: true, print: caddyfile },
  },
  nginx: {
    title: 'For nginx 1.22 or newer, with its auth_request module.',
    ...{ endpoint: 'nginx', gatewayElsewhere: 'postern', beside: true, print: nginxConfiguration },
  },
  envoy: {
    title: 'For Envoy 1.26 or newer.',
    ...{ endpoint: 'envoy', gatewayElsewhere: 'postern', beside: true, print: envoyConfiguration },
  },
};

/** Prints the configuration of a proxy for the loaded hosts and headers. Does *not* connect to anything. */
export async function proxy(invocation: ProxyInvocation): Promise<ExitCode> {
  const { words, json, out, err } = invocation;
  const [name = '', more] = words;
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  const known = Object.keys(KINDS).join('|');
  if (kind === undefined || more !== undefined) {
    err(`postern: write one of: postern proxy ${known}\n`);
    return 2;
  }
  const options = optionsOf(invocation, kind);
  if (typeof options === 'string') {
    err(`postern: ${options}\n`);
    return 2;
  }
  const loaded = await loadAll(invocation);
  if ('problems' in loaded) {
    if (json) out(`${JSON.stringify({ ok: false, problems: loaded.problems }, null, 2)}\n`);
    else err(formatProblems(loaded.problems));
    return 1;
  }
  const { config, ruleSet } = loaded;
  const strangers = [...options.upstreams.keys()].filter(
    (app) => !ruleSet.apps.some((one) => one.name === app),
  );
  if (strangers.length > 0) {
    err(
      `postern: --upstream names ${strangers.join(', ')}, but the apps are ${ruleSet.apps.map((app) => app.name).join(', ')}\n`,
    );
    return 2;
  }
  const plan = planFor(config, ruleSet, options);
  const findings = findingsOf(plan, kind.endpoint, name === 'traefik-crd');
  const printed = kind.print(plan);
  if (json) {
    const { check, pages, basePath, apps, login, headers } = plan;
    const answer = {
      ok: findings.length === 0,
      proxy: name,
      check,
      pages,
      basePath,
      apps,
      login,
      headers,
      findings,
    };
    out(`${JSON.stringify({ ...answer, config: printed }, null, 2)}\n`);
  } else {
    out(
      [...comment(kind.title), ...comment(`Printed by: postern proxy ${name}`), '', textOf(printed)].join(
        '\n',
      ),
    );
  }
  for (const { message, wayOut } of findings) err(`postern: warning: ${message}\n  -> ${wayOut}\n`);
  return findings.length === 0 ? 0 : 1;
}

function textOf(printed: ReturnType<Kind['print']>): string {
  if (typeof printed === 'string') return printed;
  return isMany(printed) ? printed.map(yamlText).join('---\n') : yamlText(printed);
}

const isMany = (printed: YamlMap | readonly YamlMap[]): printed is readonly YamlMap[] =>
  Array.isArray(printed);

/** @returns what is wrong with the options, in words. */
function optionsOf(
  { gateway, upstreams }: ProxyInvocation,
  { gatewayElsewhere, beside }: Kind,
): PlanOptions | string {
  const host = gateway === undefined ? undefined : parseGateway(gateway);
  if (gateway !== undefined && host === undefined)
    return `--gateway ${gateway} is no host; the ports are those of listen and pagesListen`;
  const said = new Map<string, Upstream>();
  for (const text of upstreams) {
    const parsed = parseUpstream(text);
    if (typeof parsed === 'string') return parsed;
    const [app, upstream] = parsed;
    if (said.has(app)) return `--upstream names ${app} twice`;
    said.set(app, upstream);
  }
  return { gateway: host, gatewayElsewhere, beside, upstreams: said };
}
