import { expect } from '@jest/globals';
import { linesOf } from '../../support/e2e-upstream.ts';
import { seenIn } from '../../support/e2e-visitor.ts';
import type { Journey } from '../../support/e2e-world.ts';

// What an upstream might take for the request that was decided.
const MISLEADING = [
  'X-Forwarded-Uri',
  'X-Forwarded-Method',
  'X-Forwarded-Prefix',
  'X-Original-Url',
  'X-Rewrite-Url',
  'X-HTTP-Method',
  'X-HTTP-Method-Override',
  'X-Method-Override',
] as const;
const LIES: readonly string[] = [
  ...MISLEADING.flatMap((name) => [name, name.includes('Method') ? 'DELETE' : '/assets/a.css']),
  ...['X-Forwarded-Uri', '/', 'X-Forwarded-Host', 'other.localhost', 'X-Forwarded-Proto', 'wss'],
  ...['X-Forwarded-For', '203.0.113.9', 'Forwarded', 'host=other.localhost;proto=wss'],
];

export function upstreamJourneys(journey: Journey): void {
  journey('a permitted request carries who it is, and none of our cookies', async (world) => {
    const anna = await world.signedIn('anna');
    const ours = anna.cookie;
    expect(ours).toMatch(/^(__Host-)?postern/);
    const answer = await anna.open('/orders/7', {
      manner: 'script',
      lines: ['Cookie', `z=1; ${ours}; a="two words"; z=3`],
    });
    const seen = seenIn(answer);
    expect(seen).toMatchObject({ method: 'GET', target: '/orders/7' });
    expect(linesOf(seen, 'X-Auth-Subject')).toEqual(['anna']);
    expect(linesOf(seen, 'X-Auth-Client')).toEqual(['shop']);
    expect(linesOf(seen, 'X-Auth-Scopes')).toEqual(['orders:read']);
    expect(linesOf(seen, 'Authorization')).toEqual([
      expect.stringMatching(/^Bearer ey[\w-]+\.[\w-]+\.[\w-]+$/),
    ]);
    expect(linesOf(seen, 'Cookie')).toEqual(['z=1; a="two words"; z=3']);
    expect(linesOf(seen, 'Host')).toEqual([new URL(world.origin).host]);
    // The ID token is nowhere, and neither is anything else of ours.
    expect(seen.lines.filter((line) => /postern/i.test(line))).toEqual([]);
    expect(answer.setCookie).toEqual([]);
  });

  journey('what is absent from a permit is absent upstream', async (world) => {
    const anna = await world.signedIn('anna');
    const withSession = seenIn(await anna.open('/account/', { manner: 'script' }));
    expect(linesOf(withSession, 'Cookie')).toEqual([]);
    const anonymous = seenIn(
      await world.visitor().open('/', { manner: 'script', lines: ['Authorization', 'Bearer not.a.token'] }),
    );
    expect(linesOf(anonymous, 'Authorization')).toEqual([]);
    expect(linesOf(anonymous, 'Cookie')).toEqual([]);
    for (const name of ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scopes']) {
      expect(linesOf(anonymous, name).join('')).toBe('');
    }
    // A proxy's own template words.
    for (const { lines } of [withSession, anonymous]) {
      expect(lines.filter((line) => /reverse_proxy|<nil>|[{}]/.test(line))).toEqual([]);
    }
  });

  journey('text that looks like a template of the proxy stays text', async (world) => {
    const anna = await world.signedIn('anna');
    const own = 'a={http.request.header.Authorization}; b={env.HOME}; c=%7Bx%7D; d=<nil>';
    const seen = seenIn(
      await anna.open('/account/', { manner: 'script', lines: ['Cookie', `${own}; ${anna.cookie}`] }),
    );
    expect(linesOf(seen, 'Cookie')).toEqual([own]);
  });

  journey('nobody can say who they are by a header', async (world) => {
    const spoof = [
      ...['X-Auth-Subject', 'root', 'x-auth-subject', 'admin', 'X-AUTH-SCOPES', 'orders:write'],
      ...['X-Auth-Client', 'console', 'Authorization', 'Basic cm9vdDpyb290'],
    ];
    const anonymous = seenIn(await world.visitor().open('/', { manner: 'script', lines: spoof }));
    for (const name of ['X-Auth-Subject', 'X-Auth-Client', 'X-Auth-Scopes']) {
      expect(linesOf(anonymous, name).join('')).toBe('');
    }
    const anna = await world.signedIn('anna');
    const seen = seenIn(await anna.open('/orders/7', { manner: 'script', lines: spoof }));
    expect(linesOf(seen, 'X-Auth-Subject')).toEqual(['anna']);
    expect(linesOf(seen, 'X-Auth-Client')).toEqual(['shop']);
    expect(linesOf(seen, 'X-Auth-Scopes')).toEqual(['orders:read']);
    expect(linesOf(seen, 'Authorization')).toEqual([expect.stringMatching(/^Bearer ey/)]);
  });

  journey.each(
    'a header that an upstream may fold into one of ours never arrives: %s',
    ['X_Auth_Subject', 'X-Auth_Scopes', 'x_auth_client', 'X.Auth.Subject', 'X-Auth.Scopes'],
    async (world, name) => {
      const anna = await world.signedIn('anna');
      const before = world.upstream.seen.length;
      for (const where of ['/', '/orders/7']) {
        // The gateway refuses it. A proxy that drops it before anyone is asked (Caddy from 2.11 on) is as good.
        const answer = await anna.open(where, { manner: 'script', lines: [name, 'root'] });
        expect([200, 400]).toContain(answer.status);
      }
      const arrived = world.upstream.seen.slice(before).flatMap(({ lines }) => lines);
      expect(arrived).not.toContain('root');
    },
  );

  journey('no header of the client makes another request of it', async (world) => {
    const { origin, upstream } = world;
    const anna = await world.signedIn('anna');
    const before = upstream.seen.length;
    const ask = { manner: 'script', lines: LIES } as const;
    expect(await anna.open('/staff/7', ask)).toMatchObject({ status: 403, reason: 'scope-missing' });
    expect(await world.visitor().open('/staff/7', ask)).toMatchObject({
      status: 401,
      reason: 'login-needed',
    });
    const login = await world.visitor().open('/staff/7', { lines: LIES });
    expect(login.status).toBe(302);
    expect(login.headers.location).toContain(encodeURIComponent(`${origin}/_auth/callback`));
    // Some servers read `_` as `-`. A proxy may refuse such a name; it never counts.
    const twins = LIES.map((text) => text.replace(/^X-Forwarded-/, 'X_Forwarded_'));
    expect([400, 403]).toContain((await anna.open('/staff/7', { manner: 'script', lines: twins })).status);
    expect(upstream.seen.length).toBe(before);

    const seen = seenIn(await anna.open('/orders/7', ask));
    expect(seen).toMatchObject({ method: 'GET', target: '/orders/7' });
    expect(linesOf(seen, 'X-Forwarded-Host')).toEqual([new URL(origin).host]);
    expect(linesOf(seen, 'X-Forwarded-Proto')).toEqual([world.proxy.scheme]);
    expect(linesOf(seen, 'X-Forwarded-For')).toEqual(['127.0.0.1']);
    for (const name of MISLEADING) expect([name, ...linesOf(seen, name)]).toEqual([name]);
  });

  journey('a header that Connection names cannot take our word away', async (world) => {
    const anna = await world.signedIn('anna');
    const answer = await anna.open('/orders/7', {
      manner: 'script',
      lines: ['Connection', 'close, X-Auth-Subject, x-auth-scopes, Authorization, X-Forwarded-Uri'],
    });
    // Whoever drops Cookie or Authorization so drops them for the check as well; nothing is ever decided by less.
    const seen = seenIn(answer);
    expect(linesOf(seen, 'X-Auth-Subject')).toEqual(['anna']);
    expect(linesOf(seen, 'X-Auth-Scopes')).toEqual(['orders:read']);
    expect(linesOf(seen, 'Authorization')).toEqual([expect.stringMatching(/^Bearer ey/)]);
  });

  journey('a body reaches the upstream whole', async (world) => {
    const ben = await world.signedIn('ben');
    const body = 'größe=1&'.repeat(40_000);
    const form = { method: 'POST', manner: 'script', body, lines: ['Origin', world.origin] } as const;
    const seen = seenIn(await ben.open('/orders/', form));
    expect(seen).toMatchObject({ method: 'POST', target: '/orders/' });
    expect(seen.body === body).toBe(true);
    expect(linesOf(seen, 'Content-Length')).toEqual([String(Buffer.byteLength(body))]);
    expect(linesOf(seen, 'X-Auth-Scopes')).toEqual(['orders:read orders:write']);
  });

  journey('a conditional request is the upstream’s to answer', async (world) => {
    const anna = await world.signedIn('anna');
    const lines = ['If-None-Match', '*', 'Range', 'bytes=0-1'];
    const seen = seenIn(await anna.open('/orders/7', { manner: 'script', lines }));
    expect(linesOf(seen, 'If-None-Match')).toEqual(['*']);
    expect(linesOf(seen, 'Range')).toEqual(['bytes=0-1']);
  });
}
