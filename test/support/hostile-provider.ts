import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeNow, listen, originOf } from '../../demo/listener.ts';
import { makeKey, type SigningKey, signJws } from './jws.ts';

type Json = Record<string, unknown>;

/** What a provider may do wrong; each hook gets the honest value and gives the one to send. */
export interface Misbehaviour {
  readonly metadata?: (document: Json) => unknown;
  readonly jwks?: (keys: readonly unknown[]) => unknown;
  /** The authorization response, as the query of the callback. */
  readonly authorization?: (answer: URLSearchParams) => void;
  readonly idTokenHeader?: (header: Json) => Json;
  readonly idTokenClaims?: (claims: Json) => Json;
  readonly accessTokenHeader?: (header: Json) => Json;
  readonly accessTokenClaims?: (claims: Json) => Json;
  /** What is done to the finished ID token. */
  readonly idToken?: (raw: string) => string;
  readonly signIdTokenWith?: SigningKey;
  /** The body of the token response. */
  readonly tokens?: (body: Json) => unknown;
  /** Answers a path in place of the provider; returning false leaves it to the provider. */
  readonly answer?: (path: string, response: ServerResponse) => boolean | Promise<boolean>;
}

export interface HostileProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly keys: { readonly idToken: SigningKey; readonly accessToken: SigningKey };
  /** Replaced by the test at will; `{}` is an honest provider. */
  misbehaviour: Misbehaviour;
  /** Path of every request, in order, with the form of token requests. */
  readonly requests: { path: string; form: URLSearchParams; authorization: string | undefined }[];
  /** Signs somebody in at once, as a browser following the authorization URL would. @returns the callback URL. */
  authorize(authorizationUrl: string): URL;
}

interface Grant {
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly redirectUri: string | null;
  readonly clientId: string | null;
  readonly scope: string;
  readonly resources: readonly string[];
}

/**
 * Starts an OpenID provider on loopback that is honest until told otherwise. It asks nobody to sign in.
 * @param address of 127.0.0.0/8
 */
export async function startHostileProvider(address = '127.0.0.1', port = 0): Promise<HostileProvider> {
  const keys = { idToken: makeKey('RS256', 'id'), accessToken: makeKey('ES256', 'at') };
  const grants = new Map<string, Grant>();
  const refreshable = new Map<string, Grant>();
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await listen(server, port, address);
  const issuer = originOf(server).replace('127.0.0.1', address);

  const provider: HostileProvider = {
    issuer,
    keys,
    misbehaviour: {},
    requests: [],
    authorize,
    [Symbol.asyncDispose]: () => closeNow(server),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer);
    const form = new URLSearchParams(request.method === 'POST' ? await text(request) : '');
    provider.requests.push({ path: url.pathname, form, authorization: request.headers.authorization });
    if (await provider.misbehaviour.answer?.(url.pathname, response)) return;
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, change(provider.misbehaviour.metadata, metadata()));
      case '/jwks':
        return json(response, {
          keys: change(provider.misbehaviour.jwks, [keys.idToken.jwk, keys.accessToken.jwk]),
        });
      case '/authorize':
        response.writeHead(302, { location: authorize(url.href).href }).end();
        return;
      case '/token':
        return token(form, response);
      default:
        response.writeHead(404).end();
    }
  }

  const metadata = (): Json => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/logout`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['RS256', 'none', 'HS256'],
    authorization_response_iss_parameter_supported: true,
  });

  function authorize(authorizationUrl: string): URL {
    const asked = new URL(authorizationUrl).searchParams;
    const code = randomUUID();
    grants.set(code, {
      nonce: asked.get('nonce'),
      challenge: asked.get('code_challenge'),
      redirectUri: asked.get('redirect_uri'),
      clientId: asked.get('client_id'),
      scope: asked.get('scope') ?? '',
      resources: [...asked.getAll('resource'), ...asked.getAll('audience')],
    });
    const callback = new URL(asked.get('redirect_uri') ?? '');
    callback.searchParams.append('code', code);
    callback.searchParams.append('state', asked.get('state') ?? '');
    callback.searchParams.append('iss', issuer);
    provider.misbehaviour.authorization?.(callback.searchParams);
    return callback;
  }

  /** Every refresh token is good for once. */
  function refresh(form: URLSearchParams, response: ServerResponse): void {
    const sent = form.get('refresh_token') ?? '';
    const grant = refreshable.get(sent);
    if (grant === undefined) {
      json(response, { error: 'invalid_grant' }, 400);
      return;
    }
    refreshable.delete(sent);
    const resources = form.getAll('resource');
    issue({ ...grant, resources: resources.length > 0 ? resources : grant.resources }, response);
  }

  function token(form: URLSearchParams, response: ServerResponse): void {
    if (form.get('grant_type') === 'refresh_token') {
      refresh(form, response);
      return;
    }
    const code = form.get('code') ?? '';
    const grant = grants.get(code);
    grants.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (
      grant === undefined ||
      grant.redirectUri !== form.get('redirect_uri') ||
      grant.challenge !== challenge
    ) {
      json(response, { error: 'invalid_grant' }, 400);
      return;
    }
    issue(grant, response);
  }

  function issue(grant: Grant, response: ServerResponse): void {
    const refreshToken = randomUUID();
    const offline = grant.scope.split(' ').includes('offline_access');
    if (offline) refreshable.set(refreshToken, grant);
    const body = {
      access_token: accessToken(grant),
      token_type: 'Bearer',
      expires_in: 300,
      id_token: idToken(grant),
      ...(offline ? { refresh_token: refreshToken } : {}),
    };
    json(response, change(provider.misbehaviour.tokens, body));
  }

  function idToken(grant: Grant): string {
    const { misbehaviour } = provider;
    const key = misbehaviour.signIdTokenWith ?? keys.idToken;
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 300 };
    const claims = {
      iss: issuer,
      sub: 'alice',
      aud: grant.clientId,
      nonce: grant.nonce,
      ...times,
      name: 'Alice',
    };
    const header = change(misbehaviour.idTokenHeader, { alg: key.alg, kid: key.kid, typ: 'JWT' });
    return change(misbehaviour.idToken, signJws(header, change(misbehaviour.idTokenClaims, claims), key));
  }

  function accessToken(grant: Grant): string {
    const { misbehaviour } = provider;
    const { alg, kid } = keys.accessToken;
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now, exp: now + 300, jti: randomUUID() };
    const [aud = 'https://api.example', ...others] = grant.resources;
    const claims = {
      iss: issuer,
      sub: 'alice',
      aud: others.length > 0 ? grant.resources : aud,
      client_id: grant.clientId,
      scope: grant.scope,
      ...times,
    };
    const header = change(misbehaviour.accessTokenHeader, { alg, kid, typ: 'at+jwt' });
    return signJws(header, change(misbehaviour.accessTokenClaims, claims), keys.accessToken);
  }

  return provider;
}

const change = <Value, Sent>(hook: ((honest: Value) => Sent) | undefined, honest: Value): Value | Sent =>
  hook === undefined ? honest : hook(honest);

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
