import {
  DROPPED_ELSEWHERE,
  type Plan,
  type PlannedApp,
  type PlannedLogin,
  pagePaths,
  WHY_LOGIN,
} from './plan.ts';
import { placeholderNote } from './traefik.ts';
import { authority, isAddress, type Place } from './upstream.ts';
import { noted, type Yaml, type YamlMap } from './yaml-text.ts';

const TYPE = 'type.googleapis.com/envoy.extensions';
const EXT_AUTHZ = 'envoy.filters.http.ext_authz';

/** What the gateway reads of a client's request; beside these only names that could be taken for its own. */
const READ = [
  ...['accept', 'access-control-request-method', 'authorization', 'cookie', 'origin', 'purpose', 'referer'],
  ...['sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-user', 'sec-purpose'],
  ...['sec-websocket-key', 'traceparent', 'x-requested-with'],
];

/** What a refusal says to the client. */
const TOLD = [
  ...['allow', 'cache-control', 'content-security-policy', 'content-type', 'location', 'referrer-policy'],
  ...['retry-after', 'set-cookie', 'vary', 'www-authenticate', 'x-content-type-options', 'x-frame-options'],
];

const exactly = (name: string): YamlMap => ({ exact: name });

/** A bootstrap configuration for Envoy, v3 API, 1.26 or newer. */
export function envoyConfiguration(plan: Plan): YamlMap {
  const listener = {
    name: 'web',
    address: socket({ host: '0.0.0.0', port: portOf(plan) }),
    filter_chains: [
      { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager(plan) }] },
    ],
  };
  return {
    static_resources: {
      listeners: [
        noted('For https: `transport_socket` with your certificate, in the filter chain.', listener),
      ],
      clusters: [
        cluster('postern-check', { ...plan.check, scheme: 'http' }),
        cluster('postern-pages', { ...plan.pages, scheme: 'http' }),
        ...plan.apps.map(({ id, name, upstream }) =>
          upstream.placeholder ? noted(placeholderNote(name), cluster(id, upstream)) : cluster(id, upstream),
        ),
      ],
    },
  };
}

const portOf = ({ apps }: Plan): number =>
  apps.find(({ origin }) => origin.scheme === 'http')?.origin.port ?? 8080;

const socket = ({ host, port }: Place): YamlMap => ({ socket_address: { address: host, port_value: port } });

function manager(plan: Plan): YamlMap {
  return {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'web',
    use_remote_address: true,
    normalize_path: noted('The check and the app get the same, clean path.', true),
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    common_http_protocol_options: noted('`X_Auth_Subject` is `X-Auth-Subject` to many an app.', {
      headers_with_underscores_action: 'REJECT_REQUEST',
    }),
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    http_filters: [
      { name: EXT_AUTHZ, typed_config: extAuthz(plan) },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` },
      },
    ],
    route_config: {
      name: 'apps',
      ignore_port_in_host_matching: true,
      request_headers_to_remove: noted(
        'These would make an app see another method or path than the one that was checked.',
        removed(plan),
      ),
      virtual_hosts: [
        ...plan.apps.map((app) => virtualHost(plan, app)),
        ...(plan.login === undefined ? [] : [noted(WHY_LOGIN, loginVirtualHost(plan, plan.login))]),
      ],
    },
  };
}

/** After the check, so nothing that it sets can be among them. */
function removed({ headers }: Plan): readonly string[] {
  const set = new Set(headers.map((name) => name.toLowerCase()));
  return DROPPED_ELSEWHERE.map((name) => name.toLowerCase()).filter((name) => !set.has(name));
}

const extAuthz = (plan: Plan): YamlMap => ({
  '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthz`,
  http_service: {
    server_uri: {
      uri: `http://${authority(plan.check)}`,
      cluster: 'postern-check',
      timeout: noted('The default of 200 ms is short for a login that asks the provider.', '5s'),
    },
    path_prefix: '/verify/envoy',
    authorization_response: {
      allowed_upstream_headers: { patterns: plan.headers.map((name) => exactly(name.toLowerCase())) },
      allowed_client_headers: {
        patterns: [...TOLD.map(exactly), { prefix: 'access-control-' }],
      },
    },
  },
  allowed_headers: {
    patterns: [
      ...READ.map(exactly),
      noted('Names that an app could take for one of those set above.', {
        safe_regex: { regex: '.*[_.].*' },
      }),
    ],
  },
  failure_mode_allow: false,
  status_on_error: { code: 'ServiceUnavailable' },
});

function virtualHost(plan: Plan, { id, exact, wildcards }: PlannedApp): YamlMap {
  const domains = [...exact, ...wildcards.map((rest) => `*.${rest}`)];
  return {
    name: id,
    domains:
      wildcards.length === 0
        ? domains
        : noted('Here `*` is any number of labels; Postern refuses what is more than one.', domains),
    routes: [
      ...pageRoutes(plan),
      {
        match: { prefix: '/' },
        route: { cluster: id, timeout: noted('The default of 15 s would cut streams.', '0s') },
      },
    ],
  };
}

/** Every other path is checked, and refused: no app has this host. */
const loginVirtualHost = (plan: Plan, { host }: PlannedLogin): YamlMap => ({
  name: 'postern-login',
  domains: [host],
  routes: pageRoutes(plan),
});

const pageRoutes = (plan: Plan): YamlMap[] =>
  pagePaths(plan).map((path) => ({
    match: { path_separated_prefix: path },
    route: { cluster: 'postern-pages' },
    typed_per_filter_config: {
      [EXT_AUTHZ]: { '@type': `${TYPE}.filters.http.ext_authz.v3.ExtAuthzPerRoute`, disabled: true },
    },
  }));

function cluster(name: string, { scheme, ...place }: Place & { readonly scheme: 'http' | 'https' }): YamlMap {
  const tls: Record<string, Yaml> =
    scheme === 'http'
      ? {}
      : {
          transport_socket: {
            name: 'envoy.transport_sockets.tls',
            typed_config: {
              '@type': `${TYPE}.transport_sockets.tls.v3.UpstreamTlsContext`,
              sni: place.host,
              common_tls_context: {
                validation_context: {
                  trusted_ca: { filename: '/etc/ssl/certs/ca-certificates.crt' },
                  match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: place.host } }],
                },
              },
            },
          },
        };
  const endpoint = { address: socket(place) };
  return {
    name,
    type: isAddress(place.host) ? 'STATIC' : 'STRICT_DNS',
    connect_timeout: '2s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...tls,
  };
}
