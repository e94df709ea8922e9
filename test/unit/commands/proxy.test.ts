import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { configuredNames } from '../../../src/outcome/permit.ts';
import { redirect } from '../../../src/outcome/reply.ts';
import { pageHeaders } from '../../../src/pages/render.ts';
import { shopApp } from '../../support/requests.ts';
import { type Asked, OPS, runProxy, SHOP } from './_proxy.ts';

const ROOT = join(import.meta.dirname, '../../..');
const KINDS = ['traefik-labels', 'traefik-file', 'traefik-crd', 'caddy', 'nginx', 'envoy'];

/** The printed text of a run without findings. */
async function printed(kind: string, asked?: Asked): Promise<string> {
  const { code, out, err } = await runProxy(kind, asked);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}
const documents = (text: string) =>
  parseAllDocuments(text).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS();
  });

const manyHosts = Array.from({ length: 30 }, (_, i) => `host-number-${i}.of-a-long-domain.example.com`);
const MANY = `
app: many
hosts: [${manyHosts.join(', ')}, "*.example.org"]
audience: a
headers: { X-Forwarded-Preferred-Username: preferred_username, X-Forwarded-Family-Name: family_name }
rules: { /**: authenticated }
`;

describe.each(KINDS)('%s', (kind) => {
  test('fits into 100 columns, however many hosts there are', async () => {
    const text = await printed(kind, { rules: [SHOP, OPS, MANY] });
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([]);
    expect(text).toMatch(/[^\n]\n$/);
    expect(text).not.toMatch(/[ \t]\n|\n{3}/);
  });

  test('names every host, and every header that a permit sets', async () => {
    const text = await printed(kind, { rules: [SHOP, OPS] });
    for (const host of ['shop.example.com', 'ops.example.com']) expect(text).toContain(host);
    for (const name of configuredNames(shopApp('headers: { X-Forwarded-Email: email }')))
      expect(text.toLowerCase()).toContain(name);
  });

  test('says where the app belongs, until that is told', async () => {
    const note = '--upstream shop=http://host:port';
    // Without a port, Traefik takes the one of the container.
    if (kind !== 'traefik-labels') expect(await printed(kind)).toContain(note);
    const told = await printed(kind, { upstreams: ['shop=http://store:3000'] });
    expect(told).not.toContain(note);
    expect(told).toMatch(/store/);
    expect(told).toMatch(/3000/);
  });

  test('has the same as JSON', async () => {
    const { code, out } = await runProxy(kind, { json: true, gateway: 'gate' });
    const answer = JSON.parse(out);
    expect(code).toBe(0);
    expect(answer).toMatchObject({
      ok: true,
      proxy: kind,
      check: { host: 'gate', port: 4180 },
      pages: { host: 'gate', port: 4182 },
      basePath: '/_auth',
      headers: expect.arrayContaining(['Authorization', 'Cookie', 'X-Auth-Scopes', 'X-Forwarded-Email']),
      findings: [],
    });
    const text = await printed(kind, { gateway: 'gate' });
    if (typeof answer.config === 'string') expect(text).toContain(answer.config);
    else expect([answer.config].flat()).toEqual(documents(text));
  });

  test('leads to the base path', async () => {
    const config = 'endpoints: [traefik, nginx, envoy]\nbasePath: /gate.way/auth';
    const text = await printed(kind, { config });
    expect(text.replaceAll('\\.', '.')).toContain('/gate.way/auth');
    expect(text).not.toContain('/_auth');
  });

  test('warns when nobody would answer its checks, with the line to add', async () => {
    const endpoint = kind === 'nginx' || kind === 'envoy' ? kind : 'traefik';
    const others = endpoint === 'traefik' ? 'nginx' : 'traefik';
    const { code, out, err } = await runProxy(kind, { config: `endpoints: [${others}]` });
    expect(code).toBe(1);
    expect(err).toContain(`endpoints: [${others}, ${endpoint}]`);
    expect(out).toContain('shop.example.com');
  });
});

describe('Traefik', () => {
  const file = async (asked?: Asked) => parse(await printed('traefik-file', asked)).http;

  test('is told the same as by traefik/dynamic.yaml', async () => {
    const app = (name: string) =>
      `app: ${name}\nhosts: [${name}.localhost]\naudience: a\nrules: { /: authenticated }\n`;
    const upstreams = ['shop=http://127.0.0.1:9001', 'ops=http://127.0.0.1:9002'];
    const sample = parse(readFileSync(join(ROOT, 'traefik/dynamic.yaml'), 'utf8')).http;
    expect(await file({ rules: [app('shop'), app('ops')], upstreams })).toEqual(sample);
  });

  test('is told the same by file, labels and custom resources', async () => {
    const asked = { rules: [SHOP, OPS], gateway: 'postern', upstreams: ['shop=http://shop:3000'] };
    const { middlewares, routers } = await file(asked);
    const resources = documents(await printed('traefik-crd', asked));
    expect(resources.filter(({ kind }) => kind === 'Middleware').map(({ spec }) => spec)).toEqual(
      Object.values(middlewares),
    );
    const routes = resources.flatMap(({ spec }) => spec.routes ?? []);
    expect(routes.map(({ match, priority }) => [match, priority])).toEqual(
      Object.values<{ rule: string; priority?: number }>(routers).map(({ rule, priority }) => [
        rule,
        priority,
      ]),
    );
    const { services } = parse(await printed('traefik-labels', asked));
    const labels: string[] = Object.values<{ labels: string[] }>(services).flatMap((one) => one.labels);
    // Compose takes a single `$` for a variable.
    for (const [name, { rule }] of Object.entries<{ rule: string }>(routers))
      expect(labels).toContain(`traefik.http.routers.${name}.rule=${rule.replaceAll('$', '$$$$')}`);
    const { address, authResponseHeaders } = middlewares.postern.forwardAuth;
    const start = 'traefik.http.middlewares.postern.forwardauth';
    expect(labels).toContain(`${start}.address=${address}`);
    expect(labels).toContain(`${start}.authresponseheaders=${authResponseHeaders.join(', ')}`);
    expect(labels).toContain('traefik.http.services.shop.loadbalancer.server.port=3000');
  });

  test('lets an exact host win against a wildcard of another app, and the pages against all', async () => {
    const { routers } = await file({ rules: [SHOP, OPS.replace('ops.example', 'a.shop.example')] });
    expect(routers).toMatchObject({
      shop: { rule: 'Host(`shop.example.com`)' },
      'shop-wildcard': { rule: 'HostRegexp(`^[^.]+\\.shop\\.example\\.com\\.?$`)', priority: 1 },
      ops: { rule: 'Host(`a.shop.example.com`)' },
      'postern-pages': { priority: 10000, service: 'postern-pages' },
    });
    expect(routers.ops.priority).toBeUndefined();
    expect(routers['postern-pages'].rule).toBe(
      '(Host(`shop.example.com`) || Host(`a.shop.example.com`) || HostRegexp(`^[^.]+\\.shop\\.example\\.com\\.?$`)) && (PathPrefix(`/_auth`) || PathPrefix(`/.well-known/oauth-protected-resource`))',
    );
  });

  test('gets names that no other takes', async () => {
    const named = (name: string, at: number) =>
      `app: ${name}\nhosts: [${at}.example.com]\naudience: a\nrules: { /: authenticated }\n`;
    const names = ['postern-pages', 'postern', 'My.App', 'my-app', 'x_'];
    const { services } = await file({ rules: names.map(named) });
    expect(Object.keys(services)).toEqual([
      ...['app-postern-pages', 'app-postern', 'my-app', 'app-my-app', 'x', 'postern-pages'],
    ]);
  });
});

describe('the login host of the central shape', () => {
  const ENDPOINTS = 'endpoints: [traefik, nginx, envoy]';
  const CENTRAL = { rules: [SHOP, OPS], config: `${ENDPOINTS}\nloginUrl: https://login.example.org` };

  test('has the pages of the gateway in Traefik, and no app', async () => {
    const { routers } = parse(await printed('traefik-file', CENTRAL)).http;
    const hosts = [...routers['postern-pages'].rule.matchAll(/Host\(`([^`]+)`\)/g)].map(([, host]) => host);
    expect(hosts).toEqual(['shop.example.com', 'ops.example.com', 'login.example.org']);
    expect(Object.keys(routers)).toEqual(['shop', 'shop-wildcard', 'ops', 'postern-pages']);
    for (const name of ['shop', 'shop-wildcard', 'ops'])
      expect(routers[name].rule).not.toContain('login.example.org');
    for (const kind of ['traefik-labels', 'traefik-crd']) {
      const text = (await printed(kind, CENTRAL)).replaceAll(/\s+/g, '');
      expect(text.match(/Host\(`login\.example\.org`\)/g)).toHaveLength(1);
    }
  });

  test('is a site of its own in Caddy: pages, else 404', async () => {
    const [, site = ''] = (await printed('caddy', CENTRAL)).split('\nlogin.example.org {\n');
    expect(site).toBe('\troute {\n\t\timport postern-before\n\t\trespond 404\n\t}\n}\n');
  });

  test('is a server of its own in nginx: pages, else 404', async () => {
    const [, server = ''] = (await printed('nginx', CENTRAL)).split('server_name login.example.org;');
    expect(server).toContain('location ~ "^(?:/_auth|/\\.well-known/oauth-protected-resource)(?:/|$)" {');
    expect(server).toContain('if ($postern_two_hosts) {');
    expect(server).toMatch(/location \/ \{\n {4}return 404;\n {2}\}\n\}\n$/);
    expect(server.match(/proxy_pass [^;]*/g)).toEqual(['proxy_pass http://postern_pages']);
  });

  test('is a virtual host of its own in Envoy: all but the pages is checked, and so refused', async () => {
    const text = await printed('envoy', CENTRAL);
    const [{ filters }] = parse(text).static_resources.listeners[0].filter_chains;
    const { virtual_hosts } = filters[0].typed_config.route_config;
    const login = virtual_hosts.at(-1);
    expect(login).toMatchObject({ name: 'postern-login', domains: ['login.example.org'] });
    expect(login.routes).toEqual(virtual_hosts[0].routes.slice(0, 2));
  });

  test.each<[url: string, caddy: string, nginx: string]>([
    ['https://login.example.org:8443', 'login.example.org:8443 {', '  listen 80;'],
    ['http://login.localhost:8080', 'http://login.localhost:8080 {', '  listen 8080;'],
  ])('%s is served there', async (url, caddy, nginx) => {
    const asked = { config: `${ENDPOINTS}\nloginUrl: ${url}` };
    expect((await printed('caddy', asked)).split('\n')).toContain(caddy);
    expect((await printed('nginx', asked)).split('\n')).toContain(nginx);
  });

  test.each(KINDS)(
    '%s needs nothing more for a host that an app has, by name or by wildcard',
    async (kind) => {
      const without = await printed(kind, { rules: [SHOP, OPS] });
      for (const host of ['ops.example.com', 'login.shop.example.com']) {
        const config = `${ENDPOINTS}\nloginUrl: https://${host}`;
        expect(await printed(kind, { rules: [SHOP, OPS], config })).toBe(without);
      }
    },
  );

  test('is in the JSON', async () => {
    const { out } = await runProxy('caddy', { ...CENTRAL, json: true });
    expect(JSON.parse(out).login).toEqual({
      host: 'login.example.org',
      origin: { scheme: 'https', port: 443 },
    });
  });
});

describe('where the gateway is', () => {
  const ADDRESSES = 'endpoints: [traefik]\ntrustedProxies: [private]\n';
  test.each<[kind: string, config: string, gateway: string | undefined, address: string]>([
    ['traefik-file', '', undefined, '127.0.0.1:4180'],
    ['traefik-file', 'listen: "[::1]:4190"', undefined, '[::1]:4190'],
    ['traefik-file', 'listen: 10.1.2.3:4180', undefined, '10.1.2.3:4180'],
    ['traefik-file', 'listen: ":4180"', undefined, 'postern:4180'],
    ['traefik-file', 'listen: 0.0.0.0:4180', undefined, 'postern:4180'],
    ['traefik-file', 'listen: "[::]:4180"', 'gate.internal', 'gate.internal:4180'],
    ['traefik-file', '', '::1', '[::1]:4180'],
    // A container's loopback is its own.
    ['traefik-labels', '', undefined, 'postern:4180'],
    ['traefik-crd', '', undefined, 'postern.default:4180'],
    ['traefik-crd', '', 'gate.auth.svc', 'gate.auth.svc:4180'],
    ['caddy', 'listen: ":4180"', undefined, 'postern:4180'],
  ])('%s with "%s" and --gateway %s: %s', async (kind, config, gateway, address) => {
    const asked = { config: `${ADDRESSES}${config}`, ...(gateway === undefined ? {} : { gateway }) };
    expect(await printed(kind, asked)).toMatch(
      new RegExp(`(?:http://|reverse_proxy )${address.replaceAll(/[[\].]/g, '\\$&')}(?:/| )`),
    );
  });
});

describe('Caddy', () => {
  test.each<[config: string, hosts: string, address: string]>([
    ['', 'shop.example.com', 'shop.example.com {'],
    ['', 'shop.localhost', 'http://shop.localhost {'],
    ['public: { scheme: https, port: 8443 }', 'shop.example.com', 'shop.example.com:8443 {'],
    ['public: { scheme: http, port: 8080 }\ninsecureHttp: true', 'a.test', 'http://a.test:8080 {'],
    ['', 'a.test, "*.a.test"', 'a.test, *.a.test {'],
  ])('%s: %s is served at %s', async (config, hosts, address) => {
    const rules = [SHOP.replace(/hosts: .*/, `hosts: [${hosts}]`)];
    const text = await printed('caddy', { rules, config: `endpoints: [traefik]\n${config}` });
    expect(text.split('\n')).toContain(address);
  });
});

describe('nginx', () => {
  test.each<[line: string]>([
    ['auth_request /_postern_check;'],
    ['proxy_pass http://postern_check/verify/nginx;'],
    ['proxy_pass_request_body off;'],
    ['proxy_set_header Content-Length "";'],
    ['proxy_set_header X-Original-Method $request_method;'],
    ['proxy_set_header X-Original-URL $scheme://$http_host$request_uri;'],
    ['auth_request_set $postern_header_authorization $upstream_http_authorization;'],
    ['proxy_set_header Authorization $postern_header_authorization;'],
    ['proxy_set_header Cookie $postern_header_cookie;'],
    ['proxy_set_header X-Forwarded-Email $postern_header_x_forwarded_email;'],
    ['proxy_set_header Upgrade $http_upgrade;'],
    ['server_name shop.example.com ~^[^.]+\\.shop\\.example\\.com$;'],
    ['error_page 401 403 = @postern_refused;'],
    ['if ($postern_two_hosts) {'],
  ])('%s', async (line) => {
    expect((await printed('nginx')).split('\n').map((one) => one.trim())).toContain(line);
  });

  test('hands no token to the client when the second answer is a permit', async () => {
    const [, refused = ''] = (await printed('nginx')).split('location @postern_refused');
    for (const name of ['Authorization', 'Cookie', 'X-Auth-Subject', 'X-Forwarded-Email'])
      expect(refused).toContain(`proxy_hide_header ${name};`);
  });

  test('redirects by X-Auth-Redirect where its own check is the only one', async () => {
    const text = await printed('nginx', { config: 'endpoints: [nginx]' });
    expect(text).toContain('auth_request_set $postern_redirect $upstream_http_x_auth_redirect;');
    expect(text).toContain('error_page 401 = @postern_login;');
    expect(text).toContain('return 302 $postern_redirect;');
    expect(text).not.toContain('/verify?');
  });

  test('takes over no header that the client sent, nor drops one of the map', async () => {
    const rules = [SHOP.replace('X-Forwarded-Email', 'X-Method-Override')];
    const text = await printed('nginx', { rules });
    expect(text.match(/proxy_set_header X-Method-Override .*/g)).toEqual([
      'proxy_set_header X-Method-Override $postern_header_x_method_override;',
    ]);
  });
});

describe('Envoy', () => {
  const filters = async (asked?: Asked) => {
    const text = await printed('envoy', asked);
    const [{ filters: list }] = parse(text).static_resources.listeners[0].filter_chains;
    return list[0].typed_config;
  };

  test('passes to the check what it reads, and to the client what a refusal says', async () => {
    const { http_filters } = await filters();
    const { allowed_headers, http_service } = http_filters[0].typed_config;
    const exact = (list: { patterns: { exact?: string }[] }) => list.patterns.map((one) => one.exact);
    const source = readFileSync(join(ROOT, 'src/forwarded/raw-headers.ts'), 'utf8');
    const [, fields = ''] = /FIELDS[^{]*\{([^}]*)\}/.exec(source) ?? [];
    const read = [
      'cookie',
      'authorization',
      ...[...fields.matchAll(/([a-z-]+)'?: '/g)].map(([, name]) => name),
    ];
    expect(read.length).toBeGreaterThan(10);
    expect(exact(allowed_headers)).toEqual(expect.arrayContaining(read));
    const told = [...pageHeaders({}, false), ...redirect(302, 'login-started', 'https://id', ['a=1']).headers]
      .map(([name]) => name.toLowerCase())
      .filter((name) => name !== 'content-length');
    const { allowed_client_headers, allowed_upstream_headers } = http_service.authorization_response;
    expect(exact(allowed_client_headers)).toEqual(
      expect.arrayContaining([...told, 'www-authenticate', 'retry-after', 'vary', 'allow']),
    );
    expect(exact(allowed_upstream_headers)).toContain('x-forwarded-email');
    expect(http_service.path_prefix).toBe('/verify/envoy');
  });

  test('checks everything but the pages', async () => {
    const { route_config } = await filters({ rules: [SHOP, OPS] });
    for (const { routes } of route_config.virtual_hosts) {
      const unchecked = routes.filter(
        (one: { typed_per_filter_config?: object }) => one.typed_per_filter_config,
      );
      expect(unchecked.map((one: { match: object }) => one.match)).toEqual([
        { path_separated_prefix: '/_auth' },
        { path_separated_prefix: '/.well-known/oauth-protected-resource' },
      ]);
      expect(routes.at(-1).match).toEqual({ prefix: '/' });
    }
  });
});

describe('misuse', () => {
  test.each<[words: string, asked: Asked, says: string]>([
    ['', {}, 'traefik-labels|traefik-file|traefik-crd|caddy|nginx|envoy'],
    ['haproxy', {}, 'write one of'],
    ['toString', {}, 'write one of'],
    ['nginx caddy', {}, 'write one of'],
    ['nginx', { gateway: 'http://postern:4180' }, 'is no host'],
    ['nginx', { gateway: 'a b' }, 'is no host'],
    ['nginx', { upstreams: ['shop'] }, 'not of the form app=url'],
    ['nginx', { upstreams: ['shop=ftp://x'] }, 'is no URL'],
    ['nginx', { upstreams: ['shop=http://x/path'] }, 'scheme, host and port only'],
    ['nginx', { upstreams: ['shop=http://u:p@x'] }, 'scheme, host and port only'],
    ['nginx', { upstreams: ['shop=http://x;y'] }, 'is no URL'],
    ['nginx', { upstreams: ['shop=http://x', 'shop=http://y'] }, 'twice'],
    ['nginx', { upstreams: ['shp=http://x'] }, 'the apps are shop'],
  ])('%s %j', async (words, asked, says) => {
    const { code, out, err } = await runProxy(words, asked);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
  });
});

describe('findings', () => {
  test.each<[kind: string, asked: Asked, way: string]>([
    ['traefik-file', { config: 'listen: 127.0.0.1:0' }, 'listen: 127.0.0.1:4180'],
    ['traefik-file', { rules: [SHOP.replace('X-Forwarded-Email', 'X`Mail$')] }, 'headers: { X-Mail-: … }'],
    [
      'traefik-crd',
      { upstreams: ['shop=http://10.0.0.1:80'] },
      '--upstream shop=http://service.namespace:80',
    ],
  ])('%s %j', async (kind, asked, way) => {
    const { code, out, err } = await runProxy(kind, asked);
    expect(code).toBe(1);
    expect(err).toContain(way);
    expect(out).not.toContain('`Mail$');
    const json = await runProxy(kind, { ...asked, json: true });
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, findings: [{ wayOut: way }] });
  });

  test('problems of the rules are reported as `check` reports them', async () => {
    const rules = ['app: shop\nhosts: [a.test]\nrules: { /: publik }\n'];
    const { code, out, err } = await runProxy('caddy', { rules });
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('publik');
    const json = await runProxy('caddy', { rules, json: true });
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ line: 3 }] });
  });
});
