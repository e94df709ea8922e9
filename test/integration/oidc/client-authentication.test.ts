import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createHttpsServer, type Server } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose';
import { type RunningServer, serveHere } from '../../../demo/listener.ts';
import { type RunningProvider, startProvider } from '../../../demo/provider.ts';
import { readClientKey } from '../../../src/config/client-key.ts';
import type { ClientSecret, ProviderConfig } from '../../../src/config/config.ts';
import { type ClientSecretSource, fixedSecrets } from '../../../src/oidc/client-authentication.ts';
import { createProvider } from '../../../src/oidc/provider.ts';
import { createAuthoritiesFetch } from '../../../src/token/authorities-fetch.ts';
import { API, answerTo, configOf, follow, newRequest, REDIRECT_URI, seconds } from './_login.ts';

const GOOD = 'the secret that the provider knows, 0123456789';
const keys = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ed: generateKeyPairSync('ed25519').privateKey,
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};
const pem = (name: keyof typeof keys): string => String(keys[name].export({ format: 'pem', type: 'pkcs8' }));
const publicJwk = (name: keyof typeof keys, more: object = {}) => ({
  ...createPublicKey(keys[name]).export({ format: 'jwk' }),
  use: 'sig',
  ...more,
});

let op: RunningProvider;
let keyServer: RunningServer;
const client = (client_id: string, more: object) => ({
  client_id,
  redirect_uris: [REDIRECT_URI],
  ...more,
});
beforeAll(async () => {
  keyServer = await serveHere(
    createServer(async (request, response) => {
      const name = (request.url ?? '').slice(1) as keyof typeof keys;
      const kid = await calculateJwkThumbprint(publicJwk(name) as JWK);
      response.setHeader('Content-Type', 'application/jwk-set+json');
      response.end(JSON.stringify({ keys: [publicJwk(name, { kid }), publicJwk(name, { kid: 'key-1' })] }));
    }),
  );
  op = await startProvider({
    people: [{ id: 'anna', name: 'Anna', role: '', holds: { [API]: ['orders:read'] } }],
    signedInAs: 'anna',
    resources: [{ audience: API, scopes: ['orders:read'] }],
    clients: [
      client('basic', { client_secret: GOOD, token_endpoint_auth_method: 'client_secret_basic' }),
      client('post', { client_secret: GOOD, token_endpoint_auth_method: 'client_secret_post' }),
      ...(['ec', 'ed', 'rsa'] as const).map((name) =>
        client(name, {
          token_endpoint_auth_method: 'private_key_jwt',
          // Not `jwks`: the library clones it, and does not know the clone for a plain object in a test's own realm.
          jwks_uri: `${keyServer.origin}/${name}`,
          token_endpoint_auth_signing_alg: { ec: 'ES256', ed: 'Ed25519', rsa: 'RS256' }[name],
        }),
      ),
    ],
    // Loopback addresses are refused otherwise.
    configuration: {
      fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as unknown as RequestInit),
    },
  } as Parameters<typeof startProvider>[0]);
});
afterAll(async () => {
  await op.close();
  await keyServer.close();
});

const secret = (value: string, expiresAt?: number): ClientSecret => ({ value, expiresAt });

/** A provider as the gateway has it, and the forms that it sent to the token endpoint. */
function world(config: Partial<ProviderConfig>, secrets: ClientSecretSource) {
  const sent: { body: URLSearchParams; authorization: string | null }[] = [];
  const fallbacks: number[] = [];
  const provider = createProvider({
    config: configOf(op.issuer, config),
    secrets,
    onFallback: (place) => fallbacks.push(place),
    clockTolerance: 5,
    now: seconds,
    fetch: async (url, init) => {
      if (url.endsWith('/token'))
        sent.push({
          body: new URLSearchParams(String(init?.body)),
          authorization: new Headers(init?.headers).get('authorization'),
        });
      return fetch(url, init);
    },
  });
  const login = async () => {
    const request = newRequest();
    const callback = await follow(op.issuer, await provider.identityProvider.authorizationUrl(request));
    return provider.identityProvider.redeem(answerTo(request, callback));
  };
  return { login, sent, fallbacks };
}

describe.each(['basic', 'post'] as const)('client_secret_%s', (method) => {
  const config = { clientId: method, clientAuth: `client_secret_${method}` } as const;
  test.each<[what: string, secrets: ClientSecret[], calls: number, fallbacks: number[]]>([
    ['the one secret', [secret(GOOD)], 1, []],
    ['the next, where the first is refused', [secret('not this one'), secret(GOOD)], 2, [2]],
    ['the third', [secret('no'), secret('nor this'), secret(GOOD)], 3, [3]],
    ['none that has expired', [secret('no', seconds() - 1), secret(GOOD)], 1, []],
  ])('%s is used, with one code', async (_, secrets, calls, fallbacks) => {
    const one = world(config, fixedSecrets(secrets));
    await expect(one.login()).resolves.toMatchObject({ subject: 'anna' });
    expect([one.sent.length, one.fallbacks]).toEqual([calls, fallbacks]);
    // What worked is tried first from now on.
    await one.login();
    expect(one.sent.length).toBe(calls + 1);
  });

  test('where none is known to the provider, it is asked once for each, and the login fails', async () => {
    const one = world(config, fixedSecrets([secret('a'), secret('b')]));
    await expect(one.login()).rejects.toMatchObject({
      reason: 'provider-answer-invalid',
      providerError: 'invalid_client',
    });
    expect(one.sent.length).toBe(2);
  });

  test('at most five are tried', async () => {
    const one = world(config, fixedSecrets(['a', 'b', 'c', 'd', 'e', GOOD].map((value) => secret(value))));
    await expect(one.login()).rejects.toMatchObject({ providerError: 'invalid_client' });
    expect(one.sent.length).toBe(5);
  });

  test('where none is known, they are read again, and a new one is tried at once', async () => {
    let current = [secret('old')];
    let reads = 0;
    const one = world(config, {
      current: () => current,
      reread: () => {
        reads += 1;
        current = [secret(GOOD)];
        return true;
      },
    });
    await expect(one.login()).resolves.toMatchObject({ subject: 'anna' });
    expect([one.sent.length, reads]).toEqual([2, 1]);
  });
});

test('a secret is rotated at the provider while people sign in, and nobody notices', async () => {
  const registered = (await op.provider.Client.find('basic')) as unknown as { clientSecret: string };
  let current = [secret(GOOD)];
  const one = world(
    { clientId: 'basic', clientAuth: 'client_secret_basic' },
    { current: () => current, reread: () => false },
  );
  const logins: Promise<unknown>[] = [];
  const some = async () => {
    const batch = Array.from({ length: 5 }, one.login);
    logins.push(...batch);
    await Promise.all(batch);
  };
  try {
    await some();
    current = [secret('the next one'), secret(GOOD)];
    await some();
    registered.clientSecret = 'the next one';
    await some();
    current = [secret('the next one')];
    await some();
  } finally {
    registered.clientSecret = GOOD;
  }
  expect((await Promise.allSettled(logins)).map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
});

describe('private_key_jwt', () => {
  test.each([
    ['ec', 'ES256'],
    ['rsa', 'RS256'],
    ['ed', 'Ed25519'],
  ] as const)('%s signs an assertion by %s (FP3)', async (name, algorithm) => {
    const one = world({ clientId: name, clientAuth: 'private_key_jwt' }, fixedSecrets([secret(pem(name))]));
    await one.login();
    await one.login();
    const assertions = one.sent.map(({ body }) => body.get('client_assertion') ?? '');
    const [claims] = assertions.map((text) => decodeJwt(text));
    expect(decodeProtectedHeader(assertions[0] ?? '')).toMatchObject({
      alg: algorithm,
      kid: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(claims).toMatchObject({ iss: name, sub: name, aud: op.issuer });
    expect((claims?.exp ?? 0) - seconds()).toBeLessThanOrEqual(60);
    expect(new Set(assertions.map((text) => decodeJwt(text).jti)).size).toBe(2);
    expect(
      one.sent.every(({ authorization, body }) => authorization === null && !body.has('client_secret')),
    ).toBe(true);
  });

  test('a JWK names its own kid, and the next key is tried where the first is not known', async () => {
    const jwk = JSON.stringify({ ...keys.ec.export({ format: 'jwk' }), kid: 'key-1' });
    const other = String(
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
    );
    const one = world(
      { clientId: 'ec', clientAuth: 'private_key_jwt' },
      fixedSecrets([secret(other), secret(jwk)]),
    );
    await one.login();
    const kids = one.sent.map(({ body }) => decodeProtectedHeader(body.get('client_assertion') ?? '').kid);
    expect(kids).toEqual([expect.stringMatching(/^[\w-]{43}$/), 'key-1']);
  });

  test.each<[what: string, text: string, fault: string]>([
    ['a password', 'hunter2', 'is no private key in PEM or as a JWK'],
    ['half a JWK', '{"kty":"EC"', 'is no private key in PEM or as a JWK'],
    [
      'a public key',
      String(createPublicKey(keys.ec).export({ format: 'pem', type: 'spki' })),
      'is no private key in PEM or as a JWK',
    ],
    [
      'a short RSA key',
      String(
        generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
          format: 'pem',
          type: 'pkcs1',
        }),
      ),
      'is an RSA key of fewer than 2048 bits',
    ],
    [
      'another curve',
      String(
        generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey.export({
          format: 'pem',
          type: 'sec1',
        }),
      ),
      'is none of RSA, P-256 and Ed25519',
    ],
  ])('%s is refused', (_, text, fault) => {
    expect(() => readClientKey(text)).toThrow(new Error(fault));
  });

  test('what OpenSSL writes is read, too', () => {
    const text = String(createPrivateKey(pem('ec')).export({ format: 'pem', type: 'sec1' }));
    expect(readClientKey(text)).toMatchObject({
      algorithm: { name: 'ECDSA', namedCurve: 'P-256' },
      id: undefined,
    });
  });
});

describe('ca', () => {
  let folder: string;
  let server: Server;
  let origin: string;
  let ca: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-ca-'));
    const at = (name: string): string => join(folder, name);
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...[
          '-subj',
          '/CN=test',
          '-addext',
          'subjectAltName=IP:127.0.0.1',
          '-keyout',
          at('key'),
          '-out',
          at('cert'),
        ],
      ],
      { stdio: 'ignore' },
    );
    ca = readFileSync(at('cert'), 'utf8');
    server = createHttpsServer({ key: readFileSync(at('key')), cert: ca }, async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      if (request.url === '/hang') return;
      const [, status] = /^\/status\/([0-9]+)$/.exec(request.url ?? '') ?? [];
      if (status !== undefined) return void response.writeHead(Number(status)).end();
      if (request.url === '/moved') return void response.writeHead(302, { Location: '/' }).end();
      response.setHeader('Set-Cookie', ['a=1', 'b=2']);
      response.end(JSON.stringify({ method: request.method, type: request.headers['content-type'], body }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    origin = `https://127.0.0.1:${port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  test('a server with a certificate of that authority is believed, and no other', async () => {
    const own = createAuthoritiesFetch(ca, fetch);
    const answer = await own(`${origin}/`, { method: 'POST', body: new URLSearchParams({ a: 'ä b' }) });
    expect(await answer.json()).toEqual({
      method: 'POST',
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
      body: 'a=%C3%A4+b',
    });
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    await expect(fetch(origin)).rejects.toMatchObject({ cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' } });
  });

  test('a redirect is not followed, an end of the signal ends the call, http goes the usual way', async () => {
    const own = createAuthoritiesFetch(ca, async () => new Response('plain'));
    expect((await own(`${origin}/moved`)).status).toBe(302);
    await expect(own(`${origin}/hang`, { signal: AbortSignal.timeout(100) })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(await (await own('http://127.0.0.1:1/')).text()).toBe('plain');
  });

  test.each([
    [204, 204],
    [205, 205],
    [304, 304],
    [599, 599],
    [600, 'fetch failed'],
    [999, 'fetch failed'],
  ])('an answer with the status %i comes to %s, and ends nothing', async (status, expected) => {
    const outcome = await createAuthoritiesFetch(
      ca,
      fetch,
    )(`${origin}/status/${status}`).then(
      (answer) => answer.status,
      (error: Error) => error.message,
    );
    expect(outcome).toBe(expected);
  });

  test('one that nobody is at fails as fetch does', async () => {
    await expect(createAuthoritiesFetch(ca, fetch)('https://127.0.0.1:1/')).rejects.toMatchObject({
      name: 'TypeError',
      cause: { code: 'ECONNREFUSED' },
    });
  });
});
