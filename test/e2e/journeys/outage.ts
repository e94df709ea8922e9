import { expect } from '@jest/globals';
import type { Journey } from '../../support/e2e-world.ts';

export function outageJourneys(journey: Journey): void {
  journey('without the gateway nothing passes; with it again, the same cookie does', async (world) => {
    const { gateway, upstream, proxy } = world;
    const anna = await world.signedIn('anna');
    const robot = ['Authorization', `Bearer ${await world.robotToken()}`];
    const before = upstream.seen.length;
    await gateway.crash();
    for (const target of ['/', '/orders/7', '/staff/x', '/_auth/me', '/_auth/../orders/7']) {
      for (const lines of [[], robot]) {
        const { status } = await anna.open(target, { manner: 'script', lines });
        // The extra router is an ordinary one, and its upstream is gone.
        const expected = target === '/_auth/me' ? 502 : proxy.withoutGateway;
        expect({ target, status }).toEqual({ target, status: expected });
      }
    }
    expect((await anna.upgrade('/live/socket', ['Origin', world.origin])).status).toBe(proxy.withoutGateway);
    expect(upstream.seen.length).toBe(before);

    await gateway.restart();
    expect((await anna.open('/orders/7', { manner: 'script' })).status).toBe(200);
    expect(upstream.seen.length).toBe(before + 1);
  });

  journey('a gateway that is asked to end does so with 0, and leaks no secret in its log', async (world) => {
    const anna = await world.signedIn('anna');
    await anna.open('/orders/7?code=secret-in-a-query', { manner: 'script' });
    const cookie = anna.cookie;
    const token = await world.robotToken();
    await anna.open('/orders/7', { manner: 'script', lines: ['Authorization', `Bearer ${token}`] });
    expect(await world.gateway.stop()).toBe(0);
    const log = world.gateway.output();
    expect(log).toContain('"event":"decided"');
    const value = cookie.split('=')[1]?.slice(0, 40) ?? '';
    for (const secret of [
      'secret-in-a-query',
      value,
      token.slice(-40),
      token.slice(0, 60),
      'client-secret-of',
    ]) {
      expect(log.includes(secret)).toBe(false);
    }
    await world.gateway.restart();
  });

  journey(
    'without the provider, who is known goes on, and a login under way gets a page that retries',
    async (world) => {
      const { provider } = world;
      const anna = await world.signedIn('anna');
      const robot = ['Authorization', `Bearer ${await world.robotToken()}`];
      const late = world.visitor();
      const asked = await late.open('/account/late');
      const callback = await late.follow(String(asked.headers.location));
      await provider.close();

      expect((await anna.open('/orders/7', { manner: 'script' })).status).toBe(200);
      expect((await world.visitor().open('/orders/7', { manner: 'plain', lines: robot })).status).toBe(200);
      const answer = await late.open(callback);
      expect(answer).toMatchObject({
        status: 503,
        reason: 'provider-unavailable',
        headers: { 'retry-after': '5', 'content-type': 'text/html; charset=utf-8' },
      });
      expect(answer.headers.location).toBeUndefined();
      // The session here ends all the same.
      const out = await anna.open('/_auth/logout', {
        method: 'POST',
        manner: 'form',
        body: '',
        lines: ['Origin', world.origin],
      });
      expect(out.status).toBe(303);
      expect(anna.cookie).toBe('');
    },
  );
}
