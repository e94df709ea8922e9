import { once } from 'node:events';
import { expect } from '@jest/globals';
import { linesOf } from '../../support/e2e-upstream.ts';
import type { Journey } from '../../support/e2e-world.ts';

export function streamJourneys(journey: Journey): void {
  journey('a WebSocket needs a login like anything else', async (world) => {
    const before = world.upstream.seen.length;
    const answer = await world.visitor().upgrade('/live/socket', ['Origin', world.origin]);
    expect(answer).toMatchObject({ status: 401, reason: 'login-needed', setCookie: [] });
    expect(JSON.parse(answer.body)).toMatchObject({ login_url: expect.stringContaining('/_auth/login?rd=') });
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('a WebSocket opens with a session, and carries bytes both ways', async (world) => {
    const anna = await world.signedIn('anna');
    const { status, socket } = await anna.upgrade('/live/socket', ['Origin', world.origin]);
    expect(status).toBe(101);
    const seen = world.upstream.seen.at(-1);
    expect(seen).toMatchObject({ method: 'GET', target: '/live/socket' });
    if (seen === undefined || socket === undefined) throw new Error('no socket');
    try {
      expect(linesOf(seen, 'X-Auth-Subject')).toEqual(['anna']);
      expect(linesOf(seen, 'Cookie')).toEqual([]);
      expect(linesOf(seen, 'Authorization')).toEqual([expect.stringMatching(/^Bearer ey/)]);
      socket.write(Buffer.from([0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6b]));
      const [echo] = (await once(socket, 'data')) as [Buffer];
      expect([...echo]).toEqual([0x81, 0x82, 1, 2, 3, 4, 0x69, 0x6b]);
    } finally {
      socket.destroy();
    }
  });

  journey('a WebSocket of another origin is refused with the same cookie', async (world) => {
    const anna = await world.signedIn('anna');
    const before = world.upstream.seen.length;
    const answer = await anna.upgrade('/live/socket', ['Origin', 'https://evil.example']);
    expect(answer).toMatchObject({ status: 403, reason: 'cross-site' });
    expect(world.upstream.seen.length).toBe(before);
  });

  journey('events arrive one by one', async (world) => {
    const ask = { manner: 'script', lines: ['Accept', 'text/event-stream'] } as const;
    const refused = await world.visitor().open('/live/events', ask);
    expect(refused).toMatchObject({ status: 401, reason: 'login-needed' });

    const anna = await world.signedIn('anna');
    const events = await anna.stream('/live/events', ask);
    try {
      expect(events).toMatchObject({ statusCode: 200, headers: { 'content-type': 'text/event-stream' } });
      events.setEncoding('utf8');
      expect(await once(events, 'data')).toEqual(['data: first\n\n']);
      world.upstream.emit('second');
      expect(await once(events, 'data')).toEqual(['data: second\n\n']);
    } finally {
      events.destroy();
    }
  });
}
