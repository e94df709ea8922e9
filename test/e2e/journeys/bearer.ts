import { expect } from '@jest/globals';
import { linesOf } from '../../support/e2e-upstream.ts';
import { seenIn } from '../../support/e2e-visitor.ts';
import type { Journey } from '../../support/e2e-world.ts';

export function bearerJourneys(journey: Journey): void {
  journey('a service passes with its own token, unaltered', async (world) => {
    const line = `Bearer ${await world.robotToken()}`;
    const robot = world.visitor();
    const answer = await robot.open('/orders/7', { manner: 'plain', lines: ['Authorization', line] });
    const seen = seenIn(answer);
    expect(linesOf(seen, 'Authorization')).toEqual([line]);
    expect(linesOf(seen, 'X-Auth-Client')).toEqual(['robot']);
    expect(linesOf(seen, 'X-Auth-Scopes')).toEqual(['orders:read']);
    expect(answer.setCookie).toEqual([]);
  });

  journey('a bad token is a challenge, never a redirect and never a cookie', async (world) => {
    const before = world.upstream.seen.length;
    const [head, payload, signature] = (await world.robotToken()).split('.');
    const forged = `${head}.${payload}.${'A'.repeat(signature?.length ?? 0)}`;
    const answer = await world.visitor().open('/orders/7', { lines: ['Authorization', `Bearer ${forged}`] });
    expect(answer).toMatchObject({ status: 401, reason: 'token-signature', setCookie: [] });
    expect(answer.headers['www-authenticate']).toBe(
      'Bearer realm="shop.localhost", error="invalid_token", error_description="Its signature does not verify with a key of its issuer."',
    );
    expect(answer.headers.location).toBeUndefined();
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('a token that lacks the scope is told which', async (world) => {
    const before = world.upstream.seen.length;
    const lines = ['Authorization', `Bearer ${await world.robotToken()}`];
    const answer = await world
      .visitor()
      .open('/orders/', { method: 'POST', manner: 'plain', lines, body: 'x' });
    expect(answer).toMatchObject({
      status: 403,
      reason: 'scope-missing',
      headers: {
        'www-authenticate': 'Bearer realm="shop.localhost", error="insufficient_scope", scope="orders:write"',
      },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ missing: ['orders:write'] });
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('two tokens are none', async (world) => {
    const before = world.upstream.seen.length;
    const line = `Bearer ${await world.robotToken()}`;
    const lines = ['Authorization', line, 'Authorization', 'Bearer x'];
    expect((await world.visitor().open('/orders/7', { manner: 'plain', lines })).status).toBe(400);
    expect(world.upstream.seen.length).toBe(before);
  });
}
