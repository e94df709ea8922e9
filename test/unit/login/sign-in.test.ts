import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ClientHeaders } from '../../../src/forwarded/forwarded-request.ts';
import { createLoginMemory } from '../../../src/login/login-memory.ts';
import { isMeant } from '../../../src/login/logout.ts';
import { refusalHint } from '../../../src/login/refusal-hint.ts';
import {
  type AppProvider,
  createSignIn,
  type SignInRequest,
  scopesToAsk,
} from '../../../src/login/sign-in.ts';
import { createTransactions } from '../../../src/login/transaction.ts';
import type { AuthorizationRequest } from '../../../src/oidc/identity-provider.ts';
import { ProviderError } from '../../../src/oidc/provider-error.ts';
import type { Reply } from '../../../src/outcome/reply.ts';
import { createDeriver } from '../../../src/session/deriver.ts';
import { createSealer } from '../../../src/session/seal.ts';
import { NEW, PlainJar, parseSetCookie } from '../../support/cookies.ts';
import {
  appVisitOf,
  FETCH,
  NAVIGATION,
  ruleSetOf,
  shopApp,
  shopRules,
  type VisitParts,
} from '../../support/requests.ts';

const START = 1_767_225_600;
const API = 'https://api.shop.example.com';
const sealer = createSealer([NEW]);
const now = (): number => START;
const transactions = createTransactions(sealer, createDeriver([NEW]), now);
const memory = createLoginMemory(sealer, now);

let enabled: boolean;
let fault: Error | undefined;
let asked: AuthorizationRequest[];
const provider = (): AppProvider =>
  ({
    config: { name: 'main', enabled },
    identityProvider: {
      authorizationUrl: async (request: AuthorizationRequest) => {
        asked.push(request);
        if (fault !== undefined) throw fault;
        const { idTokenHint = '' } = request;
        return `https://id.example.com/authorize?x${idTokenHint}`;
      },
    },
  }) as unknown as AppProvider;
const signIn = createSignIn(provider, transactions, memory, now);

beforeEach(() => {
  enabled = true;
  fault = undefined;
  asked = [];
});

const ask = (
  line: string,
  request: Partial<SignInRequest> = {},
  parts: VisitParts = {},
  setCookie?: readonly string[],
) =>
  signIn(
    appVisitOf(line, { ...parts, headers: { ...NAVIGATION, ...parts.headers } }),
    { audience: API, scopes: [], returnTo: '/orders', ...request },
    setCookie,
  );
const linesOf = (reply: Reply, name: string): string[] =>
  reply.headers.filter(([field]) => field === name).map(([, value]) => value);
const SHOP = 'GET shop.example.com/orders';

test('a page load goes to the provider, with a cookie of its transaction', async () => {
  const reply = await ask(SHOP, { scopes: ['orders:write'] }, {}, ['first=1']);
  expect(reply).toMatchObject({ status: 302, reason: 'login-started' });
  expect(linesOf(reply, 'Location')).toEqual(['https://id.example.com/authorize?x']);
  const [first, ...own] = linesOf(reply, 'Set-Cookie');
  expect(first).toBe('first=1');
  expect(own.map((line) => parseSetCookie(line).name)).toEqual([
    expect.stringMatching(/^__Host-postern-t\.\w+$/),
    expect.stringMatching(/^__Host-postern-t\.\w+\.sig$/),
  ]);
  expect(asked).toEqual([
    {
      redirectUri: 'https://shop.example.com/_auth/callback',
      state: expect.any(String),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      codeVerifier: expect.stringMatching(/^[\w-]{43}$/),
      scopes: ['openid', 'orders:write'],
      audiences: [API],
    },
  ]);
  expect(transactions.openState(asked[0]?.state ?? '', 'shop.example.com')).toMatchObject({
    provider: 'main',
    audience: API,
    scopes: ['orders:write'],
    returnTo: '/orders',
    attempt: 0,
  });
});

test('without an audience none is asked for; a prompt is passed on', async () => {
  await ask(SHOP, { audience: '', prompt: 'select_account', attempt: 1 });
  expect(asked[0]).toMatchObject({ audiences: [], prompt: 'select_account' });
  expect(transactions.openState(asked[0]?.state ?? '', 'shop.example.com')).toMatchObject({
    attempt: 1,
  });
});

test.each<[what: string, request: Partial<SignInRequest>, end: string]>([
  ['a silent login names whom it is about', { silent: true, idTokenHint: 'hint' }, '?xhint'],
  ['one without an ID token does not', { silent: true }, '?x'],
  ['one whose hint is too long does not', { silent: true, idTokenHint: 'x'.repeat(2800) }, '?x'],
  ['one with a page does not', { idTokenHint: 'hint' }, '?x'],
])('%s', async (_what, request, end) => {
  const [location] = linesOf(await ask(SHOP, request), 'Location');
  expect(location).toBe(`https://id.example.com/authorize${end}`);
});

test('a HEAD gets the redirect and no cookie', async () => {
  const reply = await ask('HEAD shop.example.com/orders');
  expect(reply.status).toBe(302);
  expect(linesOf(reply, 'Set-Cookie')).toEqual([]);
});

/** RV4: from the configuration only. */
test.each<[line: string, publicly: VisitParts['public'], redirectUri: string]>([
  ['GET shop.example.com/x', undefined, 'https://shop.example.com/_auth/callback'],
  ['GET SHOP.example.com:443/x', undefined, 'https://shop.example.com/_auth/callback'],
  ['GET shop.localhost:8080/x', undefined, 'http://shop.localhost:8080/_auth/callback'],
  ['GET shop.example.com/x', { scheme: 'https', port: 8443 }, 'https://shop.example.com:8443/_auth/callback'],
])('%s with %j is redirected back to %s', async (line, publicly, redirectUri) => {
  await ask(line, {}, publicly === undefined ? {} : { public: publicly });
  expect(asked[0]?.redirectUri).toBe(redirectUri);
});

describe('no login', () => {
  test.each<[what: string, line: string, spoil: () => void, status: number, reason: string]>([
    ['on a foreign port', 'GET shop.example.com:444/x', () => undefined, 421, 'foreign-port'],
    ['on a host with a final dot', 'GET shop.example.com./x', () => undefined, 421, 'foreign-port'],
    [
      'where it is switched off',
      SHOP,
      () => {
        enabled = false;
      },
      403,
      'provider-disabled',
    ],
    [
      'while the provider is down',
      SHOP,
      () => {
        fault = new ProviderError('provider-unavailable', 'ECONNREFUSED');
      },
      503,
      'provider-unavailable',
    ],
  ])('%s', async (_what, line, spoil, status, reason) => {
    spoil();
    const reply = await ask(line);
    expect(reply).toMatchObject({ status, reason });
    expect(linesOf(reply, 'Set-Cookie')).toEqual([]);
    expect(linesOf(reply, 'Location')).toEqual([]);
    expect(reply.body).not.toContain('ECONNREFUSED');
    expect(linesOf(reply, 'Retry-After')).toEqual(status === 503 ? ['5'] : []);
  });

  test('our own faults are not the provider’s', async () => {
    fault = new TypeError('ours');
    await expect(ask(SHOP)).rejects.toBe(fault);
  });
});

describe('the third login within a minute', () => {
  const twice = (line: string): Partial<ClientHeaders> => {
    const { cookies, request } = appVisitOf(line);
    const end = { audience: API, scopes: [], at: START - 10, completed: true };
    const set = memory.remember(request.host.name, cookies, [{ ...end, at: START - 30 }], end);
    return { cookie: new PlainJar().take(set).lines };
  };

  test.each<[because: SignInRequest['because'], reason: string]>([
    ['no-session', 'login-loop'],
    ['expired', 'login-started'],
    [undefined, 'login-started'],
  ])('because of %s: %s', async (because, reason) => {
    const headers = twice(SHOP);
    const reply = await ask(SHOP, because === undefined ? {} : { because }, { headers });
    expect(reply).toMatchObject({ reason, status: reason === 'login-loop' ? 403 : 302 });
    expect(asked).toHaveLength(reason === 'login-loop' ? 0 : 1);
  });

  test('on another host is the first there', async () => {
    const rules = ruleSetOf(
      `app: shop\nhosts: [shop.example.com, b.example.com]\naudience: ${API}\nrules: { /: authenticated }\n`,
    );
    const headers = twice(SHOP);
    expect(await ask('GET b.example.com/', { because: 'no-session' }, { headers, rules })).toMatchObject({
      status: 302,
    });
  });
});

/** Design §5: login.scopes, with `ask: rules` those that rules of that audience name, and what a page needs now. */
describe('the scopes of an authorization request', () => {
  const app = (login: string) => {
    const [one] = ruleSetOf(
      [
        'app: shop',
        'hosts: [shop.example.com]',
        `audience: ${API}`,
        `login: { scopes: [openid, profile]${login} }`,
        'rules:',
        '  /orders/**: { GET: [orders:read], POST: { all: [orders:write], any: [staff, partner] } }',
        '  /ops/**: { audience: https://ops.example.com, all: [metrics:read] }',
      ].join('\n'),
    ).apps;
    return one ?? shopApp();
  };
  const RULES = ['openid', 'profile', 'orders:read', 'orders:write', 'partner', 'staff'];

  test.each<[login: string, audience: string, more: string[], scopes: string[]]>([
    ['', API, [], RULES],
    [', ask: rules', API, [], RULES],
    ['', 'https://ops.example.com', [], ['openid', 'profile', 'metrics:read']],
    ['', 'https://unknown.example', [], ['openid', 'profile']],
    ['', '', [], ['openid', 'profile']],
    [', ask: listed', API, [], ['openid', 'profile']],
    [', ask: listed', API, ['orders:read', 'openid'], ['openid', 'profile', 'orders:read']],
    ['', API, ['orders:read', 'x'], [...RULES, 'x']],
  ])('login%s, audience %s, and %j', (login, audience, more, scopes) => {
    expect(scopesToAsk(app(login), audience, more)).toEqual(scopes);
  });
});

/** XS6, LO8: a POST of the app's own pages, or a click inside the site. */
describe('a logout that the person meant', () => {
  const CLICK = { ...NAVIGATION, secFetchSite: 'same-origin', secFetchUser: '?1' };
  const OWN = 'https://shop.example.com';

  test.each<[what: string, method: string, headers: Partial<ClientHeaders>, meant: boolean]>([
    ['a click inside the site', 'GET', CLICK, true],
    ['a script’s navigation', 'GET', { ...CLICK, secFetchUser: undefined }, false],
    ['a link on another site', 'GET', { ...CLICK, secFetchSite: 'cross-site' }, false],
    ['a link on a sibling host', 'GET', { ...CLICK, secFetchSite: 'same-site' }, false],
    ['a typed address', 'GET', { ...CLICK, secFetchSite: 'none' }, false],
    [
      'an image',
      'GET',
      { secFetchSite: 'same-origin', secFetchMode: 'no-cors', secFetchDest: 'image' },
      false,
    ],
    ['an iframe', 'GET', { ...CLICK, secFetchDest: 'iframe' }, false],
    ['fetch()', 'GET', { ...FETCH, secFetchSite: 'same-origin' }, false],
    ['no Fetch Metadata', 'GET', {}, false],
    ['a HEAD', 'HEAD', CLICK, false],
    ['the own form', 'POST', { ...CLICK, origin: OWN }, true],
    ['the own form, without Fetch Metadata', 'POST', { origin: OWN }, true],
    ['a program', 'POST', {}, true],
    ['an allowed origin', 'POST', { origin: 'https://www.example.com', secFetchSite: 'cross-site' }, true],
    ['a foreign form', 'POST', { origin: 'https://evil.example', secFetchSite: 'cross-site' }, false],
    ['a foreign form, without Fetch Metadata', 'POST', { origin: 'https://evil.example' }, false],
    ['a foreign form, without Origin', 'POST', { secFetchSite: 'cross-site' }, false],
    ['a sibling’s form, without Origin', 'POST', { secFetchSite: 'same-site' }, false],
    ['a sandboxed form', 'POST', { origin: 'null', secFetchSite: 'cross-site' }, false],
    ['the own page by http', 'POST', { origin: 'http://shop.example.com' }, false],
  ])('%s: %s', (_what, method, headers, meant) => {
    const rules = shopRules('origins: [https://www.example.com]');
    expect(isMeant(appVisitOf(`${method} shop.example.com/_auth/logout`, { headers, rules }))).toBe(meant);
  });
});

test.each([
  [undefined, 'The provider gave a reason that is not known here.'],
  ['access_denied', 'The sign-in was declined, or this account may not use the app. (access_denied)'],
  ['server_error', 'The provider gave no further reason. (server_error)'],
] as const)('CB4: %s is told as %j', (code, hint) => expect(refusalHint(code)).toBe(hint));
