import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { type Ask, Browser } from '../support/browser.ts';
import { expectWellFormed, loginUrlOf } from '../support/refusals.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

/** A single-page app on one host, its API on another of the same site, and two more that list nobody. */
const VIEW = 'https://app.x.example';
const API = 'https://api.x.example';
const OTHER = 'https://other.x.example';
const ANY = 'https://any.x.example';
const EVIL = 'https://evil.example';
const app = (name: string, more: string): string =>
  `app: ${name}\nhosts: [${name}.x.example]\naudience: https://api.shop.localhost\n${more}rules: { "/**": authenticated }\n`;
const rules = {
  'api.yaml': app('api', `origins: ["${VIEW}"]\n`),
  'other.yaml': app('other', ''),
  'any.yaml': app('any', 'origins: upstream\n'),
};
const hosts = ['api.x.example', 'other.x.example', 'any.x.example'];

let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules,
    hosts,
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  for (const origin of [API, OTHER, ANY]) await anna.signIn(`${origin}/1`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const fetching = (origin: string, referer?: string): Ask => ({
  manner: 'plain',
  lines: [
    ...['Origin', origin, 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty', 'Sec-Fetch-Site', 'same-site'],
    ...(referer === undefined ? [] : ['Referer', referer]),
  ],
});
const cors = ({ headers }: Answer): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('access-control-') || name === 'vary'),
  );
const ALLOWED = {
  'access-control-allow-origin': VIEW,
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After',
  vary: 'Origin',
};

describe('who is signed in', () => {
  test.each<[host: string, origin: string, headers: Record<string, unknown>]>([
    [API, VIEW, ALLOWED],
    [API, EVIL, { vary: 'Origin' }],
    [API, 'null', { vary: 'Origin' }],
    [API, `${VIEW}.evil.example`, { vary: 'Origin' }],
    [API, VIEW.toUpperCase(), { vary: 'Origin' }],
    [API, VIEW.replace('https', 'http'), { vary: 'Origin' }],
    [API, OTHER, { vary: 'Origin' }],
    [OTHER, VIEW, {}],
    [ANY, VIEW, {}],
  ])('at %s, for a script of %s', async (host, origin, headers) => {
    const known = await anna.page(`${host}/_auth/me`, fetching(origin));
    expect([known.status, cors(known)]).toEqual([200, headers]);
    expect(JSON.parse(known.body)).toMatchObject({ subject: 'anna' });
    const nobody = await new Browser(world).page(`${host}/_auth/me`, fetching(origin));
    expect([nobody.status, cors(nobody)]).toEqual([401, headers]);
    expectWellFormed(world, nobody, false);
  });

  test.each<[origin: string, method: string, status: number, headers: Record<string, unknown>]>([
    [
      VIEW,
      'GET',
      204,
      {
        ...ALLOWED,
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': 'Content-Type, X-Requested-With',
        'access-control-max-age': '600',
      },
    ],
    [EVIL, 'GET', 405, { vary: 'Origin' }],
    ['null', 'GET', 405, { vary: 'Origin' }],
  ])('a preflight of %s for %s is %i', async (origin, method, status, headers) => {
    const lines = [...(fetching(origin).lines ?? []), 'Access-Control-Request-Method', method];
    const answer = await new Browser(world).page(`${API}/_auth/me`, {
      ...{ method: 'OPTIONS', manner: 'plain' },
      lines,
    });
    expect([answer.status, cors(answer)]).toEqual([status, headers]);
    expect(answer.body === '').toBe(status === 204);
    expect(answer.headers['cache-control']).toMatch(/no-store/);
  });

  test('OPTIONS that is no preflight is not answered, nor is any through the check', async () => {
    const plain: Ask = { method: 'OPTIONS', manner: 'plain', lines: ['Origin', VIEW] };
    expect((await anna.page(`${API}/_auth/me`, plain)).status).toBe(405);
    const lines = ['Origin', VIEW, 'Access-Control-Request-Method', 'GET'];
    expect(await anna.check(`${API}/_auth/me`, { ...plain, lines })).toMatchObject({
      status: 404,
      reason: 'router-missing',
    });
    expect((await anna.page(`${API}/_auth/`, { ...plain, lines })).status).toBe(405);
  });
});

describe('the way back', () => {
  test.each<[referer: string | undefined, rd: string]>([
    [`${VIEW}/orders?open=7`, `${VIEW}/orders?open=7`],
    [`${VIEW}/`, `${VIEW}/`],
    [`${OTHER}/x`, `${OTHER}/x`],
    [`${EVIL}/x`, `${API}/`],
    [`${VIEW}@evil.example/`, `${API}/`],
    [undefined, `${API}/`],
  ])('of a page at %s is %s', async (referer, rd) => {
    const nobody = new Browser(world);
    const refused = await nobody.check(`${API}/orders/7`, fetching(VIEW, referer));
    expect(refused).toMatchObject({ status: 401, reason: 'login-needed' });
    expect(cors(refused)).toEqual(ALLOWED);
    expect(loginUrlOf(refused)?.rd).toBe(rd);
    const me = await nobody.page(`${API}/_auth/me`, fetching(VIEW, referer));
    expect(loginUrlOf(me)?.rd).toBe(rd);
    const known = await anna.page(`${API}/_auth/me`, fetching(VIEW, referer));
    expect(loginUrlOf(known)?.rd).toBe(rd);
  });

  test('that the page names itself is kept, its fragment too', async () => {
    const nobody = new Browser(world);
    const refused = await nobody.check(`${API}/orders/7`, fetching(VIEW));
    const login = new URL(String(loginUrlOf(refused)?.href));
    login.searchParams.set('rd', `${VIEW}/orders?open=7#/line/3`);
    const done = await nobody.check(
      await nobody.atProvider(String((await nobody.check(login.href)).headers.location)),
    );
    expect(done).toMatchObject({ status: 303, headers: { location: `${VIEW}/orders?open=7#/line/3` } });
    expect(await nobody.check(`${API}/orders/7`, fetching(VIEW))).toMatchObject({ status: 200 });
  });
});
