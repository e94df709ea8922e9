/** The provider of the demo, as other test suites use it. */
import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { type ProviderOptions, type RunningProvider, startProvider } from '../../../demo/provider.ts';
import { Jar, type Visit } from '../../support/jar.ts';

const A = 'https://a.test';
const B = 'https://b.test';
const CALLBACK = 'http://app.localhost/callback';
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

let provider: RunningProvider;
afterEach(() => provider.close());

const start = async (over: Partial<ProviderOptions> = {}): Promise<void> => {
  provider = await startProvider({
    people: [
      { id: 'anna', name: 'Anna', role: 'reader', holds: { [A]: ['read'] } },
      {
        id: 'ben',
        name: 'Ben',
        role: 'writer',
        holds: { [A]: ['read', 'write'] },
        claims: { groups: ['staff'] },
      },
    ],
    resources: [
      { audience: A, scopes: ['read', 'write'], lifetime: 5 },
      { audience: B, scopes: ['read'], format: 'opaque' },
    ],
    clients: [{ client_id: 'app', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }],
    signedInAs: 'anna',
    ...over,
  });
};

const authorization = (over: Record<string, string> = {}): string => {
  const query = {
    client_id: 'app',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid read write',
  };
  const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
  return `${provider.issuer}/auth?${new URLSearchParams({ ...query, ...pkce, resource: A, ...over })}`;
};

/** Follows the provider's redirects, and its page that submits itself, until a page of ours or the callback. */
async function follow(jar: Jar, from: string | URL): Promise<Visit> {
  let visit = await jar.page(from);
  for (;;) {
    const action = /<form method="post" action="([^"]*end[^"]*)"/.exec(visit.body)?.[1];
    if (visit.location?.href.startsWith(provider.issuer)) visit = await jar.page(visit.location);
    else if (action !== undefined) {
      const fields = [...visit.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
      const body = new URLSearchParams();
      for (const [, name = '', value = ''] of fields) body.append(name, value);
      visit = await jar.page(action, { method: 'POST', body });
    } else return visit;
  }
}

async function tokens(visit: Visit): Promise<Record<string, string>> {
  const code = visit.location?.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, client_id: 'app' };
  const body = new URLSearchParams({ ...form, code_verifier: VERIFIER });
  return (await fetch(`${provider.issuer}/token`, { method: 'POST', body })).json() as Promise<
    Record<string, string>
  >;
}

const claims = (token: string | undefined) =>
  JSON.parse(Buffer.from(token?.split('.')[1] ?? '', 'base64url').toString());
const header = (token: string | undefined) =>
  JSON.parse(Buffer.from(token?.split('.')[0] ?? '', 'base64url').toString());

test('grants what was requested and is held; the token is an RFC 9068 one', async () => {
  await start();
  const { access_token, id_token, scope } = await tokens(await follow(new Jar(), authorization()));
  expect(scope).toBe('read');
  expect(header(access_token)).toMatchObject({ alg: 'ES256', typ: 'at+jwt' });
  expect(claims(access_token)).toMatchObject({
    iss: provider.issuer,
    aud: A,
    sub: 'anna',
    client_id: 'app',
    scope: 'read',
  });
  expect(claims(access_token).exp - claims(access_token).iat).toBe(5);
  expect(header(id_token).alg).toBe('RS256');
});

test('issues opaque tokens for a resource of that format', async () => {
  await start();
  const { access_token } = await tokens(await follow(new Jar(), authorization({ resource: B })));
  expect(access_token).toMatch(/^[\w-]+$/);
});

test('signs in whom it is told, and shows the people otherwise', async () => {
  await start();
  provider.signInAs('ben');
  const granted = await tokens(await follow(new Jar(), authorization({ scope: 'openid groups write' })));
  expect([
    claims(granted['access_token']).sub,
    granted['scope'],
    claims(granted['id_token'])['groups'],
  ]).toEqual(['ben', 'write', ['staff']]);
  provider.signInAs(undefined);
  const page = await follow(new Jar(), authorization());
  expect(page.body).toContain('value="anna"');
  const cancelled = await new Jar().page(page.url);
  expect(cancelled.status).toBe(400);
});

test('another account can be chosen while a session lasts', async () => {
  await start();
  const jar = new Jar();
  await follow(jar, authorization());
  provider.signInAs('ben');
  expect(claims((await tokens(await follow(jar, authorization())))['access_token']).sub).toBe('anna');
  const chosen = await follow(jar, authorization({ prompt: 'select_account' }));
  expect(claims((await tokens(chosen))['access_token']).sub).toBe('ben');
});

test('asks for consent on demand, and takes a no', async () => {
  await start({ consent: 'ask' });
  const jar = new Jar();
  const page = await follow(jar, authorization());
  expect(page.body).toContain('Allow');
  const denied = await jar.page(page.url, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'deny' }),
  });
  expect((await follow(jar, denied.location ?? '')).location?.searchParams.get('error')).toBe(
    'access_denied',
  );

  const again = await follow(jar, authorization());
  const allowed = await jar.page(again.url, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'allow' }),
  });
  expect((await tokens(await follow(jar, allowed.location ?? '')))['scope']).toBe('read');
});

test('a grants function decides instead of what is held, and errors carry their detail', async () => {
  const errors: string[] = [];
  await start({
    grants: (person, audience, requested) => (person.id === 'anna' && audience === A ? requested : []),
    onError: (event, error) =>
      errors.push(`${event}: ${(error as Error & { error_detail?: string }).error_detail}`),
  });
  const visit = await follow(new Jar(), authorization());
  expect((await tokens(visit))['scope']).toBe('read write');
  await tokens(visit);
  expect(errors).toEqual(['grant.error: authorization code already consumed']);
});
