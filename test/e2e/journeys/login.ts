import { expect } from '@jest/globals';
import { SHOP_API } from '../../../demo/people.ts';
import type { Journey } from '../../support/e2e-world.ts';

export function loginJourneys(journey: Journey): void {
  journey(
    'an anonymous page load goes to the provider, and comes back by our own callback',
    async (world) => {
      const before = world.upstream.seen.length;
      const answer = await world.visitor().open('/orders/7?view=open');
      expect(answer).toMatchObject({ status: 302, headers: { 'cache-control': 'no-store' } });
      const location = new URL(String(answer.headers.location));
      expect(location.origin).toBe(world.provider.issuer);
      expect(Object.fromEntries(location.searchParams)).toMatchObject({
        response_type: 'code',
        client_id: 'shop',
        redirect_uri: `${world.origin}/_auth/callback`,
        resource: SHOP_API,
        scope: 'openid profile email orders:read orders:write',
        code_challenge_method: 'S256',
      });
      expect(answer.setCookie.length).toBeGreaterThan(0);
      for (const cookie of answer.setCookie) {
        const isSecure = world.proxy.scheme === 'https';
        expect(cookie).toMatch(isSecure ? /^__Host-postern[^=]*=/ : /^postern[^=]*=/);
        expect(/; secure/i.test(cookie)).toBe(isSecure);
        expect(cookie).toMatch(/; path=\/(;|$)/i);
        expect(cookie).toMatch(/; httponly/i);
        expect(cookie).toMatch(/; samesite=lax/i);
        expect(cookie).not.toMatch(/domain=/i);
      }
      expect(world.upstream.seen.length).toBe(before);
    },
  );

  journey('a HEAD of a page is redirected without a cookie', async (world) => {
    const answer = await world.visitor().open('/orders/7', { method: 'HEAD' });
    expect(answer).toMatchObject({ status: 302, setCookie: [] });
    expect(answer.headers.location).toContain(`${world.provider.issuer}/`);
  });

  journey('a script is told where a login would be', async (world) => {
    const answer = await world.visitor().open('/orders/7', {
      manner: 'script',
      lines: ['Referer', `${world.origin}/account/list`],
    });
    expect(answer).toMatchObject({
      status: 401,
      reason: 'login-needed',
      setCookie: [],
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'www-authenticate': 'Bearer realm="shop.localhost"',
      },
    });
    const { login_url: login, request_id: requestId } = JSON.parse(answer.body);
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    const url = new URL(login);
    expect(url.origin + url.pathname).toBe(`${world.origin}/_auth/login`);
    expect(url.searchParams.get('rd')).toBe(`${world.origin}/account/list`);

    // A person who follows it comes back to the page that the script belongs to.
    world.provider.signInAs('anna');
    const person = world.visitor();
    const started = await person.open(login);
    const done = await person.open(await person.follow(String(started.headers.location)));
    expect(done).toMatchObject({ status: 303, headers: { location: `${world.origin}/account/list` } });
  });

  journey('a login comes back to the very URL asked for, byte for byte', async (world) => {
    world.provider.signInAs('anna');
    const visitor = world.visitor();
    const target = '/account/a~b?q=%20Z&x="<>&a=1&a=2&bad=%zz';
    const done = await visitor.signIn(target);
    expect(done).toMatchObject({ status: 303, headers: { location: world.origin + target } });
    expect((await visitor.open(target)).status).toBe(200);
    expect(world.upstream.seen.at(-1)?.target).toBe(target);
  });

  journey('two tabs that sign in at once both arrive', async (world) => {
    world.provider.signInAs('anna');
    const visitor = world.visitor();
    const first = await visitor.open('/account/one');
    const second = await visitor.open('/account/two');
    for (const [tab, target] of [
      [second, '/account/two'],
      [first, '/account/one'],
    ] as const) {
      const done = await visitor.open(await visitor.follow(String(tab.headers.location)));
      expect(done).toMatchObject({ status: 303, headers: { location: world.origin + target } });
      expect((await visitor.open(target)).status).toBe(200);
    }
  });

  journey('a form of somebody anonymous is not lost in a redirect', async (world) => {
    const before = world.upstream.seen.length;
    const answer = await world.visitor().open('/orders/7', { method: 'POST', manner: 'form', body: 'a=1' });
    expect(answer).toMatchObject({ status: 401, reason: 'login-needed' });
    expect(answer.headers.location).toBeUndefined();
    expect(answer.body).toContain('nothing was sent');
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('a frame leads out of itself', async (world) => {
    const answer = await world.visitor().open('/orders/7', { manner: 'frame' });
    expect(answer).toMatchObject({ status: 401, reason: 'login-needed' });
    expect(answer.body).toMatch(/<a [^>]*target="_top"/);
  });

  journey('an answer of the provider that nobody here asked for opens no session', async (world) => {
    const visitor = world.visitor();
    const answer = await visitor.open('/_auth/callback?code=stolen&state=forged');
    expect(answer).toMatchObject({ status: 400, reason: 'callback-state' });
    expect(visitor.cookie).toBe('');
  });
}
