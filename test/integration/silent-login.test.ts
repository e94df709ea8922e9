import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { expectAnswer, expectWellFormed } from '../support/refusals.ts';
import { type Answer, startTestWorld, type World } from '../support/world.ts';

const SHOP = 'http://shop.localhost:8080';
const rules = {
  'shop.yaml': `
app: shop
hosts: [shop.localhost]
audience: https://api.shop.localhost
login: { scopes: [openid], ask: listed }
rules:
  /account/**:  authenticated
  /write/**:    ["orders:write"]
  /status/**:   { audience: https://api.ops.localhost, all: ["status:read"] }
`,
};
const requests: string[] = [];
const provider = {
  people: PEOPLE,
  resources: RESOURCES,
  signedInAs: 'anna',
  onRequest: (method: string, url: string) => void requests.push(`${method} ${url}`),
};

let world: World;
let browser: Browser;
beforeAll(async () => {
  world = await startTestWorld({ rules, provider });
});
beforeEach(async () => {
  browser = new Browser(world);
  await browser.signIn(`${SHOP}/account/`);
  requests.length = 0;
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const promptOf = ({ headers }: Answer): string | null =>
  new URL(String(headers.location)).searchParams.get('prompt');
/** Opens the page that needs another token. @returns the callback with the answer to the silent question */
const askSilently = async (by = browser): Promise<string> => {
  const started = await by.check(`${SHOP}/status/1`);
  expectAnswer(started, 302, 'login-started');
  expect(promptOf(started)).toBe('none');
  return by.atProvider(String(started.headers.location));
};
/** The same callback with an error in place of the code. */
const answered = (callback: string, error: string): string => {
  const url = new URL(callback);
  url.searchParams.delete('code');
  url.searchParams.set('error', error);
  return url.href;
};

test.each<[what: string, path: string, prompt: string | null]>([
  ['a first login', '/account/', null],
  ['a session that lacks a token for the audience', '/status/1', 'none'],
  ['a session whose token lacks scopes', '/write/1', null],
  ['a link', '/_auth/login?rd=/', null],
])('%s asks with prompt %3$j', async (what, path, prompt) => {
  const visitor = what === 'a first login' ? new Browser(world) : browser;
  const started = await visitor.check(SHOP + path);
  expectAnswer(started, 302, 'login-started');
  expect(promptOf(started)).toBe(prompt);
});

test('the silent question names the person by the ID token, where there is one, and the one with a page does not', async () => {
  // With store: cookie the warm session is without it.
  await using kept = await startTestWorld({ rules, provider, env: { POSTERN_SESSION_STORE: 'memory' } });
  const person = new Browser(kept);
  await person.signIn(`${SHOP}/account/`);
  const hintOf = ({ headers }: Answer): string | null =>
    new URL(String(headers.location)).searchParams.get('id_token_hint');
  const silent = await person.check(`${SHOP}/status/1`);
  expect(hintOf(silent)).toMatch(/^ey[\w-]+\.[\w-]+\.[\w-]+$/);
  expect(hintOf(await person.check(`${SHOP}/write/1`))).toBeNull();
  expectAnswer(
    await person.check(await person.atProvider(String(silent.headers.location))),
    303,
    'login-completed',
  );
});

test('a provider that knows the person answers without a page', async () => {
  expectAnswer(await browser.check(await askSilently()), 303, 'login-completed');
  expectAnswer(await browser.check(`${SHOP}/status/1`), 200, 'permitted');
  expect(requests.filter((line) => line.includes('/interaction/'))).toEqual([]);
});

test('a provider that has forgotten the person is asked again with a page, and nobody sees one in between', async () => {
  await browser.forget(world.issuer, /./);
  const callback = await askSilently();
  expect(new URL(callback).searchParams.get('error')).toBe('login_required');
  const again = await browser.check(callback);
  expectAnswer(again, 302, 'login-started');
  expect(promptOf(again)).toBeNull();
  const asked = new URL(String(again.headers.location)).searchParams;
  expect(asked.getAll('resource')).toEqual(['https://api.ops.localhost']);
  expect(asked.get('scope')).toBe('openid status:read');
  const done = await browser.check(await browser.atProvider(String(again.headers.location)));
  expect(done).toMatchObject({ status: 303, headers: { location: `${SHOP}/status/1` } });
  for (const path of ['/status/1', '/account/'])
    expectAnswer(await browser.check(SHOP + path), 200, 'permitted');
  // One transaction at a time, and none is left.
  expect(browser.cookieNames(SHOP).filter((name) => name.startsWith('postern-t.'))).toEqual([]);
});

test.each(['login_required', 'interaction_required', 'consent_required', 'account_selection_required'])(
  '%s is asked again once: a second time it is a page, and then a 403',
  async (error) => {
    const again = await browser.check(answered(await askSilently(), error));
    expectAnswer(again, 302, 'login-started');
    expect(promptOf(again)).toBeNull();
    const callback = await browser.atProvider(String(again.headers.location));
    const refused = await browser.check(answered(callback, error));
    expectAnswer(refused, 403, 'provider-refused');
    expectWellFormed(world, refused, true);
    expect(refused.body).toContain(error);
    expectAnswer(await browser.check(`${SHOP}/status/1`), 403, 'audience-refused');
    expectAnswer(await browser.check(`${SHOP}/account/`), 200, 'permitted');
  },
);

test.each<[error: string, status: number, reason: string]>([
  ['access_denied', 403, 'provider-refused'],
  ['invalid_target', 403, 'provider-refused'],
  ['server_error', 503, 'provider-unavailable'],
  ['a strange one', 403, 'provider-refused'],
])('%s is a page at once', async (error, status, reason) => {
  const refused = await browser.check(answered(await askSilently(), error));
  expectAnswer(refused, status, reason);
  expectWellFormed(world, refused, true);
});

test('an error of another issuer starts nothing', async () => {
  const url = new URL(answered(await askSilently(), 'login_required'));
  url.searchParams.set('iss', 'https://evil.example');
  expectAnswer(await browser.check(url.href), 400, 'callback-issuer');
});

test('the answer that somebody else is signed in replaces the session whole', async () => {
  const other = new Browser(world);
  world.provider?.signInAs('ben');
  try {
    await other.signIn(`${SHOP}/account/`);
    const started = await browser.check(`${SHOP}/status/1`);
    // Ben's session at the provider, in the browser that is Anna's here.
    const callback = await other.atProvider(String(started.headers.location));
    expectAnswer(await browser.check(callback), 303, 'login-completed');
  } finally {
    world.provider?.signInAs('anna');
  }
  const page = await browser.check(`${SHOP}/status/1`);
  expectAnswer(page, 200, 'permitted');
  expect(page.headers['x-auth-subject']).toBe('ben');
  // Anna's token for the shop is gone with her session: Ben's is fetched.
  const shop = await browser.check(`${SHOP}/account/`);
  expectAnswer(shop, 302, 'login-started');
});

test('a consent that is missing is asked for with a page', async () => {
  await using asking = await startTestWorld({ rules, provider: { ...provider, consent: 'ask' } });
  const person = new Browser(asking);
  const first = await person.check(`${SHOP}/account/`);
  await person.check(await person.atProvider(String(first.headers.location), { decision: 'allow' }));
  const callback = await askSilently(person);
  expect(new URL(callback).searchParams.get('error')).toBe('consent_required');
  const again = await person.check(callback);
  expectAnswer(again, 302, 'login-started');
  expect(promptOf(again)).toBeNull();
});
