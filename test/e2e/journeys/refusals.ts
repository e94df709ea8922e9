import { expect } from '@jest/globals';
import type { Journey } from '../../support/e2e-world.ts';

export function refusalJourneys(journey: Journey): void {
  journey('a missing scope is a page that names it, not a second login', async (world) => {
    const anna = await world.signedIn('anna');
    const before = world.upstream.seen.length;
    const page = await anna.open('/staff/list');
    expect(page).toMatchObject({
      status: 403,
      reason: 'scope-missing',
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-length': String(Buffer.byteLength(page.body)),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'www-authenticate': 'Bearer realm="shop.localhost", error="insufficient_scope", scope="orders:write"',
      },
    });
    expect(page.headers.location).toBeUndefined();
    expect(page.body).toContain('<li>orders:write</li>');
    expect(page.body).toContain(
      `${world.origin}/_auth/login?rd=${encodeURIComponent(`${world.origin}/staff/list`)}&amp;prompt=select_account`,
    );
    const script = await anna.open('/staff/list', { manner: 'script' });
    expect(script).toMatchObject({ status: 403, reason: 'scope-missing' });
    expect(JSON.parse(script.body)).toMatchObject({ missing: ['orders:write'], reason: 'scope-missing' });
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('the log tells the same story by the same request id', async (world) => {
    const anna = await world.signedIn('anna');
    const { body } = await anna.open('/staff/told', { manner: 'script' });
    const { request_id: requestId } = JSON.parse(body) as { request_id: string };
    const line = await eventually(() => world.gateway.log().find((one) => one['requestId'] === requestId));
    expect(line).toMatchObject({
      event: 'decided',
      reason: 'scope-missing',
      status: 403,
      host: 'shop.localhost',
      method: 'GET',
      path: '/staff/told',
      app: 'shop',
      subject: 'anna',
    });
  });

  journey.each(
    'there is no login where no rule could permit: %s',
    ['/nowhere', '/never/x', '/ORDERS/7'],
    async (world, target) => {
      const anna = await world.signedIn('anna');
      const before = world.upstream.seen.length;
      for (const visitor of [anna, world.visitor()]) {
        const answer = await visitor.open(target);
        expect(answer).toMatchObject({
          status: 403,
          reason: target.startsWith('/never') ? 'rule-deny' : 'no-rule',
        });
      }
      expect(world.upstream.seen.length).toBe(before);
    },
  );

  journey('a method that the path does not list is denied', async (world) => {
    const ben = await world.signedIn('ben');
    const lines = ['Origin', world.origin];
    const answer = await ben.open('/orders/7', { method: 'DELETE', manner: 'script', lines });
    expect(answer).toMatchObject({ status: 403, reason: 'method-not-listed' });
  });

  journey('a page of another origin cannot act with the cookie', async (world) => {
    const ben = await world.signedIn('ben');
    const before = world.upstream.seen.length;
    const answer = await ben.open('/orders/', {
      method: 'POST',
      manner: 'plain',
      body: 'a=1',
      lines: ['Origin', 'https://evil.example', 'Sec-Fetch-Site', 'cross-site'],
    });
    expect(answer).toMatchObject({ status: 403, reason: 'cross-site' });
    expect(world.upstream.seen.length).toBe(before);
  });
}

/** The log arrives a moment after the answer. */
async function eventually<T>(look: () => T | undefined): Promise<T> {
  for (let i = 0; i < 100; i += 1) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came');
}
