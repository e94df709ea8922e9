import { expect } from '@jest/globals';
import { SHOP_API } from '../../../demo/people.ts';
import type { Visitor } from '../../support/e2e-visitor.ts';
import type { E2eWorld, Journey } from '../../support/e2e-world.ts';

export function accountJourneys(journey: Journey): void {
  journey('somebody can see who they are, as JSON and as a page', async (world) => {
    const anna = await world.signedIn('anna');
    const me = await anna.open('/_auth/me', { manner: 'script' });
    expect(me).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    });
    const now = Math.floor(Date.now() / 1000);
    const { session, tokens, ...rest } = JSON.parse(me.body);
    expect(rest).toEqual({
      subject: 'anna',
      client: 'shop',
      profile: {
        sub: 'anna',
        name: 'Anna',
        preferred_username: 'anna',
        email: 'anna@example.com',
        email_verified: true,
      },
      login_url: `${world.origin}/_auth/login?rd=${encodeURIComponent(`${world.origin}/`)}`,
      logout_url: `${world.origin}/_auth/logout`,
    });
    expect(Math.abs(session.expires_at - now - 12 * 3600)).toBeLessThan(30);
    expect(tokens).toEqual([{ audience: SHOP_API, scopes: ['orders:read'], expires_at: expect.any(Number) }]);
    expect(Math.abs(tokens[0].expires_at - now - 600)).toBeLessThan(30);

    const page = await anna.open('/_auth/');
    expect(page.status).toBe(200);
    expect(page.body).toContain('<dd>anna@example.com</dd>');
    expect(page.body).toContain(`<form method="post" action="${world.origin}/_auth/logout"`);
    expect(await world.visitor().open('/_auth/me', { manner: 'script' })).toMatchObject({
      status: 401,
      reason: 'login-needed',
    });
  });

  journey('signing out ends both sessions, for good', async (world) => {
    const anna = await world.signedIn('anna');
    const stolen = anna.cookie;
    const out = await anna.open('/_auth/logout', {
      method: 'POST',
      manner: 'form',
      body: '',
      lines: ['Origin', world.origin],
    });
    expect(out.status).toBe(303);
    expect(anna.cookie).toBe('');
    const end = new URL(String(out.headers.location));
    expect(end.origin).toBe(world.provider.issuer);
    expect(end.searchParams.get('post_logout_redirect_uri')).toBe(`${world.origin}/_auth/logged-out`);
    expect(end.searchParams.get('id_token_hint')).toMatch(/^ey/);

    const loggedOut = await confirmAtProvider(anna, end.href);
    expect(loggedOut).toContain(`${world.origin}/_auth/logged-out`);
    const page = await anna.open(loggedOut);
    expect(page).toMatchObject({ status: 200, reason: 'logged-out-page' });

    const before = world.upstream.seen.length;
    const replay = { manner: 'script', lines: ['Cookie', stolen] } as const;
    expect(await anna.open('/orders/7', replay)).toMatchObject({ status: 401, reason: 'login-needed' });
    expect((await anna.open('/orders/7', { lines: ['Cookie', stolen] })).status).toBe(302);
    expect(await anna.open('/_auth/me', replay)).toMatchObject({ status: 401 });
    expect(world.upstream.seen.length).toBe(before);

    // The provider's session is over as well: it asks for a person again.
    world.provider.signInAs(undefined);
    const asked = await anna.open('/orders/7');
    const interaction = await anna.open(String(asked.headers.location));
    expect(interaction.headers.location).toMatch(/\/interaction\//);
  });

  journey('nobody is signed out by another site', async (world) => {
    const anna = await world.signedIn('anna');
    const post = await anna.open('/_auth/logout', {
      method: 'POST',
      manner: 'plain',
      lines: ['Origin', 'https://evil.example', 'Sec-Fetch-Site', 'cross-site'],
      body: '',
    });
    expect(post).toMatchObject({ status: 403, reason: 'cross-site', setCookie: [] });
    const image = await anna.open('/_auth/logout', { manner: 'plain', lines: ['Accept', 'text/html'] });
    expect(image).toMatchObject({ status: 200, reason: 'logout-confirm', setCookie: [] });
    expect(await stillIn(anna, world)).toBe(true);
  });
}

/** Presses "Yes, sign me out". @returns where the provider leads then */
async function confirmAtProvider(visitor: Visitor, endSession: string): Promise<string> {
  const page = await visitor.open(endSession);
  const action = /<form[^>]* action="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const done = await visitor.open(action, {
    method: 'POST',
    manner: 'form',
    lines: ['Content-Type', 'application/x-www-form-urlencoded'],
    body: new URLSearchParams({ xsrf, logout: 'yes' }).toString(),
  });
  return String(done.headers.location);
}

async function stillIn(visitor: Visitor, world: E2eWorld): Promise<boolean> {
  const { status } = await visitor.open('/orders/7', { manner: 'script' });
  return status === 200 && world.upstream.seen.at(-1)?.target === '/orders/7';
}
