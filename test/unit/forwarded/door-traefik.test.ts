import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readTraefik } from '../../../src/forwarded/door-traefik.ts';
import type { ForwardedRequest } from '../../../src/forwarded/forwarded-request.ts';
import { headersOf } from '../../support/requests.ts';

type Line = readonly [name: string, value: string];

const METHOD: Line = ['X-Forwarded-Method', 'GET'];
const PROTO: Line = ['X-Forwarded-Proto', 'https'];
const HOST: Line = ['X-Forwarded-Host', 'shop.example.com'];
const URI: Line = ['X-Forwarded-Uri', '/a/b?x=1'];
const CLEAN: readonly Line[] = [METHOD, PROTO, HOST, URI];

const raw = (lines: readonly Line[]): string[] => lines.flat();
const read = (...lines: readonly Line[]): ForwardedRequest | string => readTraefik(raw(lines));
/** The four lines, with one of them saying something else. */
const saying = (name: string, value: string): ForwardedRequest | string =>
  read(...CLEAN.map((line): Line => (line[0] === name ? [name, value] : line)));
/** `METHOD host target segments`, or the reason. */
const told = (result: ForwardedRequest | string): string =>
  typeof result === 'string'
    ? result
    : `${result.method} ${result.host.name} ${result.target} ${JSON.stringify(result.path ?? null)}`;

const READ = 'GET shop.example.com /a/b?x=1 ["a","b"]';

test('four lines make a request; nothing of the client is there that it did not send', () => {
  expect(read(...CLEAN)).toEqual({
    method: 'GET',
    host: { name: 'shop.example.com', port: undefined, finalDot: false },
    target: '/a/b?x=1',
    path: ['a', 'b'],
    headers: headersOf(),
  });
});

describe.each(CLEAN)('FA2, FA3: %s', (name, value) => {
  const others = CLEAN.filter((line) => line[0] !== name);
  const other: Line = [name, `${value}x`];

  test.each<[what: string, lines: readonly Line[], reason: string]>([
    ['missing', others, 'forwarded-header-missing'],
    ['empty', [...others, [name, '']], 'forwarded-header-missing'],
    ['empty, in lower case', [...others, [name.toLowerCase(), '']], 'forwarded-header-missing'],
    ['twice, the same', [...CLEAN, [name, value]], 'forwarded-header-repeated'],
    ['twice, another one last', [...CLEAN, other], 'forwarded-header-repeated'],
    ['twice, another one first', [other, ...CLEAN], 'forwarded-header-repeated'],
    ['twice, an empty one first', [[name, ''], ...CLEAN], 'forwarded-header-repeated'],
    ['twice, an empty one last', [...CLEAN, [name, '']], 'forwarded-header-repeated'],
    ['twice, in two cases', [...CLEAN, [name.toUpperCase(), value]], 'forwarded-header-repeated'],
    [
      'twice, apart',
      [[name, value], ...others, ['Cookie', 'a=b'], [name, value]],
      'forwarded-header-repeated',
    ],
    ['spelled with _ only', [...others, [name.replaceAll('-', '_'), value]], 'forwarded-header-missing'],
    ['spelled with . only', [...others, [name.replaceAll('-', '.'), value]], 'forwarded-header-missing'],
    ['with a blank after its name only', [...others, [`${name} `, value]], 'forwarded-header-missing'],
  ])('%s', (_what, lines, reason) => expect(read(...lines)).toBe(reason));

  test.each([0, 1, 2, 3, 4])('found at place %d, in any case', (place) => {
    expect(told(read(...others.toSpliced(place, 0, [name.toUpperCase(), value])))).toBe(READ);
  });
});

test('FA2: all missing, and never the gateway’s own Host or path', () => {
  expect(read()).toBe('forwarded-header-missing');
  expect(read(['Host', 'shop.example.com'], ['X-Real-Ip', '10.0.0.1'])).toBe('forwarded-header-missing');
});

test.each<[name: string, value: string, expected: string]>([
  // method: an HTTP token, as it is
  ['X-Forwarded-Method', 'get', READ.replace('GET', 'get')],
  ['X-Forwarded-Method', 'PURGE', READ.replace('GET', 'PURGE')],
  ['X-Forwarded-Method', "M-SEARCH!#$%&'*+.^_`|~", READ.replace('GET', "M-SEARCH!#$%&'*+.^_`|~")],
  ['X-Forwarded-Method', 'GET ', 'method-malformed'],
  ['X-Forwarded-Method', 'GET,POST', 'method-malformed'],
  ['X-Forwarded-Method', 'GET, GET', 'method-malformed'],
  ['X-Forwarded-Method', 'GET%20', READ.replace('GET', 'GET%20')],
  ['X-Forwarded-Method', 'G\u00cbT', 'method-malformed'],
  ['X-Forwarded-Method', 'GET\t', 'method-malformed'],
  ['X-Forwarded-Method', 'GET/', 'method-malformed'],
  ['X-Forwarded-Method', '(GET)', 'method-malformed'],
  // proto: checked for its form, and it changes nothing
  ['X-Forwarded-Proto', 'http', READ],
  ['X-Forwarded-Proto', 'https', READ],
  ['X-Forwarded-Proto', 'ws', READ],
  ['X-Forwarded-Proto', 'wss', READ],
  ['X-Forwarded-Proto', 'ftp', 'proto-malformed'],
  ['X-Forwarded-Proto', 'h2', 'proto-malformed'],
  ['X-Forwarded-Proto', 'https,http', 'proto-malformed'],
  ['X-Forwarded-Proto', 'https, https', 'proto-malformed'],
  ['X-Forwarded-Proto', 'https:', 'proto-malformed'],
  ['X-Forwarded-Proto', ' https', 'proto-malformed'],
  ['X-Forwarded-Proto', 'http\u017f', 'proto-malformed'],
  // host
  ['X-Forwarded-Host', 'SHOP.example.com.:9500', READ],
  ['X-Forwarded-Host', 'shop.example.com,evil.example', 'host-malformed'],
  ['X-Forwarded-Host', 'a, b', 'host-malformed'],
  ['X-Forwarded-Host', 'evil@shop.example.com', 'host-malformed'],
  ['X-Forwarded-Host', 'sh\u00f6p.example.com', 'host-malformed'],
  ['X-Forwarded-Host', 'shop.example.com/admin', 'host-malformed'],
  ['X-Forwarded-Host', '::1', 'host-malformed'],
  // the target: one slash, nothing that would end a line or that a browser drops
  ['X-Forwarded-Uri', '/', 'GET shop.example.com / []'],
  ['X-Forwarded-Uri', '/a?', 'GET shop.example.com /a? ["a"]'],
  ['X-Forwarded-Uri', '/a,b', 'GET shop.example.com /a,b ["a,b"]'],
  ['X-Forwarded-Uri', '/a, b', 'target-malformed'],
  ['X-Forwarded-Uri', '/one,/two', 'GET shop.example.com /one,/two ["one,","two"]'],
  ['X-Forwarded-Uri', '/?//evil', 'GET shop.example.com /?//evil []'],
  ['X-Forwarded-Uri', '/admin?x=/public', 'GET shop.example.com /admin?x=/public ["admin"]'],
  ['X-Forwarded-Uri', '/a?b?c', 'GET shop.example.com /a?b?c ["a"]'],
  [
    'X-Forwarded-Uri',
    '/a?q=\u00c3\u00a9"<>{}|\\^`[]%zz',
    'GET shop.example.com /a?q=\u00c3\u00a9"<>{}|\\^`[]%zz ["a"]',
  ],
  ['X-Forwarded-Uri', '//evil.example/x', 'target-malformed'],
  ['X-Forwarded-Uri', '//', 'target-malformed'],
  ['X-Forwarded-Uri', 'admin', 'target-malformed'],
  ['X-Forwarded-Uri', '*', 'target-malformed'],
  ['X-Forwarded-Uri', '?x', 'target-malformed'],
  ['X-Forwarded-Uri', 'https://shop.example.com/', 'target-malformed'],
  ['X-Forwarded-Uri', '\\admin', 'target-malformed'],
  ['X-Forwarded-Uri', '/admin#/public', 'target-malformed'],
  ['X-Forwarded-Uri', '/admin?x#y', 'target-malformed'],
  ['X-Forwarded-Uri', '/a b', 'target-malformed'],
  ['X-Forwarded-Uri', '/a?b c', 'target-malformed'],
  ['X-Forwarded-Uri', '/a\u0000', 'target-malformed'],
  ['X-Forwarded-Uri', '/a\r\nb', 'target-malformed'],
  ['X-Forwarded-Uri', '/a\u007f', 'target-malformed'],
  // a path that can be read in two ways is a request still: own paths and the host are looked at first
  ['X-Forwarded-Uri', '/\\evil', 'GET shop.example.com /\\evil null'],
  ['X-Forwarded-Uri', '/a//b', 'GET shop.example.com /a//b null'],
  ['X-Forwarded-Uri', '/%2e%2e/admin', 'GET shop.example.com /%2e%2e/admin null'],
  ['X-Forwarded-Uri', '/admin%23/public', 'GET shop.example.com /admin%23/public null'],
])('%s: %j', (name, value, expected) => expect(told(saying(name, value))).toBe(expected));

/** FA4, FA5: headers that some proxy or framework believes; each says that another request is meant. */
test.each<Line>([
  ['X_Forwarded_Uri', '/public'],
  ['X.Forwarded.Uri', '/public'],
  ['X-Forwarded_Uri', '/public'],
  ['X_FORWARDED_METHOD', 'OPTIONS'],
  ['X_Forwarded_Host', 'evil.example'],
  ['Forwarded', 'for=1.2.3.4;host=evil.example;proto=http'],
  ['X-Original-URL', '/public'],
  ['X-Original-Uri', '/public'],
  ['X-Original-Method', 'OPTIONS'],
  ['X-Original-Host', 'evil.example'],
  ['X-Rewrite-URL', '/public'],
  ['X-Forwarded-URL', '/public'],
  ['X-Forwarded-Path', '/public'],
  ['X-Forwarded-Prefix', '/admin'],
  ['X-Forwarded-Port', '8443'],
  ['X-Forwarded-Scheme', 'http'],
  ['X-Forwarded-Ssl', 'off'],
  ['X-Forwarded-Server', 'evil.example'],
  ['X-Replaced-Path', '/public'],
  ['X-HTTP-Method-Override', 'OPTIONS'],
  ['X-HTTP-Method', 'OPTIONS'],
  ['X-Method-Override', 'OPTIONS'],
  ['Host', 'evil.example'],
])('%s: %s changes nothing', (name, value) => {
  expect(told(read([name, value], ...CLEAN))).toBe(READ);
  expect(told(read(...CLEAN, [name, value]))).toBe(READ);
});

test('the client’s headers: every Cookie and Authorization line, all others joined', () => {
  const request = read(
    ['Cookie', 'a=1'],
    ['AUTHORIZATION', 'Bearer x'],
    ...CLEAN,
    ['cookie', 'b=2'],
    ['Authorization', 'Basic y'],
    ['Accept', 'text/html'],
    ['accept', '*/*'],
    ['Origin', 'https://a.de'],
    ['Origin', 'https://b.de'],
    ['Referer', 'https://a.de/x'],
    ['Sec-Fetch-Site', 'none'],
    ['Sec-Fetch-Mode', 'navigate'],
    ['Sec-Fetch-Dest', 'document'],
    ['Sec-Fetch-User', '?1'],
    ['Purpose', 'prefetch'],
    ['Sec-Purpose', 'prefetch;prerender'],
    ['X-Requested-With', 'XMLHttpRequest'],
    ['Sec-WebSocket-Key', 'k'],
    ['Access-Control-Request-Method', 'POST'],
    ['X_Auth_Subject', 'admin'],
    ['X.Auth.Client', 'admin'],
    ['X-Auth-Subject', 'admin'],
  );
  expect(typeof request === 'string' ? request : request.headers).toEqual({
    cookie: ['a=1', 'b=2'],
    authorization: ['Bearer x', 'Basic y'],
    accept: 'text/html, */*',
    origin: 'https://a.de, https://b.de',
    referer: 'https://a.de/x',
    secFetchSite: 'none',
    secFetchMode: 'navigate',
    secFetchDest: 'document',
    secFetchUser: '?1',
    purpose: 'prefetch, prefetch;prerender',
    requestedWith: 'XMLHttpRequest',
    webSocketKey: 'k',
    accessControlRequestMethod: 'POST',
    foldable: ['x_auth_subject', 'x.auth.client'],
  });
});

interface Recorded {
  readonly name: string;
  readonly auth: { readonly headers: readonly (readonly [name: string, value: string, times?: number])[] };
  readonly upstream: { readonly method: string; readonly url: string } | null;
}

// Beside the project, not in it: ../shared/vectors from the project's root.
const VECTORS = new URL('../../../../shared/vectors/traefik-requests.json', import.meta.url);
const isThere = existsSync(VECTORS);
const recorded: readonly Recorded[] = isThere ? JSON.parse(readFileSync(VECTORS, 'utf8')).cases : [];
const RECORDED = 'recorded requests of Traefik 3.7.9';

/** What is not simply the upstream's request again. */
const TOLD: Readonly<Record<string, string>> = {
  'query-raw-utf8-and-specials': 'GET ttrue.lab.test /a?q=\u00c3\u00a9"<>{}|\\^`[] ["a"]',
  'deny-redir': 'GET ttrue.lab.test /d ["d"]',
  'deny-redirrel': 'GET ttrue.lab.test /d ["d"]',
  'deny-s401': 'GET ttrue.lab.test /d ["d"]',
  // A proxy that trusts its peer lets the client choose what is asked about; only its configuration can mend that.
  'spoof-webtrust-ttrue': 'OPTIONS evil.test /public ["public"]',
  'dup-trusted-ttrue': 'forwarded-header-repeated',
  'selfloop-untrusted': 'forwarded-header-missing',
  'callback-routed-to-gateway': 'forwarded-header-missing',
  'flood-nodedef-1015-hides-uri': 'forwarded-header-missing',
  'path-enc-slash': 'GET ttrue.lab.test /x%2F..%2Fadmin null',
  'path-double-slash-nosan': 'target-malformed',
  'path-semicolon': 'GET ttrue.lab.test /public/..;/admin;jsessionid=1 null',
  'chain-strip-auth': 'GET strip-auth.lab.test /v1/x%2Fy?q=1 null',
};

(isThere ? describe : describe.skip)(
  isThere ? RECORDED : `${RECORDED}: not replayed, ${VECTORS.pathname} is absent`,
  () => {
    test.each(isThere ? recorded : [{ name: 'all', auth: { headers: [] }, upstream: null } as Recorded])(
      '$name',
      ({ name, auth, upstream }) => {
        const lines = auth.headers.flatMap(([field, value, times = 1]) =>
          Array<Line>(times).fill([field, value]),
        );
        const result = read(...lines);
        const special = TOLD[name];
        if (special !== undefined) {
          expect(told(result)).toBe(special);
          return;
        }
        // What is decided about is what the upstream would serve, byte for byte.
        expect(told(result)).toMatch(/^[A-Z]+ [a-z]+\.lab\.test \/\S* \[.*\]$/);
        expect(result).toMatchObject({ method: upstream?.method, target: upstream?.url });
      },
    );

    test('each special case is among them', () => {
      const names = recorded.map(({ name }) => name);
      expect(Object.keys(TOLD).filter((name) => !names.includes(name))).toEqual([]);
    });
  },
);
