import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid, "orders:read"], ask: listed }
origins: [https://www.example.com]
mode: report
tolerate: [encoded-slash, empty-segment]
rules:
  /: public
  /orders/**: ["orders:read"]
  /write/**: ["orders:write"]
  /strong/**: { acr: [mfa] }
  /status/**: { audience: https://api.ops.localhost, all: ["status:read"] }
  /metrics/**: { audience: https://api.ops.localhost, all: ["metrics:read"] }
  /opt/**: { GET: ["orders:read"], OPTIONS: deny }
  /closed/**: deny
  /read-only/**: { GET: public }
`;

let world: World;
let person: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: { 'shop.yaml': RULES },
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  person = new Browser(world);
  await person.signIn(`${SHOP}/orders/1`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const last = (): Record<string, unknown> =>
  world.log.findLast(({ event }) => event === 'decided') as Record<string, unknown>;

describe('an app in report mode', () => {
  test.each([
    ['/write/1', 'scope-missing orders:write', 'shop.yaml:12'],
    ['/strong/1', 'step-up-needed', 'shop.yaml:13'],
    ['/anything/else', 'no-rule', 'none'],
  ])('lets a session pass at %s and logs %s', async (path, cause, rule) => {
    const answer = await person.check(SHOP + path);
    expect([answer.status, answer.headers['x-auth-subject']]).toEqual([200, 'anna']);
    expect(answer.headers.authorization).toMatch(/^Bearer e/);
    expect(last()).toMatchObject({ reason: 'would-deny', app: 'shop', cause, credential: 'session' });
    expect(String(last()['rule'])).toMatch(new RegExp(`${rule}$`));
  });

  test.each([
    ['a deny', 'GET', '/closed/1', 403, 'rule-deny'],
    ['a method that is not listed', 'POST', '/read-only/1', 403, 'method-not-listed'],
    ['an ambiguous path', 'GET', '/orders/%2e%2e/x', 400, 'path-ambiguous'],
  ])('enforces %s', async (_, method, path, status, reason) => {
    const answer = await person.check(SHOP + path, { method });
    expect([answer.status, answer.reason]).toEqual([status, reason]);
  });

  test('enforces audiences: another one is asked for', async () => {
    const answer = await person.check(`${SHOP}/status/1`);
    expect(answer.status).toBe(302);
  });

  test('enforces cross-site requests, with and without a rule', async () => {
    for (const path of ['/write/1', '/anything']) {
      const lines = ['Origin', 'https://evil.example'];
      const answer = await person.check(SHOP + path, { method: 'POST', manner: 'script', lines });
      expect(answer.status).toBe(403);
      expect(last()['reason']).not.toBe('would-deny');
    }
  });

  test('shuts out whoever has no session, and bearer callers that lack a scope', async () => {
    const stranger = new Browser(world);
    expect((await stranger.check(`${SHOP}/anything`, { manner: 'script' })).reason).toBe('no-rule');
    expect((await stranger.check(`${SHOP}/write/1`)).status).toBe(302);
    const held = (await person.check(`${SHOP}/orders/1`)).headers.authorization ?? '';
    const bearer = await stranger.check(`${SHOP}/write/1`, {
      manner: 'plain',
      lines: ['Authorization', held],
    });
    expect([bearer.status, bearer.reason]).toEqual([403, 'scope-missing']);
    const nowhere = await stranger.check(`${SHOP}/anything`, {
      manner: 'plain',
      lines: ['Authorization', held],
    });
    expect([nowhere.status, nowhere.reason]).toEqual([403, 'no-rule']);
  });

  test.each(['PURGE', 'TRACE', 'foo'])('enforces that %s must be named', async (method) => {
    const answer = await person.check(`${SHOP}/anything`, { method });
    expect([answer.status, answer.reason]).toEqual([403, 'no-rule']);
  });

  test('lets no token of another audience pass for want of scopes', async () => {
    const both = new Browser(world);
    await both.signIn(`${SHOP}/orders/1`);
    await both.signIn(`${SHOP}/status/1`);
    const answer = await both.check(`${SHOP}/metrics/1`, { manner: 'script' });
    expect([answer.status, answer.reason]).toEqual([403, 'scopes-not-asked']);
  });
});

describe('a preflight', () => {
  const lines = ['Origin', 'https://www.example.com', 'Access-Control-Request-Method', 'GET'];
  test.each([
    ['/orders/1', 200],
    // Whoever denies OPTIONS by name means preflights too.
    ['/opt/1', 403],
  ])('of %s: %i', async (path, status) => {
    const ask = { method: 'OPTIONS', manner: 'plain', lines } as const;
    expect((await new Browser(world).check(SHOP + path, ask)).status).toBe(status);
  });
});

describe('a tolerated spelling', () => {
  test.each([
    ['/orders/a%2Fb', 200, 'permitted'],
    ['/orders//a', 200, 'permitted'],
    ['/closed/a%2Fb', 403, 'rule-deny'],
    // Split at the slash it would be a path of another rule.
    ['/orders%2Fa', 400, 'path-ambiguous'],
    ['/orders/a;b', 400, 'path-ambiguous'],
    ['/_auth%2Flogin', 400, 'path-ambiguous'],
    ['/_auth//login', 400, 'path-ambiguous'],
    ['/x//_auth/../login', 400, 'path-ambiguous'],
  ])('%s: %i %s', async (path, status, reason) => {
    const answer = await person.check(SHOP + path);
    expect([answer.status, status === 200 ? reason : answer.reason]).toEqual([status, reason]);
  });
});
