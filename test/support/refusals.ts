import { expect } from '@jest/globals';
import type { Answer, World } from './world.ts';

/** Expects exactly this decision. */
export const expectAnswer = (answer: Answer, status: number, reason: string): void =>
  expect([answer.status, answer.reason]).toEqual([status, reason]);

/** Checks what every refusal and redirect of the gateway owes its reader (design section 4). */
export function expectWellFormed({ log }: World, answer: Answer, isPage: boolean): void {
  const { status, headers, body } = answer;
  const bytes = Buffer.byteLength(body);
  expect(headers).toMatchObject({
    'cache-control': expect.stringContaining('no-store'),
    'x-content-type-options': 'nosniff',
    'content-length': String(bytes),
  });
  expect(bytes).toBeLessThanOrEqual(16 * 1024);
  const id = String(log.at(-1)?.['requestId']);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  if (headers.location !== undefined) {
    expect(new URL(headers.location).href).toBe(headers.location);
    expect([302, 303]).toContain(status);
    return;
  }
  expect(body).toContain(id);
  expect(headers['content-type']).toMatch(isPage ? /^text\/html/ : /^application\/problem\+json$/);
  if (status === 401) expect(headers['www-authenticate']).toMatch(/^Bearer realm="/);
  if (status === 503) expect(headers['retry-after']).toMatch(/^[1-9][0-9]*$/);
  if (isPage) return;
  const problem = JSON.parse(body) as Record<string, unknown>;
  expect(problem).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    status,
    reason: log.at(-1)?.['reason'],
    request_id: id,
  });
  const address = problem['login_url'];
  if (address !== undefined) expect(new URL(String(address)).href).toBe(address);
}

/** @returns the `login_url` of a problem JSON and the `rd` in it. */
export function loginUrlOf({ body }: Answer): { href: string; rd: string | null } | undefined {
  const { login_url: href } = JSON.parse(body) as { login_url?: string };
  return href === undefined ? undefined : { href, rd: new URL(href).searchParams.get('rd') };
}
