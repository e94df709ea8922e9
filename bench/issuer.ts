import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { serveHere } from '../demo/listener.ts';

/** An issuer of access tokens on loopback: discovery, a key set, and as many tokens as wanted. */
export interface Issuer extends AsyncDisposable {
  readonly issuer: string;
  /**
   * @param over claims in place of the good ones
   * @returns one more access token (RFC 9068, ES256).
   */
  token(over?: object): string;
  /** How often its keys were fetched. */
  keyFetches(): number;
}

export interface IssuerOptions {
  readonly audience: string;
  readonly scope: string;
  /** Seconds. */
  readonly lifetime: number;
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startIssuer({ audience, scope, lifetime }: IssuerOptions): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' };
  let fetches = 0;
  const server = createServer((request, response) => {
    if (request.url === '/jwks') fetches += 1;
    const document = request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  const { origin: issuer, close } = await serveHere(server);
  const header = base64url({ alg: 'ES256', kid: 'bench', typ: 'at+jwt' });
  return {
    issuer,
    keyFetches: () => fetches,
    token(over = {}) {
      const now = Math.floor(Date.now() / 1000);
      const claims = { iss: issuer, sub: 'robot-7', client_id: 'robot-7', aud: audience, scope };
      const text = `${header}.${base64url({ ...claims, iat: now, exp: now + lifetime, jti: randomUUID(), ...over })}`;
      const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      return `${text}.${signature.toString('base64url')}`;
    },
    [Symbol.asyncDispose]: close,
  };
}
