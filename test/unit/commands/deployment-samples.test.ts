import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { runProxy } from './_proxy.ts';

// The samples in traefik/ as far as they can be held to anything without Docker and a cluster.

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const documents = (text: string) =>
  parseAllDocuments(text).map((document) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    return document.toJS();
  });

/** Ports that the image names: checks and pages. */
const exposed = (/^EXPOSE (.*)$/m.exec(read('Dockerfile'))?.[1] ?? '').split(' ').map(Number);

test('the image names the ports of both listeners', () => {
  expect(exposed).toEqual([4180, 4182]);
});

describe('traefik/docker-compose.yaml', () => {
  const [compose] = documents(read('traefik/docker-compose.yaml'));
  const { services, networks, configs } = compose;

  test('has the labels that the command prints for its rules', async () => {
    const env = { ...services.postern.environment, POSTERN_RULES: 'rules' };
    const rules = [configs.rules.content];
    const asked = { env, rules, upstreams: ['shop=http://shop:80'] };
    const { code, out, err } = await runProxy('traefik-labels', asked);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const printed = parse(out).services;
    for (const name of ['postern', 'shop']) expect(services[name].labels).toEqual(printed[name].labels);
  });

  test('listens where the image says, and lets nobody but Traefik ask', () => {
    const { environment, networks: own, ports } = services.postern;
    expect(environment).toMatchObject({ POSTERN_LISTEN: ':4180', POSTERN_PAGES_LISTEN: ':4182' });
    expect(ports).toBeUndefined();
    const neighbours = Object.entries<{ networks: string[] | object }>(services).filter(([, service]) =>
      own.some((network: string) => namesOf(service.networks).includes(network)),
    );
    expect(neighbours.map(([name]) => name)).toEqual(['traefik', 'postern']);
  });

  test('names only networks and configs that it has', () => {
    for (const service of Object.values<{ networks: object; configs?: { source: string }[] }>(services)) {
      expect(Object.keys(networks)).toEqual(expect.arrayContaining(namesOf(service.networks)));
      for (const { source } of service.configs ?? []) expect(Object.keys(configs)).toContain(source);
    }
  });

  test('starts Traefik as traefik/traefik.yaml does', () => {
    const { http } = parse(read('traefik/traefik.yaml')).entryPoints.web;
    const flags = Object.entries<boolean>(http.encodedCharacters).map(
      ([name, value]) => `--entryPoints.web.http.encodedCharacters.${name}=${value}`,
    );
    flags.push(`--entryPoints.web.http.underscoreHeadersStrategy=${http.underscoreHeadersStrategy}`);
    expect(services.traefik.command).toEqual(expect.arrayContaining(flags));
  });

  test('has a provider that knows the client, the audience and the scopes of the rules', () => {
    const { environment } = services.postern;
    const rules = parse(configs.rules.content);
    const realm = JSON.parse(configs.realm.content);
    expect(environment.POSTERN_PROVIDER_ISSUER).toMatch(new RegExp(`/realms/${realm.realm}$`));
    const [client] = realm.clients;
    expect(client).toMatchObject({
      clientId: environment.POSTERN_PROVIDER_CLIENT_ID,
      secret: environment.POSTERN_PROVIDER_CLIENT_SECRET,
      redirectUris: [`http://${rules.hosts[0]}:8080/_auth/callback`],
    });
    expect(configs.realm.content).toContain(`"${rules.audience}"`);
    for (const scope of ['profile', 'email', 'orders:read', 'stock:write']) {
      expect(client.optionalClientScopes).toContain(scope);
      expect(realm.clientScopes.map(({ name }: { name: string }) => name)).toContain(scope);
    }
  });
});

describe('traefik/kubernetes', () => {
  const all = documents(read('traefik/kubernetes/postern.yaml'));
  const of = (kind: string, name = 'postern') =>
    all.find((one) => one.kind === kind && one.metadata.name === name);
  const { template } = of('Deployment').spec;
  const [container] = template.spec.containers;

  test('traefik.yaml is what the command prints for its rules', async () => {
    const file = of('ConfigMap')
      .data['postern.yaml'].replaceAll('/run/secrets/postern/', './')
      .replaceAll('/etc/postern/rules', './rules');
    const rules = Object.values<string>(of('ConfigMap', 'postern-rules').data);
    const asked = { file, rules, gateway: 'postern.postern', upstreams: ['shop=http://shop:80'] };
    const { code, out, err } = await runProxy('traefik-crd', asked);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(documents(read('traefik/kubernetes/traefik.yaml'))).toEqual(documents(out));
  });

  test('its ports are those of the image, from the container to the service', () => {
    const named = container.ports.map(({ name, containerPort }: Port) => [name, containerPort]);
    expect(named).toEqual([
      ['check', 4180],
      ['pages', 4182],
    ]);
    const { ports, selector } = of('Service').spec;
    expect(ports.map(({ name, port, targetPort }: Port) => [name, port, targetPort])).toEqual([
      ['check', 4180, 'check'],
      ['pages', 4182, 'pages'],
    ]);
    expect(template.metadata.labels).toMatchObject(selector);
    expect(of('NetworkPolicy').spec.ingress[0].ports).toEqual([{ port: 'check' }, { port: 'pages' }]);
  });

  test('its probes ask what the check listener answers', () => {
    expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'check' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'check' });
    const listener = read('src/http/check-listener.ts');
    for (const path of ['/readyz', '/healthz']) expect(listener).toContain(`'${path}'`);
  });

  test('it runs as nobody in particular, and writes nowhere', () => {
    expect(template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(container.resources).toMatchObject({ requests: expect.anything(), limits: expect.anything() });
  });

  test('its volumes and secrets lead where the configuration looks', () => {
    const paths = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    const text: string = of('ConfigMap').data['postern.yaml'];
    for (const [, path] of text.matchAll(/(?:file|rules): (\/\S+)/g))
      expect(paths.some((mount: string) => `${path}/`.startsWith(`${mount}/`))).toBe(true);
    const volumes = template.spec.volumes.map(({ name }: { name: string }) => name);
    for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
    expect(container.env).toContainEqual({ name: 'POSTERN_CONFIG', value: '/etc/postern/postern.yaml' });
  });
});

interface Port {
  readonly name: string;
  readonly port: number;
  readonly containerPort: number;
  readonly targetPort: string;
}

const namesOf = (networks: readonly string[] | object): string[] =>
  Array.isArray(networks) ? networks : Object.keys(networks);
