import {
  DROPPED_ELSEWHERE,
  type Plan,
  type PlannedApp,
  type PlannedLogin,
  pagePaths,
  WHY_LOGIN,
} from './plan.ts';
import { comment, wrap } from './text.ts';
import { placeholderNote } from './traefik.ts';
import { authority } from './upstream.ts';

/** Written as it is elsewhere: nginx takes quotes for its own. */
const KEPT_OPEN = ['proxy_http_version 1.1;', 'proxy_set_header Connection "";'];
/** Answers of the gateway hold up to 16 KB of headers: cookies and an authorization request. */
const ROOM = ['proxy_buffer_size 32k;', 'proxy_buffers 8 32k;'];
const NO_BODY = ['proxy_pass_request_body off;', 'proxy_set_header Content-Length "";'];
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** A file for nginx 1.22 and newer, to be included in its `http` block: `conf.d/postern.conf`. */
export function nginxConfiguration(plan: Plan): string {
  const whole = answersWhole(plan);
  const lines = [
    ...comment('To be included in the `http` block, such as /etc/nginx/conf.d/postern.conf.'),
    '',
    'map $http_upgrade $postern_connection {',
    '  default upgrade;',
    '  "" "";',
    '}',
    '',
    ...comment(
      'A request line with another host than `Host` would be decided for one app and sent to the other.',
    ),
    'map "$host $http_host" $postern_two_hosts {',
    '  default 1;',
    '  "~*^(?<postern_host>\\S+) \\k<postern_host>\\.?(?::\\d+)?$" 0;',
    '}',
    '',
    ...(whole
      ? [
          ...comment('nginx itself keeps the challenge of a 401.'),
          'map $status $postern_challenge {',
          '  default "";',
          '  403 $upstream_http_www_authenticate;',
          '}',
          '',
        ]
      : []),
    ...upstream('postern_check', authority(plan.check), 64),
    ...upstream('postern_pages', authority(plan.pages), 8),
    ...plan.apps.flatMap((app) => [
      ...(app.upstream.placeholder ? comment(placeholderNote(app.name)) : []),
      ...upstream(`app_${app.id}`, authority(app.upstream), 32),
    ]),
    ...plan.apps.flatMap((app) => [...server(plan, app, whole), '']),
    ...(plan.login === undefined ? [] : [...loginServer(plan, plan.login), '']),
  ];
  return `${lines.slice(0, -1).join('\n')}\n`;
}

/** Whether refusals can be asked for as a whole, on the check that answers in full. */
const answersWhole = ({ endpoints }: Plan): boolean => endpoints.includes('traefik');

const upstream = (name: string, address: string, kept: number): string[] => [
  `upstream ${name} {`,
  `  server ${address};`,
  `  keepalive ${kept};`,
  '}',
  '',
];

function server(plan: Plan, app: PlannedApp, whole: boolean): string[] {
  const { exact, wildcards, origin } = app;
  const names = [...exact, ...wildcards.map((rest) => `~^[^.]+\\.${rest.replaceAll('.', '\\.')}$`)];
  return [
    'server {',
    ...head(names, origin),
    ...location('= /_postern_check', [
      'internal;',
      'proxy_pass http://postern_check/verify/nginx;',
      ...KEPT_OPEN,
      ...NO_BODY,
      'proxy_set_header X-Original-Method $request_method;',
      'proxy_set_header X-Original-URL $scheme://$http_host$request_uri;',
      ...ROOM,
    ]),
    ...pages(plan),
    ...location('/', protectedApp(app, whole)),
    ...(whole ? askedAgain(app) : redirected()),
    '}',
  ];
}

const loginServer = (plan: Plan, { host, origin }: PlannedLogin): string[] => [
  ...comment(WHY_LOGIN),
  'server {',
  ...head([host], origin),
  ...pages(plan),
  ...location('/', ['return 404;']).slice(0, -1),
  '}',
];

/** What every server begins with. */
const head = (names: readonly string[], { scheme, port }: PlannedApp['origin']): string[] => [
  ...(scheme === 'https'
    ? comment('With TLS here: `listen 443 ssl;`, `ssl_certificate` and `ssl_certificate_key`.', '  ')
    : []),
  `  listen ${scheme === 'http' ? (port ?? 80) : 80};`,
  ...wrap(names, '  server_name ', '    ', ';'),
  ...comment("For sessions beside the app's own cookies; of the default server of an address.", '  '),
  '  large_client_header_buffers 8 32k;',
  '  if ($postern_two_hosts) {',
  '    return 400;',
  '  }',
  '',
];

const pages = (plan: Plan): string[] => [
  ...comment("Postern's own pages are not checked.", '  '),
  ...location(`~ ${pagesPattern(plan)}`, [
    'proxy_pass http://postern_pages;',
    ...KEPT_OPEN,
    'proxy_set_header Host $http_host;',
    ...ROOM,
    'proxy_redirect off;',
  ]),
];

const location = (match: string, lines: readonly string[]): string[] => [
  `  location ${match} {`,
  ...lines.map((line) => (line === '' ? '' : `    ${line}`)),
  '  }',
  '',
];

const pagesPattern = (plan: Plan): string =>
  `"^(?:${pagePaths(plan)
    .map((path) => path.replaceAll('.', '\\.'))
    .join('|')})(?:/|$)"`;

const folded = (name: string): string => name.toLowerCase().replaceAll('-', '_');
const variable = (name: string): string => `$postern_header_${folded(name)}`;
const answered = (name: string): string => `$upstream_http_${folded(name)}`;
const directive = (...words: readonly string[]): string[] =>
  wrap(words, '    ', '      ', ';').map((line) => line.slice(4)); // a location indents by as much

function protectedApp(app: PlannedApp, whole: boolean): string[] {
  const { upstream: target, origin } = app;
  const own = new Set(app.headers.map((name) => name.toLowerCase()));
  const dropped = DROPPED_ELSEWHERE.filter((name) => !own.has(name.toLowerCase()));
  const proto = origin.port === undefined ? '$scheme' : origin.scheme;
  return [
    'auth_request /_postern_check;',
    ...(whole
      ? ['error_page 401 403 = @postern_refused;']
      : [
          'auth_request_set $postern_redirect $upstream_http_x_auth_redirect;',
          'error_page 401 = @postern_login;',
        ]),
    ...app.headers.flatMap((name) => directive('auth_request_set', variable(name), answered(name))),
    '',
    `proxy_pass ${target.scheme}://app_${app.id};`,
    ...(target.scheme === 'https'
      ? [
          `proxy_ssl_name ${target.host};`,
          'proxy_ssl_server_name on;',
          'proxy_ssl_verify on;',
          `proxy_ssl_trusted_certificate ${CERTIFICATES};`,
        ]
      : []),
    'proxy_http_version 1.1;',
    'proxy_set_header Host $http_host;',
    'proxy_set_header Upgrade $http_upgrade;',
    'proxy_set_header Connection $postern_connection;',
    'proxy_set_header X-Forwarded-For $remote_addr;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    `proxy_set_header X-Forwarded-Proto ${proto};`,
    ...comment('What the client sent under these names is gone; an empty one is not sent at all.'),
    ...app.headers.flatMap((name) => directive('proxy_set_header', name, variable(name))),
    ...dropped.map((name) => `proxy_set_header ${name} "";`),
    ...comment('Streams and large downloads pass as they come.'),
    'proxy_buffering off;',
    ...ROOM,
    'proxy_read_timeout 1h;',
    'proxy_redirect off;',
  ];
}

/** The refusal as people and scripts shall see it, from the check that answers in full. */
const askedAgain = ({ headers }: PlannedApp): string[] => [
  ...comment(
    '`auth_request` hands on neither a body nor more than one cookie, and a login sets two: what was refused is asked again, for the whole answer.',
    '  ',
  ),
  ...location('@postern_refused', [
    'rewrite ^ /verify? break;',
    'proxy_pass http://postern_check;',
    ...KEPT_OPEN,
    'proxy_method GET;',
    ...NO_BODY,
    'proxy_set_header X-Forwarded-Method $request_method;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_set_header X-Forwarded-Host $http_host;',
    'proxy_set_header X-Forwarded-Uri $request_uri;',
    'proxy_hide_header WWW-Authenticate;',
    'add_header WWW-Authenticate $postern_challenge always;',
    ...comment('Should it be permitted by now, then none of this is for the client.'),
    ...headers.map((name) => `proxy_hide_header ${name};`),
    ...ROOM,
    'proxy_redirect off;',
  ]).slice(0, -1),
];

/** Without that check: a redirect alone. */
const redirected = (): string[] => [
  ...comment(
    '`auth_request` hands on one cookie, and a login sets two: it sets them at the callback, at a second try. With `endpoints: [traefik, nginx]` Postern answers in full, with its pages.',
    '  ',
  ),
  ...location('@postern_login', [
    'if ($postern_redirect = "") {',
    '  return 401;',
    '}',
    'return 302 $postern_redirect;',
  ]).slice(0, -1),
];
