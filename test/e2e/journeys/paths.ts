import { expect } from '@jest/globals';
import type { Journey } from '../../support/e2e-world.ts';

// Spellings by which somebody might come to /staff/x through a path that is public, or is ours.
const SPELLINGS = [
  '/_auth/../staff/x',
  '/_auth/%2e%2e/staff/x',
  '/_auth/%2E%2e/staff/x',
  '/_auth/%2e%2e%2fstaff/x',
  '/_auth/..%2fstaff/x',
  '/_auth/..;/staff/x',
  '/_auth/..%5cstaff/x',
  '/_auth/me/../../staff/x',
  '/_auth//staff/x',
  '/_auth/%252e%252e/staff/x',
  '/_AUTH/../staff/x',
  '/%5f%61uth/%2e%2e/staff/x',
  '/_authEVIL/../staff/x',
  '/_auth%2f../staff/x',
  '/_auth%2f..%2fstaff/x',
  '/.well-known/oauth-protected-resource/../../staff/x',
  '/.well-known/oauth-protected-resource/%2e%2e/%2e%2e/staff/x',
  '/assets/../staff/x',
  '/assets/%2e%2e/staff/x',
  '/assets/%2e%2e%2fstaff/x',
  '/assets/..%2fstaff/x',
  '/assets/..%5cstaff/x',
  '/assets/..\\staff/x',
  '/assets/..;/staff/x',
  '/assets;/../staff/x',
  '/assets/%252e%252e/staff/x',
  '/assets/%00/../../staff/x',
  '/assets/./../staff/x',
  '/assets//../staff/x',
  '/assets/..%c0%afstaff/x',
  '//staff/x',
  '/./staff/x',
  '/staff%2fx',
  '/staff//x',
  '/%73taff/x',
  '/staff/x?/../../assets/a.css',
  '/staff/x?/_auth/me',
  '/staff/x;v=1',
  '/staff;v=1/x',
  '/assets;v=1/../staff/x',
] as const;

export function pathJourneys(journey: Journey): void {
  journey('no spelling of a path comes to a page that is not permitted', async (world) => {
    const anna = await world.signedIn('anna');
    for (const [who, visitor] of [
      ['anna', anna],
      ['nobody', world.visitor()],
    ] as const) {
      for (const target of SPELLINGS) {
        const before = world.upstream.seen.length;
        const { status } = await visitor.open(target, { manner: 'script' });
        const reached = world.upstream.seen.slice(before).map((one) => one.target);
        expect({ who, target, reached, refused: status >= 400 }).toEqual({
          who,
          target,
          reached: [],
          refused: true,
        });
      }
    }
  });

  journey('a host that no app has leads nowhere', async (world) => {
    const before = world.upstream.seen.length;
    for (const host of ['other.localhost', 'shop.localhost.evil.example', 'shop.localhost@evil.example']) {
      const { body } = await world.visitor().open('/', { manner: 'script', lines: ['Host', host] });
      expect(body).not.toContain('"target"');
    }
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('a flood of header lines hides nothing', async (world) => {
    const before = world.upstream.seen.length;
    const flood = Array.from({ length: 1015 }, () => ['a', 'b']).flat();
    const anna = await world.signedIn('anna');
    for (const target of ['/staff/x', '/orders/7', '/', '/_auth/me']) {
      const lines = [...flood, 'X-Forwarded-Uri', '/', 'X-Auth-Subject', 'root'];
      const answer = await anna.open(target, { manner: 'script', lines });
      expect({ target, status: answer.status }).toEqual({ target, status: 431 });
    }
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('our own pages are ours whatever the upstream has there', async (world) => {
    const anna = await world.signedIn('anna');
    const before = world.upstream.seen.length;
    expect(await anna.open('/_auth/nothing')).toMatchObject({ status: 404, reason: 'page-unknown' });
    expect((await anna.open('/_auth', { manner: 'script' })).status).toBe(200);
    const login = await anna.open(`/_auth/login?rd=${encodeURIComponent('https://evil.example/x')}`);
    expect(login.status).toBe(302);
    expect(login.headers.location).not.toContain('evil');
    expect(world.upstream.seen.length).toBe(before);
  });
}
