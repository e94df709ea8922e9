import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../demo/listener.ts';
import { type RunningProvider, startProvider } from '../../demo/provider.ts';
import { Browser } from '../support/browser.ts';
import { CLIENT_SECRET, startTestWorld, type World } from '../support/world.ts';

const API = 'https://api.example.com';
const hosts = ['staff', 'shop', 'gone'] as const;
const app = (name: string): string =>
  `app: ${name}\nprovider: ${name}\nhosts: [${name}.example.com]\naudience: ${API}\nrules: { /free: public, "/**": [read] }\n`;

let op: RunningProvider;
let world: World;
/** Two clients of one issuer, and an issuer that nobody is at. */
beforeAll(async () => {
  op = await startProvider({
    people: [{ id: 'anna', name: 'Anna', role: '', holds: { [API]: ['read'] } }],
    signedInAs: 'anna',
    resources: [{ audience: API, scopes: ['read'] }],
    clients: ['staff', 'shop'].map((name) => ({
      client_id: name,
      client_secret: CLIENT_SECRET,
      redirect_uris: [`https://${name}.example.com/_auth/callback`],
    })),
  });
  const provider = (name: string, issuer: string): string =>
    `  ${name}: { issuer: "${issuer}", clientId: ${name}, clientSecret: "${CLIENT_SECRET}", title: "The ${name} client" }`;
  const text = [
    'providers:',
    ...[provider('staff', op.issuer), provider('shop', op.issuer)],
    provider('gone', `http://127.0.0.1:${await freePort()}`),
    '',
  ].join('\n');
  world = await startTestWorld({
    rules: Object.fromEntries(hosts.map((name) => [`${name}.yaml`, app(name)])),
    issuer: op.issuer,
    env: {
      POSTERN_CONFIG: '/postern.yaml',
      ...{ POSTERN_PROVIDER_ISSUER: undefined, POSTERN_PROVIDER_CLIENT_ID: undefined },
      POSTERN_PROVIDER_CLIENT_SECRET: undefined,
    },
    readFile: (path) => (path === '/postern.yaml' ? text : undefined),
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await op.close();
});

test.each(['staff', 'shop'] as const)('%s signs in with its own client (B1)', async (name) => {
  const anna = new Browser(world);
  const started = await anna.check(`https://${name}.example.com/1`);
  expect(new URL(String(started.headers.location)).searchParams.get('client_id')).toBe(name);
  expect((await anna.check(await anna.atProvider(String(started.headers.location)))).status).toBe(303);
  const answer = await anna.check(`https://${name}.example.com/1`);
  expect([answer.status, answer.headers['x-auth-client']]).toEqual([200, name]);
});

test('the name of the client stands on its pages', async () => {
  const page = await new Browser(world).page('https://shop.example.com/_auth/error');
  expect(page.body).toContain('The shop client');
});

test('a session of one client is none at the app of another', async () => {
  const anna = new Browser(world);
  await anna.signIn('https://shop.example.com/1');
  const moved = anna.cookieHeader('https://shop.example.com/');
  const answer = await new Browser(world).check('https://staff.example.com/1', {
    manner: 'script',
    lines: ['Cookie', moved],
  });
  expect([answer.status, answer.reason]).toEqual([401, 'login-needed']);
});

test('a provider that is down keeps nobody else out, nor the process from being ready', async () => {
  const anna = new Browser(world);
  const gone = await anna.check('https://gone.example.com/1');
  expect([gone.status, gone.reason, gone.headers['retry-after']]).toEqual([503, 'provider-unavailable', '5']);
  expect((await anna.check('https://gone.example.com/free')).status).toBe(200);
  expect((await anna.signIn('https://shop.example.com/1')).status).toBe(303);
  expect((await world.send('listen', '/readyz', [])).status).toBe(200);
  const detail = await world.send('adminListen', '/readyz', []);
  expect(JSON.parse(detail.body)).toMatchObject({ providers: { staff: true, shop: true, gone: false } });
});
