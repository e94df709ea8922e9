import { describe, expect, test } from '@jest/globals';
import { type Host, isLoopbackName, parseHost } from '../../../src/forwarded/host.ts';

describe('a host, its port and its final dot', () => {
  const label63 = 'a'.repeat(63);
  const longest = `${`${label63}.`.repeat(3)}${'b'.repeat(61)}`; // 253, the longest name DNS has

  test.each<[text: string, host: Partial<Host>]>([
    ['shop.example.com', { name: 'shop.example.com' }],
    ['SHOP.Example.COM', { name: 'shop.example.com' }],
    ['localhost', { name: 'localhost' }],
    ['shop.example.com:443', { name: 'shop.example.com', port: 443 }],
    ['shop.example.com:444', { name: 'shop.example.com', port: 444 }],
    ['shop.example.com:1', { name: 'shop.example.com', port: 1 }],
    ['shop.example.com:65535', { name: 'shop.example.com', port: 65535 }],
    ['shop.example.com.', { name: 'shop.example.com', finalDot: true }],
    ['Shop.example.com.:9500', { name: 'shop.example.com', port: 9500, finalDot: true }],
    ['xn--gre-6ka8i.example.com', { name: 'xn--gre-6ka8i.example.com' }],
    ['XN--GRE-6KA8I.example.com', { name: 'xn--gre-6ka8i.example.com' }],
    ['my_host.example.com', { name: 'my_host.example.com' }],
    ['a-b.example.com', { name: 'a-b.example.com' }],
    ['127.0.0.1:8080', { name: '127.0.0.1', port: 8080 }],
    ['[::1]', { name: '[::1]' }],
    ['[::1]:8080', { name: '[::1]', port: 8080 }],
    ['[2001:DB8::1]', { name: '[2001:db8::1]' }],
    ['[::ffff:127.0.0.1]', { name: '[::ffff:127.0.0.1]' }],
    [label63, { name: label63 }],
    [`${longest}.:65535`, { name: longest, port: 65535, finalDot: true }],
  ])('%s', (text, host) => {
    expect(parseHost(text)).toEqual({ port: undefined, finalDot: false, ...host });
  });
});

describe('400 host-malformed', () => {
  test.each<[why: string, texts: string[]]>([
    ['nothing', ['', '.', ':443', '.:443', '..']],
    ['an empty label', ['.example.com', 'shop..example.com', 'shop.example.com..']],
    ['no port in its range', ['a.de:', 'a.de:0', 'a.de:00000', 'a.de:65536', 'a.de:99999', 'a.de:123456']],
    [
      'no digits for a port',
      ['a.de:x', 'a.de:-1', 'a.de:+1', 'a.de:4 4', 'a.de:4e2', 'a.de:0x1', 'a.de:1:2', 'a.de:٤٤٣'],
    ],
    ['a comma', ['a.de,b.de', 'a.de, b.de', ',', 'a.de,']],
    ['userinfo', ['u@a.de', 'u:p@a.de', '@a.de', 'a.de@b.de']],
    ['a scheme or a path', ['https://a.de', '//a.de', 'a.de/', 'a.de/x', 'a.de?x', 'a.de#x', 'a.de\\b.de']],
    [
      'a blank or control',
      [' a.de', 'a.de ', 'a .de', 'a.de\t', 'a.de\n', 'a.de\r\n', 'a.de\u0000', '\u00a0a.de'],
    ],
    [
      'a character that is not ASCII',
      ['gr\u00f6\u00dfe.de', 'a\u00e9.de', 'a\u3002de', '\u212aelvin.de', '\u017fhop.de', 'a\u00ad.de'],
    ],
    [
      'an escape or a pattern',
      ['a%2ede', 'a.de%00', '*.example.com', 'a*.de', '{tenant}.de', "a'.de", 'a".de', 'a;b.de'],
    ],
    [
      'no IPv6 literal',
      ['::1', '[::1', '::1]', '[]', '[:]', '[::g]', '[fe80::1%25eth0]', '[v1.x]', '[[::1]]', '[::1]8080'],
    ],
    [
      'too long',
      [
        'a'.repeat(64),
        `${'a'.repeat(64)}.de`,
        `${'a.'.repeat(131)}`,
        `[${':'.repeat(46)}]`,
        'a.'.repeat(5000),
      ],
    ],
  ])('%s', (_why, texts) => {
    expect(texts.filter((text) => parseHost(text) !== undefined)).toEqual([]);
  });
});

test.each<[name: string, loopback: boolean]>([
  ['localhost', true],
  ['shop.localhost', true],
  ['a.b.localhost', true],
  ['127.0.0.1', true],
  ['127.255.255.255', true],
  ['[::1]', true],
  ['localhost.example.com', false],
  ['notlocalhost', false],
  ['127.0.0.1.example.com', false],
  ['127.0.0.256', false],
  ['127.0.0.01', false],
  ['127.1', false],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['[::2]', false],
  ['[::ffff:127.0.0.1]', false],
  ['::1', false],
])('%s is this very machine: %s', (name, loopback) => expect(isLoopbackName(name)).toBe(loopback));
