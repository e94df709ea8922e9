import { describe, expect, test } from '@jest/globals';
import { canonicalPath } from '../../../src/forwarded/canonical-path.ts';

describe('one spelling, one list of segments (design, "Matching form")', () => {
  test.each<[path: string, segments: string[]]>([
    ['/', []],
    ['/a', ['a']],
    ['/a/', ['a']],
    ['/a/b/c', ['a', 'b', 'c']],
    ['/a/b/c/', ['a', 'b', 'c']],
    ['/A/a', ['A', 'a']],
    ['/%61dmin', ['admin']],
    ['/%41dmin', ['Admin']],
    ['/%7Ex/%7ex', ['~x', '~x']],
    ['/my%20files', ['my files']],
    ['/%20', [' ']],
    ['/gr%C3%B6%C3%9Fe', ['größe']],
    ['/gr%c3%b6%c3%9fe', ['größe']],
    ['/e%CC%81', ['e\u0301']],
    ['/%F0%9F%9A%AA', ['🚪']],
    ['/%EF%BB%BFa', ['\ufeffa']],
    ['/100%25', ['100%']],
    ['/%25', ['%']],
    ['/%252', ['%2']],
    ['/%25g0', ['%g0']],
    ['/%250g', ['%0g']],
    ['/%25/41', ['%', '41']],
    ['/.a/..a/a../a.', ['.a', '..a', 'a..', 'a.']],
    ['/%2ehidden', ['.hidden']],
    ['/a,b', ['a,b']],
    ["/!$&'()*+,-.:=@_~", ["!$&'()*+,-.:=@_~"]],
    ['/"<>[]^`{|}', ['"<>[]^`{|}']],
    ['/%22%3C%3E%5B%5D%5E%60%7B%7C%7D', ['"<>[]^`{|}']],
    ['/%2B+%2b', ['+++']],
    ['/http:', ['http:']],
    ['/_auth/callback', ['_auth', 'callback']],
    ['/constructor/__proto__', ['constructor', '__proto__']],
  ])('%s', (path, segments) => expect(canonicalPath(path)).toEqual(segments));
});

describe('400 path-ambiguous', () => {
  test.each<[why: string, paths: string[]]>([
    ['no slash at the start', ['', 'a', 'admin/', '*', '.', '?', 'http://shop.example.com/', '%2Fa', ' /a']],
    ['an encoded slash', ['/a%2Fb', '/a%2fb', '/%2F', '/a/%2f', '/x%2F..%2Fadmin', '/admin%2F']],
    ['an encoded backslash', ['/a%5Cb', '/a%5cb', '/x%5C..%5Cadmin', '/%5C']],
    ['a raw backslash', ['/a\\b', '/\\', '/x\\..\\admin', '/a/..\\b']],
    ['a semicolon', ['/admin;x=1', '/x/..;/admin', '/;', '/a;', '/public/..;/admin;jsessionid=1']],
    ['an encoded semicolon', ['/admin%3Bx', '/admin%3bx', '/..%3B/admin']],
    ['an encoded hash', ['/admin%23', '/admin%23/public', '/%23']],
    ['an encoded question mark', ['/admin%3F', '/admin%3f/public', '/%3F']],
    ['a fragment', ['/admin#', '/admin#/public', '/#']],
    ['a raw question mark', ['/admin?x']],
    ['dots and blanks, which Windows drops', ['/...', '/.%2e.', '/..%20/a', '/%20../a', '/a/.%20./b']],
    ['a blank', ['/a b', '/ ', '/a /b', '/a\u00a0b']],
    [
      'a raw byte that is not ASCII',
      ['/gr\u00f6\u00dfe', '/gr\u00c3\u00b6', '/\u00ff', '/\u0080', '/größe🚪'],
    ],
    [
      '%25 before two hex digits',
      ['/%252e%252e', '/%2561dmin', '/%2525', '/%25%32%66', '/a%252Fb', '/%25ff', '/%25Ab', '/x%2500'],
    ],
    [
      'a dot segment',
      [
        '/.',
        '/..',
        '/./',
        '/../',
        '/./admin',
        '/../admin',
        '/x/../admin',
        '/admin/.',
        '/admin/./',
        '/admin/..',
      ],
    ],
    [
      'a dot segment after decoding',
      [
        '/%2e',
        '/%2E%2E',
        '/%2e%2e/admin',
        '/x/.%2e/admin',
        '/x/%2e./admin',
        '/assets/%2e%2e/admin',
        '/a/%2e/',
      ],
    ],
    ['an empty segment', ['//', '//admin', '/a//b', '/a//', '///', '//evil.example/x', '/a/b//']],
    [
      'a control byte',
      [
        '/admin%00',
        '/%0a',
        '/%0A',
        '/%0d%0a',
        '/%09',
        '/%1f',
        '/%7f',
        '/%C2%80',
        '/%C2%9F',
        '/a\u0000',
        '/a\t',
        '/a\n',
      ],
    ],
    [
      'a bad escape',
      ['/%', '/a%', '/%z', '/%zz', '/%4', '/%g1', '/%1', '/%u0041', '/100%', '/%%41', '/% 41'],
    ],
    [
      'bad UTF-8',
      [
        '/%ff',
        '/%c0%ae',
        '/%C0%AE%C0%AE/admin',
        '/%c0%af',
        '/%e0%80%af',
        '/%C3',
        '/%C3/%B6',
        '/%B6',
        '/%ED%A0%80',
        '/%F4%90%80%80',
        '/%F8%88%80%80%80',
      ],
    ],
  ])('%s', (_why, paths) => {
    expect(paths.filter((path) => canonicalPath(path) !== undefined)).toEqual([]);
  });

  test.each(['\\', ';', '#', '?', ' ', '\u007f', '\u0000', '\u001f', '\u0080', '\u00ff', '\u2044', '\uff0f'])(
    'the character %j stands nowhere in a path',
    (character) => {
      const places = [
        `/${character}`,
        `/a${character}`,
        `/${character}a`,
        `/a/${character}/b`,
        `${character}/a`,
      ];
      expect(places.map(canonicalPath)).toEqual(places.map(() => undefined));
    },
  );
});

/** traefik.md §4: what was sent, and what the gateway is asked about. `400` stands for "Traefik refuses it itself". */
const TRAEFIK: [sent: string, asked: string, segments: string[] | undefined][] = [
  // sanitizePath (the default) has cleaned these
  ['/x/../admin', '/admin', ['admin']],
  ['/x/%2e%2e/admin', '/admin', ['admin']],
  ['//admin', '/admin', ['admin']],
  ['/admin/./', '/admin/', ['admin']],
  // sanitizePath: false
  ['/x/../admin', '/x/../admin', undefined],
  ['/./admin', '/./admin', undefined],
  ['//admin', '//admin', undefined],
  ['/../admin', '/../admin', undefined],
  ['/admin/.', '/admin/.', undefined],
  ['/admin/./', '/admin/./', undefined],
  // the same in every mode
  ['/%61dmin', '/admin', ['admin']],
  ['/%7ex', '/~x', ['~x']],
  ['/a%2eb', '/a.b', ['a.b']],
  ['/x%2f..%2fadmin', '/x%2F..%2Fadmin', undefined],
  ['/admin%2fx', '/admin%2Fx', undefined],
  ['/%252e%252e', '/%252e%252e', undefined],
  ['/%2561dmin', '/%2561dmin', undefined],
  ['/x\\..\\admin', '/x%5C..%5Cadmin', undefined],
  ['/x/..;/admin', '/x/..;/admin', undefined],
  ['/admin;x=1', '/admin;x=1', undefined],
  ['/admin%00', '/admin%00', undefined],
  ['/admin%23', '/admin%23', undefined],
  ['/admin%3f', '/admin%3F', undefined],
  ['/%0a', '/%0A', undefined],
  ['/%0d%0a', '/%0D%0A', undefined],
  ['/%09', '/%09', undefined],
  ['/%20', '/%20', [' ']],
  ['/%ff', '/%FF', undefined],
  ['/%c0%ae', '/%C0%AE', undefined],
  ['/\u00c3\u00a9', '/%C3%A9', ['é']],
  ['/"<>{}^|`', '/%22%3C%3E%7B%7D%5E%7C%60', ['"<>{}^|`']],
  ["/[]!$&'()*,=:@+", "/[]!$&'()*,=:@+", ["[]!$&'()*,=:@+"]],
];

test.each(TRAEFIK)('through Traefik: %s, asked as %s', (_sent, asked, segments) => {
  expect(canonicalPath(asked)).toEqual(segments);
});
