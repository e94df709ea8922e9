import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Provider, { type Grant, type KoaContextWithOIDC } from 'oidc-provider';
import { PAGE_HEADERS } from './html.ts';
import { closeNow, listen } from './listener.ts';
import { acrOf, providerConfiguration } from './provider-configuration.ts';
import type { ProviderOptions } from './provider-options.ts';
import { consentPage, errorPage, loginPage } from './provider-pages.ts';

export type { Holdings, Person, ProviderOptions, Resource } from './provider-options.ts';

/** An OpenID Provider that answers on loopback until it is closed. */
export interface RunningProvider extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly issuer: string;
  readonly port: number;
  readonly provider: Provider;
  /**
   * From now on this person is signed in without seeing a page; undefined: the page with the people again.
   * A browser that has a session at the provider keeps its person until a logout or `prompt=select_account`, where the
   * library first ends the old session with a page that submits itself.
   */
  signInAs(person: string | undefined): void;
  close(): Promise<void>;
}

const ERRORS = [
  'authorization.error',
  'backchannel.error',
  'discovery.error',
  'end_session.error',
  'grant.error',
  'introspection.error',
  'jwks.error',
  'pushed_authorization_request.error',
  'revocation.error',
  'server_error',
  'userinfo.error',
] as const;

/**
 * Starts a certified OpenID Provider (oidc-provider) in this process, on 127.0.0.1 over plain http: for the demo
 * and for tests, with people who need no password. A person is granted what was requested *and* what they hold.
 */
export async function startProvider(options: ProviderOptions): Promise<RunningProvider> {
  const server = createServer();
  await listen(server, options.port ?? 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const path = options.issuerPath ?? '';
  const base = path.replace(/\/$/, '');
  const issuer = `http://127.0.0.1:${port}${path}`;
  const configuration = await providerConfiguration(options);
  const loadExistingGrant =
    options.consent === 'ask' ? existingGrant : (ctx: KoaContextWithOIDC) => grantFor(options, ctx);
  const provider = new Provider(issuer, { loadExistingGrant, ...configuration });
  for (const event of ERRORS) {
    // `backchannel.error` is the one whose error comes second as well: the context is always first.
    provider.on(event as 'server_error', (_ctx: unknown, error: Error) => options.onError?.(event, error));
  }

  let signedInAs = options.signedInAs;
  if (options.middleware !== undefined) provider.use(options.middleware);
  const callback = mountedAt(base, provider.callback());
  const interact = (req: IncomingMessage, res: ServerResponse) =>
    interaction({ provider, options, signedInAs }, req, res);
  server.on('request', (req, res) => {
    options.onRequest?.(req.method ?? '', req.url ?? '');
    if (!req.url?.startsWith(`${base}/interaction/`)) return void callback(req, res);
    interact(req, res).catch((error: Error) => {
      options.onError?.('interaction.error', error);
      if (!res.headersSent) res.writeHead(400, PAGE_HEADERS).end(errorPage(error.name, error.message));
    });
  });

  const close = (): Promise<void> => closeNow(server);
  return {
    issuer,
    port,
    provider,
    signInAs: (person) => {
      signedInAs = person;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What comes below a path is answered as if that were the root; the library reads `originalUrl` for its own addresses. */
function mountedAt(path: string, answer: RequestListener): RequestListener {
  if (path === '') return answer;
  return (req, res) => {
    if (!req.url?.startsWith(`${path}/`)) return void res.writeHead(404).end();
    Object.assign(req, { originalUrl: req.url });
    req.url = req.url.slice(path.length);
    return answer(req, res);
  };
}

interface Room {
  readonly provider: Provider;
  readonly options: ProviderOptions;
  readonly signedInAs: string | undefined;
}

/** One step of a sign-in: the page with the people, the consent page, or what was pressed there. */
async function interaction(room: Room, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { provider, options } = room;
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  const client = String(params['client_id']);
  const form = new URLSearchParams(req.method === 'POST' ? await text(req) : '');
  const finish = (result: Record<string, unknown>) =>
    provider.interactionFinished(req, res, result, { mergeWithLastSubmission: true });
  const show = (html: string) => void res.writeHead(200, PAGE_HEADERS).end(html);

  if (form.has('cancel') || form.get('decision') === 'deny') {
    return finish({ error: 'access_denied', error_description: 'The person said no.' });
  }
  if (prompt.name === 'consent') {
    const scopes = String(params['scope'] ?? '').split(' ');
    if (options.consent === 'ask' && form.get('decision') !== 'allow')
      return show(consentPage(client, scopes));
    const grant = new provider.Grant({ clientId: client, accountId: session?.accountId ?? '' });
    const resources = [params['resource'] ?? []].flat().map(String);
    fillGrant(options, grant, scopes, resources);
    return finish({ consent: { grantId: await grant.save() } });
  }
  const person = form.get('person') ?? room.signedInAs;
  if (person === undefined || !options.people.some((one) => one.id === person)) {
    return show(loginPage(client, options.people));
  }
  const acr = acrOf(options, params['acr_values']);
  const login = { accountId: person, ...(acr === undefined ? {} : { acr }) };
  return finish({ login, [prompt.name]: login });
}

async function existingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const id =
    ctx.oidc.result?.consent?.grantId ?? ctx.oidc.session?.grantIdFor(ctx.oidc.client?.clientId ?? '');
  return id === undefined ? undefined : ctx.oidc.provider.Grant.find(id);
}

/** The grant of this person and client, with the scopes of this request decided: nobody is asked. */
async function grantFor(options: ProviderOptions, ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
  const { client, account, provider, resourceServers, requestParamScopes } = ctx.oidc;
  if (client === undefined || account === undefined) return undefined;
  const known = await existingGrant(ctx);
  const grant =
    known?.accountId === account.accountId
      ? known
      : new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  fillGrant(options, grant, [...requestParamScopes], Object.keys(resourceServers ?? {}));
  await grant.save();
  return grant;
}

/** Grants what the person may have of the requested scopes, and rejects the rest so that nobody is asked for it. */
function fillGrant(
  options: ProviderOptions,
  grant: Grant,
  requested: readonly string[],
  audiences: readonly string[],
): void {
  const person = options.people.find((one) => one.id === grant.accountId);
  const { grants = (who, audience) => who.holds[audience] ?? [] } = options;
  // What was refused before may be held by now.
  delete grant.rejected;
  grant.addOIDCScope([...requested]);
  for (const audience of audiences) {
    const resource = options.resources.find((one) => one.audience === audience);
    const wanted = requested.filter((scope) => resource?.scopes.includes(scope));
    const allowed = person === undefined ? [] : grants(person, audience, wanted);
    grant.addResourceScope(
      audience,
      wanted.filter((scope) => allowed.includes(scope)),
    );
    grant.rejectResourceScope(
      audience,
      wanted.filter((scope) => !allowed.includes(scope)),
    );
  }
}
