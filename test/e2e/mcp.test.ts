import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { decodeJwt } from 'jose';
import { closeNow, freePort, listen, originOf } from '../../demo/listener.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { type RunningProxy, startProxy } from '../../demo/proxy.ts';
import { type GatewayProcess, startGatewayProcess } from '../support/e2e-gateway.ts';
import { makeRulesFolder, type RulesFolder } from '../support/rules-folder.ts';
import { CLIENT_SECRET, SESSION_SECRET } from '../support/world.ts';

// The official MCP client, which is told the address of the server and nothing else.

const SIGNED_OUT = 'http://127.0.0.1:9/signed-in';
let resource: string;
let op: RunningProvider;
let upstream: Server;
let rules: RulesFolder;
let gateway: GatewayProcess;
let proxy: RunningProxy;
/** What the server was told of each caller. */
const seen: IncomingMessage['headers'][] = [];

/** A server with one tool for reading and one for writing, each at a path of its own. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  seen.push(request.headers);
  const server = new McpServer({ name: 'orders', version: '1.0.0' });
  server.registerTool('whoami', { description: 'Who is asking.' }, async () => ({
    content: [{ type: 'text', text: String(request.headers['x-auth-subject']) }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined as never });
  response.on('close', () => void transport.close());
  await server.connect(transport as Parameters<typeof server.connect>[0]);
  await transport.handleRequest(request, response);
}

beforeAll(async () => {
  const port = await freePort();
  resource = `http://localhost:${port}/mcp`;
  op = await startProvider({
    people: [{ id: 'anna', name: 'Anna', role: '', holds: { [resource]: ['tools:call'] } }],
    signedInAs: 'anna',
    resources: [
      { audience: resource, scopes: ['tools:call', 'tools:admin'] },
      { audience: 'https://else.example', scopes: ['tools:call'] },
    ],
    serviceGrants: () => ['tools:call'],
    clients: [
      { client_id: 'gateway', client_secret: CLIENT_SECRET, redirect_uris: [`${resource}/_auth/callback`] },
      {
        client_id: 'robot',
        client_secret: CLIENT_SECRET,
        ...{ grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
      },
    ],
    // A client registers with the scopes that it was told of, and the provider knows its own alone.
    configuration: {
      features: { registration: { enabled: true } },
      scopes: ['openid', 'tools:call', 'tools:admin'],
    },
  });
  upstream = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await listen(upstream, 0, '127.0.0.1');
  rules = makeRulesFolder({
    'mcp.yaml': [
      ...['app: mcp', 'hosts: [localhost]', `audience: ${resource}`, 'credentials: [bearer]', 'rules:'],
      ...['  /mcp: ["tools:call"]', '  /mcp/admin: { all: ["tools:call", "tools:admin"] }', ''],
    ].join('\n'),
  });
  gateway = await startGatewayProcess({
    POSTERN_PROVIDER_ISSUER: op.issuer,
    POSTERN_PROVIDER_CLIENT_ID: 'gateway',
    POSTERN_PROVIDER_CLIENT_SECRET: CLIENT_SECRET,
    POSTERN_SESSION_SECRET: SESSION_SECRET,
    POSTERN_RULES: rules.path,
  });
  const headers = ['Authorization', 'Cookie', 'X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scopes'];
  proxy = await startProxy({
    port,
    routers: [
      {
        hosts: ['localhost'],
        pathPrefixes: ['/_auth', '/.well-known/oauth-protected-resource'],
        upstream: `http://${gateway.pagesListen}`,
      },
      {
        hosts: ['localhost'],
        upstream: originOf(upstream),
        forwardAuth: { address: `http://${gateway.listen}/verify`, authResponseHeaders: headers },
      },
    ],
  });
});
afterAll(async () => {
  await proxy.close();
  await gateway.stop();
  await closeNow(upstream);
  await op.close();
  rules[Symbol.dispose]();
});

/** A client that has never been anywhere: what it learns, it keeps here. */
class Newcomer implements OAuthClientProvider {
  readonly redirectUrl = SIGNED_OUT;
  readonly clientMetadata = {
    client_name: 'an agent',
    redirect_uris: [SIGNED_OUT],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
  };
  information: OAuthClientInformationMixed | undefined;
  granted: OAuthTokens | undefined;
  sentTo: URL | undefined;
  #verifier = '';

  clientInformation = () => this.information;
  saveClientInformation = (information: OAuthClientInformationMixed) => {
    this.information = information;
  };
  tokens = () => this.granted;
  saveTokens = (tokens: OAuthTokens) => {
    this.granted = tokens;
  };
  redirectToAuthorization = (url: URL) => {
    this.sentTo = url;
  };
  saveCodeVerifier = (verifier: string) => {
    this.#verifier = verifier;
  };
  codeVerifier = () => this.#verifier;
}

/** `fetch` of a client, and where it went. */
function walking(): { fetch: typeof fetch; walked: string[] } {
  const walked: string[] = [];
  return {
    walked,
    fetch: (input, init) => {
      walked.push(`${init?.method ?? 'GET'} ${input instanceof Request ? input.url : input}`);
      return fetch(input, init);
    },
  };
}

const connect = async (transport: StreamableHTTPClientTransport): Promise<Client> => {
  const client = new Client({ name: 'agent', version: '1.0.0' });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  return client;
};

/** Follows the provider's redirects as the person's browser does, to where the client waits for the answer. */
async function signIn(from: URL): Promise<URL> {
  const jar = new Map<string, string>();
  let url = from;
  for (let hop = 0; hop < 12; hop += 1) {
    if (url.href.startsWith(SIGNED_OUT)) return url;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';', 1)[0] ?? '').split(/=(.*)/s);
      jar.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) throw new Error(`the provider stays at ${url.pathname}: ${await response.text()}`);
    url = new URL(next, url);
  }
  throw new Error('the provider redirects without end');
}

/** The authorization request that a client made. */
const askedFor = ({ sentTo }: Newcomer) => Object.fromEntries(sentTo?.searchParams ?? []);

const reasonOf = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { reason?: unknown }).reason;

test('an MCP client finds its way from a bare 401 to a permitted call with no configuration of its own', async () => {
  const bare = await fetch(resource, { method: 'POST', body: '{}' });
  const metadata = resource.replace('/mcp', '/.well-known/oauth-protected-resource/mcp');
  expect([bare.status, await reasonOf(bare), bare.headers.get('www-authenticate')]).toEqual([
    401,
    'login-needed',
    `Bearer realm="localhost", scope="tools:call", resource_metadata="${metadata}"`,
  ]);
  expect(seen).toEqual([]);
  expect(await (await fetch(metadata)).json()).toMatchObject({
    resource,
    authorization_servers: [op.issuer],
    scopes_supported: ['tools:admin', 'tools:call'],
    bearer_methods_supported: ['header'],
  });

  const newcomer = new Newcomer();
  const url = new URL(resource);
  const { fetch: walk, walked } = walking();
  const first = new StreamableHTTPClientTransport(url, { authProvider: newcomer, fetch: walk });
  await expect(connect(first)).rejects.toThrow(UnauthorizedError);
  // It has registered, and asks for just what the challenge names.
  expect(newcomer.information?.client_id).toEqual(expect.any(String));
  expect(walked).toEqual([
    `POST ${resource}`,
    `GET ${metadata}`,
    `GET ${op.issuer}/.well-known/oauth-authorization-server`,
    `POST ${op.issuer}/reg`,
  ]);
  expect(askedFor(newcomer)).toMatchObject({
    ...{ client_id: newcomer.information?.client_id, resource, scope: 'tools:call' },
    ...{ response_type: 'code', code_challenge_method: 'S256' },
  });
  const landed = await signIn(newcomer.sentTo as URL);
  await first.finishAuth(landed.searchParams.get('code') ?? '');
  expect(decodeJwt(newcomer.granted?.access_token ?? '')).toMatchObject({
    ...{ iss: op.issuer, aud: resource, sub: 'anna', scope: 'tools:call' },
    client_id: newcomer.information?.client_id,
  });

  const client = await connect(new StreamableHTTPClientTransport(url, { authProvider: newcomer }));
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['whoami']);
  expect(await client.callTool({ name: 'whoami' })).toMatchObject({
    content: [{ type: 'text', text: 'anna' }],
  });
  await client.close();
  expect(seen.at(-1)).toMatchObject({
    'x-auth-subject': 'anna',
    'x-auth-client': newcomer.information?.client_id,
    'x-auth-scopes': 'tools:call',
    authorization: `Bearer ${newcomer.granted?.access_token}`,
  });

  // What it may not do names all that is needed, not only what is missing (RFC 6750 section 3.1).
  const admin = new URL(`${resource}/admin`);
  const before = seen.length;
  const refused = await fetch(admin, {
    method: 'POST',
    headers: { authorization: `Bearer ${newcomer.granted?.access_token}` },
    body: '{}',
  });
  expect([refused.status, await reasonOf(refused), refused.headers.get('www-authenticate')]).toEqual([
    403,
    'scope-missing',
    `Bearer realm="localhost", error="insufficient_scope", scope="tools:call tools:admin", resource_metadata="${metadata}"`,
  ]);
  // The client asks for just that.
  newcomer.sentTo = undefined;
  await expect(connect(new StreamableHTTPClientTransport(admin, { authProvider: newcomer }))).rejects.toThrow(
    UnauthorizedError,
  );
  expect(askedFor(newcomer)).toMatchObject({
    resource,
    scope: 'tools:call tools:admin',
  });
  expect(seen.length).toBe(before);
});

test('a token for another audience is refused, and told where to get the right one', async () => {
  const response = await fetch(`${op.issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`robot:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: 'https://else.example',
      scope: 'tools:call',
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token: string };
  expect(decodeJwt(token)).toMatchObject({ aud: 'https://else.example', scope: 'tools:call' });
  const before = seen.length;
  const refused = await fetch(resource, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: '{}',
  });
  expect([refused.status, await reasonOf(refused), refused.headers.get('www-authenticate')]).toEqual([
    401,
    'token-audience',
    `Bearer realm="localhost", error="invalid_token", error_description="It is for another resource.", scope="tools:call", resource_metadata="${resource.replace('/mcp', '/.well-known/oauth-protected-resource/mcp')}"`,
  ]);
  expect(seen.length).toBe(before);
});
