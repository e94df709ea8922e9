import {
  DROPPED_ELSEWHERE,
  type Plan,
  type PlannedApp,
  type PlannedLogin,
  pagePaths,
  WHY_LOGIN,
} from './plan.ts';
import { comment, WIDTH, wrap } from './text.ts';
import { placeholderNote } from './traefik.ts';
import { authority } from './upstream.ts';

/** Caddy lets an absent header read as text, so these two are set only where the answer has them. */
const MAYBE_ABSENT: ReadonlySet<string> = new Set(['Authorization', 'Cookie']);

/** A Caddyfile for Caddy 2.6.2 and newer; caddy/Caddyfile says more about each of its parts. */
export function caddyfile(plan: Plan): string {
  const lines = [
    ...comment('Before the check: pages, and what a client has no say in.'),
    '(postern-before) {',
    ...before(plan),
    '}',
    '',
    ...plan.apps.flatMap((app) => [...site(plan, app), '']),
    ...(plan.login === undefined ? [] : [...loginSite(plan.login), '']),
  ];
  return `${lines.slice(0, -1).join('\n')}\n`;
}

function before(plan: Plan): string[] {
  return [
    '\t@postern_pages {',
    ...pagePaths(plan).map((path) => `\t\tpath ${path} ${path}/*`),
    '\t}',
    '\thandle @postern_pages {',
    `\t\treverse_proxy ${authority(plan.pages)}`,
    '\t}',
    '',
    ...DROPPED_ELSEWHERE.map((name) => `\trequest_header -${name}`),
    '',
    ...comment(
      "Caddy drops what the client's `Connection` names, after the check: the gateway's words too.",
      '\t',
    ),
    '\t@upgrade header_regexp Connection (?i)\\bupgrade\\b',
    '\trequest_header @upgrade Connection Upgrade',
    '\t@no_upgrade not header_regexp Connection (?i)\\bupgrade\\b',
    '\trequest_header @no_upgrade -Connection',
  ];
}

function site(plan: Plan, app: PlannedApp): string[] {
  const { upstream } = app;
  const target = `${upstream.scheme === 'https' ? 'https://' : ''}${authority(upstream)}`;
  return [
    ...(app.wildcards.length > 0 && app.origin.scheme === 'https'
      ? comment('For a wildcard host Caddy needs a certificate by DNS challenge, or one of yours (`tls`).')
      : []),
    ...wrap(addresses(app), '', '', ' {'),
    ...comment('`route` keeps this order; what is to be protected stands in here, below the check.', '\t'),
    '\troute {',
    '\t\timport postern-before',
    ...check(plan, app).map((line) => (line === '' ? '' : `\t\t${line}`)),
    ...(upstream.placeholder ? comment(placeholderNote(app.name), '\t\t') : []),
    `\t\treverse_proxy ${target}`,
    '\t}',
    '}',
  ];
}

const loginSite = ({ host, origin }: PlannedLogin): string[] => [
  ...comment(WHY_LOGIN),
  `${siteAddress(host, origin)} {`,
  '\troute {',
  '\t\timport postern-before',
  '\t\trespond 404',
  '\t}',
  '}',
];

/** With a comma behind all but the last, so that they may stand in several lines. */
function addresses({ exact, wildcards, origin }: PlannedApp): string[] {
  const all = [...exact, ...wildcards.map((rest) => `*.${rest}`)].map((host) => siteAddress(host, origin));
  return all.map((address, at) => (at === all.length - 1 ? address : `${address},`));
}

function siteAddress(host: string, { scheme, port }: PlannedApp['origin']): string {
  const usual = port === undefined || port === { http: 80, https: 443 }[scheme];
  return `${scheme === 'http' ? 'http://' : ''}${host}${usual ? '' : `:${port}`}`;
}

/** A backslash goes on in the next line. The whole stands two levels deeper than it is written here. */
function broken(indent: string, line: string): string[] {
  if (indent.length + 2 + line.length <= WIDTH) return [`${indent}${line}`];
  const at = line.lastIndexOf(' ');
  return [`${indent}${line.slice(0, at)} \\`, `${indent}\t${line.slice(at + 1)}`];
}

function check(plan: Plan, { headers }: PlannedApp): string[] {
  const answered = (name: string): string => `{http.reverse_proxy.header.${name}}`;
  const always = headers.filter((name) => !MAYBE_ABSENT.has(name));
  const maybe = headers.filter((name) => MAYBE_ABSENT.has(name));
  return [
    '',
    ...comment('`forward_auth`, written out: its `copy_headers` cannot say "absent means removed".'),
    `reverse_proxy ${authority(plan.check)} {`,
    '\tmethod GET',
    ...comment(
      "The `?` keeps the client's query, an authorization code at times, out of this address.",
      '\t',
    ),
    '\trewrite /verify?',
    '\theader_up X-Forwarded-Method {method}',
    '\theader_up X-Forwarded-Uri {uri}',
    '',
    '\t@permitted status 2xx',
    '\thandle_response @permitted {',
    '\t\troute {',
    ...maybe.map((name) => `\t\t\trequest_header -${name}`),
    ...always.flatMap((name) => broken('\t\t\t', `request_header ${name} ${answered(name)}`)),
    ...comment('Absent when there is nothing to send: "<nil>" in 2.6, "" later.', '\t\t\t'),
    ...maybe.flatMap((name) => [
      `\t\t\t@${name.toLowerCase()} not vars ${answered(name)} "" "<nil>"`,
      `\t\t\trequest_header @${name.toLowerCase()} ${name} ${answered(name)}`,
    ]),
    '\t\t}',
    '\t}',
    '}',
    '',
  ];
}
