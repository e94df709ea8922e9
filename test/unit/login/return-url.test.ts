import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { returnUrl, safeReturnUrl } from '../../../src/login/return-url.ts';
import { ruleSetOf } from '../../support/requests.ts';

const RULES = ruleSetOf(
  'app: shop\nhosts: [shop.example.com, "*.shop.example.com"]\norigins: [https://www.example.com, "http://legacy.example:8080"]\nrules: { /: public }\n',
  'app: other\nhosts: [other.example.com, größe.example]\norigins: upstream\nrules: { /: public }\n',
  'app: local\nhosts: [app.localhost, 10.0.0.7]\nrules: { /: public }\n',
);
const BASE = 'https://shop.example.com';
const safe = (text: string | undefined): string | undefined => safeReturnUrl(text, BASE, RULES, undefined);

describe('leads back', () => {
  test.each<[text: string, url: string]>([
    // to this host
    ['/', `${BASE}/`],
    ['/orders?q=1&r=%2F#top', `${BASE}/orders?q=1&r=%2F#top`],
    ['/a/../b', `${BASE}/b`],
    ['/.//evil.example/x', `${BASE}//evil.example/x`],
    ['/%2F%2Fevil.example', `${BASE}/%2F%2Fevil.example`],
    ['/%5C%5Cevil.example', `${BASE}/%5C%5Cevil.example`],
    ['/@evil.example', `${BASE}/@evil.example`],
    ['/:443@evil.example/', `${BASE}/:443@evil.example/`],
    ['/?//evil.example', `${BASE}/?//evil.example`],
    ['/#//evil.example', `${BASE}/#//evil.example`],
    ['/https://evil.example', `${BASE}/https://evil.example`],
    ['/gr\u00f6\u00dfe?\u00fc=\u{1f6aa}', `${BASE}/gr%C3%B6%C3%9Fe?%C3%BC=%F0%9F%9A%AA`],
    ['/a"<>`{}|^', `${BASE}/a%22%3C%3E%60%7B%7D|%5E`],
    // to any host of the rules
    [BASE, `${BASE}/`],
    [`${BASE}/x?y#z`, `${BASE}/x?y#z`],
    [`${BASE}?x`, `${BASE}/?x`],
    [`${BASE}#@evil.example`, `${BASE}/#@evil.example`],
    [`${BASE}/@evil.example`, `${BASE}/@evil.example`],
    ['HTTPS://SHOP.Example.COM:443/X', `${BASE}/X`],
    ['https://a.shop.example.com/', 'https://a.shop.example.com/'],
    ['https://other.example.com/', 'https://other.example.com/'],
    ['https://gr\u00f6\u00dfe.example/', 'https://xn--gre-6ka8i.example/'],
    ['https://xn--gre-6ka8i.example/', 'https://xn--gre-6ka8i.example/'],
    ['http://app.localhost:3000/x', 'http://app.localhost:3000/x'],
    ['http://app.localhost/', 'http://app.localhost/'],
    ['https://10.0.0.7/', 'https://10.0.0.7/'],
    // to one of the origins
    ['https://www.example.com/x', 'https://www.example.com/x'],
    ['http://legacy.example:8080/x', 'http://legacy.example:8080/x'],
  ])('%s', (text, url) => expect(safe(text)).toBe(url));
});

describe('leads nowhere', () => {
  test.each<[why: string, texts: (string | undefined)[]]>([
    ['nothing', [undefined, '']],
    [
      'another host (RV1)',
      ['https://evil.example/', 'https://example.com/', 'https://shop.example.com.evil.example/'],
    ],
    [
      'not a whole label (RV5)',
      [
        'https://evilshop.example.com/',
        'https://b.a.shop.example.com/',
        'https://.shop.example.com/',
        'https://shop.example.co/',
      ],
    ],
    [
      'another scheme (RV3)',
      [
        'http://shop.example.com/',
        'http://www.example.com/',
        'https://app.localhost/',
        'https://legacy.example:8080/',
        'http://10.0.0.7/',
      ],
    ],
    [
      'no page',
      [
        'javascript:alert(1)',
        'JaVaScRiPt:alert(1)',
        'javascript://shop.example.com/%0aalert(1)',
        'data:text/html,x',
        'blob:https://shop.example.com/x',
        'ftp://shop.example.com/',
        'wss://shop.example.com/',
        'file:///etc/passwd',
        'about:blank',
        'view-source:https://shop.example.com/',
      ],
    ],
    [
      'another port',
      [
        'https://shop.example.com:444/',
        'https://shop.example.com:80/',
        'https://www.example.com:8443/',
        'http://legacy.example/',
      ],
    ],
    [
      'a final dot',
      ['https://shop.example.com./', 'https://shop.example.com.:443/', 'http://app.localhost./'],
    ],
    [
      'userinfo',
      [
        'https://shop.example.com@evil.example/',
        'https://evil.example@shop.example.com/',
        'https://u:p@shop.example.com/',
        'https://@shop.example.com/',
        'https://:@shop.example.com/',
        'https://shop.example.com:443@evil.example/',
        'https://shop.example.com%2f@evil.example/',
      ],
    ],
    ['two slashes', ['//evil.example', '//shop.example.com/', '///evil.example', '////x', '//', '//x?/y']],
    [
      'no slashes',
      [
        'https:evil.example',
        'https:/evil.example',
        'https:shop.example.com',
        'https:',
        'https://',
        'https:///shop.example.com/',
      ],
    ],
    [
      'a backslash',
      [
        '/\\evil.example',
        '\\\\evil.example',
        '\\/evil.example',
        'https:\\\\evil.example',
        'https:/\\evil.example',
        'https://shop.example.com\\@evil.example/',
        'https://shop.example.com\\.evil.example/',
        'https://evil.example\\.shop.example.com',
        '/x\\y',
      ],
    ],
    [
      'what a browser drops or trims',
      [
        '/\t/evil.example',
        '/\n/evil.example',
        '/\r\n/evil.example',
        '\t//evil.example',
        ' //evil.example',
        ' /x',
        '/x ',
        ' https://shop.example.com/',
        'ht\ntps://evil.example/',
        'java\nscript:alert(1)',
        'https://shop.example.com\t.evil.example/',
        '/x\u0000',
        '/\u007f/x',
        '/\u0085/x',
        '/\u00a0/x',
        '/a b',
      ],
    ],
    ['a header of its own', ['/x\r\nSet-Cookie: a=b', 'https://shop.example.com/\r\nX: y', '/\u0000\r\n']],
    [
      'no address',
      [
        'x',
        'shop.example.com',
        'shop.example.com/x',
        '?x',
        '#x',
        '.',
        './x',
        '../x',
        '*',
        'null',
        'undefined',
        ';/x',
      ],
    ],
    [
      'another spelling of another host',
      [
        'https://evil\u3002example/',
        'https://sh\u043ep.example.com/',
        'https://2130706433/',
        'https://0x7f.1/',
        'https://[::1]/',
        'https://evil.example%00.shop.example.com/',
        'https://shop.example.com%00.evil.example/',
        'https://shop_example.com/',
        'https://shop.example.com,evil.example/',
        'https://shop.example.com:443:443/',
        'https://shop.example.com:x/',
        'https://shop.example.com:99999/',
      ],
    ],
    [
      'too long',
      [`/${'x'.repeat(2048)}`, `${BASE}/${'x'.repeat(2048)}`, `https://${'a.'.repeat(1000)}example.com/`],
    ],
  ])('%s', (_why, texts) => expect(texts.filter((text) => safe(text) !== undefined)).toEqual([]));

  test('2048 characters are not too long', () => {
    expect(safe(`/${'x'.repeat(2047)}`)).toBe(`${BASE}/${'x'.repeat(2047)}`);
  });
});

test.each([
  ['https://shop.example.com:8443/x', 'https://shop.example.com:8443/x'],
  ['https://shop.example.com/x', undefined],
  ['https://shop.example.com:443/x', undefined],
  ['http://shop.example.com:8443/x', undefined],
  ['https://www.example.com/x', 'https://www.example.com/x'],
])('with the public port 8443, %s leads to %s', (text, url) => {
  expect(safeReturnUrl(text, 'https://shop.example.com:8443', RULES, { scheme: 'https', port: 8443 })).toBe(
    url,
  );
});

test.each([
  ['https://shop.example.com:8443/x', 'https://shop.example.com:8443/x'],
  ['https://shop.example.com/x', 'https://shop.example.com/x'],
  ['http://shop.example.com:8443/x', undefined],
  ['https://www.example.com:8443/x', undefined],
])('on a host that is reached at 8443, others at 443 (`loginUrl`), %s leads to %s', (text, url) => {
  expect(safeReturnUrl(text, 'https://shop.example.com:8443', RULES, undefined)).toBe(url);
});

test.each([
  ['/x?y', 'https://shop.example.com/x?y'],
  ['/x?q=\u00c3\u00a9"', 'https://shop.example.com/x?q=\u00c3\u00a9"'],
  ['https://www.example.com/', 'https://www.example.com/'],
])('the return target %s stands for %s', (target, url) => expect(returnUrl(target, BASE)).toBe(url));

interface Row {
  readonly input: string;
  readonly base: string | null;
  readonly origin?: string;
  readonly href?: string;
  readonly failure?: boolean;
}

// Beside the project, not in it: ../shared/vectors from the project's root. web-platform-tests, BSD-3-Clause.
const VECTORS = new URL('../../../../shared/vectors/urltestdata.json', import.meta.url);
const isThere = existsSync(VECTORS);
const rows = (isThere ? (JSON.parse(readFileSync(VECTORS, 'utf8')) as (Row | string)[]) : []).flatMap(
  (row) =>
    typeof row === 'string' ? [] : [{ ...row, origin: row.origin ?? URL.parse(row.href ?? '')?.origin }],
);
const WHATWG = 'RV2: the test data of the WHATWG URL parser';

(isThere ? describe : describe.skip)(
  isThere ? WHATWG : `${WHATWG}: not run, ${VECTORS.pathname} is absent`,
  () => {
    /** Rows that mean the same whatever they are resolved against. */
    const absolute = rows.filter(({ input }) => /^[^a-z/?#.]*[a-z][a-z0-9+.\s-]*:/i.test(input));
    const origins = [
      ...new Set(rows.flatMap(({ origin }) => (/^https?:/.test(origin ?? '') ? [origin as string] : []))),
    ];
    const allowing = (list: readonly string[]) =>
      ruleSetOf(
        `app: shop\nhosts: [shop.example.com]\norigins: ${JSON.stringify(list)}\nrules: { /: public }\n`,
      );
    const STRICT = allowing(['https://www.example.com']);

    test('there are as many as the notes say', () =>
      expect([rows.length, origins.length > 50]).toEqual([891, true]));

    test('nothing leaves the hosts of the rules', () => {
      const left = rows.flatMap(({ input }) => {
        const url = safeReturnUrl(input, BASE, STRICT, undefined);
        return url === undefined || new URL(url).origin === BASE ? [] : [`${input} -> ${url}`];
      });
      expect(left).toEqual([]);
    });

    test('an absolute URL is refused, since none is on a host of the rules', () => {
      expect(
        absolute.filter(({ input }) => safeReturnUrl(input, BASE, STRICT, undefined) !== undefined),
      ).toEqual([]);
    });

    test('whatever is accepted is where a browser would go', () => {
      const all = allowing(origins);
      const wrong = absolute.flatMap(({ input, origin, href }) => {
        const accepted = safeReturnUrl(input, BASE, all, undefined);
        const asBrowser = accepted === href && URL.parse(accepted ?? '')?.origin === origin;
        return accepted === undefined || asBrowser ? [] : [{ input, accepted }];
      });
      expect(wrong).toEqual([]);
    });

    test('what a browser cannot parse is refused', () => {
      const all = allowing(origins);
      const failures = absolute.filter(({ failure }) => failure === true);
      expect(failures.length).toBeGreaterThan(100);
      expect(
        failures.filter(({ input }) => safeReturnUrl(input, BASE, all, undefined) !== undefined),
      ).toEqual([]);
    });

    test('the check is not idle: of the absolute rows whose origin is allowed, plain ones are accepted', () => {
      const all = allowing(origins);
      const accepted = absolute.filter(
        ({ input }) => safeReturnUrl(input, BASE, all, undefined) !== undefined,
      );
      expect(accepted.length).toBeGreaterThan(100);
    });
  },
);
