import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalPath } from '../../src/forwarded/canonical-path.ts';
import { readTraefik } from '../../src/forwarded/door-traefik.ts';
import { parseHost } from '../../src/forwarded/host.ts';
import { ownPage } from '../../src/forwarded/own-path.ts';
import { safeReturnUrl } from '../../src/login/return-url.ts';
import { ruleSetOf } from '../support/requests.ts';

const holds = <Parts extends [unknown, ...unknown[]]>(
  property: fc.IProperty<Parts> | fc.IPropertyWithHooks<Parts>,
  numRuns = 1000,
): void => fc.assert(property, { numRuns });

/** One char per byte, as header values and request targets come. */
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.nat({ max: 0xff }), { maxLength }).map((some) => String.fromCharCode(...some));

/** Pieces that upstreams and browsers have been seen to read in two ways, mixed with harmless ones. */
const PIECES = [
  ...[
    'a',
    'admin',
    '_auth',
    'login',
    '.',
    '..',
    '...',
    '',
    ' ',
    '%',
    '%2',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    ';',
    '%3b',
  ],
  ...[
    '%25',
    '%252e',
    '%252f',
    '%00',
    '%0a',
    '%20',
    '%23',
    '%3f',
    '#',
    '?',
    '%c3%a4',
    '%c0%ae',
    '%ff',
    'ä',
    '%zz',
    '~',
    '%7e',
  ],
  ...['25', '2e', '41', '@', ':', '%C2%85', '%ef%bb%bf', '%F0%9F%9A%AA', '\u0000', '\t', '+', '&', '='],
];
const piece = fc.constantFrom(...PIECES);
const segment = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(''));
const hostile = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
const path = fc.oneof(
  hostile,
  fc.webPath(),
  bytes(20).map((text) => `/${text}`),
);

test('a canonical path has no segment that could be another one', () => {
  holds(
    fc.property(path, (text) => {
      const segments = canonicalPath(text) ?? [];
      for (const each of segments) {
        expect(['', '.', '..']).not.toContain(each);
        expect(each).not.toMatch(/[/\\;#?\p{Cc}]/u);
        expect(each).not.toMatch(/%[0-9a-f]{2}/i);
      }
    }),
  );
});

test('canonicalising twice changes nothing, however the segments are spelled', () => {
  const escaped = (text: string): string =>
    [...Buffer.from(text, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  holds(
    fc.property(path, fc.boolean(), (text, slash) => {
      const segments = canonicalPath(text);
      if (segments === undefined) return;
      const tail = slash && segments.length > 0 ? '/' : '';
      expect(canonicalPath(`/${segments.map(encodeURIComponent).join('/')}${tail}`)).toEqual(segments);
      expect(canonicalPath(`/${segments.map(escaped).join('/')}${tail}`)).toEqual(segments);
    }),
  );
});

test('a path that is read at all is read as a browser and as Node read it', () => {
  holds(
    fc.property(path, (text) => {
      const segments = canonicalPath(text);
      if (segments === undefined) return;
      const { pathname } = new URL(`https://shop.example.com${text}`);
      const browser = pathname.split('/').slice(1).map(decodeURIComponent);
      if (browser.at(-1) === '') browser.pop();
      expect(segments).toEqual(browser);
    }),
  );
});

test('what is not read is never an own path, and own paths are read by whole segments', () => {
  holds(
    fc.property(path, (text) => {
      const segments = canonicalPath(text);
      if (segments === undefined || segments[0] === '.well-known') return;
      expect(ownPage(segments, ['_auth']) !== undefined).toBe(segments[0] === '_auth');
    }),
  );
});

test('a host that is read is the one that a browser asks for', () => {
  const label = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_-]{0,8}$/);
  const text = fc.oneof(
    fc
      .tuple(
        fc.array(label, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('', '.'),
        fc.constantFrom('', ':1', ':443', ':65535'),
      )
      .map(([labels, dot, port]) => `${labels.join('.')}${dot}${port}`),
    bytes(12),
    fc
      .array(fc.constantFrom('a', '.', ':', '@', '[', ']', '%', '/', '\\', ',', ' ', '1', '-', 'é', '443'), {
        maxLength: 6,
      })
      .map((parts) => parts.join('')),
  );
  holds(
    fc.property(text, (given) => {
      const host = parseHost(given);
      if (host === undefined) return;
      expect(parseHost(host.name)).toEqual({ name: host.name, port: undefined, finalDot: false });
      const url = URL.parse(`https://${given}/`);
      // Numbers for a last label are an IPv4 address to a browser, or nothing; such a name is on no list of hosts.
      if (url === null || /^(?:0x[0-9a-f]*|[0-9]+)$/.test(host.name.split('.').at(-1) ?? '')) return;
      if (host.name.startsWith('[') || host.name.includes('xn--')) return;
      expect(url.hostname).toBe(`${host.name}${host.finalDot ? '.' : ''}`);
      expect(url.port).toBe(host.port === undefined || host.port === 443 ? '' : String(host.port));
    }),
  );
});

test('Traefik’s door reads any lines without a fault, and only what came exactly once', () => {
  const NAMES = ['X-Forwarded-Method', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Uri'];
  const value = fc.oneof(fc.constantFrom('GET', 'https', 'a.de', '/', '/a,b', '', 'a, b'), bytes(8), path);
  const line = fc.tuple(
    fc.constantFrom(...NAMES, ...NAMES.map((name) => name.toLowerCase()), 'X_Forwarded_Uri', 'Cookie', ''),
    value,
  );
  const clean: [string, string][] = [
    ['X-Forwarded-Method', 'GET'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Host', 'a.de'],
    ['X-Forwarded-Uri', '/'],
  ];
  holds(
    fc.property(fc.array(line, { maxLength: 6 }), fc.subarray(clean), (more, some) => {
      const lines = [...some, ...more];
      const result = readTraefik(lines.flat());
      const once = NAMES.every(
        (name) => lines.filter(([other]) => other.toLowerCase() === name.toLowerCase()).length === 1,
      );
      if (typeof result === 'string') return;
      expect(once).toBe(true);
      expect(result.target).toMatch(/^\/(?!\/)/);
      expect(result.method).toMatch(/^[!-~]+$/);
    }),
  );
});

test('RV1, RV2: a return URL that is accepted ends on an allowed origin, as a browser reads it', () => {
  const BASE = 'https://shop.example.com';
  const rules = ruleSetOf(
    'app: shop\nhosts: [shop.example.com, "*.shop.example.com"]\norigins: [https://www.example.com]\nrules: { /: public }\n',
  );
  const parts = fc.constantFrom(
    ...[
      'https:',
      'http:',
      'javascript:',
      '//',
      '/',
      '\\',
      '@',
      ':',
      '?',
      '#',
      '.',
      '..',
      '%2f',
      '%5c',
      '%40',
      ' ',
      '\t',
      '\r\n',
      '\u0000',
    ],
    ...[
      'shop.example.com',
      'a.shop.example.com',
      'www.example.com',
      'evil.example',
      '\u3002',
      '\uff0f',
      '\u2044',
      '443',
      ':443',
      ':8443',
      'x',
      'é',
    ],
  );
  const start = fc.constantFrom(
    '',
    '/',
    'https://',
    BASE,
    'https://www.example.com',
    'https://a.shop.example.com/',
    'HTTPS://',
  );
  const text = fc.oneof(
    fc.tuple(start, fc.array(parts, { maxLength: 5 })).map(([first, more]) => `${first}${more.join('')}`),
    fc.webUrl({ withQueryParameters: true }),
    fc.string().map((some) => `/${some}`),
  );
  let accepted = 0;
  holds(
    fc.property(text, (given) => {
      const url = safeReturnUrl(given, BASE, rules, undefined);
      if (url === undefined) return;
      accepted += 1;
      expect(new URL(url).href).toBe(url);
      expect(new URL(given, BASE).href).toBe(url);
      expect(url).toMatch(/^https:\/\/(?:[a-z0-9_-]+\.)?(?:shop|www)\.example\.com\//);
    }),
    2000,
  );
  expect(accepted).toBeGreaterThan(100);
});
