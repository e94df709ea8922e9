import type { ApplicationFile, Written } from './application-file.ts';
import type { Finding } from './finding.ts';
import type { ImportedApp } from './import.ts';

/** What concerns all apps: a sketch of postern.yaml, and what has no equivalent. */
export function wholeFile(
  written: ApplicationFile,
  /** Those that a rules file was made of. */
  apps: readonly ImportedApp[],
  clients: ReadonlyMap<string, string>,
): { readonly configuration: string; readonly findings: readonly Finding[] } {
  return {
    configuration: sketch(written, apps, clients),
    findings: [...ofTheFile(written), ...ofTheDefault(written), ...apps.flatMap(ofTheApp)],
  };
}

const finding = (
  level: Finding['level'],
  app: string | undefined,
  key: string,
  line: number,
  message: string,
  wayOut?: string,
): Finding => ({ level, app, key, line, message, wayOut });

function ofTheFile({ endpoints, nonceMaxAge, unread, doubts }: ApplicationFile): readonly Finding[] {
  const [first] = endpoints;
  return [
    ...(first === undefined
      ? []
      : [
          finding(
            'dropped',
            undefined,
            endpoints.map(({ value }) => value).join(', '),
            first.line,
            'not needed: the provider’s discovery document names its endpoints',
          ),
        ]),
    ...(nonceMaxAge === undefined
      ? []
      : [
          finding(
            'dropped',
            undefined,
            'nonce-max-age',
            nonceMaxAge.line,
            'every login has ten minutes, and each tab has its own',
          ),
        ]),
    ...unread.map(({ value, line }) =>
      finding('dropped', undefined, value, line, 'a setting of the framework, or unknown: not read'),
    ),
    ...doubts.map(({ message, wayOut, line }) =>
      finding('changed', undefined, 'YAML', line, message, wayOut),
    ),
    finding(
      'changed',
      undefined,
      'all methods',
      1,
      'TRACE, PROPFIND and every other method that no list names was open to everybody; here they are denied',
      'if one is used, name it in the rules file: `PROPFIND: [scope]`',
    ),
    finding(
      'changed',
      undefined,
      'addresses',
      1,
      '/signin, /signout, /userinfo and /authorize are gone; an app’s own /_auth/login, /_auth/logout and /_auth/me take their place',
      'change links to them, and the proxy: see postern proxy',
    ),
    finding(
      'changed',
      undefined,
      'scripts',
      1,
      'a script that calls without a login gets 401 with `login_url`; there it was 403',
    ),
    finding(
      'changed',
      undefined,
      'Basic authorization',
      1,
      'a client id and secret in `Authorization: Basic` get a token only where the app says so, and never for a page load',
      'write `credentials: [session, bearer, basic]` into the rules of an app whose machines bring them',
    ),
  ];
}

function ofTheDefault({ fallback }: ApplicationFile): readonly Finding[] {
  if (fallback === undefined) return [];
  return [
    finding(
      'changed',
      undefined,
      'default',
      fallback.line,
      'every host that no app names, and every `host:port`, used the default app; here an unknown host is denied (403)',
      'add further hosts to a rules file: `hosts: [a.example.com, "*.example.com"]`',
    ),
  ];
}

function ofTheApp({ host, own }: ImportedApp): readonly Finding[] {
  const of = (
    key: string,
    at: Written<unknown> | undefined,
    message: string,
    wayOut?: string,
    level: Finding['level'] = 'dropped',
  ): readonly Finding[] => (at === undefined ? [] : [finding(level, host, key, at.line, message, wayOut)]);
  return [
    ...of(
      'client-secret',
      own.clientSecret,
      'not copied: a secret belongs into a file of its own, never into rules',
      'let `clientSecrets` of the provider name that file',
    ),
    ...of(
      'token-cookie-domain',
      own.tokenCookieDomain,
      'a session belongs to one host: no cookie is shared with neighbours, and no app sees a token in one',
      'nothing to do: on the next host people are signed in by the provider, without a login page',
    ),
    ...of(
      'redirect-uri',
      own.redirectUri,
      'every host has its own callback; the old address, and all that began with it, is public no more',
      'allow https://HOST/_auth/callback at Auth0 (Allowed Callback URLs), for every host',
      'changed',
    ),
    ...of(
      'return-to',
      own.returnTo,
      'where people end after signing out is a key of the provider',
      'write it as `postLogoutRedirectUri`, or allow https://HOST/_auth/logged-out at Auth0 (Allowed Logout URLs), for every host',
      'changed',
    ),
    ...of(
      'required-permissions',
      own.requiredPermissions,
      'they are scopes now, all of them needed in every path: asked for at login, and read from `scope` of the access token, where Auth0 puts those that a person holds (RBAC on)',
      'to read the claim `permissions` as before, write `tokens: { scopeClaim: permissions }` for the provider',
      'changed',
    ),
    ...own.unread.map(({ value, line }) =>
      finding('dropped', host, value, line, 'no key of ForwardAuth: not read'),
    ),
  ];
}

function sketch(
  { domain }: ApplicationFile,
  apps: readonly ImportedApp[],
  clients: ReadonlyMap<string, string>,
): string {
  const issuer =
    domain === undefined || !URL.canParse(domain.value) ? undefined : domain.value.replace(/\/*$/, '/');
  const providers = new Map(apps.map(({ own }) => [own.clientId?.value ?? '', own]));
  const lines = [...providers].flatMap(([id, own]) => {
    const name = clients.get(id);
    const indent = name === undefined ? '  ' : '    ';
    const secret = name === undefined ? 'client-secret' : `client-secret-${name}`;
    return [
      ...(name === undefined ? [] : [`  ${name}:`]),
      `${indent}kind: auth0`,
      `${indent}issuer: ${JSON.stringify(issuer ?? 'https://TENANT.eu.auth0.com/')}`,
      `${indent}clientId: ${JSON.stringify(id === '' || /[\s$<>]/.test(id) ? 'CLIENT-ID' : id)}`,
      ...(own.clientSecret === undefined
        ? []
        : [`${indent}clientSecrets: [{ file: /run/secrets/${secret} }]`]),
    ];
  });
  return `${[
    clients.size > 1 ? 'providers:' : 'provider:',
    ...lines,
    'session:',
    '  secrets: [{ file: /run/secrets/session }]   # a new one: openssl rand -base64 32',
    'rules: ./rules',
  ].join('\n')}\n`;
}
