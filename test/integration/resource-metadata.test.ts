import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

const API = 'https://api.x.example/v1';
const OTHER = 'https://api.x.example';
let world: World;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'api.yaml': `app: api
title: The API
hosts: [api.x.example, "*.y.example"]
audience: ${API}
issuers: [https://partner.example/]
rules:
  /v1/**: { GET: [read], POST: [write, offline_access] }
  /root/**: { audience: "${OTHER}", all: [root] }
`.replace('[write, offline_access]', '{ all: [write, offline_access] }'),
      'people.yaml': `app: people\nhosts: [people.x.example]\naudience: https://people.x.example\ncredentials: [session]\nrules: { "/**": authenticated }\n`,
      'far.yaml': `app: far\nhosts: [far.x.example]\naudience: https://api.x.example/v1\nrules: { "/**": authenticated }\n`,
      'odd.yaml': `app: odd\nhosts: [odd.x.example]\naudience: "https://odd.x.example/%zz"\nrules: { "/**": authenticated }\n`,
      'plain.yaml': `app: plain\nhosts: [plain.x.example]\naudience: urn:plain\nrules: { "/**": authenticated }\n`,
    },
    hosts: ['api.x.example'],
    provider: { people: PEOPLE },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const at = (url: string, method = 'GET') =>
  new Browser(world).page(url, { manner: 'plain', method, lines: ['Origin', 'https://agent.example'] });

describe('a resource says what it takes (MD1)', () => {
  test.each<[path: string, resource: string, scopes: string[]]>([
    ['/v1', API, ['read', 'write']],
    ['/v1/', API, ['read', 'write']],
    ['', OTHER, ['root']],
    ['/', OTHER, ['root']],
  ])('at %s', async (path, resource, scopes) => {
    const answer = await at(`https://api.x.example${WELL_KNOWN}${path}`);
    expect(answer).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
        'cache-control': 'public, max-age=300',
      },
      setCookie: [],
    });
    expect(JSON.parse(answer.body)).toEqual({
      resource,
      resource_name: 'The API',
      authorization_servers: [world.issuer, 'https://partner.example/'],
      scopes_supported: scopes,
      bearer_methods_supported: ['header'],
    });
  });

  test.each<[what: string, url: string, method: string, status: number, reason: string]>([
    ['another path', `https://api.x.example${WELL_KNOWN}/v2`, 'GET', 404, 'page-unknown'],
    ['a path below', `https://api.x.example${WELL_KNOWN}/v1/orders`, 'GET', 404, 'page-unknown'],
    ['another host of the app', `https://a.y.example${WELL_KNOWN}/v1`, 'GET', 404, 'page-unknown'],
    [
      'an app whose audience is on a foreign host',
      `https://far.x.example${WELL_KNOWN}/v1`,
      'GET',
      404,
      'page-unknown',
    ],
    ['an audience that is no URL', `https://plain.x.example${WELL_KNOWN}`, 'GET', 404, 'page-unknown'],
    [
      'an app that takes no bearer tokens',
      `https://people.x.example${WELL_KNOWN}`,
      'GET',
      404,
      'page-unknown',
    ],
    ['a host of nobody', `https://evil.example${WELL_KNOWN}/v1`, 'GET', 403, 'unknown-host'],
    ['a POST', `https://api.x.example${WELL_KNOWN}/v1`, 'POST', 405, 'method-not-allowed'],
  ])('%s has none', async (_, url, method, status, reason) => {
    const answer = await at(url, method);
    expect([answer.status, answer.reason]).toEqual([status, reason]);
  });

  test('at the check the router is missing', async () => {
    const answer = await new Browser(world).check(`https://api.x.example${WELL_KNOWN}/v1`);
    expect([answer.status, answer.reason]).toEqual([404, 'router-missing']);
  });
});

describe('every challenge names it (MD2)', () => {
  const named = `resource_metadata="https://api.x.example${WELL_KNOWN}/v1"`;
  test.each<[what: string, url: string, lines: string[], status: number, challenge: string, method?: string]>(
    [
      [
        'nobody',
        'https://api.x.example/v1/a',
        [],
        401,
        `Bearer realm="api.x.example", scope="read", ${named}`,
      ],
      [
        'nobody, where a scope is needed that belongs to no resource',
        'https://api.x.example/v1/a',
        [],
        401,
        `Bearer realm="api.x.example", scope="write", ${named}`,
        'POST',
      ],
      [
        'nobody, at another host of the app',
        'https://a.y.example/v1/a',
        [],
        401,
        `Bearer realm="a.y.example", scope="read", ${named}`,
      ],
      [
        'nobody, for another audience',
        'https://api.x.example/root/a',
        [],
        401,
        `Bearer realm="api.x.example", scope="root", resource_metadata="https://api.x.example${WELL_KNOWN}"`,
      ],
      [
        'a bad token',
        'https://api.x.example/v1/a',
        ['Authorization', 'Bearer x'],
        401,
        `Bearer realm="api.x.example", error="invalid_token", error_description="It is not a signed JWT in its one canonical spelling.", ${named}`,
      ],
      [
        'a resource whose path cannot be asked for',
        'https://odd.x.example/a',
        [],
        401,
        'Bearer realm="odd.x.example"',
      ],
      ['an app without one', 'https://plain.x.example/a', [], 401, 'Bearer realm="plain.x.example"'],
    ],
  )('%s', async (_, url, lines, status, challenge, method = 'GET') => {
    const answer = await new Browser(world).check(url, { manner: 'plain', lines, method });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([status, challenge]);
  });
});
