import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PEOPLE, RESOURCES } from '../../demo/people.ts';
import { Browser } from '../support/browser.ts';
import { startTestWorld, type World } from '../support/world.ts';

// The proxy and the gateway must agree on which request is asked about: CVE-2026-40575 (X-Forwarded-Uri vs. skip rules),
// CVE-2025-64484 (`X_Forwarded_User`), CVE-2026-39858 (underscore aliases), CVE-2024-45410 (Connection removes headers).

const SHOP = 'http://shop.localhost:8080';
const RULES = `
app: shop
hosts: [shop.localhost, "*.shop.localhost"]
audience: https://api.shop.localhost
login: { scopes: [openid, profile, email, "orders:read"], ask: listed }
headers: { X-Forwarded-Email: email, X-Name: name }
rules:
  /public/**: public
  /account/**: authenticated
  /admin/**: ["orders:admin"]
`;

let world: World;
let anna: Browser;
beforeAll(async () => {
  world = await startTestWorld({
    rules: { 'shop.yaml': RULES },
    provider: { people: PEOPLE, resources: RESOURCES, signedInAs: 'anna' },
  });
  anna = new Browser(world);
  await anna.signIn(`${SHOP}/account/`);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const forwarded = (uri = '/admin/x', host = 'shop.localhost:8080', method = 'GET', proto = 'http') => [
  ...['X-Forwarded-Method', method, 'X-Forwarded-Proto', proto],
  ...['X-Forwarded-Host', host, 'X-Forwarded-Uri', uri],
];
const without = (name: string): string[] => {
  const lines = forwarded('/public/x');
  const at = lines.indexOf(name);
  return [...lines.slice(0, at), ...lines.slice(at + 2)];
};

describe('a forwarded header that is missing, empty, repeated or malformed', () => {
  const NAMES = ['X-Forwarded-Method', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri'];
  const VALUES: Readonly<Record<string, string>> = {
    'X-Forwarded-Method': 'GET',
    'X-Forwarded-Proto': 'http',
    'X-Forwarded-Host': 'shop.localhost:8080',
    'X-Forwarded-Uri': '/public/x',
  };
  test.each(NAMES)('%s', async (name) => {
    const rest = without(name);
    const good = VALUES[name] as string;
    const rows: readonly [readonly string[], string][] = [
      [rest, 'forwarded-header-missing'],
      [[...rest, name, ''], 'forwarded-header-missing'],
      [[...rest, name, '   '], 'forwarded-header-missing'],
      [[...rest, name, good, name, good], 'forwarded-header-repeated'],
      [[name, good, ...rest, name.toUpperCase(), good], 'forwarded-header-repeated'],
      [[name.toLowerCase(), good, ...rest, name, ''], 'forwarded-header-repeated'],
      [[...rest, name.replaceAll('-', '_'), good], 'forwarded-header-missing'],
      [[...rest, name.replaceAll('-', '.'), good], 'forwarded-header-missing'],
      [[...rest, `${name} `.trim().replace('X-', 'X-X-'), good], 'forwarded-header-missing'],
    ];
    for (const [lines, reason] of rows) {
      const answer = await world.send('listen', '/verify', lines);
      expect([lines, answer.status, answer.reason]).toEqual([lines, 400, reason]);
    }
  });

  test.each([
    ['method', forwarded('/public/x', undefined, 'GET POST'), 'method-malformed'],
    ['method with comma', forwarded('/public/x', undefined, 'GET,POST'), 'method-malformed'],
    ['method with obs-text', forwarded('/public/x', undefined, 'G\u00c9T'), 'method-malformed'],
    ['proto', forwarded('/public/x', undefined, 'GET', 'https, http'), 'proto-malformed'],
    ['proto javascript', forwarded('/public/x', undefined, 'GET', 'javascript'), 'proto-malformed'],
    ['host list', forwarded('/public/x', 'shop.localhost, evil.example'), 'host-malformed'],
    ['uri absolute', forwarded('http://shop.localhost/public/x'), 'target-malformed'],
    ['uri of two slashes', forwarded('//public/x'), 'target-malformed'],
    ['uri with fragment', forwarded('/public/x#/../../admin'), 'target-malformed'],
    ['uri with blank', forwarded('/public/x y'), 'target-malformed'],
    ['uri with tab', forwarded('/public/x\ty'), 'target-malformed'],
    ['uri *', forwarded('*'), 'target-malformed'],
    ['uri without slash', forwarded('public/x'), 'target-malformed'],
    ['uri that is a query', forwarded('?/public/x'), 'target-malformed'],
    ['uri with obs-text', forwarded('/public/\u00e9'), 'path-ambiguous'],
  ])('%s: 400', async (_, lines, reason) => {
    const answer = await world.send('listen', '/verify', lines);
    expect([answer.status, answer.reason]).toEqual([400, reason]);
  });
});

describe('headers that other gateways believe never widen a decision', () => {
  const SPOOFS: readonly (readonly string[])[] = [
    ['X-Original-URL', '/public/x'],
    ['X-Original-URI', '/public/x'],
    ['X-Rewrite-URL', '/public/x'],
    ['X-Original-Method', 'OPTIONS'],
    ['X-HTTP-Method-Override', 'OPTIONS'],
    ['X-HTTP-Method', 'OPTIONS'],
    ['X-Method-Override', 'OPTIONS'],
    ['X-Forwarded-Prefix', '/public'],
    ['X-Forwarded-Port', '443'],
    ['X-Forwarded-Path', '/public/x'],
    ['X-Replaced-Path', '/public/x'],
    ['X-Forwarded-Server', 'shop.localhost'],
    ['X-Forwarded-For', '127.0.0.1'],
    ['X-Real-IP', '127.0.0.1'],
    ['Forwarded', 'for=127.0.0.1;host=shop.localhost;proto=https'],
    ['X-Auth-Subject', 'admin'],
    ['X-Auth-Scopes', 'orders:admin'],
    ['X-Auth-Request-Redirect', '/public/x'],
    ['X-Forwarded-User', 'admin'],
    ['X-Envoy-Original-Path', '/public/x'],
    ['User-Agent', 'GoogleHC/1.0'],
    ['Connection', 'X-Forwarded-Uri, X-Forwarded-Method, Cookie'],
    ['Max-Forwards', '0'],
    ['Range', 'bytes=0-1'],
    ['If-None-Match', '*'],
    ['X_Forwarded_Uri', '/public/x'],
    ['X.Forwarded.Uri', '/public/x'],
    ['x-forwarded-uri2', '/public/x'],
    ['__proto__', '/public/x'],
    ['constructor', '/public/x'],
  ];
  test.each(SPOOFS)('%s: %s', async (name, value) => {
    const clean = await anna.check(`${SHOP}/admin/x`, { manner: 'script' });
    const spoofed = await anna.check(`${SHOP}/admin/x`, {
      manner: 'script',
      lines: [name ?? '', value ?? ''],
    });
    expect([spoofed.status, spoofed.reason]).toEqual([clean.status, clean.reason]);
    expect(spoofed.status).toBe(403);
    const deny = await world.send('listen', '/verify', [...forwarded('/nowhere'), name ?? '', value ?? '']);
    expect([deny.status, deny.reason]).toEqual([403, 'no-rule']);
  });
});

describe('aliases of configured names are 400 on every rule, the public one too', () => {
  test.each([
    'X_Auth_Subject',
    'x_auth_subject',
    'X-Auth_Subject',
    'X.Auth.Subject',
    'X.Auth_Scopes',
    'X-AUTH.CLIENT',
    'X_Forwarded_Email',
    'x_name',
    'X.Name',
  ])('%s', async (name) => {
    for (const uri of ['/public/x', '/account/', '/admin/x', '/nowhere']) {
      const answer = await world.send('listen', '/verify', [...forwarded(uri), name, 'admin']);
      expect([uri, answer.status, answer.reason]).toEqual([uri, 400, 'header-alias']);
    }
  });
  test('all configured names are present and the client values gone', async () => {
    const lines = ['X-Auth-Subject', 'admin', 'X-Forwarded-Email', 'a@evil.example', 'X-Name', 'admin'];
    const answer = await world.send('listen', '/verify', [...forwarded('/public/x'), ...lines]);
    expect(answer.status).toBe(200);
    for (const name of ['x-auth-subject', 'x-auth-client', 'x-auth-scopes', 'x-forwarded-email', 'x-name'])
      expect(answer.headers[name]).toBe('');
    expect(answer.headers).not.toHaveProperty('authorization');
  });
});

describe('an Authorization line that is not plainly of another scheme', () => {
  // RFC 9110 11.4 wants SP behind the scheme; upstreams split at any blank, so these are bearers to them.
  const LINES = [
    'Bearer',
    'Bearer ',
    'Bearer x y',
    'Bearer\tabc',
    'bearer\t abc',
    'Bearer,abc',
    'Bearer=abc',
    'Bearer "abc"',
    'Bearer\u00a0abc',
  ];
  test.each(LINES.map((line) => [JSON.stringify(line), line]))(
    'never reaches the upstream unverified on a public path: %s',
    async (_, line) => {
      const answer = await world.send('listen', '/verify', [
        ...forwarded('/public/x'),
        'Authorization',
        line ?? '',
      ]);
      expect(answer.status).toBe(200);
      expect(answer.headers['authorization'] ?? '').toBe('');
    },
  );
  test.each(LINES.map((line) => [JSON.stringify(line), line]))(
    'opens nothing on a protected path: %s',
    async (_, line) => {
      const lines = [...forwarded('/account/'), 'Authorization', line ?? ''];
      const answer = await world.send('listen', '/verify', lines);
      expect([400, 401]).toContain(answer.status);
      expect(answer.setCookie).toEqual([]);
    },
  );
  test.each([
    ['two lines', ['Authorization', 'Bearer a', 'Authorization', 'Bearer b']],
    ['an empty second one', ['Authorization', 'Bearer a', 'authorization', '']],
    ['two schemes', ['Authorization', 'Basic YTpi', 'AUTHORIZATION', 'Bearer b']],
  ])('%s: 400', async (_, lines) => {
    for (const uri of ['/public/x', '/account/']) {
      const answer = await world.send('listen', '/verify', [...forwarded(uri), ...lines]);
      expect([answer.status, answer.reason]).toEqual([400, 'authorization-repeated']);
    }
  });
});

describe('floods', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, i) => [`A-${i}`, 'x']).flat();
  test('200 lines pass, 201 do not, wherever the forwarded ones stand', async () => {
    const fits = await world.send('listen', '/verify', [...many(193), ...forwarded('/public/x')]);
    expect(fits.status).toBe(200);
    for (const lines of [
      [...many(2000), ...forwarded('/public/x')],
      [...forwarded('/public/x'), ...many(201)],
    ]) {
      const answer = await world.send('listen', '/verify', lines);
      expect([answer.status, answer.reason]).toEqual([431, 'header-flood']);
    }
  });
  test('a header of 60 KB is read, one of 70 KB is 431', async () => {
    const fits = await world.send('listen', '/verify', [
      ...forwarded('/public/x'),
      'X-Long',
      'x'.repeat(60_000),
    ]);
    expect(fits.status).toBe(200);
    const head = forwarded('/public/x').join('\n');
    expect(head).toContain('/public/x');
    expect(await raw([...pairs(forwarded('/public/x')), `X-Long: ${'x'.repeat(70_000)}`])).toMatch(
      /^HTTP\/1\.1 431 /,
    );
  });
});

const pairs = (lines: readonly string[]): string[] =>
  lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${lines[at + 1]}`] : []));

/** One request over a bare socket; @returns all that came back. */
function raw(headers: readonly string[], line = 'GET /verify HTTP/1.1'): Promise<string> {
  const [host = '', port] = world.gateway.addresses.listen.split(':');
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(port), host);
    socket.setTimeout(3000, () => socket.destroy());
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.write([line, 'Host: gateway', 'Connection: close', ...headers, '', ''].join('\r\n'), 'latin1');
  });
}

describe('requests that no HTTP client would write', () => {
  const good = pairs(forwarded('/admin/x'));
  const open = pairs(forwarded('/public/x'));
  test('the bare socket itself works', async () => {
    expect(await raw(open)).toMatch(/^HTTP\/1\.1 200 /);
  });
  const GET = 'GET /verify HTTP/1.1';
  test.each<[string, readonly string[], string]>([
    ['blank before the colon', [...open.slice(1), 'X-Forwarded-Method : GET'], GET],
    ['obsolete line folding', [...good, 'X-Fold: a', ' X-Forwarded-Uri: /public/x'], GET],
    ['folded uri', [...good.slice(0, 3), 'X-Forwarded-Uri: /admin/x', ' /public/x'], GET],
    ['a bare LF', [...good, 'X-A: b\nX-Forwarded-Uri: /public/x'], GET],
    ['a bare CR', [...good, 'X-A: b\rX-Forwarded-Uri: /public/x'], GET],
    ['NUL in a value', [...good.slice(0, 3), 'X-Forwarded-Uri: /public/\0'], GET],
    ['no name', [...good, ': /public/x'], GET],
    ['both lengths', [...open, 'Content-Length: 5', 'Transfer-Encoding: chunked'], GET],
    ['two lengths', [...open, 'Content-Length: 5', 'Content-Length: 6'], GET],
    ['an upgrade', [...good, 'Upgrade: websocket', 'Connection: Upgrade'], GET],
    ['an h2c upgrade', [...good, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'], GET],
    ['an expectation', [...good, 'Expect: 200-ok'], GET],
    ['absolute form', good, 'GET http://shop.localhost/verify HTTP/1.1'],
    ['CONNECT', open, 'CONNECT shop.localhost:80 HTTP/1.1'],
    ['HTTP/2 preface', open, 'PRI * HTTP/2.0'],
    ['HTTP/0.9', good, 'GET /verify'],
    ['an unknown version', open, 'GET /verify HTTP/3.0'],
    ['asterisk', open, 'OPTIONS * HTTP/1.1'],
    ['another path', open, 'GET /verify/ HTTP/1.1'],
    ['an encoded path', open, 'GET /%76erify HTTP/1.1'],
    ['two slashes', open, 'GET //verify HTTP/1.1'],
  ])('%s is never 2xx', async (_, headers, line) => {
    expect(await raw(headers, line)).not.toMatch(/HTTP\/1\.[01] 2/);
  });
  test('every method of HTTP may ask, and the forwarded method decides', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'PURGE']) {
      expect(await raw(open, `${method} /verify HTTP/1.1`)).toMatch(/^HTTP\/1\.1 200 /);
      expect(await raw(good, `${method} /verify HTTP/1.1`)).toMatch(/^HTTP\/1\.1 401 /);
    }
  });
  test.each([
    'get',
    'Get',
    'FOO',
    'TRACE',
    'CONNECT',
    'PROPFIND',
    'QUERY',
    'DEBUG',
    'TRACK',
    '__proto__',
    'constructor',
  ])('the forwarded method %s is listed nowhere: 403, even on a public rule', async (method) => {
    const answer = await world.send('listen', '/verify', forwarded('/public/x', undefined, method));
    expect([answer.status, answer.reason]).toEqual([403, 'method-not-listed']);
  });
});
