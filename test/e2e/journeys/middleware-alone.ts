import { expect } from '@jest/globals';
import type { Journey } from '../../support/e2e-world.ts';

export function middlewareAloneJourneys(journey: Journey): void {
  journey('signing out works, and its pages are refusals: none of our paths is ever a 2xx', async (world) => {
    const anna = await world.signedIn('anna');
    const stolen = anna.cookie;
    const confirm = await anna.open('/_auth/logout');
    expect(confirm).toMatchObject({ status: 403, reason: 'logout-confirm' });
    expect(confirm.body).toContain(`<form method="post" action="${world.origin}/_auth/logout"`);
    const lines = ['Origin', world.origin];
    const out = await anna.open('/_auth/logout', { method: 'POST', manner: 'form', body: '', lines });
    expect(out.status).toBe(303);
    expect(out.headers.location).toContain(`${world.provider.issuer}/session/end?`);
    expect(anna.cookie).toBe('');
    expect(await anna.open('/_auth/logged-out')).toMatchObject({ status: 401, reason: 'logged-out-page' });
    const replay = await anna.open('/orders/7', { manner: 'script', lines: ['Cookie', stolen] });
    expect(replay).toMatchObject({ status: 401, reason: 'login-needed' });
  });

  journey.each(
    'what needs the router says so: %s',
    ['/_auth/', '/_auth/me', '/_auth/jwks.json', '/.well-known/oauth-protected-resource'],
    async (world, target) => {
      const anna = await world.signedIn('anna');
      const before = world.upstream.seen.length;
      const answer = await anna.open(target, { manner: 'script' });
      expect(answer).toMatchObject({ status: 404, reason: 'router-missing' });
      expect(JSON.parse(answer.body).detail).toContain(
        'Host(`shop.localhost`) && (PathPrefix(`/_auth`) || PathPrefix(`/.well-known/oauth-protected-resource`))',
      );
      expect(world.upstream.seen.length).toBe(before);
    },
  );
}
