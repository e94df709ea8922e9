import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningProvider } from '../demo/provider.ts';
import { startProvider } from '../demo/provider.ts';
import type { Session } from '../src/session/session.ts';
import { missingRedis } from '../test/support/redis-server.ts';
import { type Issuer, startIssuer } from './issuer.ts';
import { type KeptSessionsOfBench, startKeptSessions } from './kept.ts';
import { signIn } from './login.ts';
import { createSessionMint, openSession, type SessionMint } from './mint.ts';
import { HOST, ORIGIN } from './requests.ts';
import { startGateway } from './servers.ts';

/** What every scenario needs: a provider, credentials of someone who signed in, and the makings of more. */
export interface World extends AsyncDisposable {
  /** `POSTERN_*` of a gateway in this world. */
  readonly env: Readonly<Record<string, string>>;
  /** The cookies of a browser after a login. */
  readonly cookie: string;
  /** An access token of the provider, for a program. */
  readonly bearer: string;
  readonly sessions: SessionMint;
  /** Where gateways keep sessions outside of cookies; undefined where no redis-server is installed. */
  readonly redis: KeptSessionsOfBench | undefined;
  /** What the session of the login holds, and the secret that seals it. */
  readonly session: Session;
  readonly secret: string;
  /** A further issuer, which makes as many tokens as wanted. */
  readonly issuer: Issuer;
}

const API = 'https://api.bench.example';
const SCOPES = ['orders:read', 'orders:write', 'orders:admin', 'admin'];
/** Seconds: longer than any run. */
const LIFETIME = 12 * 3600;
const SECRET = randomBytes(32).toString('base64url');

const rules = (issuer: string): string => `
app: shop
title: Example Shop
hosts: [${HOST}]
audience: ${API}
issuers: [${issuer}]
login: { scopes: [openid, profile, email] }
headers: { X-Forwarded-Email: email, X-Forwarded-User: name }
rules:
  /:                      public
  /assets/**:             public
  /account/**:            authenticated
  /api/orders/**:
    GET:                  [orders:read]
    POST PUT PATCH:       { all: [orders:write], any: [orders:admin, admin] }
    DELETE:               [orders:admin]
  /api/orders/*/internal: deny
  /admin/**:              [admin]
`;

/** Starts everything but the servers under test. */
export async function startWorld(program: string): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const provider = parts.use(
    await startProvider({
      people: [
        {
          id: '8a7c1f0e-anna',
          name: 'Anna Example',
          role: 'clerk',
          holds: { [API]: ['orders:read', 'orders:write'] },
        },
      ],
      signedInAs: '8a7c1f0e-anna',
      resources: [{ audience: API, scopes: SCOPES, lifetime: LIFETIME }],
      serviceGrants: () => ['orders:read'],
      // Name and mail address in the ID token, as most providers do it.
      conformIdTokenClaims: false,
      clients: [
        { client_id: 'shop', client_secret: SECRET, redirect_uris: [`${ORIGIN}/_auth/callback`] },
        {
          client_id: 'robot',
          client_secret: SECRET,
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
    }),
  );
  const issuer = parts.use(await startIssuer({ audience: API, scope: 'orders:read', lifetime: LIFETIME }));
  const folder = mkdtempSync(join(tmpdir(), 'postern-bench-rules-'));
  parts.defer(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'shop.yaml'), rules(issuer.issuer));

  const env = {
    POSTERN_RULES: folder,
    POSTERN_PROVIDER_ISSUER: provider.issuer,
    POSTERN_PROVIDER_CLIENT_ID: 'shop',
    POSTERN_PROVIDER_CLIENT_SECRET: SECRET,
    POSTERN_SESSION_SECRET: SECRET,
  };
  await using gateway = await startGateway({ program, env });
  const cookie = await signIn(gateway.port, provider.issuer);
  const bearer = await robotToken(provider);
  const session = await openSession(SECRET, cookie);
  const sessions = await createSessionMint(SECRET, session);
  if (sessions === undefined) throw new Error('a session does not fit into cookies');
  const redis = missingRedis === undefined ? parts.use(await startKeptSessions(SECRET, session)) : undefined;
  const running = parts.move();
  return {
    env,
    cookie,
    bearer,
    sessions,
    session,
    secret: SECRET,
    redis,
    issuer,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function robotToken({ issuer }: RunningProvider): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`robot:${SECRET}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'orders:read', resource: API }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  if (token === undefined) throw new Error(`the provider gave the robot no token: ${response.status}`);
  return token;
}
