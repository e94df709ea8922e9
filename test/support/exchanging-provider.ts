import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { errors } from 'oidc-provider';
import type { Resource, RunningProvider } from '../../demo/provider.ts';

export const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** What a token exchange was asked for, and by whom. */
export interface ExchangeAsked {
  readonly client: string;
  readonly form: Readonly<Record<string, unknown>>;
}

interface Form {
  readonly subject_token?: string;
  readonly subject_token_type?: string;
  readonly requested_token_type?: string;
}

const PARAMETERS = [
  ...['subject_token', 'subject_token_type', 'requested_token_type', 'resource', 'audience', 'scope'],
];

/**
 * Teaches oidc-provider the token exchange (RFC 8693): it verifies the subject token with the keys of its issuer, and gives an
 * access token of the same subject for the resource, with the scopes that the resource has.
 * @param granted the scopes of a subject; default: all that were asked for
 * @returns every request, in order
 */
export function registerExchange(
  { provider }: RunningProvider,
  resources: readonly Resource[],
  granted: (subject: string) => readonly string[] | undefined = () => undefined,
): readonly ExchangeAsked[] {
  const asked: ExchangeAsked[] = [];
  provider.registerGrantType<Form>(
    EXCHANGE_GRANT,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      asked.push({ client: client.clientId, form: { ...params } });
      const subject = await verified(params.subject_token ?? '');
      const resource = resources.find(({ audience }) => audience === params.resource);
      if (resource === undefined) throw new errors.InvalidTarget('no such resource');
      const allowed = granted(subject);
      const scope = (params.scope ?? '')
        .split(' ')
        .filter((one) => resource.scopes.includes(one) && (allowed === undefined || allowed.includes(one)))
        .join(' ');
      const token = new provider.AccessToken({
        ...{ accountId: subject, client, gty: 'token_exchange', scope },
      } as unknown as ConstructorParameters<typeof provider.AccessToken>[0]);
      token.resourceServer = new provider.ResourceServer(resource.audience, {
        ...{ audience: resource.audience, scope: resource.scopes.join(' '), accessTokenTTL: 600 },
        ...{ accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } },
      });
      ctx.body = {
        access_token: await token.save(),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: token.expiration,
        scope,
      };
    },
    PARAMETERS,
    ['resource'],
  );
  return asked;
}

async function verified(raw: string): Promise<string> {
  try {
    const { iss = '' } = decodeJwt(raw);
    const { payload } = await jwtVerify(raw, createRemoteJWKSet(new URL(`${iss}/jwks`)), { issuer: iss });
    return String(payload.sub);
  } catch {
    throw new errors.InvalidGrant('the subject token does not hold');
  }
}
