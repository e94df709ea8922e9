import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

const SHOP = 'https://shop.x.example';
const EDGE = 'https://edge.x.example';
const PLAIN = 'https://plain.x.example';
const app = (name: string, more: string): string =>
  `app: ${name}\nhosts: [${name}.x.example]\naudience: https://api.shop.localhost\n${more}rules: { /free: public, "/**": authenticated }\n`;

let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      '_defaults.yaml': 'assertion: true\n',
      'shop.yaml': app('shop', ''),
      'edge.yaml': app('edge', 'assertion: EdDSA\n'),
      'plain.yaml': app('plain', 'assertion: false\n'),
    },
    hosts: ['shop.x.example', 'edge.x.example', 'plain.x.example'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  for (const origin of [SHOP, EDGE, PLAIN]) await anna.signIn(`${origin}/1`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const keysAt = async (origin: string) => {
  const answer = await new Browser(world).page(`${origin}/_auth/jwks.json`, { manner: 'plain' });
  expect(answer).toMatchObject({
    status: 200,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=300',
      'access-control-allow-origin': '*',
    },
    setCookie: [],
  });
  return createLocalJWKSet(JSON.parse(answer.body));
};

test.each([
  [SHOP, 'ES256'],
  [EDGE, 'EdDSA'],
])('%s gets who is asking, signed by %s with a key that it serves', async (origin, algorithm) => {
  const first = await anna.check(`${origin}/1`);
  expect(first.status).toBe(200);
  const text = String(first.headers['x-auth-assertion']);
  const { payload } = await jwtVerify(text, await keysAt(origin), {
    issuer: `${origin}/_auth`,
    audience: new URL(origin).host,
    algorithms: [algorithm],
    typ: 'postern-assertion+jwt',
  });
  expect(payload).toMatchObject({
    sub: first.headers['x-auth-subject'],
    client_id: first.headers['x-auth-client'],
    scope: first.headers['x-auth-scopes'],
  });
  expect((await anna.check(`${origin}/2`)).headers['x-auth-assertion']).toBe(text);
  const secret = [payload['email'], payload['name'], payload['nonce']];
  expect(secret).toEqual([undefined, undefined, undefined]);
});

describe('on a public path', () => {
  test('it is there for who is known, and empty for who is not', async () => {
    expect((await anna.check(`${SHOP}/free`)).headers['x-auth-assertion']).toMatch(/^ey/);
    const nobody = await new Browser(world).check(`${SHOP}/free`);
    expect([nobody.status, nobody.headers['x-auth-assertion']]).toEqual([200, '']);
  });
});

describe('an app without one', () => {
  test('sets no such header, serves no keys, and folds nothing', async () => {
    const answer = await anna.check(`${PLAIN}/1`, { lines: ['X_Auth_Assertion', 'forged'] });
    expect([answer.status, answer.headers['x-auth-assertion']]).toEqual([200, undefined]);
    expect(await anna.page(`${PLAIN}/_auth/jwks.json`, { manner: 'plain' })).toMatchObject({
      status: 404,
      reason: 'page-unknown',
    });
  });
});

test('a name that folds into the header is an imitation where the header is set', async () => {
  const answer = await anna.check(`${SHOP}/1`, { lines: ['X_Auth_Assertion', 'forged'] });
  expect([answer.status, answer.reason]).toEqual([400, 'header-alias']);
});

test.each([
  ['GET', '/_auth/jwks.json', 'check', 404, 'router-missing'],
  ['POST', '/_auth/jwks.json', 'page', 405, 'method-not-allowed'],
] as const)('%s %s at the %s is %i %s', async (method, path, door, status, reason) => {
  const answer = await new Browser(world)[door](`${SHOP}${path}`, { method, manner: 'plain' });
  expect([answer.status, answer.reason]).toEqual([status, reason]);
});
