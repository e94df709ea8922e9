import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// Open redirects (RFC 9700 4.11; CVE-2020-5233, CVE-2021-32786 and every other `rd` filter): parser differences between
// gateway and browser. Whatever the input, a login ends on a host of the rules or of `origins`, by WHATWG's reading.

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost, "*.tenant.localhost"]
audience: https://api.shop.localhost
login: { scopes: [openid, "orders:read"], ask: listed }
origins: [https://www.example.com]
rules: { "/**": authenticated }
`;
let world: World;
beforeAll(async () => {
  world = await startTestWorld({
    rules: {
      'shop.yaml': RULES,
      'prod.yaml': RULES.replace('shop\n', 'prod\n').replace(/hosts.*/, 'hosts: [prod.example.com]'),
    },
    hosts: ['shop.localhost:8080', 'prod.example.com'],
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** Logs in with this `rd` (encoded, or as it is) and gives the address of the page the browser lands on. */
async function landing(query: string): Promise<string> {
  const browser = new Browser(world);
  const started = await browser.check(`${SHOP}/_auth/login?${query}`);
  if (started.status !== 302) return `${started.status} ${started.reason}`;
  const done = await browser.check(await browser.atProvider(String(started.headers.location)));
  expect(done.status).toBe(303);
  return String(done.headers.location);
}

const EVIL = [
  ...[
    '//evil.example',
    '///evil.example',
    '////evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\\/evil.example',
  ],
  ...[
    '\\/evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/\r/evil.example',
    '\t//evil.example',
    ' //evil.example',
  ],
  ...[
    'http:evil.example',
    'http:/evil.example',
    'http:///evil.example',
    'http:\\\\evil.example',
    'https:evil.example',
  ],
  ...['http://evil.example', 'HTTP://EVIL.EXAMPLE', 'ht\ttp://evil.example', 'http:/\t/evil.example'],
  ...[
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)',
    '\u0001javascript:alert(1)',
    'data:text/html,x',
  ],
  ...[
    'vbscript:x',
    'file:///etc/passwd',
    'blob:http://shop.localhost:8080/x',
    'view-source:http://x',
    'ftp://shop.localhost',
  ],
  ...[
    'http://shop.localhost:8080@evil.example',
    'http://shop.localhost:8080%40evil.example',
    'http://shop.localhost%2f@evil.example',
  ],
  ...[
    'http://evil.example#@shop.localhost:8080',
    'http://evil.example?@shop.localhost:8080',
    'http://evil.example\\@shop.localhost:8080',
  ],
  ...['http://user@shop.localhost:8080/', 'http://:@shop.localhost:8080/', 'http://shop.localhost:8080:80/'],
  ...[
    'http://shop.localhost.evil.example',
    'http://evilshop.localhost:8080',
    'http://a.b.tenant.localhost',
    'http://tenant.localhost',
  ],
  ...[
    'https://www.example.com.evil.example',
    'https://www.example.com@evil.example',
    'http://www.example.com',
    'https://www.example.com:444/',
  ],
  ...[
    'https://WWW.example.com.:443/',
    'https://prod.example.com:8443/',
    'http://prod.example.com/',
    'https://prod.example.com./',
  ],
  ...[
    'http://[::1]/',
    'http://2130706433/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://shop.localhost:99999/',
    'http://shop.localhost:8080./',
  ],
  ...[
    'http://shop。localhost.evil.example',
    'http://evil。example',
    'http://ⓔvil.example',
    'http://evil.example／shop.localhost:8080',
  ],
  ...[
    'http://shop.localhost\u0000.evil.example',
    'http://shop.localhost:8080\u00a0.evil.example',
    '\u00a0//evil.example',
    '\ufeff//evil.example',
    '\u2028//evil.example',
  ],
  ...[
    '.evil.example',
    '@evil.example',
    ':80@evil.example',
    '?x',
    '#x',
    'evil.example',
    './/evil.example',
    ';//evil.example',
    '%2f%2fevil.example',
  ],
  ...[
    '',
    ' ',
    '//',
    '///',
    '\\',
    'http://',
    'http://?',
    'https://#',
    'http://%00',
    'x'.repeat(3000),
    `/${'x'.repeat(3000)}`,
  ],
];

describe('rd that may not be followed leads to /', () => {
  test.each(EVIL.map((rd) => [JSON.stringify(rd).slice(0, 80), rd]))('%s', async (_, rd) => {
    expect(await landing(`rd=${encodeURIComponent(rd ?? '')}`)).toBe(`${SHOP}/`);
  });
  test.each([
    ['twice', 'rd=/a&rd=//evil.example'],
    ['twice, evil first', 'rd=//evil.example&rd=/a'],
    ['as a list', 'rd[]=//evil.example'],
    ['in upper case', 'RD=//evil.example'],
    ['with a semicolon', 'x=1;rd=//evil.example'],
    [
      'other names',
      'redirect=//evil.example&url=//evil.example&return_to=//evil.example&next=//evil.example&target_link_uri=//evil.example',
    ],
    ['bad escapes', 'rd=%'],
    ['overlong', 'rd=%c0%af%c0%afevil.example'],
  ])('%s', async (_, query) => {
    expect(await landing(query)).toBe(`${SHOP}/`);
  });
});

describe('rd that stays: always on its own origin, as a browser reads it', () => {
  test.each([
    ['/x/..//evil.example', SHOP],
    ['/.//evil.example', SHOP],
    ['/%09/evil.example', SHOP],
    ['/%5cevil.example', SHOP],
    ['/%2f%2fevil.example', SHOP],
    ['/@evil.example', SHOP],
    ['/;@evil.example', SHOP],
    ['/:80@evil.example', SHOP],
    ['/.evil.example', SHOP],
    ['/?//evil.example', SHOP],
    ['/#//evil.example', SHOP],
    ['/／evil.example', SHOP],
    ['/javascript:alert(1)', SHOP],
    ['/_auth/logout', SHOP],
    ['http://shop.localhost:8080//evil.example', SHOP],
    ['http://shop.localhost:8080/\u00e9?\u00e9', SHOP],
    ['http://SHOP.localhost:8080/x', SHOP],
    ['http://ｓhop.localhost:8080/x', SHOP],
    ['https://www.example.com/x', 'https://www.example.com'],
    ['https://prod.example.com/x', 'https://prod.example.com'],
    ['https://prod.example.com:443/x', 'https://prod.example.com'],
    ['http://a.tenant.localhost:1234/', 'http://a.tenant.localhost:1234'],
  ])('%s', async (rd, origin) => {
    const location = await landing(`rd=${encodeURIComponent(rd)}`);
    expect(new URL(location).origin).toBe(origin);
    expect(location).not.toMatch(/[\s\\]/);
  });
});

describe('a protected page as the return address', () => {
  test.each([
    '/x?u=//evil.example',
    '/x?\\evil',
    '/@evil.example',
    '/x?%0d%0aSet-Cookie:a=b',
    '/x?%E2%80%A8',
    '/x?"><script>',
    '/x?\u00e9',
    '/:x@evil.example',
  ])('%s comes back byte for byte on its own origin', async (target) => {
    const browser = new Browser(world);
    const head = [
      'X-Forwarded-Method',
      'GET',
      'X-Forwarded-Proto',
      'http',
      'X-Forwarded-Host',
      'shop.localhost:8080',
    ];
    const started = await world.send('listen', '/verify', [
      ...head,
      'X-Forwarded-Uri',
      target,
      'Accept',
      'text/html',
    ]);
    expect(started.reason).toBe('login-started');
    for (const line of started.setCookie) await browser.jar.setCookie(line, SHOP);
    const done = await browser.check(await browser.atProvider(String(started.headers.location)));
    expect(done.headers.location).toBe(`${SHOP}${target}`);
  });
});

describe('login_url of an API answer', () => {
  test.each(
    EVIL.filter((text) => /^[\x21-\xff][\x20-\xff]*$/.test(text)).map((rd) => [
      JSON.stringify(rd).slice(0, 60),
      rd,
    ]),
  )('Referer %s', async (_, referer) => {
    const answer = await new Browser(world).check(`${SHOP}/api`, {
      manner: 'script',
      lines: ['Referer', referer ?? ''],
    });
    const { login_url: url } = JSON.parse(answer.body) as { login_url: string };
    expect(new URL(url).origin).toBe(SHOP);
    expect(new URL(String(new URL(url).searchParams.get('rd'))).origin).toBe(SHOP);
  });
  test('is never led elsewhere by Origin, X-Forwarded-Proto or a foreign port', async () => {
    const answer = await new Browser(world).check(`${SHOP}/api`, {
      manner: 'script',
      lines: ['Origin', 'https://evil.example'],
    });
    expect(answer.body).not.toContain('evil');
  });
});

describe('what a login link can make the provider do', () => {
  // AR8: nothing of the client's query reaches the authorization request but the known words.
  test.each([
    'prompt=none',
    'prompt=login',
    'prompt=select_account%20none',
    'scope=openid%20offline_access',
    'scope=orders:admin',
    'redirect_uri=https://evil.example',
    'acr_values=x',
    'login_hint=x',
    'request=x',
    'request_uri=https://evil.example',
    'response_type=token',
    'response_mode=fragment',
    'client_id=evil',
    'nonce=x',
    'state=x',
    'code_challenge=x',
    'resource=https://evil.example',
    'audience=https://evil.example',
    'claims=%7B%7D',
    'id_token_hint=x',
    '__proto__=x',
  ])('%s is not passed on', async (query) => {
    const plain = await new Browser(world).check(`${SHOP}/_auth/login`);
    const asked = await new Browser(world).check(`${SHOP}/_auth/login?${query}`);
    const view = (location: unknown): unknown =>
      [...new URL(String(location)).searchParams].filter(
        ([name]) => !['state', 'nonce', 'code_challenge'].includes(name),
      );
    expect(view(asked.headers.location)).toEqual(view(plain.headers.location));
    const inTarget = await new Browser(world).check(`${SHOP}/x?${query}`);
    expect(view(inTarget.headers.location)).toEqual(view(plain.headers.location));
  });
});

test('a post-logout address comes from the configuration only', async () => {
  const browser = new Browser(world);
  await browser.signIn(`${SHOP}/x`);
  const lines = ['Origin', SHOP, 'Referer', 'https://evil.example/', 'X-Forwarded-Prefix', '/evil'];
  const out = await browser.check(
    `${SHOP}/_auth/logout?rd=//evil.example&post_logout_redirect_uri=https://evil.example`,
    { method: 'POST', lines },
  );
  expect(out.status).toBe(303);
  expect(new URL(String(out.headers.location)).searchParams.get('post_logout_redirect_uri')).toBe(
    `${SHOP}/_auth/logged-out`,
  );
  expect(String(out.headers.location)).not.toContain('evil');
});
